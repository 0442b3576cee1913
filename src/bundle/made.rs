//! Which bundles were made beside a ledger, and what became of each.
//!
//! A line each time, in a file beside the ledger: a bundle's id, hash and time when it is made; later
//! `accepted` or `void` with its id and the time. The file is only ever appended to, under a lock on itself. A
//! line that a crash cut short was never told to anybody. Each bundle says which one it follows: the
//! newest that is not void.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::{BundleError, BundleId, Header};
use crate::wire::hex;

/// The list of the bundles that were made, held alone.
#[derive(Debug)]
pub struct Made {
    path: PathBuf,
    file: File,
    all: Vec<MadeBundle>,
}

/// A bundle of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeBundle {
    /// Its id.
    pub id: BundleId,
    /// SHA-256 of its header.
    pub sha256: [u8; 32],
    /// What became of it.
    pub became: Became,
}

/// What became of a bundle that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// Nothing yet, as far as is known here.
    Open,
    /// Its answer was accepted.
    Accepted,
    /// It was declared void.
    Void,
}

/// Why the list can't be gone on with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MadeError {
    /// It could not be read or written.
    #[error("{}", file.display())]
    File {
        /// The list.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else makes a bundle, or takes an answer.
    #[error("another run makes a bundle or takes an answer just now")]
    Held,
    /// A line that this program never wrote.
    #[error("line {line} of {} is none of a list of bundles", file.display())]
    Line {
        /// The list.
        file: PathBuf,
        /// Which, from 1.
        line: usize,
    },
    /// A bundle that was not made here.
    #[error("bundle {} was not made beside this ledger", hex(.0))]
    Unknown(BundleId),
    /// The header could not be put into bytes.
    #[error(transparent)]
    Header(#[from] BundleError),
}

impl Made {
    /// Opens the list beside a ledger, and holds it alone until it goes away.
    ///
    /// # Errors
    /// [`MadeError`].
    pub fn hold(ledger: &Path) -> Result<Self, MadeError> {
        let path = beside(ledger, ".bundles");
        let failed = |source| MadeError::File {
            file: path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(MadeError::Held),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let text = text(&mut file).map_err(failed)?;
        let whole = text
            .rfind('\n')
            .map_or("", |end| text.split_at(end.saturating_add(1)).0);
        if whole.len() < text.len() {
            let length = u64::try_from(whole.len()).unwrap_or(u64::MAX);
            file.set_len(length).map_err(failed)?;
        }
        let mut all = Vec::new();
        for (line, entry) in (1..).zip(whole.lines()) {
            let file = path.clone();
            take(&mut all, entry).ok_or(MadeError::Line { file, line })?;
        }
        Ok(Self { path, file, all })
    }

    /// Where a bundle is kept until its answer was accepted.
    #[must_use]
    pub fn kept(ledger: &Path, id: &BundleId) -> PathBuf {
        beside(ledger, &format!(".bundle-{}", hex(id)))
    }

    /// The bundles in the order of their making.
    pub fn all(&self) -> &[MadeBundle] {
        &self.all
    }

    /// The bundle of this id.
    pub fn of(&self, id: &BundleId) -> Option<&MadeBundle> {
        self.all.iter().find(|one| one.id == *id)
    }

    /// The hash of the newest bundle that is not void; zeros without any.
    pub fn last(&self) -> [u8; 32] {
        let counts = |one: &&MadeBundle| one.became != Became::Void;
        let last = self.all.iter().rev().find(counts);
        last.map_or([0; 32], |one| one.sha256)
    }

    /// Puts a bundle behind those before, durably.
    ///
    /// # Errors
    /// [`MadeError`], and then the next bundle may follow the same one as this.
    pub fn add(&mut self, header: &Header) -> Result<(), MadeError> {
        let hash = header.hash()?;
        self.write(&format!(
            "{} {} {}",
            hex(&header.id),
            hex(&hash),
            header.made
        ))
    }

    /// Notes what became of a bundle, durably.
    ///
    /// # Errors
    /// [`MadeError`].
    pub fn note(&mut self, id: &BundleId, became: Became, now: u64) -> Result<(), MadeError> {
        let word = match (self.of(id), became) {
            (None, _) => return Err(MadeError::Unknown(*id)),
            (_, Became::Accepted) => "accepted",
            (_, Became::Void) => "void",
            (_, Became::Open) => return Ok(()),
        };
        self.write(&format!("{word} {} {now}", hex(id)))
    }

    fn write(&mut self, line: &str) -> Result<(), MadeError> {
        let written = self.file.write_all(format!("{line}\n").as_bytes());
        let written = written.and_then(|()| self.file.sync_all());
        written.map_err(|source| MadeError::File {
            file: self.path.clone(),
            source,
        })?;
        let (file, line_number) = (self.path.clone(), self.all.len());
        take(&mut self.all, line).ok_or(MadeError::Line {
            file,
            line: line_number,
        })
    }
}

fn beside(ledger: &Path, ending: &str) -> PathBuf {
    let mut path = ledger.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn text(file: &mut File) -> io::Result<String> {
    let mut text = String::new();
    let read = file.take(LARGEST).read_to_string(&mut text)?;
    match u64::try_from(read) {
        Ok(read) if read < LARGEST => Ok(text),
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

/// Takes a line that this program wrote; none for any other.
fn take(all: &mut Vec<MadeBundle>, line: &str) -> Option<()> {
    let parts: Vec<&str> = line.split(' ').collect();
    let &[first, second, time] = parts.as_slice() else {
        return None;
    };
    time.parse::<u64>().ok()?;
    let became = match first {
        "accepted" => Became::Accepted,
        "void" => Became::Void,
        id => {
            let (id, sha256) = (digits(id)?, digits(second)?);
            let became = Became::Open;
            all.push(MadeBundle { id, sha256, became });
            return Some(());
        }
    };
    let id: BundleId = digits(second)?;
    all.iter_mut().find(|one| one.id == id)?.became = became;
    Some(())
}

fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    base16ct::lower::decode_vec(text).ok()?.try_into().ok()
}

/// A hundred bytes a bundle: more than anybody carries.
const LARGEST: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use super::super::tests::header;
    use super::*;

    #[test]
    fn each_bundle_follows_the_one_before_and_one_run_at_a_time_makes_them() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger");
        let mut made = Made::hold(&ledger).unwrap();
        assert_eq!(made.last(), [0; 32]);
        assert!(matches!(Made::hold(&ledger), Err(MadeError::Held)));
        let first = header();
        made.add(&first).unwrap();
        drop(made);
        let mut list = OpenOptions::new()
            .append(true)
            .open(folder.path().join("ledger.bundles"))
            .unwrap();
        // A crash cut the next line short.
        list.write_all(b"0102 0304").unwrap();
        let mut made = Made::hold(&ledger).unwrap();
        assert_eq!(made.last(), first.hash().unwrap());
        let second = Header {
            id: [9; 16],
            before: made.last(),
            made: 9,
            ..first.clone()
        };
        made.add(&second).unwrap();
        drop(made);
        let mut made = Made::hold(&ledger).unwrap();
        assert_eq!(made.last(), second.hash().unwrap());
        // One that is void is followed by none.
        made.note(&second.id, Became::Void, 10).unwrap();
        made.note(&first.id, Became::Accepted, 10).unwrap();
        drop(made);
        let mut made = Made::hold(&ledger).unwrap();
        assert_eq!(made.last(), first.hash().unwrap());
        assert_eq!(made.of(&first.id).unwrap().became, Became::Accepted);
        let unknown = made.note(&[7; 16], Became::Void, 10);
        assert!(matches!(unknown, Err(MadeError::Unknown(_))), "{unknown:?}");
        drop(made);
        list.write_all(b"x y z\n").unwrap();
        let refused = Made::hold(&ledger);
        assert!(
            matches!(refused, Err(MadeError::Line { line: 5, .. })),
            "{refused:?}"
        );
    }
}
