//! A PIN, and the question for one.
//!
//! Stands before everything that talks to hardware. Where a PIN comes from (a
//! terminal, a file, `pinentry`) is the front's choice: it implements [`AskPin`].

mod derived;
mod file;
mod locked;
mod process;
#[cfg(any(feature = "pkcs11", feature = "yubikey"))]
pub(crate) mod refused;
mod remember;
pub mod share;
#[cfg(feature = "yubikey")]
mod sourced;
mod text;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::file::Untrusted;

pub use derived::DerivedFor;
#[cfg(feature = "ldap")]
pub(crate) use file::read_secret_file;
pub use file::{pin_from_bytes, read_pin_file, read_short_secret};
pub(crate) use process::keep_memory_private;
pub use remember::RememberPin;
#[cfg(feature = "yubikey")]
pub(crate) use sourced::SourcedPin;
pub use text::PinTextFault;

/// The PIN of a token or card, or the passphrase of a key file.
///
/// Kept out of the swap file where that is allowed, and wiped from memory when dropped.
/// `Debug` prints `Pin(..)`; there is no `Display`, `Clone` or serde, so that no log line can
/// hold one.
pub struct Pin(SecretString);

impl Pin {
    /// Takes over a secret that was just read or typed for one device.
    pub fn new(mut secret: String) -> Self {
        // A string that shrinks to its content may leave a copy behind that nobody wipes.
        let copy: Box<str> = Box::from(secret.as_str());
        secret.zeroize();
        locked::lock(&copy);
        Self(SecretString::from(copy))
    }

    /// The secret itself, to be handed to the device and to nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// One more of the same.
    #[must_use]
    pub(crate) fn copy(&self) -> Self {
        Self::new(self.expose().to_owned())
    }

    /// Whether it is the same secret; takes equally long for each of one length.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (own, other) = (self.expose().as_bytes(), other.expose().as_bytes());
        own.ct_eq(other).into()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// Something that can be asked for a PIN: a terminal, a file, a `pinentry`.
pub trait AskPin {
    /// The PIN for `device`, which is named for a person, as in
    /// `PIN for token "Root CA" (SoftHSM, slot 0)`.
    ///
    /// # Errors
    /// [`PinError`] if there is nobody to ask, or the answer is no PIN. Nothing was
    /// tried on the device then.
    fn pin(&mut self, device: &str) -> Result<Pin, PinError>;

    /// The file that holds the PIN of the device with this serial, where one was named for it
    /// alone. It goes before [`AskPin::pin`].
    fn file_of(&self, _serial: &str) -> Option<PathBuf> {
        None
    }

    /// The PIN of the device with this serial, where this session gave it or has it from shares. It
    /// goes before all others, and is tried once.
    fn pin_of(&self, _serial: &str) -> Option<Pin> {
        None
    }

    /// Whether [`AskPin::pin`] gives one without asking a person.
    fn is_given(&self) -> bool {
        false
    }

    /// The passphrase that opens `file`, a private key file named for a person.
    ///
    /// # Errors
    /// As for [`AskPin::pin`].
    fn passphrase(&mut self, file: &str) -> Result<Pin, PinError> {
        self.pin(file)
    }

    /// Says that the PIN is now awaited at `device` itself, on its own keypad.
    ///
    /// Nothing is asked, so a front without anybody to tell may leave it out.
    fn type_on_device(&mut self, _device: &str) {}

    /// Asks a person whether the last try before `device` locks may be spent.
    ///
    /// # Errors
    /// [`PinError::LastTry`] if there is nobody, or the answer is not yes; nothing was tried.
    fn last_try(&mut self, device: &str) -> Result<(), PinError> {
        Err(PinError::LastTry {
            device: device.to_owned(),
        })
    }

    /// Says that `device` refused what was typed for it, and what it tells of the `tries` that are
    /// left; returns whether a person will type another PIN. The refused one is never shown again.
    fn types_again(&mut self, _device: &str, _tries: &str) -> bool {
        false
    }

    /// Who is told what a device waits for while it signs; nobody, if a front leaves it out.
    fn notice(&self) -> Box<dyn Notice> {
        Box::new(Nobody)
    }
}

/// Somebody who is told what a device waits for.
pub trait Notice: Send {
    /// `device` now waits for a finger, for so long.
    fn touch(&self, device: &str, limit: Duration);

    /// `device` has signed, touched or not.
    fn signed(&self, device: &str);

    /// `device` has not signed, and waits no more.
    fn gave_up(&self, device: &str);

    /// `device` was not touched in time; returns whether somebody is there who may still do it.
    fn missed(&self, _device: &str) -> bool {
        false
    }

