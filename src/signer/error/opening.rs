//! Why a key is not found or not opened.

use std::fmt;
use std::path::PathBuf;

use super::agent::AgentFault;
use super::call::{CallFailed, Fault};
use super::card::CardFailed;
use super::key_file::KeyFileFault;
use super::login::LoginError;
use super::public_key::PublicKeyError;
use crate::file::Untrusted;
use crate::secret::PinError;

/// Why the key that a locator names cannot be looked at or opened.
///
/// Names the fault and the device; holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpeningError {
    /// The module's file is not there.
    #[error("there is no PKCS#11 module {}", path.display())]
    ModuleMissing {
        /// The path that was named.
        path: PathBuf,
    },
    /// The file is there, and is no PKCS#11 module.
    #[error("{} is not a PKCS#11 module: {reason}", path.display())]
    NotAModule {
        /// The path that was named.
        path: PathBuf,
        /// The dynamic loader's word.
        reason: String,
    },
    /// Somebody else can have written the module, which would get the PIN.
    #[error("PKCS#11 module {} is not trusted", path.display())]
    ModuleUntrusted {
        /// The path that was named.
        path: PathBuf,
        /// Who can have.
        source: Untrusted,
    },
    /// The module does not start.
    #[error("PKCS#11 module {} does not start", path.display())]
    ModuleStart {
        /// The module's path.
        path: PathBuf,
        /// What it answered.
        source: Fault,
    },
    /// The module doesn't start without its reserved string.
    #[error(
        "PKCS#11 module {} does not start without words of its own (C_Initialize: ARGUMENTS_BAD)",
        path.display()
    )]
    ModuleWantsReserved {
        /// The module's path.
        path: PathBuf,
    },
    /// No token matches.
    #[error("no token matches {wanted}; seen: {seen}")]
    NoToken {
        /// The locator.
        wanted: String,
        /// The tokens that are there.
        seen: Seen,
    },
    /// More than one token matches.
    #[error("more than one token matches {wanted}: {seen}")]
    SeveralTokens {
        /// The locator.
        wanted: String,
        /// Those that match.
        seen: Seen,
    },
    /// The device does not take the user.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The locator names a token, but no key in it.
    #[error("the locator names no key: it has neither object nor id")]
    NoKeyNamed,
    /// No private key matches.
    #[error("{device}: no private key matches {wanted}; seen: {seen}")]
    NoKey {
        /// The device.
        device: String,
        /// The locator.
        wanted: String,
        /// The private keys that are there.
        seen: Seen,
    },
    /// More than one private key matches.
    #[error("{device}: more than one private key matches {wanted}: {seen}")]
    SeveralKeys {
        /// The device.
        device: String,
        /// The locator.
        wanted: String,
        /// Those that match.
        seen: Seen,
    },
    /// The public half cannot be told for sure.
    #[error("{device}: {key} shares its id with another key, so its public key cannot be told")]
    AmbiguousPublicKey {
        /// The device.
        device: String,
        /// The key.
        key: String,
    },
    /// The public half is malformed, or of a kind that SSH does not know.
    #[error("{device}: public key of {key}")]
    PublicKey {
        /// The device.
        device: String,
        /// The key.
        key: String,
        /// What is wrong with it.
        source: PublicKeyError,
    },
    /// The key may not sign.
    #[error("{device}: {key} is not allowed to sign (CKA_SIGN)")]
    KeyCannotSign {
        /// The device.
        device: String,
        /// The key.
        key: String,
    },
    /// An RSA key that no CA may use today.
    #[error("{device}: {key} is an RSA key of {bits} bits, a CA needs at least {RSA_MIN_BITS}")]
    RsaTooShort {
        /// The device.
        device: String,
        /// The key.
        key: String,
        /// The size of the key.
        bits: u32,
    },
    /// A key that wants its PIN for each signature, behind a module that hides its sessions.
    #[error("{device}: this module cannot ask for the PIN at each signature")]
    PinPerSignature {
        /// The device.
        device: String,
    },
    /// After a failure, the device showed another key under the same name.
    #[error("{device}: the key is another one than at the start of the run")]
    KeyChanged {
        /// The device.
        device: String,
    },
    /// A build without the feature `yubikey`.
    #[error("this build of punchmark leaves out YubiKeys")]
    YubiKeyLeftOut,
    /// A build without the feature `pkcs11`.
    #[error("this build of punchmark loads no PKCS#11 module")]
    Pkcs11LeftOut,
    /// An agent fails.
    #[error("{device}")]
    Agent {
        /// The key.
        device: String,
        /// What is wrong.
        source: AgentFault,
    },
    /// A private key file cannot be used.
    #[error("{device}")]
    KeyFile {
        /// The file.
        device: String,
        /// What is wrong with it.
        source: KeyFileFault,
    },
    /// The module refused a call.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// A card, or what stands before it, fails.
    #[error(transparent)]
    Card(#[from] CardFailed),
}

impl OpeningError {
    /// Whether the device refuses the PIN that it was shown, or would be shown.
    pub(crate) fn is_about_pin(&self) -> bool {
        matches!(self, Self::Login(login) if login.is_about_pin())
    }

    /// Whether it is this device's own fault, so that others with the same key are of use: it
    /// isn't there, doesn't answer, has no PIN of its own given, or does not take the user. Who
    /// cancels means all of them; a device that holds something else than it should stops all.
    pub fn leaves_the_others(&self) -> bool {
        match self {
            Self::Login(LoginError::Pin(error)) => !matches!(error, PinError::Cancelled),
            Self::NoToken { .. }
            | Self::ModuleStart { .. }
            | Self::ModuleWantsReserved { .. }
            | Self::Login(_)
            | Self::Call(_)
            | Self::Card(_) => true,
            _ => false,
        }
    }
}

/// What was seen in the place of what was looked for; shows at most 16 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen(pub(in crate::signer) Vec<String>);

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let shown: Vec<&str> = self.0.iter().map(String::as_str).take(SEEN_MAX).collect();
        f.write_str(&shown.join(", "))?;
        match self.0.len().saturating_sub(SEEN_MAX) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

const SEEN_MAX: usize = 16;

/// The shortest RSA modulus of a CA key, in bits.
pub(in crate::signer) const RSA_MIN_BITS: u32 = 2048;
