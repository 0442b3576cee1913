//! A revocation that is pending: what is read has one encoding, and counts by its signature alone.

#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::revocation::Statement;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(statement) = Statement::from_bytes(bytes) {
        assert_eq!(statement.to_bytes().unwrap(), bytes);
    }
    let (signed, signature) = bytes.split_at(bytes.len() / 2);
    assert!(Statement::signed(signed, signature).is_err());
});
