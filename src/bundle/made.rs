//! Which bundles were made beside a ledger, so that each says which one it follows.
//!
//! A line each, in a file beside the ledger: id, hash and time. It is only ever appended to, under a
//! lock on the file itself. A line that a crash cut short was never told to anybody.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::{BundleError, Header};
use crate::wire::hex;

/// The list of the bundles that were made, held alone.
#[derive(Debug)]
pub struct Made {
    path: PathBuf,
    file: File,
    last: [u8; 32],
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
    /// Somebody else makes a bundle.
    #[error("another run makes a bundle just now")]
    Held,
    /// A line that this program never wrote.
    #[error("line {line} of {} is no bundle", file.display())]
    Line {
        /// The list.
        file: PathBuf,
        /// Which, from 1.
        line: usize,
    },
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
        let mut path = ledger.as_os_str().to_owned();
        path.push(".bundles");
        let path = PathBuf::from(path);
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
        let mut last = [0; 32];
        for (line, entry) in (1..).zip(whole.lines()) {
            let file = path.clone();
            last = hash(entry).ok_or(MadeError::Line { file, line })?;
        }
        Ok(Self { path, file, last })
    }

    /// The hash of the newest bundle; zeros where none was made.
    pub fn last(&self) -> [u8; 32] {
        self.last
    }

    /// Puts a bundle behind those before, durably.
    ///
    /// # Errors
    /// [`MadeError`], and then the next bundle may follow the same one as this.
    pub fn add(&mut self, header: &Header) -> Result<(), MadeError> {
        let hash = header.hash()?;
        let line = format!("{} {} {}\n", hex(&header.id), hex(&hash), header.made);
        let written = self.file.write_all(line.as_bytes());
        let written = written.and_then(|()| self.file.sync_all());
        written.map_err(|source| MadeError::File {
            file: self.path.clone(),
            source,
        })?;
        self.last = hash;
        Ok(())
    }
}

fn text(file: &mut File) -> io::Result<String> {
    let mut text = String::new();
    let read = file.take(LARGEST).read_to_string(&mut text)?;
    match u64::try_from(read) {
        Ok(read) if read < LARGEST => Ok(text),
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

/// The hash of a line that this program wrote.
fn hash(line: &str) -> Option<[u8; 32]> {
    let mut parts = line.split(' ');
    let (id, hash, made) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str, bytes: usize| {
        let decoded = base16ct::lower::decode_vec(text).ok()?;
        (decoded.len() == bytes).then_some(decoded)
    };
    digits(id, 16)?;
    made.parse::<u64>().ok()?;
    let hash = digits(hash, 32)?;
    parts.next().is_none().then(|| hash.try_into().ok())?
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
            before: made.last(),
            made: 9,
            ..first
        };
        made.add(&second).unwrap();
        drop(made);
        assert_eq!(Made::hold(&ledger).unwrap().last(), second.hash().unwrap());
        list.write_all(b"x y z\n").unwrap();
        let refused = Made::hold(&ledger);
        assert!(
            matches!(refused, Err(MadeError::Line { line: 3, .. })),
            "{refused:?}"
        );
    }
}
