//! Anybody's bytes as a KRL, as a specification, and as a key, certificate or key file: what
//! is read must write, read back, show and search without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::krl::{
    Certificate, Header, KeyFile, Krl, PublicKey, Revocations, Signatures, Subject, spec,
};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(krl) = Krl::from_bytes(bytes) {
        go_round(&krl);
    }
    let mut revocations = Revocations::default();
    if spec::revoke(bytes, &spec::Ca::Any, &mut revocations).is_ok() {
        go_round(&Krl::new(Header::default(), revocations));
    }
    let _ = (
        PublicKey::from_blob(bytes),
        KeyFile::read(bytes, Signatures::default()),
    );
    if let Ok(certificate) = Certificate::from_blob(bytes) {
        let mut revocations = Revocations::default();
        let subject = Subject::Certificate(certificate);
        revocations.revoke(&subject);
        let krl = Krl::new(Header::default(), revocations);
        assert!(krl.revokes(&subject).is_some());
        go_round(&krl);
    }
});

fn go_round(krl: &Krl) {
    let mut text = String::new();
    krl.show("then", &mut text)
        .expect("a String takes everything");
    let written = krl
        .to_bytes()
        .expect("no input makes a KRL that is too long");
    assert_eq!(Krl::from_bytes(&written).as_ref(), Ok(krl));
    for key in krl.keys().iter() {
        if let Ok(key) = PublicKey::from_blob(key) {
            let _ = krl.revokes(&Subject::Key(key));
        }
    }
}
