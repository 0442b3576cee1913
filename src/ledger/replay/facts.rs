//! The facts of a proof that the ledger keeps beside the evidence.

use serde::Deserialize;

use crate::attestation::Firmware;
use crate::policy::least_proof::some_firmware;
use crate::signer::yubikey::{PinPolicy, TouchPolicy};

/// The facts of a proof, as far as a reservation repeats them or a suffix asks for them.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Facts {
    pub(super) serial: Option<u64>,
    pub(super) family: Option<String>,
    pub(super) touch: Option<TouchPolicy>,
    pub(super) pin: Option<PinPolicy>,
    #[serde(default, deserialize_with = "some_firmware")]
    pub(super) firmware: Option<Firmware>,
}
