//! What kind of card it is, and what its firmware can do.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// Firmware and serial: what tells one emulated card from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// The firmware, which decides what the card can do.
    pub firmware: Firmware,
    /// The serial number that is printed on a real one.
    pub serial: u32,
}

/// A firmware version, such as `5.7.1`.
///
/// Made from text; only the generations that this crate knows (4.3, 5.x up to 5.7) are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Firmware {
    major: u8,
    minor: u8,
    patch: u8,
}

/// A firmware version that isn't emulated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("firmware {0:?} is not emulated: use 4.3.x, or 5.0.x to 5.7.x")]
pub struct UnknownFirmware(String);

impl Model {
    /// The form factor as the attestation (extension .9) and the management applet write it:
    /// a keychain with USB-A.
    pub(crate) const FORM_FACTOR: u8 = 1;

    pub(crate) fn answer_to_reset(&self) -> &'static [u8] {
        match self.firmware.major {
            4 => ATR_OF_4,
            _ => ATR_OF_5,
        }
    }
}

impl Firmware {
    /// The three numbers as one byte each, as GET VERSION and the attestation write them.
    #[must_use]
    pub fn bytes(self) -> [u8; 3] {
        [self.major, self.minor, self.patch]
    }

    pub(crate) fn has_serial_in_piv(self) -> bool {
        self >= Self::of(5, 0, 3)
    }

    pub(crate) fn has_metadata(self) -> bool {
        self >= Self::of(5, 3, 0)
    }

    pub(crate) fn has_aes_management_keys(self) -> bool {
        self >= Self::of(5, 4, 0)
    }

    /// From 5.7: AES-192 as the factory's management key, RSA of 3072 and 4096 bits, Ed25519,
    /// and moving and deleting keys.
    pub(crate) fn is_5_7(self) -> bool {
        self >= Self::of(5, 7, 0)
    }

    /// From 5.7.4 the chain has two certificates more.
    pub(crate) fn has_long_attestation_chain(self) -> bool {
        self >= Self::of(5, 7, 4)
    }

    /// A real card of 5.2.4 has none in its attestation certificate.
    pub(crate) fn has_basic_constraints(self) -> bool {
        self != Self::of(5, 2, 4)
    }

    pub(crate) fn is_4(self) -> bool {
        self.major == 4
    }

    const fn of(major: u8, minor: u8, patch: u8) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl FromStr for Firmware {
    type Err = UnknownFirmware;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownFirmware(text.to_owned());
        let numbers: Vec<u8> = text
            .split('.')
            .map(str::parse)
            .collect::<Result<_, _>>()
            // Which of the numbers is wrong is plain from the text.
            .map_err(|_| unknown())?;
        match numbers.as_slice() {
            [4, 3, patch] => Ok(Self::of(4, 3, *patch)),
            [5, minor @ 0..=7, patch] => Ok(Self::of(5, *minor, *patch)),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Over USB, with T=1 ("Yubikey4" in the historical bytes).
const ATR_OF_4: &[u8] = &[
    0x3b, 0xf8, 0x13, 0x00, 0x00, 0x81, 0x31, 0xfe, 0x15, 0x59, 0x75, 0x62, 0x69, 0x6b, 0x65, 0x79,
    0x34, 0xd4,
];
/// Over USB, with T=1 ("YubiKey" in the historical bytes).
const ATR_OF_5: &[u8] = &[
    0x3b, 0xfd, 0x13, 0x00, 0x00, 0x81, 0x31, 0xfe, 0x15, 0x80, 0x73, 0xc0, 0x21, 0xc0, 0x57, 0x59,
    0x75, 0x62, 0x69, 0x4b, 0x65, 0x79, 0x40,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_versions_that_it_knows() {
        for text in ["4.3.7", "5.2.4", "5.4.3", "5.7.1"] {
            assert_eq!(text.parse::<Firmware>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_the_versions_that_it_does_not_know() {
        for text in [
            "", "5", "5.7", "3.1.2", "4.2.8", "5.8.0", "5.7.1.1", "5.7.x", "5.7.256",
        ] {
            assert_eq!(
                text.parse::<Firmware>(),
                Err(UnknownFirmware(text.to_owned()))
            );
        }
    }

    #[test]
    fn an_answer_to_reset_has_a_right_check_byte() {
        for answer in [ATR_OF_4, ATR_OF_5] {
            assert_eq!(answer.iter().skip(1).fold(0, |sum, byte| sum ^ byte), 0);
        }
    }
}
