//! Where the ledger key is.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::signer::{Locator, LocatorError};

/// The place of the key that signs heads of the ledger and KRLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerKeyPlace {
    /// An OpenSSH private key file.
    File(PathBuf),
    /// A key in a device.
    Device(Locator),
}

impl LedgerKeyPlace {
    /// Reads an argument: a locator, or the path of a key file.
    ///
    /// # Errors
    /// [`LocatorError`] for what begins as a locator.
    pub fn parse(text: &OsStr) -> Result<Self, LocatorError> {
        match text.to_str() {
            Some(text) => text.parse(),
            None => Ok(Self::File(text.into())),
        }
    }

    /// This place, where the path of a file is meant from `folder`.
    #[must_use]
    pub fn from_folder(self, folder: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(folder.join(path)),
            device => device,
        }
    }
}

impl FromStr for LedgerKeyPlace {
    type Err = LocatorError;

    fn from_str(text: &str) -> Result<Self, LocatorError> {
        match text.split_once(':') {
            Some(("file", path)) => Ok(Self::File(path.into())),
            Some(("pkcs11" | "yubikey" | "agent", _)) => Ok(Self::Device(text.parse()?)),
            _ => Ok(Self::File(text.into())),
        }
    }
}

impl fmt::Display for LedgerKeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Device(locator) => locator.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_locator_or_a_path() {
        for (text, expected) in [
            ("ledger_key", LedgerKeyPlace::File("ledger_key".into())),
            ("file:/a/b", LedgerKeyPlace::File("/a/b".into())),
            ("a:b", LedgerKeyPlace::File("a:b".into())),
            (
                "pkcs11:object=l",
                LedgerKeyPlace::Device("pkcs11:object=l".parse().unwrap()),
            ),
        ] {
            assert_eq!(text.parse(), Ok(expected));
        }
        let agent = format!("agent:SHA256:{}", "A".repeat(43));
        assert!(matches!(agent.parse(), Ok(LedgerKeyPlace::Device(_))));
        let error = "pkcs11:pin-value=1".parse::<LedgerKeyPlace>().unwrap_err();
        assert!(matches!(error, LocatorError::Pkcs11(_)), "{error}");
    }

    #[test]
    fn a_path_of_the_config_is_meant_from_its_folder() {
        let place: LedgerKeyPlace = "key".parse().unwrap();
        let place = place.from_folder(Path::new("/etc/punchmark"));
        assert_eq!(place.to_string(), "/etc/punchmark/key");
    }
}
