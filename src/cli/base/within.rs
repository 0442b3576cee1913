//! Commands that run within another command, in the same process.

#[cfg(feature = "two-sides")]
use std::ffi::OsString;
use std::sync::Arc;

#[cfg(feature = "two-sides")]
use super::failure::{Exit, Failure};
use crate::secret::Pin;

/// PINs that a session knows, by the serial number of the device that each is for. They are in memory
/// alone, and wiped when the last who knows them is gone.
#[derive(Clone, Default)]
pub(crate) struct KnownPins(Arc<Vec<(String, Pin)>>);

impl KnownPins {
    #[cfg(feature = "two-sides")]
    pub(crate) fn new(pins: Vec<(String, Pin)>) -> Self {
        Self(Arc::new(pins))
    }

    pub(crate) fn of(&self, serial: &str) -> Option<Pin> {
        let mut known = self.0.iter();
        let pin = known.find(|(known, _)| known == serial);
        pin.map(|(_, pin)| pin.copy())
    }
}

/// What takes the arguments of a command, without the program's name.
#[cfg(feature = "two-sides")]
pub(crate) struct Within {
    /// Whether they are those of a command that may run there.
    pub(crate) check: fn(&[OsString]) -> Result<(), Failure>,
    /// Runs it with these PINs.
    pub(crate) run: fn(&[OsString], KnownPins) -> Result<Exit, Failure>,
}
