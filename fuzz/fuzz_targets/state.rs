//! Any text as the state of a ledger that lies beside a list: no panic, and what is read is written again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::revocation::PublishedState;

fuzz_target!(|text: &str| {
    if let Ok(state) = PublishedState::parse(text) {
        let again = state.to_text().unwrap();
        assert_eq!(PublishedState::parse(&again).unwrap(), state);
        assert!(!state.is_beside(b"not the list"));
    }
});
