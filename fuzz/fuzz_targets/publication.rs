//! Any bytes as what lies beside an access list: no panic, and what is read is written as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::server::access::{List, Refresh};
use punchmark::server::publication::{ListMark, SignedRefresh, Signatures, Stamp, stamped};

fuzz_target!(|bytes: &[u8]| {
    if let Ok((refresh, rest)) = Refresh::parse(bytes) {
        let lines = refresh.to_string();
        assert!(bytes.starts_with(lines.as_bytes()) && bytes.ends_with(rest));
    }
    if let Ok(signed) = SignedRefresh::read(bytes) {
        let text = signed.to_text().unwrap_or_default();
        assert_eq!(SignedRefresh::read(text.as_bytes()), Ok(signed));
    }
    if let Ok(signatures) = Signatures::read(bytes) {
        assert!(!signatures.any_of(b"not what anybody signed"));
        let text = signatures.to_armour().unwrap_or_default();
        assert_eq!(Signatures::read(text.as_bytes()), Ok(signatures));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(mark) = ListMark::parse(text) {
        assert_eq!(mark.to_string(), text);
    }
    // A stamp leaves a valid list one, and is taken as it was written.
    if List::parse(bytes).is_ok() {
        let stamp = Stamp { version: 7, shrinks: Some(6), canary: Some((60, "+canary".to_owned())) };
        let stamped = stamped(text, &stamp);
        if let Ok(list) = List::parse(stamped.as_bytes()) {
            assert_eq!((list.header().version(), list.header().shrinks()), (Some(7), Some(6)));
        }
    }
});
