//! Shares that open the devices of a rehearsal, where those of its plan are opened so since an earlier ceremony.
//!
//! The secret opens tokens that are thrown away, and nothing else: whoever rehearses is given the shares.

use zeroize::Zeroizing;

use super::World;
use crate::ceremony::conduct::ConductError;
use crate::ceremony::custody::TokenDerived;
use crate::ceremony::key_place;
use crate::ceremony::plan::{Custody, Device, Hardware, Pins};
use crate::ceremony::steps::FIRST_COUNTER;
use crate::ledger::{SecretsDerived, SecretsSet};
use crate::secret::share::SharedSecret;
use crate::signer::{self, TokenUser};

/// The share of one custodian.
pub struct Sheet {
    /// Whose it is.
    pub name: String,
    /// The number of the envelope that it comes in.
    pub envelope: String,
    /// Its words.
    pub words: Zeroizing<String>,
}

/// What each custodian is given of a secret.
pub(super) fn sheets(custody: &Custody, secret: &SharedSecret) -> Result<Vec<Sheet>, ConductError> {
    let shares = secret.split(custody.quorum)?;
    let sheets = custody.holders.iter().zip(&shares);
    let sheets = sheets.map(|(holder, share)| Sheet {
        name: holder.name.clone(),
        envelope: holder.envelope.clone(),
        words: share.words(),
    });
    Ok(sheets.collect())
}

impl World<'_> {
    /// Gives each device that shares open what follows from a new secret, and has the ledger know it.
    pub(super) fn share_out(&self) -> Result<Vec<Sheet>, ConductError> {
        let Some(custody) = &self.sketch.custody else {
            return Ok(Vec::new());
        };
        let secret = SharedSecret::random().map_err(ConductError::Random)?;
        let devices = self.sketch.devices.iter();
        for device in devices.filter(|device| device.pins == Pins::Shares) {
            self.opened_by(device, &secret)?;
        }
        sheets(custody, &secret)
    }

    fn opened_by(&self, device: &Device, secret: &SharedSecret) -> Result<(), ConductError> {
        // A card that shares open is refused when the plan is drawn.
        let Hardware::Token(token) = &device.hardware else {
            return Err(ConductError::NotOpenedBy(device.name.clone()));
        };
        let set = TokenDerived::of(secret, &device.serial(), FIRST_COUNTER);
        let uri = key_place::token(token)?;
        signer::change_token_pin(&uri, TokenUser::SecurityOfficer, &self.pin, &set.so_pin)?;
        signer::change_token_pin(&uri, TokenUser::User, &self.pin, &set.pin)?;
        let config = self.config()?;
        let mut ledger = config.ledger_place().open_confirmed()?;
        let known = ledger.opened_devices()?;
        let check = secret.check();
        let derived = SecretsDerived {
            device: key_place::device(device),
            serial: device.serial(),
            generation: known
                .generation_of(&check)
                .unwrap_or_else(|| known.next_generation()),
            counter: FIRST_COUNTER,
            check,
            set: SecretsSet::Done,
            keyboard: self.keyboard.clone(),
        };
        Ok(ledger.record_secrets(derived, self.now)?)
    }
}
