//! That the ledger has a certificate: shown when it is answered, and kept by whoever asked.

use serde::{Deserialize, Serialize};

/// The entries of a certificate, and the way of each to a head of the ledger that was signed when it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Receipt {
    /// The head, as a signed note.
    pub head: String,
    /// The line of the public key that signed it.
    pub key: String,
    /// The ledger key's word for that key, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<String>,
    /// What was reserved, and what was issued.
    pub entries: Vec<ProvedEntry>,
    /// That the ledger goes on from the head that the request names: hashes in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goes_on: Option<Vec<String>>,
}

/// An entry, and its way to the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProvedEntry {
    /// The number of its leaf, from 0.
    pub index: u64,
    /// Its canonical bytes, in Base64.
    pub entry: String,
    /// The hashes that lead from its leaf to the root, from the leaf up, in Base64.
    pub path: Vec<String>,
}

/// A receipt as it is kept, with what it is held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeptReceipt {
    /// The line of the certificate.
    pub certificate: String,
    /// The line of the ledger key that is trusted.
    pub ledger_key: String,
    /// The receipt.
    pub receipt: Receipt,
}
