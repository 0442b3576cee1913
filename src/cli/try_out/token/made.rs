//! SoftHSM's token, made over PKCS#11.

use std::path::Path;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;

use super::{LABEL, random_pin};
use crate::cli::base::failure::{Advised, At, Failure};
use crate::config::read_limited;

/// Makes the token in the folder that `SOFTHSM2_CONF` names, with the PIN in this file.
pub(in crate::cli::try_out) fn make(module: &Path, pin_file: &Path) -> Result<(), Failure> {
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

impl Advised for cryptoki::error::Error {}

const LONGEST_PIN: u64 = 64;
