//! Any text as shares that people type, one a line: no panic, what is read is written in the same words, and
//! what opens together opens in any order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::secret::share::{Share, SharedSecret};

fuzz_target!(|text: &str| {
    let shares: Vec<Share> = text.lines().take(16).filter_map(|line| Share::parse(line).ok()).collect();
    for share in &shares {
        let words = share.words();
        assert!(Share::parse(&words).is_ok_and(|again| *again.words() == *words));
    }
    let back = shares.iter().rev();
    match (SharedSecret::combine(&shares), SharedSecret::combine(back)) {
        (Ok(secret), Ok(again)) => assert!(secret.is_same(&again)),
        (one, other) => assert!(one.is_err() && other.is_err()),
    }
});
