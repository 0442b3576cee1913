//! The file of pending revocations beside a mirror.

use std::path::{Path, PathBuf};

use ssh_encoding::{Decode, Encode};

use super::statement::{Statement, StatementError};
use crate::ledger::file::{FileFrames, OpenError};
use crate::ledger::heads::HeadsError;
use crate::ledger::merkle::{Frontier, leaf_hash};
use crate::ledger::settings::FileSettings;
use crate::ledger::store::{Frames, Head, StoreError};
use crate::ledger::{Ledger, LedgerError};

/// The pending revocations beside a mirror, held alone.
#[derive(Debug)]
pub struct Pending {
    frames: FileFrames,
    tree: Frontier,
    /// Each with the bytes that were signed and the signature.
    statements: Vec<(Statement, Vec<u8>, Vec<u8>)>,
    /// The newest list that was made here.
    list: ListMade,
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

impl Pending {
    /// Where the pending revocations of a mirror lie.
    #[must_use]
    pub fn path(mirror: &Path) -> PathBuf {
        let mut path = mirror.as_os_str().to_owned();
        path.push(".pending");
        path.into()
    }

    /// Opens the file beside a mirror, and makes it where there never was one.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn hold(mirror: &Path, settings: FileSettings, origin: &str) -> Result<Self, PendingError> {
        let path = Self::path(mirror);
        let name = format!("{origin}-pending");
        let opened = match FileFrames::open_pending(&path, settings.clone(), &name) {
            Err(OpenError::Missing(_)) => FileFrames::create_pending(&path, settings, &name),
            opened => opened,
        };
        let mut frames = opened?;
        if let Some(refusal) = frames.take_refusal() {
            return Err(PendingError::Unkept(refusal));
        }
        let mut pending = Self {
            frames,
            tree: Frontier::default(),
            statements: Vec::new(),
            list: ListMade::default(),
        };
        pending.read_all()?;
        Ok(pending)
    }

    /// Those that no entry of the ledger names yet, oldest first: what was signed, and the signature.
    ///
    /// # Errors
    /// [`PendingError`].
    pub fn open<'p>(&'p self, ledger: &Ledger) -> Result<Vec<OpenStatement<'p>>, PendingError> {
        let mut open = Vec::new();
        for (statement, signed, signature) in &self.statements {
            let wrong = |source| PendingError::Statement {
                number: statement.number,
                source,
            };
            if !ledger.took_revocation(&statement.sha256().map_err(wrong)?)? {
                open.push((statement, signed.as_slice(), signature.as_slice()));
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
            _ => Err(PendingError::Part),
        }
    }
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

/// A statement that no entry names yet: what it says, its signed bytes, and the signature.
type OpenStatement<'p> = (&'p Statement, &'p [u8], &'p [u8]);

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
        std::fs::write(Pending::path(&mirror), old).unwrap();
        let older = hold();
        assert!(matches!(older, Err(PendingError::Unkept(_))), "{older:?}");
        std::fs::remove_file(Pending::path(&mirror)).unwrap();
        let gone = hold();
        assert!(matches!(gone, Err(PendingError::Unkept(_))), "{gone:?}");
    }
}
