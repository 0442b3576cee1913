//! Points of a curve whose private half is no secret.

use std::ops::{Add, Neg};

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::traits::IsIdentity;
use ssh_key::EcdsaCurve;
use ssh_key::public::{EcdsaPublicKey, Ed25519PublicKey};

use super::{SubjectError, Weakness, curve_name};

/// OpenSSH takes uncompressed points only, and checks that they are on their curve.
pub(super) fn check_ecdsa(key: &EcdsaPublicKey) -> Result<(), SubjectError> {
    let point = key.as_sec1_bytes();
    let known = match key.curve() {
        EcdsaCurve::NistP256 => p256::PublicKey::from_sec1_bytes(point)
            .map(|key| is_known(key.to_projective(), p256::ProjectivePoint::GENERATOR)),
        EcdsaCurve::NistP384 => p384::PublicKey::from_sec1_bytes(point)
            .map(|key| is_known(key.to_projective(), p384::ProjectivePoint::GENERATOR)),
        EcdsaCurve::NistP521 => p521::PublicKey::from_sec1_bytes(point)
            .map(|key| is_known(key.to_projective(), p521::ProjectivePoint::GENERATOR)),
    };
    match known {
        Ok(known) if point.first() == Some(&SEC1_UNCOMPRESSED) => refuse_known(known),
        _ => Err(SubjectError::Point(curve_name(key.curve()))),
    }
}

/// A point in the one form that RFC 8032, 5.1.2 gives it, and not of small order.
///
/// For a point of small order a fixed signature verifies for every eighth message or for all,
/// by whoever makes it. OpenSSH doesn't look (`crypto_sign_ed25519_open`); nor does it refuse a
/// second form of a point, under which a revoked key would live on.
pub(super) fn check_ed25519(key: &Ed25519PublicKey) -> Result<(), SubjectError> {
    let form = CompressedEdwardsY(key.0);
    let point = form.decompress().filter(|point| point.compress() == form);
    // The cofactor takes away what a signature's verification may take away too.
    let point = point.ok_or(SubjectError::Point(ED25519))?.mul_by_cofactor();
    if point.is_identity() {
        return Err(Weakness::SmallOrder.into());
    }
    let generator: EdwardsPoint = ED25519_BASEPOINT_POINT.mul_by_cofactor();
    refuse_known(is_known(point, generator))
}

/// Whether a point is a small multiple of the generator, or the negative of one: the private
/// half is found by counting, from the one end or the other.
fn is_known<P>(point: P, generator: P) -> bool
where
    P: Copy + PartialEq + Add<Output = P> + Neg<Output = P>,
{
    let negative = -point;
    let multiples = std::iter::successors(Some(generator), |last| Some(*last + generator));
    let mut first = multiples.take(COUNTED);
    first.any(|multiple| multiple == point || multiple == negative)
}

fn refuse_known(known: bool) -> Result<(), SubjectError> {
    if known {
        return Err(Weakness::Counted.into());
    }
    Ok(())
}

/// How many private halves are tried. More would cost each honest key more; what is beyond
/// them is found by whoever counts further, and by no check that ends.
const COUNTED: usize = 16;
const SEC1_UNCOMPRESSED: u8 = 4;
const ED25519: &str = "Ed25519";

#[cfg(test)]
mod tests {
    use ssh_key::public::KeyData;

    use super::super::{Subject, SubjectError, Weakness};

    fn refusal(line: &str) -> SubjectError {
        let key: ssh_key::PublicKey = line.parse().unwrap();
        Subject::try_from(key.key_data().clone()).unwrap_err()
    }

    macro_rules! weak {
        ($name:literal) => {
            include_str!(concat!(
                "../../../softhsm-tests/vectors/weak-keys/ed25519-",
                $name,
                ".pub"
            ))
        };
    }

    #[test]
    fn an_ed25519_point_of_small_order_is_no_subject() {
        for line in [
            weak!("identity"),
            weak!("order-2"),
            weak!("order-4"),
            weak!("order-4-negative"),
            weak!("order-8"),
            weak!("order-8-other"),
        ] {
            let weak = SubjectError::Weak(Weakness::SmallOrder);
            assert_eq!(refusal(line), weak, "{line}");
        }
    }

    #[test]
    fn an_ed25519_point_in_another_form_or_off_the_curve_is_no_subject() {
        for line in [
            weak!("identity-other-form"),
            weak!("order-4-other-form"),
            weak!("off-curve"),
        ] {
            assert_eq!(refusal(line), SubjectError::Point("Ed25519"), "{line}");
        }
    }

    #[test]
    fn an_ed25519_point_whose_private_half_can_be_counted_is_no_subject() {
        use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};

        let counted = SubjectError::Weak(Weakness::Counted);
        assert_eq!(refusal(weak!("generator")), counted);
        let third = ED25519_BASEPOINT_POINT + ED25519_BASEPOINT_POINT + ED25519_BASEPOINT_POINT;
        for point in EIGHT_TORSION.map(|small| small - third) {
            let key = ssh_key::public::Ed25519PublicKey(point.compress().0);
            let sk = ssh_key::public::SkEd25519::new(key, "ssh:");
            for key in [KeyData::Ed25519(key), KeyData::SkEd25519(sk)] {
                assert_eq!(Subject::try_from(key).unwrap_err(), counted);
            }
        }
    }

    /// The first and the last private halves of each curve, and one in between.
    #[test]
    fn an_ecdsa_point_whose_private_half_can_be_counted_is_no_subject() {
        macro_rules! of {
            ($curve:ident, $number:expr) => {{
                let scalar = $curve::Scalar::from(1_u64 << 33) - $curve::Scalar::from(1_u64 << 33);
                let scalar = match $number {
                    number if number < 0 => scalar - $curve::Scalar::from(number.unsigned_abs()),
                    number => scalar + $curve::Scalar::from(number.unsigned_abs()),
                };
                let point = ($curve::ProjectivePoint::GENERATOR * scalar).to_affine();
                let key = $curve::PublicKey::from_affine(point).unwrap();
                ssh_key::public::EcdsaPublicKey::from_sec1_bytes(&key.to_sec1_bytes()).unwrap()
            }};
        }
        for (number, refused) in [
            (1_i64, true),
            (-1, true),
            (2, true),
            (-16, true),
            (17, false),
        ] {
            for key in [of!(p256, number), of!(p384, number), of!(p521, number)] {
                let taken = Subject::try_from(KeyData::Ecdsa(key));
                let counted = SubjectError::Weak(Weakness::Counted);
                assert_eq!(taken.err(), refused.then_some(counted), "{number}");
            }
        }
    }
}
