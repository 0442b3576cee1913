//! The door to a mirror, which lies where a ledger would and is written to by what a ledger signed alone.

use std::path::PathBuf;

use super::{LedgerPlace, OpenLedgerError};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::heads::HeadsError;
use crate::ledger::{Ledger, Mirror, MirrorError, TakenUp};

impl LedgerPlace {
    /// Opens the mirror that lies where the ledger would, to extend it.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn open_mirror(&self) -> Result<Mirror, OpenLedgerError> {
        Ok(Mirror::open(&self.path, self.settings.clone())?)
    }

    /// Keeps the head of the mirror that lies where the ledger would, whatever heads are kept: somebody says that it
    /// is the newest copy.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn adopt_mirror(&self) -> Result<(), OpenLedgerError> {
        Ok(Mirror::adopt(&self.path, self.settings.clone())?)
    }

    /// Opens the mirror to begin it anew, and says why it is no newest copy, where it isn't.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn open_parted_mirror(&self) -> Result<(Mirror, Option<HeadsError>), OpenLedgerError> {
        Ok(Mirror::open_parted(&self.path, self.settings.clone())?)
    }

    /// Begins this mirror anew from the frames of a copy up to a head. Gives where the old one stays.
    ///
    /// # Errors
    /// [`MirrorError`].
    pub fn rebase_mirror(
        &self,
        mirror: Mirror,
        copy: &Ledger,
        head: &Checkpoint,
    ) -> Result<PathBuf, MirrorError> {
        mirror.rebase(&self.path, self.settings.clone(), copy, head)
    }

    /// Makes a mirror where no file is, of the frames of a copy up to a head.
    ///
    /// # Errors
    /// [`MirrorError`].
    pub fn create_mirror(&self, copy: &Ledger, head: &Checkpoint) -> Result<(), MirrorError> {
        Mirror::create(&self.path, self.settings.clone(), copy, head)
    }

    /// Puts the frames of a mirror, up to a head, in the place of this ledger, which is older. Gives where
    /// the older one stays.
    ///
    /// # Errors
    /// [`MirrorError`].
    pub fn take_up_from(&self, mirror: &Ledger, head: &Checkpoint) -> Result<TakenUp, MirrorError> {
        Ledger::take_up_from(&self.path, self.settings.clone(), mirror, head)
    }
}
