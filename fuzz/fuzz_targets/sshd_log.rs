//! Any line as one of sshd's log: no panic, and what is read stands in the line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::reconcile::log;

fuzz_target!(|line: &str| {
    if let Some(Ok(login)) = log::read(line) {
        assert!(line.starts_with(login.prefix));
        assert!(line.contains(login.account));
        assert!(login.key_id.len() <= line.len());
    }
});
