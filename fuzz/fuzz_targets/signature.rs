//! Anybody's bytes as the signature beside a KRL, as a signed note, and as a URL: nothing
//! panics, and no note is opened that the key did not sign.

#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::server::source::Url;
use punchmark::ledger::checkpoint::Checkpoint;
use punchmark::krl::{KRL_NAMESPACE, ListSignature};
use punchmark::ledger::note::{NoteKey, unverified_text};
use ssh_key::PublicKey;

fuzz_target!(|bytes: &[u8]| {
    let key = PublicKey::from_openssh(KEY).unwrap();
    if let Ok(signature) = ListSignature::read(bytes) {
        assert!(
            signature
                .verify(KRL_NAMESPACE, b"SSHKRL\n\0", &[key.key_data().clone()])
                .is_err()
        );
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(url) = text.parse::<Url>() {
        assert!(url.as_str().starts_with("https://"));
    }
    let _ = unverified_text(text).map(Checkpoint::parse);
    let key = NoteKey::new("punchmark.ledger/f7589b57606dbe99", key.key_data()).unwrap();
    assert!(key.open(text).is_err());
});

const KEY: &str = "ecdsa-sha2-nistp256 \
    AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBCj3vYiJTRd6BKKHS7/w38MY4dkiupQx5eGju0Pt\
    +p44pauSxfj94fnfYB8187TWJYvDARhR9B7H2OuMYglvl3g= p256";
