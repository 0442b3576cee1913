//! The slots that keys are kept in.

use super::apdu::Status;

/// A slot for an asymmetric key: 9a, 9c, 9d, 9e, the retired 82 to 95, and f9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SlotId(u8);

impl SlotId {
    pub(crate) const SIGNATURE: Self = Self(0x9c);
    pub(crate) const CARD_AUTHENTICATION: Self = Self(0x9e);
    pub(crate) const ATTESTATION: Self = Self(0xf9);

    /// The slot that `byte` names; `otherwise` is what the instruction answers to any other.
    pub(crate) fn read(byte: u8, otherwise: Status) -> Result<Self, Status> {
        match byte {
            0x82..=0x95 | 0x9a | 0x9c | 0x9d | 0x9e | 0xf9 => Ok(Self(byte)),
            _ => Err(otherwise),
        }
    }

    pub(crate) fn byte(self) -> u8 {
        self.0
    }
}
