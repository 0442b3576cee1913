//! Certificates that are in the ledger, as whoever may see them is told.

use serde::{Deserialize, Serialize};

/// A page of certificates, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Page {
    /// The certificates; a page may have none and still not be the last.
    pub certificates: Vec<Listed>,
    /// The cursor of the next page; none behind the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A certificate, or what was reserved for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Listed {
    /// The CA's name.
    pub ca: String,
    /// The serial.
    pub serial: u64,
    /// `reserved`, `issued`, `failed` or `revoked`.
    pub state: String,
    /// When it was reserved, in Unix seconds.
    pub reserved: u64,
    /// Who asked for it.
    pub requester: String,
    /// The role that allowed it.
    pub role: String,
    /// The key ID.
    pub key_id: String,
    /// The principals.
    pub principals: Vec<String>,
    /// The fingerprint of the certified key.
    pub key: String,
    /// The first second of its validity.
    pub valid_after: u64,
    /// The first second after it; none if it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_before: Option<u64>,
}
