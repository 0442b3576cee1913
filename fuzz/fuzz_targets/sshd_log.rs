//! Any line as one of a log: no panic, what is read stands in the line, and what names a
//! certificate behind sshd's tag is never nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::reconcile::lines::{Line, Lines};
use punchmark::reconcile::{envelope, log};

fuzz_target!(|line: &str| {
    let mut lines = Lines::default();
    if let Line::Names(seen) = lines.take(line) {
        assert!(seen.named.key_id.len() <= line.len());
        assert!(seen.named.account.len() <= line.len());
    }
    let _left = lines.end();
    let _opened = envelope::open(line);
    if let Some(Ok(named)) = log::read(line) {
        let tagged = format!("Nov 25 22:59:00 web1 sshd[77]: {line}");
        let said = Lines::default().take(tagged.trim_end());
        // A line break within, or what a logger repeats, is another line.
        if let Line::Names(seen) = said {
            assert_eq!(seen.named.serial, named.serial);
        }
    }
});
