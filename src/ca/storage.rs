//! What is known of where a CA's private key lies, and by whose word.

use std::path::PathBuf;

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::EstablishError;
use crate::attestation::{Evidence, EvidenceError, PivEvidence, Proof, Roots};
use crate::config::{Config, read_bytes};
use crate::ledger::{Ca, EvidenceSeen, Ledger, LedgerError, Origin};
use crate::signer::{self, Locator};

/// What a card said of a CA's key, and what came of checking it.
#[derive(Debug)]
pub struct Attested {
    /// As it came from the card.
    pub evidence: PivEvidence,
    /// That it leads to a root, or why it is not believed.
    pub result: Result<Proof, EvidenceError>,
}

/// What is known of where a CA's private key lies.
#[derive(Debug)]
pub enum Storage {
    /// In software, which can copy it.
    Software,
    /// It was in a file once; copies may be outside still.
    Imported,
    /// It could leave its token, wrapped, until its copy was made, by the token's word.
    WasExtractable,
    /// Born in the device, which was proved to one of the roots that are trusted now.
    Attested(Box<Proof>),
    /// Proved when it was recorded, with these facts in JSON; not by the roots of now.
    Recorded {
        /// What was read out of it then.
        facts: String,
        /// Why it isn't believed now.
        now: EvidenceError,
    },
    /// The device's attestation is kept, and leads to no root that is trusted.
    Unproved(EvidenceError),
    /// The device's unsigned word, and nothing else.
    Claimed,
}

impl Attested {
    /// Asks the device that `locator` names; none if the key was not born there, or the
    /// device attests nothing.
    pub(super) fn fetch(
        locator: &Locator,
        key: &KeyData,
        roots: &Roots,
    ) -> Result<Option<Self>, EstablishError> {
        let Some(given) = signer::attest(locator)? else {
            return Ok(None);
        };
        let evidence = PivEvidence::new(given.leaf, given.f9, Vec::new())?;
        let result = Evidence::Piv(evidence.clone()).verify(key, roots);
        Ok(Some(Self { evidence, result }))
    }

    /// The ledger's entry; none for what isn't believed.
    pub(super) fn seen(&self, keyboard: &str) -> Result<Option<EvidenceSeen>, EstablishError> {
        let Ok(proof) = &self.result else {
            return Ok(None);
        };
        Ok(Some(EvidenceSeen {
            subject: blob(proof.key())?,
            kind: proof.kind().as_str().to_owned(),
            facts: serde_json::to_string(proof.facts()).map_err(LedgerError::from)?,
            evidence: Evidence::Piv(self.evidence.clone()).to_bytes(),
            keyboard: keyboard.to_owned(),
        }))
    }
}

impl Storage {
    /// What ledger and files tell of a CA, checked against `roots`.
    ///
    /// # Errors
    /// [`EstablishError`] if the ledger or a file that is there cannot be read.
    pub fn of(
        config: &Config,
        ledger: &Ledger,
        ca: &Ca,
        roots: &Roots,
    ) -> Result<Self, EstablishError> {
        match ca.added().origin {
            Origin::Software => return Ok(Self::Software),
            Origin::Imported => return Ok(Self::Imported),
            Origin::Extractable => return Ok(Self::WasExtractable),
            Origin::Generated | Origin::Adopted => {}
        }
        let key = ca.public_key();
        if let Some(seen) = ledger.evidence_about(&blob(key)?)? {
            return Ok(
                match Evidence::from_bytes(&seen.evidence)?.verify(key, roots) {
                    Ok(proof) => Self::Attested(Box::new(proof)),
                    Err(now) => Self::Recorded {
                        facts: seen.facts,
                        now,
                    },
                },
            );
        }
        let path = attestation_file(config, ca.name());
        match read_bytes(&path, LARGEST) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::Claimed),
            Err(source) => Err(EstablishError::File { path, source }),
            Ok(file) => Ok(match Evidence::from_text(&file)?.verify(key, roots) {
                Ok(proof) => Self::Attested(Box::new(proof)),
                Err(why) => Self::Unproved(why),
            }),
        }
    }
}

/// `users-attestation.pem`, beside the public key.
pub(super) fn attestation_file(config: &Config, name: &str) -> PathBuf {
    config.resolve(&PathBuf::from(format!("{name}-attestation.pem")))
}

fn blob(key: &KeyData) -> Result<Vec<u8>, ssh_key::Error> {
    PublicKey::from(key.clone()).to_bytes()
}

/// Two certificates take some 3 KiB.
const LARGEST: usize = 64 * 1024;
