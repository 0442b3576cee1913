//! Any text as a public key file: no panic, and a comment without a line break.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::certificate::Subject;
use punchmark::certificate::key_line::read_public_key_line;

fuzz_target!(|text: &str| {
    if let Ok((key, comment)) = read_public_key_line(text) {
        assert!(!comment.contains('\n'));
        if let Ok(subject) = Subject::try_from(key) {
            assert!(subject.fingerprint().starts_with("SHA256:"));
        }
    }
});
