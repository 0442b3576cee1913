//! What software can make too proves nothing.

use super::*;

#[test]
fn self_attestation_proves_nothing() {
    let credential = Credential::new();
    let signature = credential.key.sign(&credential.packed());
    let fault = credential.fault(&credential.evidence_of(&[], &signature));
    assert_eq!(fault, FidoError::SelfAttested);
    // A certificate of its own making for the credential's key.
    let own = Contents::new("Batch", &credential.key, "Batch").with(&[model(&MODEL)]);
    let own = own.signed_by(&credential.key);
    let fault = credential.fault(&credential.evidence_of(&own, &signature));
    let unknown = ChainError::UnknownIssuer {
        subject: "CN=Batch".to_owned(),
        issuer: "CN=Batch".to_owned(),
    };
    assert_eq!(fault, FidoError::Chain(unknown));
}

/// What `ssh-keygen -w sk-dummy.so` writes: OpenSSH's own software key attests nothing.
#[test]
fn openssh_s_software_key_proves_nothing() {
    let credential = Credential::new();
    let fault = credential.fault(&file(V01, &[], &[], &[]));
    assert_eq!(fault, FidoError::SelfAttested);
}

#[test]
fn the_older_form_without_what_was_signed_is_refused_by_name() {
    let credential = Credential::new();
    let old = file(b"ssh-sk-attest-v00", &batch(), &[1], &[]);
    assert_eq!(credential.fault(&old), FidoError::V00);
    let other = file(b"ssh-sk-attest-v02", &batch(), &[1], &[]);
    assert_eq!(
        credential.fault(&other),
        FidoError::File("it begins otherwise")
    );
}
