//! Any file as a public key file: no panic, a comment without a line break, and what has a key
//! is none of the things that have none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::certificate::Subject;
use punchmark::certificate::key_line::{read_certificate_line, read_public_key_line};
use punchmark::wire::FileKind;

fuzz_target!(|file: &[u8]| {
    let kind = FileKind::of(file);
    assert!(kind.to_string().starts_with("this is "));
    let _certificate = read_certificate_line(file);
    if let Ok((key, comment)) = read_public_key_line(file) {
        assert!(!comment.contains('\n'));
        assert_ne!(kind, FileKind::Empty);
        if let Ok(subject) = Subject::try_from(key) {
            assert!(subject.fingerprint().starts_with("SHA256:"));
        }
    }
});
