//! SoftHSM's token, made over PKCS#11.

use std::path::Path;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;

use crate::cli::base::failure::{Advised, At, Failure};

/// Makes a token where `SOFTHSM2_CONF` says that tokens are, with one PIN for its user and its security officer, and
/// gives its serial number.
pub(crate) fn make(module: &Path, label: &str, pin: &str) -> Result<String, Failure> {
    let pin = AuthPin::new(pin.into());
    let pkcs11 = Pkcs11::new(module).at("SoftHSM")?;
    let started = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    pkcs11.initialize(started).at("SoftHSM")?;
    let slots = pkcs11.get_slots_with_token().at("SoftHSM")?;
    let free = slots.into_iter().find(|slot| {
        let token = pkcs11.get_token_info(*slot);
        token.is_ok_and(|token| !token.token_initialized())
    });
    let slot = free.ok_or_else(|| Failure::new("SoftHSM has no free slot"))?;
    // Where a rehearsal changes both PINs, it knows the security officer's too.
    pkcs11.init_token(slot, &pin, label).at("C_InitToken")?;
    let session = pkcs11.open_rw_session(slot).at("C_OpenSession")?;
    session.login(UserType::So, Some(&pin)).at("C_Login")?;
    session.init_pin(&pin).at("C_InitPIN")?;
    let serial = pkcs11.get_token_info(slot).at("C_GetTokenInfo")?;
    let serial = serial.serial_number().trim().to_owned();
    drop(session);
    // Whoever opens the module next in this process starts it anew.
    pkcs11.finalize().at("SoftHSM")?;
    Ok(serial)
}

impl Advised for cryptoki::error::Error {}
