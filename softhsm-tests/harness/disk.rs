//! A disk that forgets what was not synced, fed with what a real run did to its files.
//!
//! A run under strace(1) gives the steps. After any of them the power may fail: each page
//! that was written since the last sync of its file then has what was synced or anything that
//! was written over it; the length may be the old or the new one; and of the names in a
//! folder that was not synced, the first so many changes are there.

mod calls;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use super::process::{Ran, bounded, run};
use calls::{CALLS, steps};

/// What a run did to the disk.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Create(PathBuf),
    Write(PathBuf, usize, Vec<u8>),
    Length(PathBuf, usize),
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Exchange(PathBuf, PathBuf),
    Remove(PathBuf),
}

/// The state of all files below one folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    names: BTreeMap<PathBuf, usize>,
    synced_names: BTreeMap<PathBuf, usize>,
    /// Changes of names that no sync of their folder made durable yet; none takes one away.
    pending: Vec<Vec<(PathBuf, Option<usize>)>>,
}

/// What a power failure leaves: the content of each file that has a name, and its names.
pub(crate) type Left = BTreeMap<usize, (Vec<u8>, Vec<PathBuf>)>;

#[derive(Clone, Debug, Default)]
struct File {
    synced: Vec<u8>,
    now: Vec<u8>,
    /// What each page had since the last sync.
    written: BTreeMap<usize, Vec<Vec<u8>>>,
}

/// Numbers that look random and come again by their seed (xorshift64).
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % limit
    }
}

/// Runs a command to its end, and tells what it did to the files below `folder`.
pub(crate) fn record(folder: &Path, command: &Command) -> (Ran, Vec<Step>) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut strace = bounded("strace");
    strace.args(["-f", "-y", "-xx", "-s", "10000000", "-e", CALLS, "-o"]);
    strace.arg(log.path()).arg(command.get_program());
    strace.args(command.get_args());
    strace.env_clear();
    for (name, value) in command.get_envs() {
        strace.env(name, value.unwrap());
    }
    strace.current_dir(command.get_current_dir().unwrap());
    let ran = run(&mut strace);
    let log = std::fs::read_to_string(log.path()).unwrap();
    (ran, steps(folder, &log))
}

impl Disk {
    /// What is below `folder` now, all of it synced.
    pub(crate) fn of(folder: &Path) -> Self {
        let mut disk = Self::default();
        disk.take(folder);
        disk.synced_names = disk.names.clone();
        disk
    }

