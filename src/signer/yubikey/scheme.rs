//! What the card signs for a message, and what its answer means.

use ::yubikey::piv::AlgorithmId;
use ssh_key::{EcdsaCurve, Signature};

use crate::signer::scheme::Scheme;
use crate::signer::{SignatureError, ecdsa};

/// The card's name of a key's type; none if it can't have such a key.
pub(super) fn algorithm(scheme: Scheme) -> Option<AlgorithmId> {
    match scheme {
        Scheme::Rsa(_, 256) => Some(AlgorithmId::Rsa2048),
        Scheme::Rsa(_, 384) => Some(AlgorithmId::Rsa3072),
        Scheme::Rsa(_, 512) => Some(AlgorithmId::Rsa4096),
        Scheme::Ecdsa(EcdsaCurve::NistP256) => Some(AlgorithmId::EccP256),
        Scheme::Ecdsa(EcdsaCurve::NistP384) => Some(AlgorithmId::EccP384),
        Scheme::Ed25519 => Some(AlgorithmId::Ed25519),
        _ => None,
    }
}

/// The most that is sent to be signed as it is; none where a hash is sent.
pub(super) fn longest_message(scheme: Scheme) -> Option<usize> {
    (scheme == Scheme::Ed25519).then_some(MESSAGE_MAX)
}

/// What is sent for `message`; none if it is too long.
pub(super) fn input(scheme: Scheme, message: &[u8]) -> Option<Vec<u8>> {
    let input = scheme.input(message).into_owned();
    match scheme {
        Scheme::Rsa(_, length) => padded(length, &input),
        Scheme::Ed25519 => (input.len() <= MESSAGE_MAX).then_some(input),
        Scheme::Ecdsa(_) => Some(input),
    }
}

/// SSH's form of the card's answer, which is DER for a curve.
pub(super) fn signature(scheme: Scheme, answer: &[u8]) -> Result<Signature, SignatureError> {
    let curve = match scheme {
        Scheme::Ecdsa(curve) => curve,
        _ => return scheme.signature(answer),
    };
    let fixed =
        match curve {
            EcdsaCurve::NistP256 => p256::ecdsa::Signature::from_der(answer)
                .map(|signature| signature.to_bytes().to_vec()),
            _ => p384::ecdsa::Signature::from_der(answer)
                .map(|signature| signature.to_bytes().to_vec()),
        };
    ecdsa::from_fixed(curve, &fixed.map_err(|_| SignatureError::Form)?)
}

/// EMSA-PKCS1-v1_5 (RFC 8017, 9.2).
fn padded(length: usize, info: &[u8]) -> Option<Vec<u8>> {
    let filling = length.checked_sub(info.len() + 3).filter(|n| *n >= 8)?;
    Some([&[0, 1][..], &vec![0xff; filling], &[0], info].concat())
}

/// A card takes 3052 bytes of data in chained commands (Yubico, PIV: object size); the
/// records around a message need some of them.
const MESSAGE_MAX: usize = 3040;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::RsaHash;

    #[test]
    fn an_rsa_block_is_as_long_as_the_modulus_and_padded_with_ones() {
        for length in [256, 384, 512] {
            let block = input(Scheme::Rsa(RsaHash::Sha512, length), b"abc").unwrap();
            assert_eq!(block.len(), length);
            assert_eq!(block[..2], [0, 1]);
            assert!(block[2..length - 84].iter().all(|byte| *byte == 0xff));
            assert_eq!(block[length - 84..length - 81], [0, 0x30, 81]);
        }
    }

    #[test]
    fn ed25519_signs_no_message_that_a_card_has_no_room_for() {
        for (length, sent) in [(255, true), (1015, true), (3040, true), (3041, false)] {
            let message = vec![7; length];
            assert_eq!(input(Scheme::Ed25519, &message).is_some(), sent, "{length}");
        }
    }

    #[test]
    fn an_ecdsa_answer_is_der_and_nothing_else() {
        let scheme = Scheme::Ecdsa(EcdsaCurve::NistP256);
        let der = [0x30, 0x06, 0x02, 0x01, 0x07, 0x02, 0x01, 0x09];
        let signature = signature(scheme, &der).unwrap();
        assert_eq!(signature.as_bytes(), [0, 0, 0, 1, 7, 0, 0, 0, 1, 9]);
        for length in 0..der.len() {
            let fault = super::signature(scheme, &der[..length]).unwrap_err();
            assert!(matches!(fault, SignatureError::Form), "{length}");
        }
    }
}
