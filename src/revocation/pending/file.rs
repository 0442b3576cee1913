//! The file of pending revocations beside a mirror.

use std::path::{Path, PathBuf};

use super::part::{ListMade, Part, Rebased};
use super::statement::{Statement, StatementError};
use crate::ledger::file::{FileFrames, FileReader, OpenError};
use crate::ledger::heads::HeadsError;
use crate::ledger::merkle::{Frontier, leaf_hash};
use crate::ledger::settings::FileSettings;
use crate::ledger::store::{Frames, Head, StoreError};
use crate::ledger::{Entry, Event, Ledger, LedgerError, PendingRefused, Revoked, RevokedSet};

/// The pending revocations beside a mirror, held alone.
pub struct Pending {
    frames: Box<dyn Frames>,
    tree: Frontier,
    /// Each with the bytes that were signed and the signature.
    statements: Vec<OpenStatement>,
    /// What lists that were published revoked when this file was lost.
    published: Vec<Revoked>,
    /// The newest list that was made here.
    list: ListMade,
    /// The last time that the mirror began anew.
    rebased: Option<Rebased>,
}

/// Why pending revocations can't be read or added to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PendingError {
    /// The file was not opened.
    #[error("pending revocations")]
    Open(#[from] OpenError),
    /// It is an older copy, or not there any more: lists made of it would take back what was published.
    #[error("pending revocations")]
    Unkept(#[source] HeadsError),
    /// It could not be read or written.
    #[error("pending revocations")]
    Frames(#[from] StoreError),
    /// A part of it is none.
    #[error("pending revocation {number}")]
    Statement {
        /// Which, from 1.
        number: u64,
        /// What is wrong with it.
        source: StatementError,
    },
    /// Something stands in it that this version never wrote.
    #[error("the file of pending revocations has a part that is none")]
    Part,
    /// One does not follow the one before.
    #[error("pending revocation {0} does not follow the one before it")]
    Order(u64),
    /// The mirror can't be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A version that was used before.
    #[error("list version {version} is not above {newest}, that of the newest")]
    Version {
        /// The version.
        version: u64,
        /// The newest.
        newest: u64,
    },
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pending of {} statements", self.statements.len())
    }
}

impl Pending {
    /// Where the pending revocations of a mirror lie.
    #[must_use]
    pub fn path(mirror: &Path) -> PathBuf {
        let mut path = mirror.as_os_str().to_owned();
        path.push(".pending");
        path.into()
    }

    /// Makes the file beside a mirror that is begun, or opens the one that lies there.
    ///
    /// # Errors
    /// [`PendingError`], also if there was one, and it is lost.
    pub fn begin(
        mirror: &Path,
        settings: FileSettings,
        origin: &str,
    ) -> Result<Self, PendingError> {
        let mut frames = Self::open_or_create(mirror, settings, origin)?;
        match frames.take_refusal() {
            Some(refusal) => Err(PendingError::Unkept(refusal)),
            None => Self::of(frames)?.begun(origin),
        }
    }

    /// Opens the file beside a mirror.
    ///
    /// # Errors
    /// [`PendingError`], also if there is none, or an older copy.
    pub fn hold(mirror: &Path, settings: FileSettings, origin: &str) -> Result<Self, PendingError> {
        let name = kept_name(origin);
        let mut frames = FileFrames::open_pending(&Self::path(mirror), settings, &name)?;
        match frames.take_refusal() {
            Some(refusal) => Err(PendingError::Unkept(refusal)),
            None => Self::of(frames),
        }
    }

    /// Takes the file beside a mirror for the newest copy, whatever heads are kept, and makes it where there
    /// is none: for whoever adds what it lacks.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn adopt(
        mirror: &Path,
        settings: FileSettings,
        origin: &str,
    ) -> Result<Self, PendingError> {
        let mut frames = Self::open_or_create(mirror, settings, origin)?;
        frames.adopt()?;
        Self::of(frames)?.begun(origin)
    }

    /// Opens the file beside a mirror to read it, also while another run writes. No kept head is asked.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn look(mirror: &Path) -> Result<Self, PendingError> {
        Self::of(FileReader::open_pending(&Self::path(mirror))?)
    }

    fn open_or_create(
        mirror: &Path,
        settings: FileSettings,
        origin: &str,
    ) -> Result<FileFrames, OpenError> {
        let (path, name) = (Self::path(mirror), kept_name(origin));
        match FileFrames::open_pending(&path, settings.clone(), &name) {
            Err(OpenError::Missing(_)) => FileFrames::create_pending(&path, settings, &name),
            opened => opened,
        }
    }

    fn of(frames: impl Frames) -> Result<Self, PendingError> {
        let mut pending = Self {
            frames: Box::new(frames),
            tree: Frontier::default(),
            statements: Vec::new(),
            published: Vec::new(),
            list: ListMade::default(),
            rebased: None,
        };
        pending.read_all()?;
        Ok(pending)
    }

    /// With a first part, so that a file that nothing was added to yet is told from none: without a kept head,
    /// an empty one would be taken for new.
    fn begun(mut self, origin: &str) -> Result<Self, PendingError> {
        if self.tree.size() == 0 {
            self.add_part(Part::Begun(origin.as_bytes().to_vec()))?;
        }
        Ok(self)
    }

    /// Whatever was revoked here and is not among what the ledger revoked, as entries that it could have: every
    /// list has it, whatever became of it where the ledger is.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn beside(&self, ledger: &Ledger) -> Result<Vec<Entry>, PendingError> {
        let set = RevokedSet::of(ledger)?;
        let mut entries = Vec::new();
        for (one, ..) in &self.statements {
            if !is_covered(one, &set, ledger)? {
                let stands = match refusal(one, ledger)? {
                    Some(refused) => format!("refused where the ledger is: {}", refused.why),
                    None => "pending".to_owned(),
                };
                entries.extend(one.entries(&format!("{}, a revoker, {stands}", one.revoker)));
            }
        }
        let published = self.published.iter();
        let lacking = published.filter(|revoked| set.all_before(revoked).is_none());
        entries.extend(lacking.map(|revoked| Entry {
            time: 0,
            salt: [0; 16],
            event: Event::Revoked(revoked.clone()),
        }));
        Ok(entries)
    }

    /// Those that the ledger neither revoked nor refused yet, oldest first: what was signed, and the signature.
    /// An entry that takes one clears it only where what it says was revoked; one that refuses it ends its
    /// journeys, and lists have it all the same.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn open(&self, ledger: &Ledger) -> Result<Vec<OpenStatement>, PendingError> {
        let mut open = Vec::new();
        let set = RevokedSet::of(ledger)?;
        for (statement, signed, signature) in &self.statements {
            let wrong = |source| PendingError::Statement {
                number: statement.number,
                source,
            };
            let took = ledger.took_revocation(&statement.sha256().map_err(wrong)?)?;
            let is_revoked = took && is_covered(statement, &set, ledger)?;
            if !is_revoked && refusal(statement, ledger)?.is_none() {
                open.push((statement.clone(), signed.clone(), signature.clone()));
            }
        }
        Ok(open)
    }

    /// The version of the newest list that was made here; 0 without any.
    #[must_use]
    pub fn list_version(&self) -> u64 {
        self.list.version
    }

    /// The newest list that was made here; none where none was.
    #[must_use]
    pub fn newest_list(&self) -> Option<ListMade> {
        Some(self.list).filter(|list| list.version > 0)
    }

    /// What the next statement is to say of its place: its number, and the hash of the one before.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn next(&self) -> Result<(u64, [u8; 32]), PendingError> {
        let Some((last, ..)) = self.statements.last() else {
            return Ok((1, [0; 32]));
        };
        let number = last.number;
        let before = last.sha256();
        let before = before.map_err(|source| PendingError::Statement { number, source })?;
        Ok((number.saturating_add(1), before))
    }

    /// Adds a statement that its revoker signed, durably.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn add(&mut self, signed: &[u8], signature: &[u8]) -> Result<(), PendingError> {
        self.add_part(Part::Statement(signed.to_vec(), signature.to_vec()))
    }

    /// Notes a list and its SHA-256 before anybody has it, durably.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn note_list(&mut self, made: ListMade, sha256: &[u8; 32]) -> Result<(), PendingError> {
        self.add_part(Part::List(made, *sha256))
    }

    /// Adds what a published list revoked, which the file lost, and the list's version, durably.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn take_over(&mut self, revoked: Vec<Revoked>, list: ListMade) -> Result<(), PendingError> {
        for revoked in revoked {
            self.add_part(Part::Published(revoked))?;
        }
        if list.version > self.list.version {
            self.note_list(list, &[0; 32])?;
        }
        Ok(())
    }

    /// The last time that the mirror began anew.
    #[must_use]
    pub fn rebased(&self) -> Option<Rebased> {
        self.rebased
    }

    /// Notes that the mirror begins anew, before it does, durably.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn note_rebase(&mut self, rebased: Rebased) -> Result<(), PendingError> {
        self.add_part(Part::Rebased(rebased))
    }

    fn add_part(&mut self, part: Part) -> Result<(), PendingError> {
        let bytes = part.to_bytes().ok_or(PendingError::Part)?;
        self.take(part)?;
        self.append(bytes)
    }

    fn append(&mut self, part: Vec<u8>) -> Result<(), PendingError> {
        let (before, _) = self.frames.end();
        self.tree.push(leaf_hash(&part), |_, _| ());
        let after = Head {
            size: self.tree.size(),
            root: self.tree.root(),
        };
        self.frames.append(&before, &[part], &after, 0)?;
        Ok(())
    }

    fn read_all(&mut self) -> Result<(), PendingError> {
        let mut place = self.frames.start();
        while let Some(frame) = self.frames.read(place)? {
            for part in &frame.entries {
                self.tree.push(leaf_hash(part), |_, _| ());
                self.take(Part::from_bytes(part).ok_or(PendingError::Part)?)?;
            }
            let head = Head {
                size: self.tree.size(),
                root: self.tree.root(),
            };
            if head != frame.after {
                return Err(PendingError::Part);
            }
            place = frame.next;
        }
        Ok(())
    }

    fn take(&mut self, part: Part) -> Result<(), PendingError> {
        match part {
            Part::Statement(signed, signature) => {
                let (number, before) = self.next()?;
                let statement = Statement::signed(&signed, &signature)
                    .map_err(|source| PendingError::Statement { number, source })?;
                if (statement.number, statement.before) != (number, before) {
                    return Err(PendingError::Order(number));
                }
                self.statements.push((statement, signed, signature));
            }
            Part::List(made, _) => {
                let (version, newest) = (made.version, self.list.version);
                if version <= newest {
                    return Err(PendingError::Version { version, newest });
                }
                self.list = made;
            }
            Part::Begun(_) if self.tree.size() <= 1 => {}
            Part::Begun(_) => return Err(PendingError::Part),
            Part::Published(revoked) => self.published.push(revoked),
            Part::Rebased(rebased) => self.rebased = Some(rebased),
        }
        Ok(())
    }
}

/// The entry by which the ledger refused a statement.
fn refusal(one: &Statement, ledger: &Ledger) -> Result<Option<PendingRefused>, PendingError> {
    let sha256 = one.sha256().map_err(|source| PendingError::Statement {
        number: one.number,
        source,
    })?;
    Ok(ledger.refused_revocation(&sha256)?)
}

/// Whether the ledger revoked all that a statement says, and bars all whom it bars.
///
/// # Errors
/// [`LedgerError`].
pub fn is_covered(one: &Statement, set: &RevokedSet, ledger: &Ledger) -> Result<bool, LedgerError> {
    if let Some(revoked) = &one.revoked
        && set.all_before(revoked).is_none()
    {
        return Ok(false);
    }
    one.barred
        .as_ref()
        .map_or(Ok(true), |barred| ledger.bars_all(barred))
}

fn kept_name(origin: &str) -> String {
    format!("{origin}-pending")
}

/// A statement, its signed bytes, and the signature.
pub type OpenStatement = (Statement, Vec<u8>, Vec<u8>);

#[cfg(test)]
mod tests;
