//! The file of pending revocations beside a mirror.

use std::path::{Path, PathBuf};

use ssh_encoding::{Decode, Encode};

use super::statement::{Statement, StatementError};
use crate::ledger::file::{FileFrames, FileReader, OpenError};
use crate::ledger::heads::HeadsError;
use crate::ledger::merkle::{Frontier, leaf_hash};
use crate::ledger::settings::FileSettings;
use crate::ledger::store::{Frames, Head, StoreError};
use crate::ledger::{Entry, Event, Ledger, LedgerError, Revoked, RevokedSet};
use crate::wire::Cursor;

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

/// That a mirror begins anew, since its ledger and it have parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebased {
    /// How many entries it had, and the root over them.
    pub before: (u64, [u8; 32]),
    /// How many it has then, and the root over them.
    pub after: (u64, [u8; 32]),
    /// How many both have in common.
    pub common: u64,
    /// When, in Unix seconds.
    pub time: u64,
}

/// A list that was made beside a mirror.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListMade {
    /// Its version: the Unix second in which it was made, where no list before was ahead of the clock.
    pub version: u64,
    /// How many entries the mirror had.
    pub size: u64,
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
            self.append([&[BEGUN], origin.as_bytes()].concat())?;
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
                let keyboard = format!("{}, a revoker, pending", one.revoker);
                entries.extend(one.entries(&keyboard));
            }
        }
        let published = self.published.iter();
        let lacking = published.filter(|revoked| set.all_before(revoked).is_none());
        entries.extend(lacking.map(|revoked| Entry {
            time: 0,
            salt: [0; SALT],
            event: Event::Revoked(revoked.clone()),
        }));
        Ok(entries)
    }

    /// Those that the ledger has not revoked yet, oldest first: what was signed, and the signature. An entry
    /// that names one clears it only where what it says was revoked.
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
            if !took || !is_covered(statement, &set, ledger)? {
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
        let part = [&[STATEMENT], strings(&[signed, signature])?.as_slice()].concat();
        self.take(&part)?;
        self.append(part)
    }

    /// Notes a list and its SHA-256 before anybody has it, durably.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn note_list(&mut self, made: ListMade, sha256: &[u8; 32]) -> Result<(), PendingError> {
        let (version, size) = (made.version.to_be_bytes(), made.size.to_be_bytes());
        let part = [&[LIST][..], &version, sha256, &size].concat();
        self.take(&part)?;
        self.append(part)
    }

    /// Adds what a published list revoked, which the file lost, and the list's version, durably.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn take_over(&mut self, revoked: Vec<Revoked>, list: ListMade) -> Result<(), PendingError> {
        for revoked in revoked {
            let event = Event::Revoked(revoked);
            let bytes = Entry {
                time: 0,
                salt: [0; SALT],
                event,
            }
            .to_bytes();
            let part = [
                &[PUBLISHED],
                bytes.map_err(|_long| PendingError::Part)?.as_slice(),
            ]
            .concat();
            self.take(&part)?;
            self.append(part)?;
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
        let Rebased {
            before,
            after,
            common,
            time,
        } = rebased;
        let mut part = vec![REBASED];
        for (size, root) in [before, after] {
            part.extend(size.to_be_bytes());
            part.extend(root);
        }
        part.extend(common.to_be_bytes());
        part.extend(time.to_be_bytes());
        self.take(&part)?;
        self.append(part)
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
                self.take(part)?;
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

    fn take(&mut self, part: &[u8]) -> Result<(), PendingError> {
        match part.split_first() {
            Some((&STATEMENT, rest)) => {
                let (number, before) = self.next()?;
                let (signed, signature) = two_strings(rest).ok_or(PendingError::Part)?;
                let statement = Statement::signed(&signed, &signature)
                    .map_err(|source| PendingError::Statement { number, source })?;
                if (statement.number, statement.before) != (number, before) {
                    return Err(PendingError::Order(number));
                }
                self.statements.push((statement, signed, signature));
                Ok(())
            }
            Some((&LIST, rest)) if rest.len() == 48 => {
                let number = |bytes: Option<&[u8; 8]>| bytes.copied().map(u64::from_be_bytes);
                let version = number(rest.first_chunk()).ok_or(PendingError::Part)?;
                let size = number(rest.last_chunk()).ok_or(PendingError::Part)?;
                let newest = self.list.version;
                if version <= newest {
                    return Err(PendingError::Version { version, newest });
                }
                self.list = ListMade { version, size };
                Ok(())
            }
            Some((&BEGUN, _)) if self.tree.size() <= 1 => Ok(()),
            Some((&PUBLISHED, entry)) => match Entry::from_bytes(entry).map(|entry| entry.event) {
                Ok(Event::Revoked(revoked)) => {
                    self.published.push(revoked);
                    Ok(())
                }
                _ => Err(PendingError::Part),
            },
            Some((&REBASED, rest)) => {
                self.rebased = Some(rebased(rest).ok_or(PendingError::Part)?);
                Ok(())
            }
            _ => Err(PendingError::Part),
        }
    }
}

