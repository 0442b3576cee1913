//! Any bytes and any text as a request file: no panic, and one encoding of what is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::request::{Content, RequestFile};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(content) = Content::from_bytes(bytes) {
        assert_eq!(content.to_bytes().unwrap(), bytes);
    }
    for file in [RequestFile::from_bytes(bytes), RequestFile::from_text(bytes)] {
        let Ok(file) = file else { continue };
        let _believed = file.possession();
        let text = file.to_text().unwrap();
        assert_eq!(RequestFile::from_text(&text).unwrap(), file);
    }
});
