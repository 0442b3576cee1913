//! Anybody's bytes as evidence, as PEM, as a certificate in it, and as a file of ssh-keygen's:
//! no panic, nothing is believed, and what was read is written the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::attestation::{Evidence, FidoEvidence, PivEvidence, Roots, Trust, list};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(evidence) = Evidence::from_bytes(bytes) {
        assert_eq!(evidence.to_bytes(), bytes);
        go_round(&evidence);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Evidence::from_text(text).map(|evidence| go_round(&evidence));
    }
    let _ = list(bytes, Trust::Private);
    let piv = PivEvidence::new(bytes.to_vec(), bytes.to_vec(), vec![bytes.to_vec()]);
    let _ = piv.map(|evidence| go_round(&Evidence::Piv(evidence)));
    let fido = FidoEvidence::new(bytes.to_vec(), b"challenge".to_vec());
    let _ = fido.map(|evidence| go_round(&Evidence::Fido(evidence)));
});

/// Without a root there is no proof, whatever the bytes say.
fn go_round(evidence: &Evidence) {
    assert_eq!(
        Evidence::from_text(&evidence.to_text()).as_ref(),
        Ok(evidence)
    );
    if let Ok(key) = evidence.claimed_key() {
        assert!(evidence.verify(&key, &Roots::default()).is_err());
    }
}
