//! Why a key in the room is not the one that plan and ledger have.

use ssh_key::Fingerprint;

use crate::attestation::{EvidenceError, EvidenceFormError};
use crate::ceremony::attested::OtherThanPlanned;

/// Why a key is not the one of plan and ledger, or not known to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// A CA has another key than the plan says.
    #[error("CA `{name}` has the key {found} in the ledger, and not {wanted} as the plan says")]
    OtherThanLedger {
        /// The CA.
        name: String,
        /// The plan's.
        wanted: Fingerprint,
        /// The ledger's.
        found: String,
    },
    /// Neither config nor ledger has a key of a CA in the device that the plan says.
    #[error("neither config nor ledger has a key of CA `{ca}` in device `{device}`")]
    NotInDevice {
        /// The CA.
        ca: String,
        /// What the plan calls the device.
        device: String,
    },
    /// A device holds another key than the CA's.
    #[error("device `{device}` holds the key {found}, and not the one of CA `{ca}`")]
    OtherInDevice {
        /// The CA.
        ca: String,
        /// What the plan calls the device.
        device: String,
        /// What it holds.
        found: String,
    },
    /// A card says nothing of a key.
    #[error("{0}: the card attests nothing of this key")]
    NoEvidence(String),
    /// What a card says of a key is no evidence.
    #[error(transparent)]
    EvidenceForm(#[from] EvidenceFormError),
    /// What a card says of a key is not believed.
    #[error("what the card says of its key")]
    Evidence(#[from] EvidenceError),
    /// What a card says of a key is not what the plan has.
    #[error(transparent)]
    OtherThanPlanned(#[from] OtherThanPlanned),
}
