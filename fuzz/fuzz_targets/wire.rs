//! Any bytes through the one cursor, as a key and as a certificate: no panic, nothing read
//! twice or beyond the end, and one form for what was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::wire::{Cursor, PublicKey, RawCertificate, WireError};

fuzz_target!(|bytes: &[u8]| {
    let (calls, content) = bytes.split_at(bytes.len().min(8));
    walk(calls, content);
    if let Ok(key) = PublicKey::from_blob(bytes) {
        assert_eq!(PublicKey::from_blob(key.as_blob()).as_ref(), Ok(&key));
    }
    if let Ok(certificate) = RawCertificate::from_blob(bytes) {
        let unsigned = RawCertificate::of_to_be_signed(certificate.signed()).unwrap();
        assert_eq!(unsigned.signed(), certificate.signed());
        assert_eq!(unsigned.public_key(), certificate.public_key());
        assert_eq!(unsigned.principals(), certificate.principals());
    }
});

fn walk(calls: &[u8], content: &[u8]) {
    let mut cursor = Cursor::new(content);
    for call in calls {
        let before = cursor.rest();
        let read: Result<(), WireError> = match call % 9 {
            0 => cursor.byte().map(drop),
            1 => cursor.u16().map(drop),
            2 => cursor.u32().map(drop),
            3 => cursor.u64().map(drop),
            4 => cursor.bytes(usize::from(*call)).map(drop),
            5 => cursor.array::<7>().map(drop),
            6 => cursor.string().map(drop),
            7 => cursor.c_string().map(drop),
            _ => cursor.mpint().map(drop),
        };
        assert!(before.ends_with(cursor.rest()));
        assert!(read.is_ok() || before.len() == cursor.rest().len());
    }
    assert_eq!(cursor.clone().finish().is_ok(), cursor.is_empty());
}
