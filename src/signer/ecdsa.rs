//! An ECDSA signature as a device gives it, made into SSH's form (RFC 5656, 3.1.2).

use ssh_encoding::Encode;
use ssh_key::{Algorithm, EcdsaCurve, Mpint, Signature};

use super::SignatureError;

/// Takes `r‖s`, each as long as the curve's field (PKCS#11 v2.40, 2.3.1).
///
/// # Errors
/// [`SignatureError`] at any other length, and if `r` or `s` is zero.
pub(super) fn from_fixed(curve: EcdsaCurve, bytes: &[u8]) -> Result<Signature, SignatureError> {
    let field = field_bytes(curve);
    let wrong_length = SignatureError::Length {
        expected: 2 * field,
        length: bytes.len(),
    };
    if bytes.len() != 2 * field {
        return Err(wrong_length);
    }
    let (r, s) = bytes.split_at_checked(field).ok_or(wrong_length)?;
    from_parts(curve, r, s)
}

/// The length of a coordinate, and of `r` and of `s`.
pub(super) fn field_bytes(curve: EcdsaCurve) -> usize {
    match curve {
        EcdsaCurve::NistP256 => 32,
        EcdsaCurve::NistP384 => 48,
        EcdsaCurve::NistP521 => 66,
    }
}

fn from_parts(curve: EcdsaCurve, r: &[u8], s: &[u8]) -> Result<Signature, SignatureError> {
    if is_zero(r) || is_zero(s) {
        return Err(SignatureError::Zero);
    }
    let mut blob = Vec::with_capacity(2 * (field_bytes(curve) + 5));
    for part in [r, s] {
        Mpint::from_positive_bytes(part)
            .encode(&mut blob)
            .map_err(|source| SignatureError::Encoding(source.into()))?;
    }
    Signature::new(Algorithm::Ecdsa { curve }, blob).map_err(SignatureError::Encoding)
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_become_the_shortest_positive_mpints() {
        let mut bytes = [0; 64];
        (bytes[31], bytes[32]) = (7, 0x80);
        let signature = from_fixed(EcdsaCurve::NistP256, &bytes).unwrap();
        let mut expected = vec![0, 0, 0, 1, 7, 0, 0, 0, 33, 0, 0x80];
        expected.extend([0; 31]);
        assert_eq!(signature.as_bytes(), expected);
    }

    #[test]
    fn every_other_length_is_refused() {
        for (curve, expected) in [
            (EcdsaCurve::NistP256, 64),
            (EcdsaCurve::NistP384, 96),
            (EcdsaCurve::NistP521, 132),
        ] {
            for length in [0, 1, expected - 1, expected + 1] {
                let fault = from_fixed(curve, &vec![1; length]).unwrap_err();
                assert!(matches!(fault, SignatureError::Length { length: l, .. } if l == length));
            }
        }
    }

    #[test]
    fn a_zero_half_is_refused() {
        let mut bytes = [0; 64];
        bytes[0] = 1;
        let fault = from_fixed(EcdsaCurve::NistP256, &bytes).unwrap_err();
        assert!(matches!(fault, SignatureError::Zero));
    }
}
