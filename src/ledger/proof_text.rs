//! A proof of inclusion as it is handed around, in JSON.

use serde::{Deserialize, Serialize};
use ssh_encoding::base64::{Base64, Encoding};

use super::Inclusion;
use super::checkpoint::Checkpoint;
use super::merkle::Hash;
pub use crate::api::receipt::ProvedEntry;

/// Each entry of a serial, and its way to the root of one head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProofText {
    /// The name of the ledger.
    pub origin: String,
    /// How many entries the head covers.
    pub size: u64,
    /// The entries.
    pub entries: Vec<ProvedEntry>,
}

impl ProofText {
    /// The proof of these entries, which lead to one head; none without an entry.
    #[must_use]
    pub fn of(inclusions: &[Inclusion]) -> Option<Self> {
        let head = &inclusions.first()?.checkpoint;
        Some(Self {
            origin: head.origin.clone(),
            size: head.size,
            entries: inclusions.iter().map(ProvedEntry::of).collect(),
        })
    }
}

impl ProvedEntry {
    /// The entry that is shown, and its way.
    #[must_use]
    pub fn of(inclusion: &Inclusion) -> Self {
        let path = inclusion.path.iter();
        Self {
            index: inclusion.index,
            entry: Base64::encode_string(&inclusion.entry),
            path: path.map(|hash| Base64::encode_string(hash)).collect(),
        }
    }

    /// The entry, said to be in the ledger of this head; none if it is malformed.
    #[must_use]
    pub fn decode(&self, head: &Checkpoint) -> Option<Inclusion> {
        let hash = |text: &String| Hash::try_from(Base64::decode_vec(text).ok()?).ok();
        Some(Inclusion {
            entry: Base64::decode_vec(&self.entry).ok()?,
            index: self.index,
            checkpoint: head.clone(),
            path: self.path.iter().map(hash).collect::<Option<_>>()?,
        })
    }
}