    fn take(&mut self, folder: &Path) {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                self.take(&path);
            } else {
                let now = std::fs::read(&path).unwrap();
                let synced = now.clone();
                self.names.insert(path, self.files.len());
                self.files.push(File {
                    synced,
                    now,
                    written: BTreeMap::new(),
                });
            }
        }
    }

    /// Does one step.
    pub(crate) fn apply(&mut self, step: &Step) {
        match step {
            Step::Create(path) if !self.names.contains_key(path) => {
                self.files.push(File::default());
                self.name(vec![(path.clone(), Some(self.files.len() - 1))]);
            }
            Step::Create(_) => {}
            Step::Write(path, offset, bytes) => self.file(path).write(*offset, bytes),
            Step::Length(path, length) => self.file(path).set_length(*length),
            Step::Sync(path) => match self.names.get(path) {
                Some(file) => self.files[*file].sync(),
                None => self.sync_folder(path),
            },
            Step::Rename(from, to) => {
                let file = self.names[from];
                self.name(vec![(from.clone(), None), (to.clone(), Some(file))]);
            }
            Step::Exchange(one, other) => {
                let (a, b) = (self.names[one], self.names[other]);
                self.name(vec![(one.clone(), Some(b)), (other.clone(), Some(a))]);
            }
            Step::Link(from, to) => {
                let file = self.names[from];
                self.name(vec![(to.clone(), Some(file))]);
            }
            Step::Remove(path) => self.name(vec![(path.clone(), None)]),
        }
    }

    /// What a program that reads the file sees.
    pub(crate) fn content(&self, path: &Path) -> Option<&[u8]> {
        Some(&self.files[*self.names.get(path)?].now)
    }

    /// What is there after the power failed.
    pub(crate) fn after_power_loss(&self, dice: &mut Dice) -> Left {
        let mut names = self.synced_names.clone();
        let kept = dice.below(self.pending.len() + 1);
        for change in self.pending.iter().take(kept) {
            rename(&mut names, change);
        }
        let mut left = Left::default();
        for (path, file) in names {
            let (content, of_file) = left.entry(file).or_default();
            if of_file.is_empty() {
                *content = self.files[file].after_power_loss(dice);
            }
            of_file.push(path);
        }
        left
    }

    /// Puts such a state where it was recorded.
    pub(crate) fn put_back(folder: &Path, left: &Left) {
        use std::os::unix::fs::PermissionsExt;
        for there in std::fs::read_dir(folder).unwrap() {
            let there = there.unwrap().path();
            if there.is_dir() {
                std::fs::remove_dir_all(there).unwrap();
            } else {
                std::fs::remove_file(there).unwrap();
            }
        }
        for (bytes, names) in left.values() {
            let (path, others) = names.split_first().unwrap();
            for name in names {
                std::fs::create_dir_all(name.parent().unwrap()).unwrap();
            }
            std::fs::write(path, bytes).unwrap();
            let mode = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(path, mode).unwrap();
            // One file of two names stays one.
            for other in others {
                std::fs::hard_link(path, other).unwrap();
            }
        }
    }

    fn file(&mut self, path: &Path) -> &mut File {
        let file = self.names.get(path);
        &mut self.files[*file.unwrap_or_else(|| panic!("{} is no file", path.display()))]
    }

    fn name(&mut self, change: Vec<(PathBuf, Option<usize>)>) {
        rename(&mut self.names, &change);
        self.pending.push(change);
    }

    fn sync_folder(&mut self, folder: &Path) {
        let synced = |change: &Vec<(PathBuf, Option<usize>)>| {
            change.iter().any(|(path, _)| path.parent() == Some(folder))
        };
        let (done, left) = self.pending.drain(..).partition(synced);
        self.pending = left;
        let done: Vec<_> = done;
        done.iter()
            .for_each(|change| rename(&mut self.synced_names, change));
    }
}

impl File {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.now.len() < end {
            self.now.resize(end, 0);
        }
        self.now[offset..end].copy_from_slice(bytes);
        for page in offset / PAGE..end.div_ceil(PAGE) {
            let content = self.page(page);
            self.written.entry(page).or_default().push(content);
        }
    }

    fn set_length(&mut self, length: usize) {
        self.now.resize(length, 0);
        let pages: Vec<usize> = self.written.keys().copied().collect();
        for page in pages {
            let content = self.page(page);
            self.written.entry(page).or_default().push(content);
        }
    }

    fn page(&self, page: usize) -> Vec<u8> {
        let rest = self.now.get(page * PAGE..).unwrap_or_default();
        rest.iter().copied().take(PAGE).collect()
    }

    fn sync(&mut self) {
        self.synced.clone_from(&self.now);
        self.written.clear();
    }

    fn after_power_loss(&self, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        let length = match dice.below(3) {
            0 => self.synced.len(),
            _ => self.now.len(),
        };
        bytes.resize(length.max(self.now.len()), 0);
        // All, none, or each page by itself.
        let how = dice.below(4);
        for (page, versions) in &self.written {
            let lost = how == 1 || (how > 1 && dice.below(2) == 0);
            if !lost {
                let version = &versions[versions.len() - 1 - dice.below(versions.len()) * how / 3];
                let start = (page * PAGE).min(bytes.len());
                let end = (start + version.len()).min(bytes.len());
                bytes[start..end].copy_from_slice(&version[..end - start]);
            }
        }
        bytes.truncate(length);
        bytes
    }
}

fn rename(names: &mut BTreeMap<PathBuf, usize>, change: &[(PathBuf, Option<usize>)]) {
    for (path, file) in change {
        match file {
            Some(file) => names.insert(path.clone(), *file),
            None => names.remove(path),
        };
    }
}

impl Step {
    fn path(&self) -> &Path {
        match self {
            Self::Create(path)
            | Self::Write(path, _, _)
            | Self::Length(path, _)
            | Self::Sync(path)
            | Self::Rename(_, path)
            | Self::Exchange(_, path)
            | Self::Link(_, path)
            | Self::Remove(path) => path,
        }
    }
}

/// What a disk holds as one.
const PAGE: usize = 4096;
