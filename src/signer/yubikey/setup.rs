//! Taking a factory-new card to a safe one, step by step.
//!
//! Each step is whole by itself and leaves a card that says how far it came, so whoever was
//! interrupted starts again and goes on. Setting the tries comes first, since it sets PIN and
//! PUK back to the factory's.

#[cfg(feature = "yubikey")]
mod card;
#[cfg(not(feature = "yubikey"))]
mod left_out;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

#[cfg(feature = "yubikey")]
pub use card::{
    change_pin, change_puk, log_in, protect_management_key, set_tries, state, tries_left,
};
#[cfg(not(feature = "yubikey"))]
pub use left_out::{
    change_pin, change_puk, log_in, protect_management_key, set_tries, state, tries_left,
};

use super::new_secret::{FACTORY_PIN, FACTORY_PUK};
use super::{CardFailed, Firmware, ManagementKeyError};
use crate::secret::Pin;
use crate::signer::error::{LoginError, OpeningError, PinTries};

/// What a card says of its secrets. Asking costs no try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CardState {
    /// The serial that is printed on it.
    pub serial: u32,
    /// The firmware of the card.
    pub firmware: Firmware,
    /// The PIN.
    pub pin: SecretState,
    /// The PUK.
    pub puk: SecretState,
    /// The management key.
    pub management_key: ManagementKeyState,
    /// How often the PIN may be wrong in a row; those that are left, where firmware before
    /// 5.3 tells no more.
    pub pin_tries: u8,
    /// How often the PUK may be; none where the firmware doesn't tell.
    pub puk_tries: Option<u8>,
}

/// How often PIN and PUK may be wrong from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriesLeft {
    /// The PIN.
    pub pin: u8,
    /// The PUK; none where the firmware doesn't tell.
    pub puk: Option<u8>,
}

/// Whether a PIN or PUK is still the factory's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretState {
    /// The factory's.
    Factory,
    /// Somebody's own.
    Own,
    /// Firmware before 5.3 doesn't tell.
    Untold,
}

/// Which management key a card has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManagementKeyState {
    /// The factory's.
    Factory,
    /// One that the card says it keeps behind its PIN.
    Protected,
    /// Somebody's own, kept elsewhere.
    Own,
}

/// How often PIN and PUK may be wrong in a row before they lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tries {
    /// The PIN: 3 to 15.
    pub pin: TryCount,
    /// The PUK: 3 to 15.
    pub puk: TryCount,
}

/// 3 to 15 tries: fewer lock out whoever mistypes, more help whoever guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TryCount(u8);

/// A number of tries that is not within 3 to 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number of tries is within {} to {}", TryCount::MIN, TryCount::MAX)]
pub struct TryCountError;

/// The cipher of a management key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManagementKeyAlgorithm {
    /// Triple DES: all that firmware before 5.4.2 knows.
    #[serde(rename = "3des")]
    TripleDes,
    /// AES with a key of 128 bits.
    Aes128,
    /// AES with a key of 192 bits, as the factory sets it from firmware 5.7.
    Aes192,
    /// AES with a key of 256 bits.
    Aes256,
}

/// A management key that a card is to get.
#[derive(Clone, Copy)]
pub struct NewManagementKey<'a> {
    /// Its cipher.
    pub cipher: ManagementKeyAlgorithm,
    /// Bytes that it is made of, as many of the first as the cipher takes; random ones else.
    pub bytes: Option<&'a [u8]>,
}

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Set how often PIN and PUK may be wrong; both become the factory's.
    SetTries,
    /// Change the PUK.
    ChangePuk,
    /// Change the PIN.
    ChangePin,
    /// Make a random management key, and keep it behind the PIN.
    ProtectManagementKey,
}

/// Whether a step is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// It is.
    Due,
    /// It was done before.
    Done,
    /// It would undo what somebody set: PIN and PUK are no longer the factory's.
    WouldReset,
    /// The management key is somebody's own, and was not given.
    OtherManagementKey,
}

