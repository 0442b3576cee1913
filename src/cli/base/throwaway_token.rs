//! A SoftHSM token that is thrown away: for the key of a trial, or of a rehearsal.
//!
//! SoftHSM reads `SOFTHSM2_CONF` when it is started, so a token is made by a process that was started
//! with it set to a file of its own folder. No other token is ever touched: one that is set up is
//! passed over.

#[cfg(feature = "pkcs11")]
mod made;
#[cfg(not(feature = "pkcs11"))]
#[path = "throwaway_token/left_out.rs"]
mod made;

use std::path::{Path, PathBuf};

pub(crate) use self::made::make;
use super::failure::{At, Failure};

/// SoftHSM's module, where a package puts it; none for a program that knows no modules.
pub(crate) fn softhsm() -> Option<PathBuf> {
    if !cfg!(feature = "pkcs11") {
        return None;
    }
    let mut places = PLACES.iter().map(PathBuf::from).collect::<Vec<_>>();
    // One folder for each architecture, on Debian and what comes from it.
    if let Ok(folders) = std::fs::read_dir("/usr/lib") {
        let below = folders.flatten().map(|folder| folder.path());
        places.extend(below.map(|folder| folder.join("softhsm/libsofthsm2.so")));
    }
    places.into_iter().find(|place| place.is_file())
}

/// What the file must say that `SOFTHSM2_CONF` names, for tokens in a folder.
pub(crate) fn conf(tokens: &Path) -> String {
    format!("directories.tokendir = {}\n", tokens.display())
}

/// Eight digits.
pub(crate) fn random_pin() -> Result<String, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    let digits = bytes.iter().map(|byte| char::from(b'0' + byte % 10));
    Ok(digits.collect())
}

/// Reads the PIN that stands in a file of the folder.
pub(crate) fn pin_in(file: &Path) -> Result<String, Failure> {
    let pin = crate::config::read_limited(file, LONGEST_PIN).in_file(file)?;
    Ok(pin.trim().to_owned())
}

const LONGEST_PIN: u64 = 64;
const PLACES: &[&str] = &[
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib/pkcs11/libsofthsm2.so",
];
