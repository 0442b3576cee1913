//! Which device holds a key, as it is told to people and kept for good.

use super::Locator;

/// One device with a key, by what tells it from every other of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Names the key in this very device, by its serial; and no source of a PIN.
    pub locator: Locator,
    /// The device with serial and label, as it shows them itself: `YubiKey 12345679, slot 9c`.
    pub words: String,
}