/// Why a card is not set up as it was asked for.
///
/// Names the fault and the card; holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The card is not there, or does not take its user.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The management key was not proved to the card.
    #[error(transparent)]
    ManagementKey(#[from] ManagementKeyError),
    /// The card refused the PUK.
    #[error("{device}: wrong PUK, tried once; {tries}")]
    WrongPuk {
        /// The device.
        device: String,
        /// What it says of the tries that are left.
        tries: PinTries,
    },
    /// Firmware that knows no management key for this cipher.
    #[error("{device}: firmware {firmware} knows no management key for {algorithm}")]
    ManagementKeyAlgorithm {
        /// The device.
        device: String,
        /// The firmware of the card.
        firmware: Firmware,
        /// The cipher.
        algorithm: ManagementKeyAlgorithm,
    },
    /// What the card keeps behind its PIN was not written by a program that is known.
    #[error("{device}: object {object} holds something else than a management key's record")]
    CardObjectTaken {
        /// The device.
        device: String,
        /// The object's number in hexadecimal.
        object: &'static str,
    },
}

impl From<LoginError> for SetupError {
    fn from(error: LoginError) -> Self {
        Self::Opening(error.into())
    }
}

impl From<CardFailed> for SetupError {
    fn from(error: CardFailed) -> Self {
        Self::Opening(error.into())
    }
}

impl CardState {
    /// Every step in its order, and whether it is due. `key_is_given` says that the
    /// management key is known where it is nobody's else.
    #[must_use]
    pub fn plan(&self, tries: Tries, key_is_given: bool) -> [(Step, Due); 4] {
        let secret = |state| match state {
            SecretState::Own => Due::Done,
            SecretState::Factory | SecretState::Untold => Due::Due,
        };
        [
            (Step::SetTries, self.tries_due(tries, key_is_given)),
            (Step::ChangePuk, secret(self.puk)),
            (Step::ChangePin, secret(self.pin)),
            (Step::ProtectManagementKey, self.key_due(key_is_given)),
        ]
    }

    fn tries_due(&self, tries: Tries, key_is_given: bool) -> Due {
        let are_set =
            self.pin_tries == tries.pin.0 && self.puk_tries.is_none_or(|told| told == tries.puk.0);
        let is_own = [self.pin, self.puk].contains(&SecretState::Own);
        match (are_set, is_own, self.management_key) {
            (true, _, _) => Due::Done,
            (_, true, _) => Due::WouldReset,
            (_, _, ManagementKeyState::Own) if !key_is_given => Due::OtherManagementKey,
            _ => Due::Due,
        }
    }

    fn key_due(&self, key_is_given: bool) -> Due {
        match self.management_key {
            ManagementKeyState::Factory => Due::Due,
            ManagementKeyState::Protected => Due::Done,
            ManagementKeyState::Own if key_is_given => Due::Due,
            ManagementKeyState::Own => Due::OtherManagementKey,
        }
    }
}

impl TryCount {
    const MIN: u8 = 3;
    const MAX: u8 = 15;

    /// What is proposed for a CA's card.
    pub const PROPOSED: Self = Self(5);

    /// The count as a number.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

impl FromStr for TryCount {
    type Err = TryCountError;

    fn from_str(text: &str) -> Result<Self, TryCountError> {
        let count = text.parse().map_err(|_| TryCountError)?;
        if (Self::MIN..=Self::MAX).contains(&count) {
            Ok(Self(count))
        } else {
            Err(TryCountError)
        }
    }
}

impl fmt::Display for TryCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ManagementKeyAlgorithm {
    /// The best that this firmware has: AES-192 where it can, so that the key is of the kind
    /// that new cards have.
    #[must_use]
    pub fn proposed(firmware: Firmware) -> Self {
        if firmware < AES {
            Self::TripleDes
        } else {
            Self::Aes192
        }
    }

    /// Whether this firmware knows it.
    #[must_use]
    pub fn is_known(self, firmware: Firmware) -> bool {
        self == Self::TripleDes || firmware >= AES
    }
}

impl fmt::Display for ManagementKeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TripleDes => "3DES",
            Self::Aes128 => "AES-128",
            Self::Aes192 => "AES-192",
            Self::Aes256 => "AES-256",
        })
    }
}

/// The PIN that every new card has.
#[must_use]
pub fn factory_pin() -> Pin {
    Pin::new(FACTORY_PIN.to_owned())
}

/// The PUK that every new card has.
#[must_use]
pub fn factory_puk() -> Pin {
    Pin::new(FACTORY_PUK.to_owned())
}

/// The first firmware with AES management keys (YubiKey 5 technical manual, 5.4.2 features).
const AES: Firmware = Firmware {
    major: 5,
    minor: 4,
    patch: 2,
};

#[cfg(test)]
mod tests;
