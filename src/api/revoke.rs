//! Revocations, and what they catch.

use serde::{Deserialize, Serialize};

/// Asks to revoke, for good. One's own certificates are named by their serials; all else is for admins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RevocationAsked {
    /// The CA; may be left out where the ledger has one only.
    pub ca: Option<String>,
    /// Serials that were given out.
    pub serials: Vec<u64>,
    /// Key IDs.
    pub key_ids: Vec<String>,
    /// Fingerprints of keys, `SHA256:…`: the key itself, and every certificate for it.
    pub keys: Vec<String>,
    /// Principals, to the letter.
    pub principals: Vec<String>,
    /// Requesters, who are never served again.
    pub requesters: Vec<String>,
    /// Why: 1 to 120 bytes.
    pub reason: Option<String>,
    /// Tells what would be caught, and records nothing.
    pub dry_run: bool,
}

/// What a revocation caught.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RevocationMade {
    /// Whether it was recorded: not where all of it was before, nor in a dry run.
    pub recorded: bool,
    /// Whether all of it was revoked before.
    pub before: bool,
    /// The certificates that it hits.
    pub certificates: Vec<RevokedCertificate>,
    /// Requesters who are never served again.
    pub barred: Vec<String>,
}

/// A certificate that a revocation hits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RevokedCertificate {
    /// The CA's name.
    pub ca: String,
    /// The serial.
    pub serial: u64,
    /// The key ID.
    pub key_id: String,
    /// The principals.
    pub principals: Vec<String>,
}
