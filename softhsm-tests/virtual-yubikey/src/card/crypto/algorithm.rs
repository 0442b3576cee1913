//! The algorithms of asymmetric keys, as one byte names them.

use super::super::{apdu::Status, model::Firmware};

/// An algorithm of a slot's key (SP 800-78-4, table 6-2, and Yubico's additions).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rsa1024,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    P256,
    P384,
    Ed25519,
}

impl Algorithm {
    /// The algorithm that `byte` names, if this firmware knows it.
    pub(crate) fn read(byte: u8, firmware: Firmware) -> Result<Self, Status> {
        let algorithm = ALL
            .into_iter()
            .find(|algorithm| algorithm.byte() == byte)
            .ok_or(Status::WRONG_DATA)?;
        match algorithm {
            Self::Rsa3072 | Self::Rsa4096 | Self::Ed25519 if !firmware.is_5_7() => {
                Err(Status::WRONG_DATA)
            }
            _ => Ok(algorithm),
        }
    }

    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Rsa1024 => 0x06,
            Self::Rsa2048 => 0x07,
            Self::Rsa3072 => 0x05,
            Self::Rsa4096 => 0x16,
            Self::P256 => 0x11,
            Self::P384 => 0x14,
            Self::Ed25519 => 0xe0,
        }
    }

    pub(crate) fn bits(self) -> usize {
        match self {
            Self::Rsa1024 => 1024,
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::P384 => 384,
            Self::P256 | Self::Ed25519 => 256,
        }
    }
}

const ALL: [Algorithm; 7] = [
    Algorithm::Rsa1024,
    Algorithm::Rsa2048,
    Algorithm::Rsa3072,
    Algorithm::Rsa4096,
    Algorithm::P256,
    Algorithm::P384,
    Algorithm::Ed25519,
];
