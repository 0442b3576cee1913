//! Any bytes as a slot of a kept head: no panic, and what is read is written again as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::ledger::heads::slot::Slot;

fuzz_target!(|bytes: &[u8]| {
    let origin = "punchmark.ledger/0123456789abcdef";
    if let Some(slot) = Slot::decode(bytes, origin) {
        let again = Slot::decode(&slot.encode(origin), origin);
        assert_eq!(again, Some(slot));
    }
});
