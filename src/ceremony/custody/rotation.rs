//! One device of a ceremony gets the secrets of its next counter, as all do at the end of a session.

use super::error::CustodyError;
use super::session::{Custodians, Opening, Unlocked};
use super::table::device;
use crate::ceremony::room::Room;
use crate::ledger::Derivation;
use crate::secret::share::SharedSecret;

impl Custodians<'_> {
    /// Gives a device, by its name in the ledger, what follows from a secret for its next counter: it is opened, that
    /// it is about to change is recorded, and that it opened with the new secrets.
    ///
    /// # Errors
    /// [`CustodyError`]; the device has the secrets of before or those that were about to be set.
    pub(in crate::ceremony) fn next_counter(
        &self,
        room: &mut dyn Room,
        secret: &SharedSecret,
        name: &str,
    ) -> Result<Derivation, CustodyError> {
        let (generation, known) = device(self.config, secret, name)?;
        let opened = Opening::new(self, secret, generation).open(room, known)?;
        let by = opened.next();
        Unlocked::of(opened).rotate(self, room)?;
        Ok(by)
    }

    /// Brings a device to the end of a change that was cut short.
    ///
    /// # Errors
    /// As for [`Self::next_counter`].
    pub(in crate::ceremony) fn finish_change(
        &self,
        room: &mut dyn Room,
        secret: &SharedSecret,
        name: &str,
    ) -> Result<Derivation, CustodyError> {
        let (generation, known) = device(self.config, secret, name)?;
        Opening::new(self, secret, generation).settled(room, &known)
    }
}
