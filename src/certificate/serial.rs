//! The serial: the number that a ledger gives and a KRL names.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::Serialize;

/// A certificate's serial; never 0, since a KRL cannot name 0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Serial(NonZeroU64);

impl Serial {
    /// The first serial of a CA.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// The number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0.get()
    }

    /// The serial after this one; none after 2^64 - 1.
    #[must_use]
    pub fn checked_next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl TryFrom<u64> for Serial {
    type Error = SerialError;

    fn try_from(number: u64) -> Result<Self, SerialError> {
        NonZeroU64::new(number).map(Self).ok_or(SerialError::Zero)
    }
}

impl From<Serial> for u64 {
    fn from(serial: Serial) -> Self {
        serial.number()
    }
}

impl FromStr for Serial {
    type Err = SerialError;

    /// Reads decimal digits and nothing else, as `ssh-keygen -z` does.
    fn from_str(text: &str) -> Result<Self, SerialError> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SerialError::NotANumber);
        }
        let number: u64 = text.parse().map_err(|_overflow| SerialError::TooLarge)?;
        Self::try_from(number)
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Why a number or text is no serial.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SerialError {
    /// A KRL cannot revoke serial 0.
    #[error("serial 0 cannot be revoked by serial")]
    Zero,
    /// Something else than decimal digits.
    #[error("serial is not a decimal number")]
    NotANumber,
    /// Above 2^64 - 1.
    #[error("serial is larger than {}", u64::MAX)]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::{Serial, SerialError};

    #[test]
    fn reads_decimal_digits_as_ssh_keygen_does() {
        for (text, number) in [("1", 1), ("007", 7), ("18446744073709551615", u64::MAX)] {
            assert_eq!(text.parse::<Serial>().unwrap().number(), number);
        }
    }

    #[test]
    fn refuses_zero_signs_other_bases_and_overflow() {
        for (text, fault) in [
            ("0", SerialError::Zero),
            ("00", SerialError::Zero),
            ("", SerialError::NotANumber),
            ("+1", SerialError::NotANumber),
            ("-1", SerialError::NotANumber),
            ("0x10", SerialError::NotANumber),
            (" 1", SerialError::NotANumber),
            ("18446744073709551616", SerialError::TooLarge),
        ] {
            assert_eq!(text.parse::<Serial>(), Err(fault), "{text}");
        }
    }

    #[test]
    fn counts_up_and_stops_at_the_end() {
        assert_eq!(Serial::FIRST.checked_next(), Serial::try_from(2).ok());
        assert_eq!(Serial::try_from(u64::MAX).unwrap().checked_next(), None);
    }
}
