//! Where the trial's CA key lives: a SoftHSM token of its own, else a file.
//!
//! SoftHSM reads `SOFTHSM2_CONF` when it is started, so the token is made by a child that has
//! it set. No other token is ever touched: the child refuses one that is initialised.

use std::path::{Path, PathBuf};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;

use crate::cli::base::failure::{Advised, At, Failure};
use crate::config::read_limited;

/// SoftHSM's module, where a package puts it.
pub(super) fn softhsm() -> Option<PathBuf> {
    let mut places = PLACES.iter().map(PathBuf::from).collect::<Vec<_>>();
    // One folder for each architecture, on Debian and what comes from it.
    if let Ok(folders) = std::fs::read_dir("/usr/lib") {
        let below = folders.flatten().map(|folder| folder.path());
        places.extend(below.map(|folder| folder.join("softhsm/libsofthsm2.so")));
    }
    places.into_iter().find(|place| place.is_file())
}

/// Makes the token in the folder that `SOFTHSM2_CONF` names, with the PIN in this file.
pub(super) fn make(module: &Path, pin_file: &Path) -> Result<(), Failure> {
    let pin = read_limited(pin_file, LONGEST_PIN).in_file(pin_file)?;
    let pin = AuthPin::new(pin.trim().into());
    let pkcs11 = Pkcs11::new(module).at("SoftHSM")?;
    let started = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    pkcs11.initialize(started).at("SoftHSM")?;
    let slots = pkcs11.get_slots_with_token().at("SoftHSM")?;
    let free = slots.into_iter().find(|slot| {
        let token = pkcs11.get_token_info(*slot);
        token.is_ok_and(|token| !token.token_initialized())
    });
    let slot = free.ok_or_else(|| Failure::new("SoftHSM has no free slot"))?;
    // Nobody needs the security officer again.
    let officer = AuthPin::new(random_pin()?.into());
    pkcs11.init_token(slot, &officer, LABEL).at("C_InitToken")?;
    let session = pkcs11.open_rw_session(slot).at("C_OpenSession")?;
    session.login(UserType::So, Some(&officer)).at("C_Login")?;
    session.init_pin(&pin).at("C_InitPIN")
}

/// Eight digits.
pub(super) fn random_pin() -> Result<String, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    let digits = bytes.iter().map(|byte| char::from(b'0' + byte % 10));
    Ok(digits.collect())
}

impl Advised for cryptoki::error::Error {}

/// The token's label.
pub(super) const LABEL: &str = "Try";
const PLACES: &[&str] = &[
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib/pkcs11/libsofthsm2.so",
];
const LONGEST_PIN: u64 = 64;
