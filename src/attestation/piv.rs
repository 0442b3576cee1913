//! A YubiKey's PIV attestation: a certificate by the card's own key in slot f9, about a key
//! that was born in another slot.
//!
//! Source: Yubico, "PIV attestation", for the extensions; their bytes as real cards write
//! them, which for most is not DER.

use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use sha2::{Digest as _, Sha256};
use ssh_key::public::KeyData;
use x509_cert::der::Decode;
use x509_cert::der::oid::ObjectIdentifier;

use super::chain::{
    ChainError, Unmarked, is_leaf, issued, malformed, may_issue, refuse_unknown_critical,
};
use super::roots::{Anchor, Purpose, Roots};
use super::x509::{RSA_SHA256, X509};
use super::{Facts, Family, Firmware, Proof, ProofKind};
use crate::signer::pkcs11::PublicKeyError;
use crate::signer::yubikey::{PinPolicy, Slot, TouchPolicy, form_factor_name};

/// What a card gives as evidence, each certificate in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PivEvidence {
    /// What the card says of the key: the answer to ATTEST.
    pub leaf: Vec<u8>,
    /// The certificate in slot f9, whose key signed it.
    pub f9: Vec<u8>,
    /// What stands between that and the root, in any order, where the verifier may not have
    /// it. It counts only if its fingerprint is known.
    pub intermediates: Vec<Vec<u8>>,
}

