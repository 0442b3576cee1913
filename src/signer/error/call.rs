//! What a module answers when a call fails.

#[cfg(feature = "pkcs11")]
mod code;

#[cfg(feature = "pkcs11")]
pub(in crate::signer) use code::Code;

/// A PKCS#11 call that failed, by the call's and the return value's own names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {answer}")]
pub struct Fault {
    call: String,
    answer: String,
    #[cfg(feature = "pkcs11")]
    code: Option<Code>,
}

/// A call that failed, and the token or module that it was made to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{device}")]
pub struct CallFailed {
    /// The device.
    pub device: String,
    /// What it answered.
    pub source: Fault,
}

#[cfg(not(feature = "pkcs11"))]
impl Fault {
    /// Whether it concerns one message alone; a build that loads no module meets none.
    pub(in crate::signer) fn is_about_message(&self) -> bool {
        false
    }
}
