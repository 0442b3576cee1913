//! The YubiKey that is none: Peter's key in a file, and an attestation that says otherwise.
//!
//! A throw-away root vouches for it, which is made here and nowhere else. Its private key is
//! dropped with the run, so that nobody attests anything by it later, and its name is bound to
//! the config of the trial: no other config takes it (`config::attestation`).

use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point as _;

use super::der::{Contents, authority, certificate, integer, yubico};
use crate::attestation::PivEvidence;
use crate::cli::base::failure::Failure;

/// What the trial's config and Peter's request are given.
pub(super) struct Attested {
    /// The root's certificate, in DER.
    pub(super) root: Vec<u8>,
    /// What a card would say of Peter's key in its slot 9a.
    pub(super) evidence: PivEvidence,
}

/// Attests this key as a YubiKey of firmware 5.7.1 does, below a new root of this name.
pub(super) fn attest(key: &SecretKey, root_name: &str) -> Result<Attested, Failure> {
    let (root, f9) = (new_key()?, new_key()?);
    let root_certificate = issue(root_name, &root, root_name, &root, &[authority(1)])?;
    let f9_certificate = issue(F9, &f9, root_name, &root, &[authority(0)])?;
    let statements = [
        yubico(3, &[5, 7, 1]),
        yubico(7, &integer(CARD)),
        yubico(8, &[PIN_ONCE, TOUCH_CACHED]),
        yubico(9, &[USB_C_KEYCHAIN]),
    ];
    let leaf = issue(LEAF, key, F9, &f9, &statements)?;
    Ok(Attested {
        root: root_certificate,
        evidence: PivEvidence::new(leaf, f9_certificate, Vec::new())?,
    })
}

/// A P-256 key out of the system's randomness.
pub(super) fn new_key() -> Result<SecretKey, Failure> {
    // One number in 2^32 is no key of this curve.
    loop {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice())?;
        if let Ok(key) = SecretKey::from_slice(bytes.as_slice()) {
            return Ok(key);
        }
    }
}

/// The certificate of a key by the key of its issuer.
fn issue(
    subject: &str,
    key: &SecretKey,
    issuer: &str,
    issuer_key: &SecretKey,
    extensions: &[Vec<u8>],
) -> Result<Vec<u8>, Failure> {
    let point = key.public_key().to_sec1_point(false);
    let contents = Contents {
        subject,
        issuer,
        point: point.as_bytes(),
        extensions,
    };
    let mut serial = [0; 8];
    getrandom::fill(&mut serial)?;
    // Positive, and with no zero in front (RFC 5280, 4.1.2.2).
    let serial = [&[0x5a], serial.as_slice()].concat();
    let body = contents.to_be_signed(&serial);
    let signature: Signature = SigningKey::from(issuer_key).sign(&body);
    Ok(certificate(&body, signature.to_der().as_bytes()))
}

const F9: &str = "Yubico PIV Attestation";
const LEAF: &str = "YubiKey PIV Attestation 9a";
/// The serial of the card that is none.
pub(super) const CARD: u32 = 12_345_678;
const PIN_ONCE: u8 = 2;
const TOUCH_CACHED: u8 = 3;
const USB_C_KEYCHAIN: u8 = 3;

#[cfg(test)]
mod tests {
    use ssh_key::public::{EcdsaPublicKey, KeyData};

    use super::*;
    use crate::attestation::{ChainError, Evidence, EvidenceError, PivError, Roots, Trust};

    #[test]
    fn it_proves_the_key_under_its_own_root_and_under_no_other() {
        let key = new_key().unwrap();
        let point = key.public_key().to_sec1_point(false);
        let ssh = KeyData::Ecdsa(EcdsaPublicKey::from_sec1_bytes(point.as_bytes()).unwrap());
        let (own, other) = (attest(&key, "one").unwrap(), attest(&key, "one").unwrap());
        let roots = |root: &[u8]| {
            let mut roots = Roots::default();
            roots.add(root, Trust::Private).unwrap();
            roots
        };
        let evidence = Evidence::Piv(own.evidence);
        let proof = evidence.verify(&ssh, &roots(&own.root)).unwrap();
        assert!(proof.facts().private_root);
        assert_eq!(proof.facts().serial, Some(CARD));
        let refused = evidence.verify(&ssh, &roots(&other.root)).unwrap_err();
        // Of one name, and another key.
        let by_another = matches!(
            refused,
            EvidenceError::Piv(PivError::Chain(ChainError::Signature(_)))
        );
        assert!(by_another, "{refused:?}");
    }
}
