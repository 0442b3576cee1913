//! The mechanism of each way to sign.
//!
//! Only those that work wherever the key type does: `CKM_RSA_PKCS` with a DigestInfo made by
//! us, raw `CKM_ECDSA` and `CKM_EDDSA`. The hashing ones are missing in some modules,
//! and in two they answer CKR_OK with a signature that is wrong.

use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki_sys::{CK_MECHANISM_TYPE, CKM_ECDSA, CKM_EDDSA, CKM_RSA_PKCS};

use crate::signer::scheme::Scheme;

/// The mechanism, none of which has a parameter.
pub(super) fn mechanism(scheme: Scheme) -> CK_MECHANISM_TYPE {
    match scheme {
        Scheme::Rsa(..) => CKM_RSA_PKCS,
        Scheme::Ecdsa(_) => CKM_ECDSA,
        Scheme::Ed25519 => CKM_EDDSA,
    }
}

/// The mechanism for a scheme, as `cryptoki` has it.
pub(super) fn cryptoki_mechanism(scheme: Scheme) -> Mechanism<'static> {
    match scheme {
        Scheme::Rsa(..) => Mechanism::RsaPkcs,
        Scheme::Ecdsa(_) => Mechanism::Ecdsa,
        Scheme::Ed25519 => Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519)),
    }
}
