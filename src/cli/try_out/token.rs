//! Where the trial's CA key lives: a SoftHSM token of its own, else a file.
//!
//! SoftHSM reads `SOFTHSM2_CONF` when it is started, so the token is made by a child that has
//! it set. No other token is ever touched: the child refuses one that is initialised.

#[cfg(feature = "pkcs11")]
mod made;
#[cfg(not(feature = "pkcs11"))]
#[path = "token/left_out.rs"]
mod made;

use std::path::PathBuf;

pub(super) use self::made::make;
use crate::cli::base::failure::Failure;

/// SoftHSM's module, where a package puts it; none for a program that knows no modules.
pub(super) fn softhsm() -> Option<PathBuf> {
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

/// Eight digits.
pub(super) fn random_pin() -> Result<String, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    let digits = bytes.iter().map(|byte| char::from(b'0' + byte % 10));
    Ok(digits.collect())
}

/// The token's label.
pub(super) const LABEL: &str = "Try";
const PLACES: &[&str] = &[
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib/pkcs11/libsofthsm2.so",
];
