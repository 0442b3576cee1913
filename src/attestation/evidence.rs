//! What a requester brings to prove how a key is stored: not yet believed, and kept as it came.
//!
//! `docs/formats/evidence.md` has the bytes.

use sha2::{Digest as _, Sha256};
use ssh_key::public::KeyData;

use super::chain::ChainError;
use super::fido::{self, FidoError, FidoEvidence};
use super::piv::{self, PivError, PivEvidence};
use super::roots::Roots;
use super::{Proof, chain_error};
use crate::certificate::subject::fingerprint;
use crate::wire::armour::{self, ArmourError};
use crate::wire::{Cursor, put_string};

/// Evidence of how a key is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A YubiKey's PIV attestation.
    Piv(PivEvidence),
    /// A FIDO2 security key's attestation.
    Fido(FidoEvidence),
}

/// Why evidence proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// A PIV attestation that is not believed.
    #[error("PIV attestation is not believed")]
    Piv(#[from] PivError),
    /// A FIDO attestation that is not believed.
    #[error("FIDO attestation is not believed")]
    Fido(#[from] FidoError),
}

/// Why bytes or text are no evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceFormError {
    /// The text has no block of ours, and none of PEM.
    #[error(transparent)]
    Armour(#[from] ArmourError),
    /// Several pieces of evidence in one text.
    #[error("{0} pieces of evidence in one text")]
    Several(usize),
    /// A PEM text without the certificate of slot f9.
    #[error("one certificate, where an attestation and after it the one of slot f9 are due")]
    OneCertificate,
    /// Larger than any.
    #[error("{what} of {bytes} bytes is larger than {limit}")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// What it may be.
        limit: usize,
    },
    /// More certificates than any path has.
    #[error("{0} intermediates are more than {MOST_INTERMEDIATES}")]
    TooMany(usize),
    /// Cut short, with something behind it, or no evidence at all.
    #[error("not in the form of evidence: {0}")]
    Form(&'static str),
    /// Made by a newer version of the program.
    #[error("evidence of kind {0:?} is not known to this version")]
    Kind(String),
}

impl EvidenceError {
    /// Whether nothing is wrong with the evidence but that nobody who is trusted here vouches
    /// for it.
    #[must_use]
    pub fn lacks_root(&self) -> bool {
        matches!(
            self,
            Self::Piv(PivError::Chain(ChainError::UnknownIssuer { .. }))
                | Self::Fido(
                    FidoError::Chain(ChainError::UnknownIssuer { .. }) | FidoError::SelfAttested
                )
        )
    }
}

impl Evidence {
    /// Checks that it is about `key` and goes up to one of `roots`: the one door to a proof.
    ///
    /// Says nothing of time, and nothing of who holds the key: that wants a proof of possession.
    ///
    /// # Errors
    /// [`EvidenceError`], with the first fault.
    pub fn verify(&self, key: &KeyData, roots: &Roots) -> Result<Proof, EvidenceError> {
        let mut proof = match self {
            Self::Piv(evidence) => {
                let proof = piv::verify(evidence, roots)?;
                if proof.key == *key {
                    proof
                } else {
                    return Err(PivError::OtherKey {
                        attested: fingerprint(&proof.key),
                    }
                    .into());
                }
            }
            Self::Fido(evidence) => fido::verify(evidence, key, roots)?,
        };
        proof.facts.evidence = self.sha256();
        Ok(proof)
    }

    /// The key that it is about, whether it is believed or not.
    ///
    /// A FIDO attestation holds a hash of its key's application; `ssh:` is tried.
    ///
    /// # Errors
    /// [`EvidenceError`] if it can't be read.
    pub fn claimed_key(&self) -> Result<KeyData, EvidenceError> {
        match self {
            Self::Piv(evidence) => Ok(piv::attested_key(evidence)?),
            Self::Fido(evidence) => Ok(fido::claimed_key(evidence)?),
        }
    }

    /// SHA-256 of [`Self::to_bytes`].
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.to_bytes()).into()
    }

    /// The one form in which it is kept, sent and hashed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Piv(evidence) => {
                let parts = evidence.intermediates.iter().map(Vec::as_slice);
                let intermediates = strings(parts);
                strings([MAGIC, PIV, &evidence.leaf, &evidence.f9, &intermediates])
            }
            Self::Fido(evidence) => {
                strings([MAGIC, FIDO, &evidence.attestation, &evidence.challenge])
            }
        }
    }

    /// Reads [`Self::to_bytes`] back, within the limits that the format states.
    ///
    /// # Errors
    /// [`EvidenceFormError`]. What was read may still prove nothing.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceFormError> {
        limit("evidence", bytes, LARGEST)?;
        let input = &mut Cursor::new(bytes);
        if string(input)? != MAGIC {
            return Err(EvidenceFormError::Form("it begins otherwise"));
        }
        let evidence = match string(input)? {
            PIV => Self::Piv(PivEvidence::new(
                string(input)?.to_vec(),
                string(input)?.to_vec(),
                intermediates(string(input)?)?,
            )?),
            FIDO => Self::Fido(FidoEvidence::new(
                string(input)?.to_vec(),
                string(input)?.to_vec(),
            )?),
            kind => {
                let kind = String::from_utf8_lossy(kind).chars().take(32).collect();
                return Err(EvidenceFormError::Kind(kind));
            }
        };
        if input.is_empty() {
            Ok(evidence)
        } else {
            Err(EvidenceFormError::Form("there is something behind it"))
        }
    }

    /// As a block of text that survives mail.
    #[must_use]
    pub fn to_text(&self) -> String {
        armour::armoured(LABEL, &self.to_bytes())
    }

    /// Reads one block of [`Self::to_text`]; or PEM: the attestation, then the certificate
    /// of slot f9, then whatever stands between that and the root.
    ///
    /// # Errors
    /// [`EvidenceFormError`].
    pub fn from_text<T: AsRef<[u8]> + ?Sized>(file: &T) -> Result<Self, EvidenceFormError> {
        let file = file.as_ref();
        if !armour::begins(file, LABEL) {
            return Self::from_pem(file);
        }
        match armour::blocks(file, LABEL)?.as_slice() {
            [one] => Self::from_bytes(one),
            several => Err(EvidenceFormError::Several(several.len())),
        }
    }

    fn from_pem(file: &[u8]) -> Result<Self, EvidenceFormError> {
        let mut all = armour::certificates(file)?.into_iter();
        match (all.next(), all.next()) {
            (Some(leaf), Some(f9)) => Ok(Self::Piv(PivEvidence::new(leaf, f9, all.collect())?)),
            _ => Err(EvidenceFormError::OneCertificate),
        }
    }
}

