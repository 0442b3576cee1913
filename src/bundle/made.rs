//! Which bundles were made beside a ledger, and what became of each.
//!
//! A line each time, in a file beside the ledger: `begun` with a bundle's id, hash, time and place before its
//! file goes out, `made` behind that; later `accepted` or `void`, each with its id and the time. Older versions
//! wrote id, hash and time when it was out. The file is only ever appended to, under a lock on itself. A line that
//! a crash cut short was never told to anybody. Each bundle says which one it follows: the newest that went
//! out and is not void, or the newest that the ledger has, which others may have made beside another mirror.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::{BundleError, BundleId, Header};
use crate::ledger::KnownBundle;
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
    /// Where its file was to go; none of what older versions made.
    place: Option<PathBuf>,
}

impl MadeBundle {
    /// Whether it may have been carried away. A run that was cut off before it told of it put the file where it
    /// belongs in one step, or not at all.
    fn is_out(&self) -> bool {
        match self.became {
            Became::Open | Became::Accepted => true,
            Became::Void => false,
            Became::Begun => self.place.as_ref().is_some_and(|place| place.exists()),
        }
    }
}

/// What became of a bundle that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// The run that made it was cut off, and may not have put its file where it belongs.
    Begun,
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

    /// The hash of the bundle that the next one follows, beside a ledger that took these; zeros without any.
    #[must_use]
    pub fn last(&self, taken: &[KnownBundle]) -> [u8; 32] {
        for one in self.all.iter().rev() {
            match taken.iter().find(|known| known.taken.id == one.id) {
                Some(known) if known.is_void() => {}
                // The ledger has it: whatever it took behind it was made elsewhere.
                Some(_) => break,
                None if one.is_out() => return one.sha256,
                None => {}
            }
        }
        let mut last = taken.iter().rev().filter(|one| !one.is_void());
        last.next().map_or([0; 32], |one| one.taken.sha256)
    }

    /// Puts a bundle behind those before, durably, before its file goes to its place.
    ///
    /// # Errors
    /// [`MadeError`], and then the next bundle may follow the same one as this.
    pub fn begin(&mut self, header: &Header, place: &Path) -> Result<(), MadeError> {
        let hash = header.hash()?;
        self.write(&format!(
            "begun {} {} {} {}",
            hex(&header.id),
            hex(&hash),
            header.made,
            hex(place.as_os_str().as_bytes())
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
            (_, Became::Open) => "made",
            (_, Became::Begun) => return Ok(()),
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

impl Drop for Made {
    /// Lets the lock go, not only closes it: a process that another thread just started has the file too until its exec.
    fn drop(&mut self) {
        let _closed_all_the_same = self.file.unlock();
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
    let (became, second) = match *parts.as_slice() {
        ["begun", id, sha256, time, place] => {
            time.parse::<u64>().ok()?;
            let place = base16ct::lower::decode_vec(place).ok()?;
            all.push(MadeBundle {
                id: digits(id)?,
                sha256: digits(sha256)?,
                became: Became::Begun,
                place: Some(OsString::from_vec(place).into()),
            });
            return Some(());
        }
        [word, second, time] => {
            time.parse::<u64>().ok()?;
            match word {
                "made" => (Became::Open, second),
                "accepted" => (Became::Accepted, second),
                "void" => (Became::Void, second),
                id => {
                    all.push(MadeBundle {
                        id: digits(id)?,
                        sha256: digits(second)?,
                        became: Became::Open,
                        place: None,
                    });
                    return Some(());
                }
            }
        }
        _ => return None,
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
    use crate::ledger::{BundleClosed, BundleTaken};

    /// A bundle whose file went out.
    fn add(made: &mut Made, header: &Header) {
        made.begin(header, Path::new("/nowhere/at/all")).unwrap();
        made.note(&header.id, Became::Open, 9).unwrap();
    }

    /// What a ledger has of a bundle, void or not.
    fn taken(header: &Header, is_void: bool) -> KnownBundle {
        KnownBundle {
            position: 7,
            taken: BundleTaken {
                id: header.id,
                sha256: header.hash().unwrap(),
                ..BundleTaken::default()
            },
            closed: is_void.then(BundleClosed::default),
        }
    }

    #[test]
    fn a_bundle_whose_file_never_went_out_is_followed_by_none() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger");
        let (first, place) = (header(), folder.path().join("out of ours"));
        let mut made = Made::hold(&ledger).unwrap();
        made.begin(&first, &place).unwrap();
        drop(made);
        let made = Made::hold(&ledger).unwrap();
        assert_eq!(made.of(&first.id).unwrap().became, Became::Begun);
        assert_eq!(made.last(&[]), [0; 32]);
        // The run was cut off behind that: it is there, and may have been carried.
        std::fs::write(&place, b"").unwrap();
        assert_eq!(made.last(&[]), first.hash().unwrap());
    }

    #[test]
    fn what_the_ledger_took_of_another_mirror_is_followed_and_what_it_has_as_void_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger");
        let ours = header();
        let theirs = Header {
            id: [8; 16],
            made: 9,
            ..ours.clone()
        };
        let mut made = Made::hold(&ledger).unwrap();
        let hash = |header: &Header| header.hash().unwrap();
        // A mirror that was begun anew has no list.
        assert_eq!(made.last(&[taken(&theirs, false)]), hash(&theirs));
        add(&mut made, &ours);
        assert_eq!(made.last(&[taken(&theirs, false)]), hash(&ours));
        let both = [taken(&ours, false), taken(&theirs, false)];
        assert_eq!(made.last(&both), hash(&theirs));
        assert_eq!(made.last(&[taken(&ours, true)]), [0; 32]);
        assert_eq!(
            made.last(&[taken(&theirs, false), taken(&ours, true)]),
            hash(&theirs)
        );
    }

    #[test]
    fn each_bundle_follows_the_one_before_and_one_run_at_a_time_makes_them() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger");
        let mut made = Made::hold(&ledger).unwrap();
        assert_eq!(made.last(&[]), [0; 32]);
        assert!(matches!(Made::hold(&ledger), Err(MadeError::Held)));
        let first = header();
        add(&mut made, &first);
        drop(made);
        let mut list = OpenOptions::new()
            .append(true)
            .open(folder.path().join("ledger.bundles"))
            .unwrap();
        // A crash cut the next line short.
        list.write_all(b"0102 0304").unwrap();
        let mut made = Made::hold(&ledger).unwrap();
        assert_eq!(made.last(&[]), first.hash().unwrap());
        let second = Header {
            id: [9; 16],
            before: made.last(&[]),
            made: 9,
            ..first.clone()
        };
        add(&mut made, &second);
        drop(made);
        let mut made = Made::hold(&ledger).unwrap();
        assert_eq!(made.last(&[]), second.hash().unwrap());
        // One that is void is followed by none.
        made.note(&second.id, Became::Void, 10).unwrap();
        made.note(&first.id, Became::Accepted, 10).unwrap();
        drop(made);
        let mut made = Made::hold(&ledger).unwrap();
        assert_eq!(made.last(&[]), first.hash().unwrap());
        assert_eq!(made.of(&first.id).unwrap().became, Became::Accepted);
        let unknown = made.note(&[7; 16], Became::Void, 10);
        assert!(matches!(unknown, Err(MadeError::Unknown(_))), "{unknown:?}");
        drop(made);
        list.write_all(b"x y z\n").unwrap();
        let refused = Made::hold(&ledger);
        assert!(
            matches!(refused, Err(MadeError::Line { line: 7, .. })),
            "{refused:?}"
        );
    }
}
