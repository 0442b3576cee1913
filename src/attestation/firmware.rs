//! Which faults are known of a firmware, for the key at hand.

use serde::{Deserialize, Serialize};
use ssh_key::public::KeyData;

use super::Firmware;
use crate::signer::yubikey;

/// A fault of a firmware that makes a key of some type less than it says.
///
/// `docs/firmware-faults.md` has the sources. None of them can be mended in the device: its
/// firmware can't be changed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fault {
    /// RSA keys of 4.2.6 to 4.3.4 (YSA-2017-01, CVE-2017-15361).
    #[error("the key can be computed from its public half (ROCA)")]
    Roca,
    /// ECDSA keys below 5.7 (YSA-2024-03, CVE-2024-45678).
    #[error("whoever has the device in a laboratory can read out the key (EUCLEAK)")]
    Eucleak,
    /// ECDSA and RSA keys of 4.4.2 and 4.4.4, the FIPS series (YSA-2019-02).
    #[error("random numbers are weak right after power-up (recalled FIPS series)")]
    FipsEntropy,
}

impl Fault {
    /// Those that concern a key of this type.
    pub(super) fn of(firmware: Firmware, key: &KeyData) -> Vec<Self> {
        let version = yubikey::Firmware::from(firmware);
        let rsa = matches!(key, KeyData::Rsa(_));
        let ecdsa = matches!(key, KeyData::Ecdsa(_) | KeyData::SkEcdsaSha2NistP256(_));
        let faults = [
            (rsa && version.has_roca(), Self::Roca),
            (ecdsa && version.has_eucleak(), Self::Eucleak),
            (version.has_weak_fips(), Self::FipsEntropy),
        ];
        let concerned = faults.into_iter().filter(|(concerned, _)| *concerned);
        concerned.map(|(_, fault)| fault).collect()
    }

    /// The word for it in config and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Roca => "roca",
            Self::Eucleak => "eucleak",
            Self::FipsEntropy => "fips-entropy",
        }
    }
}

impl From<Firmware> for yubikey::Firmware {
    fn from(Firmware(major, minor, patch): Firmware) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}
