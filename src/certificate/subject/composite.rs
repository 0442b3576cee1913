//! OpenSSH 10.5's pair of an ML-DSA-44 and an Ed25519 key.

use ssh_key::PublicKey;
use ssh_key::public::{Ed25519PublicKey, KeyData, OpaquePublicKey};

use super::{SubjectError, points};
use crate::wire::PublicKey as PlainKey;

/// A pair of the right length, whose Ed25519 half is one that may stand alone.
///
/// Every 1,312 bytes are an ML-DSA-44 key (FIPS 204, algorithm 23 refuses none).
pub(super) fn check(pair: &OpaquePublicKey) -> Result<(), SubjectError> {
    let unknown = || SubjectError::Algorithm(pair.algorithm().to_string());
    if !is_one(pair) {
        return Err(unknown());
    }
    let (_, curve) = pair.as_ref().split_last_chunk().ok_or_else(unknown)?;
    points::check_ed25519(&Ed25519PublicKey(*curve))
}

/// Whether an opaque key is such a pair: none other that ssh-key doesn't know is known here.
pub(super) fn is_one(pair: &OpaquePublicKey) -> bool {
    let blob = PublicKey::from(KeyData::Other(pair.clone())).to_bytes();
    blob.is_ok_and(|blob| PlainKey::from_blob(&blob).is_ok())
}

/// What it is called for people.
pub(super) const NAME: &str = "ML-DSA-44 with Ed25519";

#[cfg(test)]
mod tests {
    use ssh_key::public::OpaquePublicKey;

    use super::*;
    use crate::certificate::Subject;
    use crate::certificate::subject::{Weakness, describe};
    use crate::wire::verify::composite::tests::Pair;

    #[test]
    fn a_pair_is_a_subject_unless_its_ed25519_half_is_none() {
        let KeyData::Other(pair) = Pair::new(3).public() else {
            unreachable!("the pair is opaque");
        };
        assert_eq!(describe(&KeyData::Other(pair.clone())), NAME);
        assert!(Subject::try_from(KeyData::Other(pair.clone())).is_ok());
        let mut weak = pair.as_ref().to_vec();
        weak[1_312..].copy_from_slice(&[&[1][..], &[0; 31]].concat());
        let weak = OpaquePublicKey::new(weak, pair.algorithm());
        assert_eq!(
            Subject::try_from(KeyData::Other(weak)),
            Err(SubjectError::Weak(Weakness::SmallOrder))
        );
        let short = OpaquePublicKey::new(vec![7; 1_343], pair.algorithm());
        assert!(matches!(
            Subject::try_from(KeyData::Other(short)),
            Err(SubjectError::Algorithm(_))
        ));
    }
}
