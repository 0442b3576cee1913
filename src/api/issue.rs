//! Requests, and the certificates that answer them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::receipt::Receipt;

/// A challenge that a request may answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ChallengeMade {
    /// 64 hexadecimal digits, as `punchmark challenge` prints it.
    pub challenge: String,
    /// When it is over, in Unix seconds by the server's clock.
    pub expires: u64,
}

/// Asks for a certificate, or what would be decided about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequestShown {
    /// A request file, in its armour.
    pub request: String,
    /// How many entries the newest head of the ledger had that whoever asks has seen: the receipt shows that it goes
    /// on from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// What a device that is enrolled already says for the one of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceShown>,
}

/// An enrolled device that vouches for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DeviceShown {
    /// Its SSHSIG over what the request's key signs, in its armour, in the namespace `enroll@punchmark`.
    pub signature: String,
    /// The evidence that it is a device, in base64.
    pub evidence: String,
}

/// A certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
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
    /// That the ledger has it, signed; absent where no key can be used for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// What would be decided about a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    /// The CA's name.
    pub ca: String,
    /// The role that allows it.
    pub role: String,
    /// Who asks.
    pub requester: String,
    /// The suffix that its principals get; null where the CA has none.
    pub suffix: Option<String>,
    /// What was proved of the key, in words.
    pub proof: String,
    /// What would be signed.
    pub certificate: WouldSign,
    /// What is worth a word, in whole sentences.
    pub warnings: Vec<String>,
}

/// What of a certificate is known before its serial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
pub struct WouldSign {
    /// `user` or `host`.
    pub kind: String,
    /// The fingerprint of the key, `SHA256:…`.
    pub subject: String,
    /// The key ID.
    pub key_id: String,
    /// The principals.
    pub principals: Vec<String>,
    /// When it would be valid.
    pub validity: Interval,
    /// Critical options and extensions.
    pub options: WouldAllow,
}

/// From a second on, and until just before another, in Unix time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
pub struct Interval {
    /// The first second.
    pub valid_after: u64,
    /// The first second after it; 2^64 - 1 if it has no end.
    pub valid_before: u64,
}

/// Options, each with its value, which is empty for a flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
pub struct WouldAllow {
    /// Critical options.
    pub critical: BTreeMap<String, String>,
    /// Extensions.
    pub extensions: BTreeMap<String, String>,
}
