//! A slot of the PIV applet that can hold a CA's key.

use std::fmt;
use std::str::FromStr;

/// One of 9a, 9c, 9d, 9e and the retired slots 82 to 95 (SP 800-73-4 part 1, table 4b).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(u8);

impl Slot {
    /// All of them, in the order in which they are listed.
    pub fn all() -> impl Iterator<Item = Self> {
        MAIN.into_iter().chain(RETIRED).map(Self)
    }

    /// The number of the slot, as the card's commands have it.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

impl FromStr for Slot {
    type Err = SlotError;

    fn from_str(text: &str) -> Result<Self, SlotError> {
        let is_hex = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u8::from_str_radix(text, 16).map_err(|_| SlotError::Unknown)?;
        match number {
            ATTESTATION if is_hex => Err(SlotError::Attestation),
            _ if is_hex && (MAIN.contains(&number) || RETIRED.contains(&number)) => {
                Ok(Self(number))
            }
            _ => Err(SlotError::Unknown),
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0)
    }
}

/// Why a text is no slot for a CA's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlotError {
    /// No slot for keys.
    #[error("slot-id is one of 9a, 9c, 9d, 9e and 82 to 95")]
    Unknown,
    /// The card's own attestation key.
    #[error("slot f9 holds the card's attestation key, which cannot be a CA key")]
    Attestation,
}

const MAIN: [u8; 4] = [0x9a, 0x9c, 0x9d, 0x9e];
const RETIRED: std::ops::RangeInclusive<u8> = 0x82..=0x95;
const ATTESTATION: u8 = 0xf9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_is_read_as_it_is_written() {
        assert_eq!(Slot::all().count(), 24);
        for slot in Slot::all() {
            assert_eq!(slot.to_string().parse(), Ok(slot));
        }
    }

    #[test]
    fn the_attestation_key_and_what_is_no_slot_are_refused() {
        assert_eq!("f9".parse::<Slot>(), Err(SlotError::Attestation));
        for text in ["", "9", "9b", "81", "96", "+9c", "09c", "9c ", "xx"] {
            assert_eq!(text.parse::<Slot>(), Err(SlotError::Unknown), "{text:?}");
        }
    }
}
