//! Any bytes as a file of known certificates: no panic, what is read is written as it was, and a head
//! that a login takes is one that stands at the beginning.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::server::access::{KnownHeader, KnownList};
use punchmark::server::fetch::SignedList;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((header, length)) = KnownHeader::parse(bytes) {
        assert!(bytes.starts_with(header.to_string().as_bytes()));
        assert_eq!(header.to_string().len(), length);
    }
    let Ok(list) = KnownList::parse(bytes) else { return };
    assert_eq!(list.to_bytes(), bytes);
    assert!(list.known().is_sorted());
    if let Ok(signed) = <KnownList as SignedList>::from_bytes(bytes) {
        assert_eq!(signed.list_name().name, list.header().name());
        assert_eq!(signed.list_name().head.is_some(), list.header().head().is_some());
    }
});