/// Whether the ledger revoked all that a statement says, and bars all whom it bars.
fn is_covered(one: &Statement, set: &RevokedSet, ledger: &Ledger) -> Result<bool, LedgerError> {
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

fn rebased(bytes: &[u8]) -> Option<Rebased> {
    let mut wire = Cursor::new(bytes);
    let mut head = || Some((wire.u64().ok()?, *wire.array().ok()?));
    let (before, after) = (head()?, head()?);
    let (common, time) = (wire.u64().ok()?, wire.u64().ok()?);
    wire.finish().ok()?;
    Some(Rebased {
        before,
        after,
        common,
        time,
    })
}

fn strings(parts: &[&[u8]]) -> Result<Vec<u8>, PendingError> {
    let mut out = Vec::new();
    for part in parts {
        part.encode(&mut out).map_err(|_long| PendingError::Part)?;
    }
    Ok(out)
}

fn two_strings(mut bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let input = &mut bytes;
    let both = (Vec::decode(input).ok()?, Vec::decode(input).ok()?);
    bytes.is_empty().then_some(both)
}

const STATEMENT: u8 = 1;
const LIST: u8 = 2;
const BEGUN: u8 = 3;
const PUBLISHED: u8 = 4;
const SALT: usize = 16;
const REBASED: u8 = 5;

/// A statement, its signed bytes, and the signature.
pub type OpenStatement = (Statement, Vec<u8>, Vec<u8>);

#[cfg(test)]
mod tests {
    use super::super::statement::tests::{signed, statement};
    use super::*;

    #[test]
    fn statements_follow_one_another_and_an_older_copy_is_none() {
        let room = tempfile::tempdir().unwrap();
        let mirror = room.path().join("office/mirror");
        std::fs::create_dir(room.path().join("office")).unwrap();
        let settings = FileSettings {
            kept_heads_only: Some(vec![room.path().join("heads")]),
            ..FileSettings::default()
        };
        let hold = || Pending::hold(&mirror, settings.clone(), "punchmark.ledger/00");
        assert!(hold().is_err(), "a mirror alone makes one");
        let begin = || Pending::begin(&mirror, settings.clone(), "punchmark.ledger/00");
        begin().unwrap();
        let mut pending = hold().unwrap();
        let first = statement(1, [0; 32]);
        let (bytes, signature) = signed(&first);
        pending.add(&bytes, &signature).unwrap();
        let again = pending.add(&bytes, &signature);
        assert!(matches!(again, Err(PendingError::Order(2))), "{again:?}");
        drop(pending);
        let old = std::fs::read(Pending::path(&mirror)).unwrap();
        let mut pending = hold().unwrap();
        assert_eq!(pending.next().unwrap(), (2, first.sha256().unwrap()));
        let nine = ListMade {
            version: 9,
            size: 7,
        };
        pending.note_list(nine, &[1; 32]).unwrap();
        let back = pending.note_list(nine, &[1; 32]);
        assert!(
            matches!(back, Err(PendingError::Version { .. })),
            "{back:?}"
        );
        drop(pending);
        assert_eq!(hold().unwrap().newest_list(), Some(nine));
        let rebased = Rebased {
            before: (9, [1; 32]),
            after: (7, [2; 32]),
            common: 5,
            time: 8,
        };
        hold().unwrap().note_rebase(rebased).unwrap();
        assert_eq!(hold().unwrap().rebased(), Some(rebased));
        std::fs::write(Pending::path(&mirror), old).unwrap();
        let older = hold();
        assert!(matches!(older, Err(PendingError::Unkept(_))), "{older:?}");
        std::fs::remove_file(Pending::path(&mirror)).unwrap();
        let gone = hold();
        assert!(
            matches!(gone, Err(PendingError::Open(OpenError::Missing(_)))),
            "{gone:?}"
        );
        let anew = begin();
        assert!(matches!(anew, Err(PendingError::Unkept(_))), "{anew:?}");
    }

    #[test]
    fn a_run_that_was_killed_before_the_first_head_was_kept_is_gone_on_with() {
        let room = tempfile::tempdir().unwrap();
        let mirror = room.path().join("office/mirror");
        std::fs::create_dir(room.path().join("office")).unwrap();
        let heads = room.path().join("heads");
        let settings = FileSettings {
            kept_heads_only: Some(vec![heads.clone()]),
            ..FileSettings::default()
        };
        let origin = "punchmark.ledger/00";
        let name = kept_name(origin);
        FileFrames::create_pending(&Pending::path(&mirror), settings.clone(), &name).unwrap();
        let kept = std::fs::read_dir(heads).unwrap().next().unwrap().unwrap();
        let of_none = std::fs::read(kept.path()).unwrap();
        Pending::begin(&mirror, settings.clone(), origin).unwrap();
        std::fs::write(kept.path(), of_none).unwrap();
        let mut pending = Pending::hold(&mirror, settings.clone(), origin).unwrap();
        let (bytes, signature) = signed(&statement(1, [0; 32]));
        pending.add(&bytes, &signature).unwrap();
        drop(pending);
        // Without any kept head, what lies there is not taken for new.
        std::fs::remove_file(kept.path()).unwrap();
        let unkept = Pending::begin(&mirror, settings.clone(), origin);
        assert!(matches!(unkept, Err(PendingError::Unkept(_))), "{unkept:?}");
        let adopted = Pending::adopt(&mirror, settings.clone(), origin).unwrap();
        assert_eq!(adopted.next().unwrap().0, 2);
    }

    #[test]
    fn what_a_published_list_revoked_is_kept_for_good() {
        let room = tempfile::tempdir().unwrap();
        let mirror = room.path().join("office/mirror");
        std::fs::create_dir(room.path().join("office")).unwrap();
        let settings = FileSettings {
            kept_heads_only: Some(vec![room.path().join("heads")]),
            ..FileSettings::default()
        };
        let origin = "punchmark.ledger/00";
        let revoked = Revoked {
            sha256s: vec![[7; 32]],
            ..Revoked::default()
        };
        let mut pending = Pending::adopt(&mirror, settings.clone(), origin).unwrap();
        let list = ListMade {
            version: 5,
            size: 2,
        };
        pending.take_over(vec![revoked.clone()], list).unwrap();
        drop(pending);
        let pending = Pending::hold(&mirror, settings, origin).unwrap();
        assert_eq!((pending.published, pending.list), (vec![revoked], list));
    }
}
