//! A mirror whose ledger went on without some of its frames: the two have parted, and the mirror begins anew
//! from the ledger, with the old frames beside it.

use std::path::{Path, PathBuf};

use super::Ledger;
use super::mirror::{Mirror, MirrorError, written};
use crate::ledger::LedgerError;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::disk::sync_folder;
use crate::ledger::file::format::Role;
use crate::ledger::file::{FileFrames, OpenError, folder, put_aside};
use crate::ledger::heads::HeadsError;
use crate::ledger::merkle::Hashes;
use crate::ledger::settings::FileSettings;

impl Mirror {
    /// Opens a mirror that is to begin anew, alone; also gives why it is not the newest copy by the heads
    /// that are kept of it, where it isn't.
    ///
    /// # Errors
    /// [`LedgerError::Open`].
    pub fn open_parted(
        path: &Path,
        settings: FileSettings,
    ) -> Result<(Self, Option<HeadsError>), LedgerError> {
        let mut frames = FileFrames::open_mirror(path, settings)?;
        frames.require_heads_apart()?;
        let mut ledger = Ledger::of(frames)?;
        let refusal = ledger.take_refusal();
        Ok((Self { ledger }, refusal))
    }

    /// Begins a mirror anew from the frames of `copy` up to `head`. The old one stays beside it, as
    /// `MIRROR.before-SIZE`, SIZE being how many entries it had. A run that is killed leaves the old one, or
    /// the new one of which no head is kept yet: [`Self::keep_head`].
    ///
    /// # Errors
    /// [`MirrorError`], and then the old one is where it was.
    pub fn rebase(
        self,
        path: &Path,
        settings: FileSettings,
        copy: &Ledger,
        head: &Checkpoint,
    ) -> Result<PathBuf, MirrorError> {
        copy.extends(head)?;
        let own = self.ledger().checkpoint()?.ok_or(LedgerError::Head)?;
        let file = written(path, Role::Mirror, copy, head)?.finish_as_it_is()?;
        let failed = |source| OpenError::file(path, source);
        let kept = put_aside(path, own.size)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        sync_folder(folder(path)).map_err(failed)?;
        // Its lock goes with it; nobody has opened the new one as the newest copy before.
        drop(self);
        let (renewed, _refusal) = Self::open_parted(path, settings)?;
        renewed.keep_head()?;
        Ok(kept)
    }

    /// Keeps the head of this very copy, whatever heads are kept of a mirror.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn keep_head(mut self) -> Result<(), LedgerError> {
        self.ledger.take_for_newest()
    }
}

impl Ledger {
    /// How many entries this ledger and another have in common, from the first on.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn common_with(&self, other: &Self) -> Result<u64, LedgerError> {
        let (mut same, mut apart) = (0_u64, self.size().min(other.size()).saturating_add(1));
        while same.saturating_add(1) < apart {
            let middle = same.midpoint(apart);
            if self.range(0, middle)? == other.range(0, middle)? {
                same = middle;
            } else {
                apart = middle;
            }
        }
        Ok(same)
    }
}
