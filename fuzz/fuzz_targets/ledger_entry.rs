//! Any bytes as an entry of the ledger: no panic, and one encoding an entry.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::ledger::Entry;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entry) = Entry::from_bytes(bytes) {
        let again = entry.to_bytes();
        assert!(again.is_ok_and(|again| again == bytes));
    }
});
