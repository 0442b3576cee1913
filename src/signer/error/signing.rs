//! Why a signer does not sign.

use super::agent::AgentFault;
use super::call::CallFailed;
use super::card::CardFailed;
use super::key_file::KeyFileFault;
use super::login::LoginError;
use super::opening::OpeningError;

/// Why an open key gave no signature.
///
/// Names the fault and the device; holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The device does not take the user.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The card waited for a finger in vain.
    #[error("{device} was not touched in time")]
    TouchTimeout {
        /// The device.
        device: String,
    },
    /// A message that can't be sent to a card.
    #[error("{device} cannot be sent a message of {length} bytes to sign with Ed25519")]
    MessageLength {
        /// The device.
        device: String,
        /// How long the message is.
        length: usize,
    },
    /// What the device gave is no signature.
    #[error("{device}: malformed signature")]
    Signature {
        /// The device.
        device: String,
        /// What is wrong with it.
        source: SignatureError,
    },
    /// The device does not come back.
    #[error("{device} is gone")]
    DeviceGone {
        /// The device.
        device: String,
        /// Why the last attempt did not get it back.
        #[source]
        source: Box<OpeningError>,
    },
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

impl SignerError {
    /// Whether the device refuses the PIN that it was shown, or would be shown.
    pub(crate) fn is_about_pin(&self) -> bool {
        match self {
            Self::Login(login) => login.is_about_pin(),
            Self::DeviceGone { source, .. } => source.is_about_pin(),
            _ => false,
        }
    }

    /// Whether no later signature of this run can work. Only what concerns one message alone
    /// leaves hope.
    pub fn ends_the_run(&self) -> bool {
        match self {
            Self::Call(failed) => !failed.source.is_about_message(),
            Self::Signature { .. } | Self::MessageLength { .. } => false,
            _ => true,
        }
    }
}

/// Why bytes from a device are no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Not as long as the key's type calls for.
    #[error("{length} bytes, where {expected} are expected")]
    Length {
        /// What the key's type calls for.
        expected: usize,
        /// What there is.
        length: usize,
    },
    /// Half of an ECDSA signature is zero.
    #[error("r or s is zero")]
    Zero,
    /// An ECDSA signature that is not in DER.
    #[error("it is not in DER")]
    Form,
    /// SSH's form cannot be made.
    #[error(transparent)]
    Encoding(ssh_key::Error),
}
