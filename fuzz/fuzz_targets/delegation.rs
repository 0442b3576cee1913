//! Anybody's bytes as a delegation of the signing of lists, and as the base beside one: nothing panics, what
//! is read is written again as it was, and a list within a base is one of its head.

#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::krl::{Delegation, ListBase, ReceiptsDelegation};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(delegation) = ReceiptsDelegation::parse(bytes) {
        assert_eq!(delegation.to_string().as_bytes(), bytes);
    }
    if let Ok(delegation) = Delegation::parse(bytes) {
        assert_eq!(delegation.to_string().as_bytes(), bytes);
    }
    if let Ok(base) = ListBase::from_bytes(bytes) {
        let again = base.to_bytes().unwrap();
        assert_eq!(ListBase::from_bytes(&again), Ok(base.clone()));
        assert!(base.hold(base.krl()).is_err() || base.krl().header().comment.to_bytes().ends_with(b"]"));
    }
});