    /// `device` opened with the PIN that every new one has, and that everybody knows.
    fn has_factory_pin(&self, _device: &str) {}
}

struct Nobody;

impl Notice for Nobody {
    fn touch(&self, _device: &str, _limit: Duration) {}

    fn signed(&self, _device: &str) {}

    fn gave_up(&self, _device: &str) {}
}

/// What a secret is for, as people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretKind {
    /// Of a token or card.
    Pin,
    /// Of a card, which unlocks its PIN.
    Puk,
    /// Of the security officer of a token, which sets its PIN.
    SoPin,
    /// Of a private key in a file.
    Passphrase,
    /// Of a card, which lets its slots be changed.
    ManagementKey,
    /// Of an account.
    Password,
    /// A private key itself.
    PrivateKey,
    /// Of a client of an identity provider.
    ClientSecret,
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pin => "PIN",
            Self::Puk => "PUK",
            Self::SoPin => "SO PIN",
            Self::Passphrase => "passphrase",
            Self::ManagementKey => "management key",
            Self::Password => "password",
            Self::PrivateKey => "private key",
            Self::ClientSecret => "client secret",
        })
    }
}

/// Why there is no PIN.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// Neither a terminal, nor a `pinentry`, nor a file was there to ask.
    #[error("{device} needs a PIN, and there is no terminal to ask at")]
    NobodyToAsk {
        /// The device, named for a person.
        device: String,
    },
    /// The person pressed Ctrl-C, Ctrl-D or the dialogue's cancel button.
    #[error("the PIN prompt was cancelled")]
    Cancelled,
    /// One try is left, and nobody said that it may be spent.
    #[error("{device} has one PIN try left, which needs a typed yes")]
    LastTry {
        /// The device, named for a person.
        device: String,
    },
    /// What was given without a device's name was for the device that asked first.
    #[error("no PIN was given for {device}: the one from {source_name} is for {first}")]
    OfAnother {
        /// The device that gets none.
        device: String,
        /// The device that it was for.
        first: String,
        /// Where it came from.
        source_name: String,
    },
    /// The secret has no characters.
    #[error("the {0} is empty")]
    Empty(SecretKind),
    /// The file that holds the PIN cannot be used.
    #[error("{kind} file {path}")]
    File {
        /// What it should hold.
        kind: SecretKind,
        /// The file or descriptor as it was named.
        path: String,
        /// What is wrong with it.
        #[source]
        source: std::io::Error,
    },
    /// A PIN file that others can read holds no secret.
    #[error("{kind} file {path} can be read by others (mode {mode:04o})")]
    FileReadableByOthers {
        /// What it should hold.
        kind: SecretKind,
        /// The file as it was named.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else can have written it.
    #[error("{kind} file {path} is not trusted")]
    FileUntrusted {
        /// What it should hold.
        kind: SecretKind,
        /// The file as it was named.
        path: String,
        /// Who can have.
        source: Untrusted,
    },
    /// A folder, a pipe or a device in the place of a PIN file.
    #[error("{kind} file {path} is not a regular file")]
    FileNotRegular {
        /// What it should hold.
        kind: SecretKind,
        /// The file as it was named.
        path: String,
    },
    /// What a PIN file holds is no text.
    #[error("{kind} file {path} is not UTF-8")]
    FileNotText {
        /// What it should hold.
        kind: SecretKind,
        /// The file as it was named.
        path: String,
    },
    /// A PIN that nobody meant as it stands there. It was not tried.
    #[error("{kind} file {path} {fault}")]
    FileText {
        /// What it should hold.
        kind: SecretKind,
        /// The file as it was named.
        path: String,
        /// What is wrong with it.
        fault: PinTextFault,
    },
    /// A PIN file of more than [`PIN_MAX`] bytes.
    #[error("{kind} file {path} holds more than {PIN_MAX} bytes")]
    FileTooLong {
        /// What it should hold.
        kind: SecretKind,
        /// The file as it was named.
        path: String,
    },
    /// The `pinentry` program failed.
    #[error("{device} needs a PIN, and pinentry cannot ask for it: {reason}")]
    Pinentry {
        /// The device, named for a person.
        device: String,
        /// Its own words.
        reason: String,
    },
}

/// The longest PIN that is read, in bytes.
pub const PIN_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_is_the_same() {
        let pin = |text: &str| Pin::new(text.to_owned());
        assert!(pin("648219").is_same(&pin("648219").copy()));
        assert!(!pin("648219").is_same(&pin("648218")));
        assert!(!pin("648219").is_same(&pin("6482190")));
    }

    #[test]
    fn debug_output_holds_no_secret() {
        assert_eq!(format!("{:?}", Pin::new("648219".into())), "Pin(..)");
    }
}
