//! Whether the two halves of a private key's file belong together.

use ssh_key::EcdsaCurve;
use ssh_key::private::KeypairData;

use super::error::ImportError;

/// A file may claim another public key than its private one; the token would believe it.
pub(super) fn check_halves(keypair: &KeypairData) -> Result<(), ImportError> {
    let KeypairData::Ecdsa(ecdsa) = keypair else {
        // Ed25519 is checked when it is parsed, RSA when its numbers are completed.
        return Ok(());
    };
    let secret = ecdsa.private_key_bytes();
    let own = match ecdsa.curve() {
        EcdsaCurve::NistP256 => {
            p256::SecretKey::from_slice(secret).map(|key| key.public_key().to_sec1_bytes())
        }
        EcdsaCurve::NistP384 => {
            p384::SecretKey::from_slice(secret).map(|key| key.public_key().to_sec1_bytes())
        }
        EcdsaCurve::NistP521 => {
            p521::SecretKey::from_slice(secret).map(|key| key.public_key().to_sec1_bytes())
        }
    };
    match own {
        Ok(own) if *own == *ecdsa.public_key_bytes() => Ok(()),
        _ => Err(ImportError::HalvesDiffer),
    }
}

#[cfg(test)]
mod tests {
    use ssh_key::private::EcdsaKeypair;

    use super::*;

    #[test]
    fn a_file_with_two_halves_of_different_keys_is_refused() {
        let mut rng = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
        let mut pair = || EcdsaKeypair::random(&mut rng, EcdsaCurve::NistP256).unwrap();
        let (EcdsaKeypair::NistP256 { public, .. }, EcdsaKeypair::NistP256 { private, .. }) =
            (pair(), pair())
        else {
            panic!("another curve");
        };
        let mixed = KeypairData::Ecdsa(EcdsaKeypair::NistP256 { public, private });
        let fault = check_halves(&mixed).unwrap_err();
        assert!(matches!(fault, ImportError::HalvesDiffer));
    }
}