/// Why a PIV attestation proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PivError {
    /// The certificates don't lead from the key to a root.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// It is about another key.
    #[error("it is about another key: {attested}")]
    OtherKey {
        /// The fingerprint of the key that it is about.
        attested: String,
    },
    /// The attested key is none that SSH knows.
    #[error("the attested key")]
    Key(#[from] PublicKeyError),
    /// Its subject is not what a card writes for a slot that holds keys.
    #[error("it is about {0}, which is no slot of a card")]
    Slot(String),
    /// What every card says is not said.
    #[error("it doesn't say {0}")]
    Missing(&'static str),
    /// A policy that no card has.
    #[error("it says {what} {value}, which is not known")]
    Policy {
        /// PIN policy or touch policy.
        what: &'static str,
        /// Its number.
        value: u8,
    },
}

/// The key that an attestation is about, and what it proves of it if it goes up to `roots`.
pub(super) fn verify(evidence: &PivEvidence, roots: &Roots) -> Result<Proof, PivError> {
    let leaf = X509::read(&evidence.leaf)?;
    let f9 = X509::read(&evidence.f9)?;
    let between = evidence.intermediates.iter().map(|der| X509::read(der));
    let between = between.collect::<Result<Vec<_>, _>>()?;
    let anchor = path(&leaf, &f9, &between, roots)?;
    Ok(Proof {
        key: leaf.key()?,
        kind: ProofKind::Piv,
        facts: facts(&leaf, &f9, anchor)?,
    })
}

/// The key that an attestation is about, whether it is believed or not.
pub(super) fn attested_key(evidence: &PivEvidence) -> Result<KeyData, PivError> {
    Ok(X509::read(&evidence.leaf)?.key()?)
}

/// Leaf ← f9 ← what [`Roots`] has; never longer, so that no key in a slot can be an issuer.
///
/// A root that is FIDO's too has issued certificates of security keys that are not marked as
/// no authorities, as f9's aren't: there the name must tell that it is f9's.
///
/// Yubico's cards before firmware 5.7.4 have two faults that no card of another maker has: a
/// certificate in f9 without basic constraints, and signatures without the NULL. Both are taken
/// under the roots of those cards alone. Under any other root the first would let every
/// certificate of an end entity attest, whatever its key was made for.
fn path(leaf: &X509, f9: &X509, between: &[X509], roots: &Roots) -> Result<Anchor, ChainError> {
    refuse_unknown_critical(leaf, STATEMENTS)?;
    refuse_unknown_critical(f9, STATEMENTS)?;
    is_leaf(leaf)?;
    // What is wrong whatever the root is told first: then it is known that only the root is
    // missing where the error says so.
    may_issue(f9, 0, Unmarked::Tolerated)?;
    let signed = issued(leaf, f9);
    if !matches!(signed, Err(ChainError::Signature(_))) || !signed_without_null(leaf, f9) {
        signed.clone()?;
    }
    let anchor = roots.anchor(f9, Purpose::Piv, 1, between)?;
    if !anchor.of_old_cards {
        may_issue(f9, 0, Unmarked::Refused)?;
        signed?;
    }
    if anchor.shared && !f9.subject().ends_with(PIV_NAME) {
        return Err(ChainError::NoAuthority(f9.subject()));
    }
    Ok(anchor)
}

/// Some YubiKey 4 leave the NULL parameter out of the DigestInfo of what they sign
/// (RFC 8017, 9.2, demands it). Taken from the attestation key alone, with RSA of at least
/// 2048 bits, as in every other signature, and SHA-256.
fn signed_without_null(leaf: &X509, f9: &X509) -> bool {
    let (algorithm, signed, signature) = leaf.signature();
    let Ok(key) = rsa::RsaPublicKey::from_pkcs1_der(f9.key_bits()) else {
        return false;
    };
    if key.n().bits_vartime() < MIN_RSA_BITS {
        return false;
    }
    let scheme = rsa::Pkcs1v15Sign {
        hash_len: Some(32),
        prefix: SHA256_WITHOUT_NULL.into(),
    };
    let digest = Sha256::digest(signed);
    algorithm == RSA_SHA256 && key.verify(scheme, &digest, signature).is_ok()
}

fn facts(leaf: &X509, f9: &X509, anchor: Anchor) -> Result<Facts, PivError> {
    let (pin, touch) = policies(leaf)?;
    let form_factor = match leaf.extension(FORM_FACTOR) {
        None => None,
        Some([byte]) => Some(*byte),
        Some(_) => return Err(malformed(leaf, FORM_FACTOR).into()),
    };
    let fips = form_factor.is_some_and(|byte| byte & FIPS_BIT != 0);
    Ok(Facts {
        slot: Some(slot(leaf)?),
        pin: Some(pin),
        touch: Some(touch),
        firmware: Some(firmware(leaf)?),
        serial: serial(leaf)?,
        form_factor: form_factor.map(|byte| form_factor_name(byte).to_owned()),
        fips: fips || f9.extension(FIPS).is_some(),
        root: Some(anchor.name),
        private_root: anchor.family != Family::Yubico,
        family: Some(anchor.family),
        ..Facts::default()
    })
}

/// The subject names the slot: `YubiKey PIV Attestation 9a`. f9 is none that holds keys.
fn slot(leaf: &X509) -> Result<Slot, PivError> {
    let subject = leaf.subject();
    let slot = subject
        .strip_prefix(SUBJECT)
        .and_then(|text| text.parse().ok());
    slot.ok_or(PivError::Slot(subject))
}

/// Three bare bytes.
fn firmware(leaf: &X509) -> Result<Firmware, PivError> {
    match leaf.extension(FIRMWARE) {
        Some([major, minor, patch]) => Ok(Firmware(*major, *minor, *patch)),
        Some(_) => Err(malformed(leaf, FIRMWARE).into()),
        None => Err(PivError::Missing("which firmware the card has")),
    }
}

/// A DER INTEGER, the only one among them; a card may be set to keep its serial to itself.
fn serial(leaf: &X509) -> Result<Option<u32>, PivError> {
    let serial = leaf.extension(SERIAL).map(u32::from_der).transpose();
    serial.map_err(|_form| malformed(leaf, SERIAL).into())
}

/// Two bare bytes: PIN, then touch.
fn policies(leaf: &X509) -> Result<(PinPolicy, TouchPolicy), PivError> {
    match leaf.extension(POLICIES) {
        Some([pin, touch]) => Ok((pin_policy(*pin)?, touch_policy(*touch)?)),
        Some(_) => Err(malformed(leaf, POLICIES).into()),
        None => Err(PivError::Missing("its PIN and touch policy")),
    }
}

/// 4 and 5 are those of a YubiKey Bio, which takes a finger in the PIN's place.
fn pin_policy(number: u8) -> Result<PinPolicy, PivError> {
    match number {
        1 => Ok(PinPolicy::Never),
        2 | 4 => Ok(PinPolicy::Once),
        3 | 5 => Ok(PinPolicy::Always),
        value => Err(PivError::Policy {
            what: "PIN policy",
            value,
        }),
    }
}

fn touch_policy(number: u8) -> Result<TouchPolicy, PivError> {
    match number {
        1 => Ok(TouchPolicy::Never),
        2 => Ok(TouchPolicy::Always),
        3 => Ok(TouchPolicy::Cached),
        value => Err(PivError::Policy {
            what: "touch policy",
            value,
        }),
    }
}

/// `Yubico PIV Attestation`, on newer cards `YubiKey PIV Attestation`.
const PIV_NAME: &str = "PIV Attestation";
const SUBJECT: &str = "CN=YubiKey PIV Attestation ";

const FIRMWARE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.3");
const SERIAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.7");
const POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.8");
const FORM_FACTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.9");
/// In the certificate of f9: the card is of the FIPS series.
const FIPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.10");
/// In the certificate of f9: the card is certified by CSPN.
const CSPN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.11");
/// All that may be critical, since it is read here.
const STATEMENTS: &[ObjectIdentifier] = &[FIRMWARE, SERIAL, POLICIES, FORM_FACTOR, FIPS, CSPN];
const FIPS_BIT: u8 = 0x80;
/// As [`crate::certificate::verify`] has it.
const MIN_RSA_BITS: u32 = 2048;

/// The DigestInfo of SHA-256 up to the digest, its algorithm without parameters.
const SHA256_WITHOUT_NULL: [u8; 17] = [
    0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04,
    0x20,
];
