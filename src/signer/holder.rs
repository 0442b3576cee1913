//! Which device holds a key, as it is told to people and kept for good.

use super::{Locator, OpeningError, pkcs11};

/// One device with a key, by what tells it from every other of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Names the key in this very device, by its serial; and no source of a PIN.
    pub locator: Locator,
    /// The device with serial and label, as it shows them itself: `YubiKey 12345679, slot 9c`.
    pub words: String,
}

/// The one device that `locator` names now. Nobody is asked for a PIN.
///
/// # Errors
/// [`OpeningError`] if a token is not there or doesn't answer.
pub(crate) fn holder(locator: &Locator) -> Result<Holder, OpeningError> {
    match locator {
        Locator::Pkcs11(uri) => pkcs11::holder(uri),
        Locator::YubiKey(slot) => {
            let mut slot = slot.clone();
            slot.pin_source = None;
            let card = slot
                .serial
                .map_or_else(String::new, |serial| format!(" {serial}"));
            Ok(Holder {
                words: format!("YubiKey{card}, slot {}", slot.slot),
                locator: Locator::YubiKey(slot),
            })
        }
        Locator::Agent(_) | Locator::File(_) => Ok(Holder {
            locator: locator.clone(),
            words: "software".to_owned(),
        }),
    }
}
