//! What a scanner typed: it reads back as what a code shows, whatever its case and breaks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::wire::{QR_BYTES_MAX, QrCode, bytes_of_base32};

fuzz_target!(|text: &str| {
    let Ok(bytes) = bytes_of_base32(text) else {
        return;
    };
    assert!(!bytes.is_empty());
    assert_eq!(bytes_of_base32(&text.to_lowercase()), Ok(bytes.clone()));
    assert_eq!(QrCode::of_bytes(&bytes).is_ok(), bytes.len() <= QR_BYTES_MAX);
});
