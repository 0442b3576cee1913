//! Signatures of certificates, checked by the fastest code there is.

use ssh_encoding::Decode;
use ssh_key::Signature;
use ssh_key::public::KeyData;

use crate::certificate::{SignatureError, verify_signature};
use crate::krl::{self, CertificateError, Signatures};

/// Checks as the CA itself does, and by the KRL's own code what no CA of ours has: RSA below
/// 2048 bits, security keys.
pub(super) fn fast_signatures() -> Signatures {
    Signatures::Checked(verify)
}

fn verify(ca: &[u8], message: &[u8], signature: &[u8]) -> Result<(), CertificateError> {
    let (Ok(key), Ok(parsed)) = (KeyData::decode(&mut &*ca), Signature::try_from(signature)) else {
        return krl::verify(ca, message, signature);
    };
    match verify_signature(message, &parsed, &key) {
        Ok(()) => Ok(()),
        Err(SignatureError::Mismatch) => Err(CertificateError::WrongSignature),
        Err(_) => krl::verify(ca, message, signature),
    }
}
