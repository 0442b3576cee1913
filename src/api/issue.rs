//! Requests, and the certificates that answer them.

use serde::{Deserialize, Serialize};

/// A challenge that a request may answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ChallengeMade {
    /// 64 hexadecimal digits, as `punchmark challenge` prints it.
    pub challenge: String,
    /// When it is over, in Unix seconds by the server's clock.
    pub expires: u64,
}

/// Asks for a certificate, or what would be decided about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequestShown {
    /// A request file, in its armour.
    pub request: String,
}

/// A certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Issued {
    /// The certificate, as a line of OpenSSH.
    pub certificate: String,
    /// The CA's name.
    pub ca: String,
    /// Its serial number.
    pub serial: u64,
    /// When it ends, in Unix seconds; `None` if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_before: Option<u64>,
    /// What is worth a word, in whole sentences.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// That the ledger has it, signed; absent where no ledger key can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<serde_json::Value>,
}
