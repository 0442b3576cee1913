//! Points of a curve whose private half is no secret.

use std::collections::HashMap;
use std::ops::{Add, Neg};
use std::sync::LazyLock;

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use ssh_key::EcdsaCurve;
use ssh_key::public::{EcdsaPublicKey, Ed25519PublicKey};

use super::beginnings::may_be_weak;
use super::{SubjectError, Weakness, curve_name};

/// OpenSSH takes uncompressed points only, and checks that they are on their curve.
pub(super) fn check_ecdsa(key: &EcdsaPublicKey) -> Result<(), SubjectError> {
    let point = key.as_sec1_bytes();
    let known = match key.curve() {
        EcdsaCurve::NistP256 => p256::PublicKey::from_sec1_bytes(point)
            .map(|key| is_known(key.to_projective(), &COUNTED_P256)),
        EcdsaCurve::NistP384 => p384::PublicKey::from_sec1_bytes(point)
            .map(|key| is_known(key.to_projective(), &COUNTED_P384)),
        EcdsaCurve::NistP521 => p521::PublicKey::from_sec1_bytes(point)
            .map(|key| is_known(key.to_projective(), &COUNTED_P521)),
    };
    match known {
        Ok(true) if is_uncompressed(point) => Err(Weakness::Counted.into()),
        Ok(false) if is_uncompressed(point) => Ok(()),
        _ => Err(SubjectError::Point(curve_name(key.curve()))),
    }
}

/// A point in the one form that RFC 8032, 5.1.2 gives it, and not of small order.
///
/// For a point of small order a fixed signature verifies for every eighth message or for all,
/// by whoever makes it. OpenSSH doesn't look (`crypto_sign_ed25519_open`); nor does it refuse a
/// second form of a point, under which a revoked key would live on.
///
/// Bytes are compared before anything is computed: a ledger has a million keys.
pub(super) fn check_ed25519(key: &Ed25519PublicKey) -> Result<(), SubjectError> {
    if may_be_weak(&key.0)
        && let Some(weakness) = WEAK_ED25519.get(&key.0)
    {
        return Err((*weakness).into());
    }
    let is_point = is_only_form(&key.0) && CompressedEdwardsY(key.0).decompress().is_some();
    is_point.then_some(()).ok_or(SubjectError::Point(ED25519))
}

/// Whether y is reduced, and a sign stands only where x has one: x is 0 for 1 and -1 alone.
fn is_only_form(form: &[u8; 32]) -> bool {
    let mut y = *form;
    if let Some(last) = y.last_mut() {
        *last &= !SIGN;
    }
    // Little-endian: from the last byte down.
    let is_reduced = y.iter().rev().lt(PRIME_25519.iter().rev());
    let has_sign = y != *form;
    is_reduced && !(has_sign && NO_X.contains(&y))
}

/// Ed25519 points whose private half is no secret, each in its only form: those of small order,
/// and what is a small multiple of the generator but for one of those, which a signature's
/// verification may take away (the cofactor).
static WEAK_ED25519: LazyLock<HashMap<[u8; 32], Weakness>> = LazyLock::new(|| {
    let multiples = multiples(ED25519_BASEPOINT_POINT);
    let with_negatives = multiples.iter().flat_map(|point| [*point, -point]);
    let counted: Vec<EdwardsPoint> = with_negatives
        .flat_map(|point| EIGHT_TORSION.map(|small| point + small))
        .collect();
    let of = |points: &[EdwardsPoint], weakness| {
        let forms = EdwardsPoint::compress_batch_alloc(points).into_iter();
        forms.map(move |form| (form.0, weakness))
    };
    of(&counted, Weakness::Counted)
        .chain(of(&EIGHT_TORSION, Weakness::SmallOrder))
        .collect()
});

static COUNTED_P256: LazyLock<Vec<p256::ProjectivePoint>> =
    LazyLock::new(|| multiples(p256::ProjectivePoint::GENERATOR));
static COUNTED_P384: LazyLock<Vec<p384::ProjectivePoint>> =
    LazyLock::new(|| multiples(p384::ProjectivePoint::GENERATOR));
static COUNTED_P521: LazyLock<Vec<p521::ProjectivePoint>> =
    LazyLock::new(|| multiples(p521::ProjectivePoint::GENERATOR));

/// The first multiples of a generator.
fn multiples<P: Copy + Add<Output = P>>(generator: P) -> Vec<P> {
    let multiples = std::iter::successors(Some(generator), |last| Some(*last + generator));
    multiples.take(COUNTED).collect()
}

/// Whether a point is a small multiple of the generator, or the negative of one: the private
/// half is found by counting, from the one end or the other.
fn is_known<P: Copy + PartialEq + Neg<Output = P>>(point: P, multiples: &[P]) -> bool {
    let negative = -point;
    let mut multiples = multiples.iter();
    multiples.any(|multiple| *multiple == point || *multiple == negative)
}

fn is_uncompressed(point: &[u8]) -> bool {
    point.first() == Some(&SEC1_UNCOMPRESSED)
}

/// How many private halves are tried. More would cost each honest key more; what is beyond
/// them is found by whoever counts further, and by no check that ends.
const COUNTED: usize = 16;
const SEC1_UNCOMPRESSED: u8 = 4;
/// The bit of the last byte that is x's sign.
const SIGN: u8 = 0x80;
/// 2^255 - 19, little-endian.
const PRIME_25519: [u8; 32] = little_endian(0xed, 0xff, 0x7f);
/// The y of points whose x is 0: 1 and -1.
const NO_X: [[u8; 32]; 2] = [little_endian(1, 0, 0), little_endian(0xec, 0xff, 0x7f)];
const ED25519: &str = "Ed25519";

/// The first byte, those between, and the last.
const fn little_endian(first: u8, between: u8, last: u8) -> [u8; 32] {
    let mut number = [between; 32];
    number[0] = first;
    number[31] = last;
    number
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
    fn each_weak_ed25519_point_begins_as_the_program_knows() {
        let begins = |form: &[u8; 32]| u16::from_le_bytes([form[0], form[1]]);
        let computed: BTreeSet<u16> = super::WEAK_ED25519.keys().map(begins).collect();
        let known = super::super::beginnings::BEGINNINGS;
        assert!(computed.into_iter().eq(known));
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

    /// By bytes alone it is seen what decoding and encoding show: the first and the last 256 y of
    /// 255 bits, of either sign.
    #[test]
    fn an_ed25519_form_is_the_only_one_where_its_point_is_written_so() {
        use curve25519_dalek::edwards::CompressedEdwardsY;

        let (mut forms, mut others) = (0, 0);
        for first in 0..=255 {
            for (between, last) in [(0, 0), (0, 0x80), (0xff, 0x7f), (0xff, 0xff)] {
                let form = super::little_endian(first, between, last);
                let point = CompressedEdwardsY(form).decompress();
                if point.is_some_and(|point| point.compress().0 == form) {
                    assert!(super::is_only_form(&form), "{form:?}");
                    forms += 1;
                } else if point.is_some() {
                    assert!(!super::is_only_form(&form), "{form:?}");
                    others += 1;
                }
            }
        }
        assert!(forms > 400 && others > 10, "{forms} {others}");
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
