//! When a slot's key wants the PIN, and when a touch.

use super::{apdu::Status, slot::SlotId};

/// When the PIN must have been verified before a key is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PinPolicy {
    Never,
    Once,
    Always,
}

/// When the card must be touched before a key is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TouchPolicy {
    Never,
    Always,
    Cached,
}

impl PinPolicy {
    /// What a record says; none, or one of zero, is the slot's default.
    pub(crate) fn read(record: Option<&[u8]>, slot: SlotId) -> Result<Self, Status> {
        match record {
            None | Some([0]) => Ok(Self::default_of(slot)),
            Some([1]) => Ok(Self::Never),
            Some([2]) => Ok(Self::Once),
            Some([3]) => Ok(Self::Always),
            Some(_) => Err(Status::WRONG_DATA),
        }
    }

    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Never => 1,
            Self::Once => 2,
            Self::Always => 3,
        }
    }

    fn default_of(slot: SlotId) -> Self {
        match slot {
            SlotId::SIGNATURE => Self::Always,
            SlotId::CARD_AUTHENTICATION | SlotId::ATTESTATION => Self::Never,
            _ => Self::Once,
        }
    }
}

impl TouchPolicy {
    /// What a record says; none, or one of zero, is the default: never.
    pub(crate) fn read(record: Option<&[u8]>) -> Result<Self, Status> {
        match record {
            None | Some([0 | 1]) => Ok(Self::Never),
            Some([2]) => Ok(Self::Always),
            Some([3]) => Ok(Self::Cached),
            Some(_) => Err(Status::WRONG_DATA),
        }
    }

    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Never => 1,
            Self::Always => 2,
            Self::Cached => 3,
        }
    }
}

/// The tags of the two records in GENERATE and IMPORT.
pub(crate) const PIN_POLICY: u8 = 0xaa;
pub(crate) const TOUCH_POLICY: u8 = 0xab;
