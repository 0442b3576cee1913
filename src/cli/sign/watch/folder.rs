//! The requests of a folder, as they come.

use std::collections::{HashMap, VecDeque};
use std::fs::{DirEntry, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::cli::base::failure::{At, Failure};

/// A folder, and what was seen in it.
pub(super) struct Folder {
    path: PathBuf,
    seen: HashMap<PathBuf, Seen>,
    /// What was put off, to come again behind the next that is new.
    later: VecDeque<PathBuf>,
}

/// A request file as it was at the last look.
struct Seen {
    mark: Mark,
    /// Whether it was handed out as it is.
    is_told: bool,
}

/// What changes when a file is written: inode, length, seconds and nanoseconds of its change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark(u64, u64, i64, i64);

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let folder = Self {
            path: path.to_owned(),
            seen: HashMap::new(),
            later: VecDeque::new(),
        };
        folder.requests().in_file(path)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The requests that are new or changed and were the same at the look before, since somebody
    /// may be at writing them; behind them, once there are any, those that were put off.
    pub(super) fn look(&mut self) -> Result<Vec<PathBuf>, Failure> {
        let requests = self.requests().in_file(&self.path)?;
        if requests.len() > MOST {
            let words = format!("{} has more than {MOST} requests", self.path.display());
            return Err(Failure::new(words).hint("move those away that are done"));
        }
        self.seen
            .retain(|file, _| requests.iter().any(|(there, _)| there == file));
        let mut come = Vec::new();
        for (file, mark) in requests {
            match self.seen.get_mut(&file) {
                Some(seen) if seen.mark == mark && seen.is_told => {}
                Some(seen) if seen.mark == mark => {
                    seen.is_told = true;
                    come.push(file);
                }
                _ => {
                    let is_told = false;
                    self.seen.insert(file, Seen { mark, is_told });
                }
            }
        }
        come.sort();
        if !come.is_empty() {
            let again = self.later.drain(..).filter(|file| file.exists());
            let again: Vec<_> = again.filter(|file| !come.contains(file)).collect();
            come.extend(again);
        }
        Ok(come)
    }

    /// Hands a request out once more, when another one came.
    pub(super) fn postpone(&mut self, file: PathBuf) {
        self.later.push_back(file);
    }

    fn requests(&self) -> io::Result<Vec<(PathBuf, Mark)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            // A link could lead to any file, and name it in an error.
            if let Some(metadata) = request(&entry) {
                found.push((entry.path(), Mark::of(&metadata)));
            }
            if found.len() > MOST {
                break;
            }
        }
        Ok(found)
    }
}

impl Mark {
    fn of(file: &Metadata) -> Self {
        Self(file.ino(), file.len(), file.ctime(), file.ctime_nsec())
    }
}

/// The metadata of a request: a file of its own that is named `….req` and not hidden. One that went
/// away meanwhile is none.
fn request(entry: &DirEntry) -> Option<Metadata> {
    let name = entry.file_name();
    let name = name.as_encoded_bytes();
    let is_named = name.ends_with(b".req") && !name.starts_with(b".");
    let metadata = is_named.then(|| entry.metadata())?;
    metadata.ok().filter(Metadata::is_file)
}

/// A folder that a person goes through holds no more.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(come: &[PathBuf]) -> Vec<String> {
        let names = come.iter().map(|file| file.file_name().unwrap());
        names
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_request_comes_once_when_it_is_whole_and_again_when_it_changed() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a.req");
        let mut folder = Folder::open(place.path()).unwrap();
        for other in ["b.pub", ".c.req", "d.req.tmp"] {
            std::fs::write(place.path().join(other), "x").unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", place.path().join("e.req")).unwrap();
        std::fs::write(&file, "begun").unwrap();
        assert!(folder.look().unwrap().is_empty());
        std::fs::write(&file, "begun, and whole").unwrap();
        assert!(folder.look().unwrap().is_empty(), "it was written to since");
        assert_eq!(names(&folder.look().unwrap()), ["a.req"]);
        assert!(folder.look().unwrap().is_empty());
        std::fs::write(&file, "another one").unwrap();
        assert!(folder.look().unwrap().is_empty());
        assert_eq!(names(&folder.look().unwrap()), ["a.req"]);
    }

    #[test]
    fn what_was_put_off_comes_behind_the_next() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("b.req"), "b").unwrap();
        let mut folder = Folder::open(place.path()).unwrap();
        let mut twice = || {
            folder.look().unwrap();
            folder.look().unwrap()
        };
        let first = twice();
        assert_eq!(names(&first), ["b.req"]);
        folder.postpone(first[0].clone());
        assert!(folder.look().unwrap().is_empty());
        std::fs::write(place.path().join("a.req"), "a").unwrap();
        folder.look().unwrap();
        assert_eq!(names(&folder.look().unwrap()), ["a.req", "b.req"]);
    }
}
