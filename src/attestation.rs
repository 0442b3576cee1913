//! What a key is made of: evidence that was checked, and so became a proof.
//!
//! Between the request and policy: a [`Proof`] can be made nowhere else, and says how a
//! key is stored, never whose it is.
//!
//! [`Evidence`] is what comes from outside, [`Roots`] whom it must lead up to, and
//! [`Evidence::verify`] the one door.

mod card;
mod cbor;
mod chain;
mod chain_error;
mod evidence;
mod fido;
mod firmware;
mod piv;
mod roots;
#[cfg(test)]
mod tests;
mod x509;

pub use crate::wire::armour::ArmourError;
pub use card::CardEvidenceError;
pub use cbor::CborError;
pub use chain_error::ChainError;
pub use evidence::{Evidence, EvidenceError, EvidenceFormError};
pub use fido::{FidoError, FidoEvidence};
pub use firmware::Fault;
pub use piv::{PivError, PivEvidence};
pub use roots::{
    Family, FamilyError, Listed, Purpose, Role, RootFingerprint, RootFingerprintError, Roots,
    RootsError, Trust, YUBICO_TAKEN, list, to_pem,
};

use serde::{Deserialize, Serialize};
use ssh_key::public::KeyData;

use crate::signer::yubikey::{PinPolicy, Slot, TouchPolicy};
use crate::wire::armour;
use crate::wire::verify::SecurityKeyUse;

/// How a key's storage was proved, as suffix classes and roles name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofKind {
    /// A YubiKey's PIV attestation, up to a root that is trusted.
    Piv,
    /// A FIDO2 security key's attestation, up to a root that is trusted.
    Fido,
    /// A person saw the key made, and says so.
    Witnessed,
    /// A key of an `sk-` type without attestation: software can make one.
    Sk,
}

/// What is known of the storage of one key, by evidence that was checked.
///
/// A field that the evidence says nothing of is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    key: KeyData,
    kind: ProofKind,
    facts: Facts,
}

/// What the evidence says of the device and of the key in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Facts {
    /// The slot that the key was born in; from firmware 5.7 it may have been moved since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
    /// When a signature wants a touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touch: Option<TouchPolicy>,
    /// When a signature wants the PIN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<PinPolicy>,
    /// The device's firmware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<Firmware>,
    /// The device's serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<u32>,
    /// The device's form factor, in Yubico's words: `USB-C keychain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form_factor: Option<String>,
    /// Whether the device is of the FIPS series.
    pub fips: bool,
    /// A FIDO security key's model, in the form of a UUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aaguid: Option<String>,
    /// Whether a security key asked for its PIN or a finger when the key was made. It binds
    /// no later use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_verified: Option<bool>,
    /// How a security key was used to sign the request, by its own signed word; no part of
    /// the evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<Shown>,
    /// The root that the evidence goes up to, by name; marked where it is no pinned one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Whether that root is one that the admin named, and none that the program pins.
    pub private_root: bool,
    /// Whose number the serial is, by that root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// What the witness says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// SHA-256 of the evidence.
    #[serde(skip)]
    pub evidence: [u8; 32],
}

/// What a security key showed with one signature. Without its counter, so that the facts of
/// one key stay the same, and the ledger holds its evidence once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shown {
    /// Somebody touched it.
    pub present: bool,
    /// Somebody gave PIN or fingerprint.
    pub verified: bool,
}

/// A firmware version: major, minor, patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Firmware(pub u8, pub u8, pub u8);

impl Proof {
    /// The key that it is about.
    pub fn key(&self) -> &KeyData {
        &self.key
    }

    /// How it was proved.
    pub fn kind(&self) -> ProofKind {
        self.kind
    }

    /// What was proved.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The card that the key is in, as far as that was proved: a number, and whose it is.
    pub fn card(&self) -> Option<(Family, u32)> {
        Some((self.facts.family?, self.facts.serial?))
    }

    /// When a login wants a touch.
    ///
    /// For a security key, each time: `sshd` asks for it unless the certificate has
    /// `no-touch-required`. The key has to have shown it with its request too.
    pub fn touch(&self) -> Option<TouchPolicy> {
        if self.kind != ProofKind::Fido {
            return self.facts.touch;
        }
        self.facts.used.map(|used| {
            if used.present {
                TouchPolicy::Always
            } else {
                TouchPolicy::Never
            }
        })
    }

    /// When a login wants the PIN.
    ///
    /// For a security key, each time if the certificate has `verify-required`. The key has to
    /// have shown it with its request; not when it was made: OpenSSH asks for no PIN then, and
    /// devices that make keys without one (CTAP 2.1, `makeCredUvNotRqd`) say so, even of a key
    /// that is used with its PIN alone (sk-usbhid.c, `sk_enroll`).
    pub fn pin(&self) -> Option<PinPolicy> {
        if self.kind != ProofKind::Fido {
            return self.facts.pin;
        }
        self.facts.used.map(|used| {
            if used.verified {
                PinPolicy::Always
            } else {
                PinPolicy::Never
            }
        })
    }

    /// The same, of a key that signed its request in this way.
    #[must_use]
    pub fn used(mut self, used: Option<SecurityKeyUse>) -> Self {
        self.facts.used = used.map(|used| Shown {
            present: used.present,
            verified: used.verified,
        });
        self
    }

    /// The word of a person who saw the key made.
    pub fn witnessed(key: KeyData, statement: String) -> Self {
        let facts = Facts {
            statement: Some(statement),
            ..Facts::default()
        };
        Self {
            key,
            kind: ProofKind::Witnessed,
            facts,
        }
    }

    /// A key of an `sk-` type, by its own word alone: software can make one too.
    ///
    /// None for any other key.
    pub fn sk(key: KeyData) -> Option<Self> {
        let is_sk = matches!(key, KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_));
        is_sk.then_some(Self {
            key,
            kind: ProofKind::Sk,
            facts: Facts::default(),
        })
    }

    /// What is known to be wrong with a key of this type in a device of this firmware.
    pub fn faults(&self) -> Vec<Fault> {
        let firmware = self.facts.firmware;
        firmware.map_or_else(Vec::new, |firmware| Fault::of(firmware, &self.key))
    }

    /// What a card would prove of a key that it has not made yet. Nothing was proved:
    /// `scripts/layers` lets `policy/foresee.rs` alone ask what would follow from it.
    pub(crate) fn promised(key: KeyData, facts: Facts) -> Self {
        let kind = ProofKind::Piv;
        Self { key, kind, facts }
    }

    /// Any proof at all, to test what follows from it.
    #[cfg(test)]
    pub(crate) fn for_tests(key: KeyData, kind: ProofKind, facts: Facts) -> Self {
        Self { key, kind, facts }
    }
}

impl ProofKind {
    /// The word for it in config, ledger and key ID.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Piv => "piv",
            Self::Fido => "fido",
            Self::Witnessed => "witnessed",
            Self::Sk => "sk",
        }
    }
}

impl std::fmt::Display for Firmware {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Serialize for Firmware {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
