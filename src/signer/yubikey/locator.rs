//! `yubikey:serial=12345678;slot-id=9c?pin-source=/run/secrets/card`

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::{Slot, SlotError};

/// Names one slot of one YubiKey. Without a serial, the one that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SlotLocator {
    /// The serial that is printed on the card.
    pub serial: Option<u32>,
    /// The slot.
    pub slot: Slot,
    /// The file that holds the card's PIN.
    pub pin_source: Option<PathBuf>,
}

/// Why a text names no slot. What was wrong is not repeated: it may be a mistyped secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlotLocatorError {
    /// Longer than any locator.
    #[error("a YubiKey's locator has at most {LENGTH_MAX} bytes")]
    Length,
    /// Another attribute, or none.
    #[error("a YubiKey's locator reads yubikey:serial=12345678;slot-id=9c")]
    Form,
    /// An attribute that stands there twice.
    #[error("{0} stands twice in the locator")]
    Repeated(&'static str),
    /// It names a card, but no slot.
    #[error("the locator names no slot: it has no slot-id")]
    NoSlot,
    /// A `pin-source` that is no file's path.
    #[error(
        "pin-source is an absolute path of at most {PIN_SOURCE_MAX} bytes, without `?`, `#`, `%`, \
         `&`, `;` and control characters"
    )]
    PinSource,
    /// No number of 32 bits.
    #[error("a YubiKey's serial is a decimal number, as printed on it")]
    Serial,
    /// The slot can't be a CA's.
    #[error(transparent)]
    Slot(#[from] SlotError),
}

impl SlotLocator {
    /// Whether all that this locator says, `other` says too.
    pub(in crate::signer) fn covers(&self, other: &Self) -> bool {
        self.slot == other.slot && (self.serial.is_none() || self.serial == other.serial)
    }
}

impl FromStr for SlotLocator {
    type Err = SlotLocatorError;

    fn from_str(text: &str) -> Result<Self, SlotLocatorError> {
        if text.len() > LENGTH_MAX {
            return Err(SlotLocatorError::Length);
        }
        let rest = text
            .strip_prefix("yubikey:")
            .ok_or(SlotLocatorError::Form)?;
        let (attributes, pin_source) = match rest.split_once('?') {
            Some((attributes, query)) => (attributes, Some(pin_source(query)?)),
            None => (rest, None),
        };
        let (mut serial, mut slot) = (None, None);
        for attribute in attributes.split(';') {
            match attribute.split_once('=') {
                Some(("serial", value)) => set(&mut serial, "serial", parse_serial(value)?)?,
                Some(("slot-id", value)) => set(&mut slot, "slot-id", value.parse()?)?,
                _ => return Err(SlotLocatorError::Form),
            }
        }
        let slot = slot.ok_or(SlotLocatorError::NoSlot)?;
        Ok(Self {
            serial,
            slot,
            pin_source,
        })
    }
}

impl fmt::Display for SlotLocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("yubikey:")?;
        if let Some(serial) = self.serial {
            write!(f, "serial={serial};")?;
        }
        write!(f, "slot-id={}", self.slot)?;
        match &self.pin_source {
            Some(path) => write!(f, "?pin-source={}", path.display()),
            None => Ok(()),
        }
    }
}

/// `pin-source=/run/secrets/card`, and nothing else.
fn pin_source(query: &str) -> Result<PathBuf, SlotLocatorError> {
    let path = query
        .strip_prefix("pin-source=")
        .ok_or(SlotLocatorError::Form)?;
    let is_plain = |c: char| !c.is_control() && !"?#%&;".contains(c);
    if path.starts_with('/') && path.len() <= PIN_SOURCE_MAX && path.chars().all(is_plain) {
        Ok(PathBuf::from(path))
    } else {
        Err(SlotLocatorError::PinSource)
    }
}

fn set<T>(place: &mut Option<T>, name: &'static str, value: T) -> Result<(), SlotLocatorError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(SlotLocatorError::Repeated(name)),
    }
}

/// Digits alone: the standard's own reading takes a sign too.
fn parse_serial(text: &str) -> Result<u32, SlotLocatorError> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_err(|_| SlotLocatorError::Serial)
    } else {
        Err(SlotLocatorError::Serial)
    }
}

const LENGTH_MAX: usize = 64 + PIN_SOURCE_MAX;
const PIN_SOURCE_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SlotLocator, SlotLocatorError> {
        text.parse()
    }

    #[test]
    fn is_written_in_its_canonical_form() {
        for (text, canonical) in [
            ("yubikey:slot-id=9C", "yubikey:slot-id=9c"),
            (
                "yubikey:slot-id=82;serial=0012345678",
                "yubikey:serial=12345678;slot-id=82",
            ),
            (
                "yubikey:slot-id=9c;serial=1?pin-source=/run/secrets/card",
                "yubikey:serial=1;slot-id=9c?pin-source=/run/secrets/card",
            ),
        ] {
            assert_eq!(read(text).unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn each_fault_has_its_own_name() {
        use SlotLocatorError as E;
        let long = format!("yubikey:slot-id=9c;serial={}", "0".repeat(LENGTH_MAX));
        for (text, fault) in [
            (long.as_str(), E::Length),
            ("yubikey:", E::Form),
            ("yubikey:slot-id=9c;", E::Form),
            ("yubikey:slot-id=9c;pin-value=123456", E::Form),
            ("yubikey:slot-id=9c?pin-value=123456", E::Form),
            ("yubikey:slot-id=9c?pin-source=card", E::PinSource),
            ("yubikey:slot-id=9c?pin-source=|cat", E::PinSource),
            (
                "yubikey:slot-id=9c?pin-source=/a&pin-source=/b",
                E::PinSource,
            ),
            ("yubikey:serial=1", E::NoSlot),
            (
                "yubikey:serial=1;serial=1;slot-id=9c",
                E::Repeated("serial"),
            ),
            ("yubikey:slot-id=9a;slot-id=9c", E::Repeated("slot-id")),
            ("yubikey:serial=;slot-id=9c", E::Serial),
            ("yubikey:serial=+1;slot-id=9c", E::Serial),
            ("yubikey:serial=4294967296;slot-id=9c", E::Serial),
            ("yubikey:slot-id=f9", E::Slot(SlotError::Attestation)),
            ("yubikey:slot-id=9b", E::Slot(SlotError::Unknown)),
        ] {
            assert_eq!(read(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn a_locator_without_a_serial_covers_that_slot_of_every_card() {
        let any = read("yubikey:slot-id=9c").unwrap();
        let one = read("yubikey:serial=1;slot-id=9c").unwrap();
        assert!(any.covers(&one) && one.covers(&one));
        assert!(!one.covers(&any));
        let sourced = read("yubikey:serial=1;slot-id=9c?pin-source=/a").unwrap();
        assert!(sourced.covers(&one) && one.covers(&sourced));
        assert!(!read("yubikey:slot-id=9a").unwrap().covers(&one));
    }
}