impl PivEvidence {
    /// As PEM, which [`Evidence::from_text`] and openssl read.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let all = [&self.leaf, &self.f9]
            .into_iter()
            .chain(&self.intermediates);
        all.map(|certificate| armour::armoured(armour::CERTIFICATE, certificate))
            .collect()
    }

    /// Certificates as they came from a card, each of at most 8192 bytes.
    ///
    /// # Errors
    /// [`EvidenceFormError::TooLarge`] and [`EvidenceFormError::TooMany`].
    pub fn new(
        leaf: Vec<u8>,
        f9: Vec<u8>,
        intermediates: Vec<Vec<u8>>,
    ) -> Result<Self, EvidenceFormError> {
        for certificate in [&leaf, &f9].into_iter().chain(&intermediates) {
            limit("certificate", certificate, chain_error::LARGEST)?;
        }
        match intermediates.len() {
            0..=MOST_INTERMEDIATES => Ok(Self {
                leaf,
                f9,
                intermediates,
            }),
            many => Err(EvidenceFormError::TooMany(many)),
        }
    }
}

impl FidoEvidence {
    /// The file of `ssh-keygen -O write-attestation=`, of at most 16 KiB, and the challenge
    /// that it was made with, of 1 to 1024 bytes.
    ///
    /// # Errors
    /// [`EvidenceFormError::TooLarge`], or `Form` for an empty challenge.
    pub fn new(attestation: Vec<u8>, challenge: Vec<u8>) -> Result<Self, EvidenceFormError> {
        limit("attestation", &attestation, LARGEST_FIDO)?;
        limit("challenge", &challenge, LARGEST_CHALLENGE)?;
        if challenge.is_empty() {
            Err(EvidenceFormError::Form("the challenge is empty"))
        } else {
            Ok(Self {
                attestation,
                challenge,
            })
        }
    }
}

fn intermediates(list: &[u8]) -> Result<Vec<Vec<u8>>, EvidenceFormError> {
    let mut input = Cursor::new(list);
    let mut all = Vec::new();
    while !input.is_empty() && all.len() <= MOST_INTERMEDIATES {
        all.push(string(&mut input)?.to_vec());
    }
    Ok(all)
}

fn limit(what: &'static str, bytes: &[u8], limit: usize) -> Result<(), EvidenceFormError> {
    match bytes.len() {
        fits if fits <= limit => Ok(()),
        bytes => Err(EvidenceFormError::TooLarge { what, bytes, limit }),
    }
}

fn string<'a>(input: &mut Cursor<'a>) -> Result<&'a [u8], EvidenceFormError> {
    let cut = |_short| EvidenceFormError::Form("it is cut short");
    input.string().map_err(cut)
}

fn strings<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        put_string(&mut bytes, part);
    }
    bytes
}

const MAGIC: &[u8] = b"punchmark-evidence-v1";
const PIV: &[u8] = b"piv";
const FIDO: &[u8] = b"fido";
const LABEL: &str = "PUNCHMARK EVIDENCE";

/// Evidence in bytes.
const LARGEST: usize = 64 * 1024;
/// Between slot f9's certificate and the root.
const MOST_INTERMEDIATES: usize = 4;
const LARGEST_FIDO: usize = 16 * 1024;
const LARGEST_CHALLENGE: usize = 1024;
