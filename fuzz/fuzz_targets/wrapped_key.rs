//! Anybody's bytes as the file of a wrapped key: nothing panics, and what is read is written again as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::ca::WrappedKeyFile;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = WrappedKeyFile::from_bytes(bytes) {
        assert_eq!(file.to_bytes(), bytes);
    }
});
