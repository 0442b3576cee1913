//! A disk that forgets what was not synced, fed with what a real run did to its files.
//!
//! A run under strace(1) gives the steps. After any of them the power may fail: each page
//! that was written since the last sync of its file then has what was synced or anything that
//! was written over it; the length may be the old or the new one; and of the names in a
//! folder that was not synced, the first so many changes are there.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use super::process::{Ran, bounded, run};

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

/// Reads a log of strace: strings and names of descriptors in hexadecimal.
fn steps(folder: &Path, log: &str) -> Vec<Step> {
    let mut offsets = BTreeMap::new();
    whole_lines(log)
        .iter()
        .filter_map(|line| Call::read(line))
        .filter_map(|call| call.step(&mut offsets))
        .filter(|step| step.path().starts_with(folder))
        .collect()
}

/// Puts calls together that another thread's call divided.
fn whole_lines(log: &str) -> Vec<String> {
    let mut waiting: BTreeMap<&str, String> = BTreeMap::new();
    let mut lines = Vec::new();
    for line in log.lines() {
        let (process, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
            waiting.insert(process, begun.to_owned());
        } else if let Some((_, rest)) = call.strip_prefix("<... ").and_then(|c| c.split_once('>')) {
            let begun = waiting.remove(process).unwrap_or_default();
            lines.push(begun + rest.trim_start_matches(" resumed"));
        } else {
            lines.push(call.to_owned());
        }
    }
    lines
}

/// One call, as far as a step needs it.
#[derive(Debug)]
struct Call {
    name: String,
    /// Numbers, and what stands in quotes or behind a descriptor, in order.
    strings: Vec<Vec<u8>>,
    arguments: String,
    result: i64,
    result_path: Option<Vec<u8>>,
}

impl Call {
    /// None for a line that is no call, or one that failed.
    fn read(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once('(')?;
        let (arguments, result) = rest.rsplit_once(" = ")?;
        let digits: String = result
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '-')
            .collect();
        let result_number = digits.parse().ok().filter(|number| *number >= 0)?;
        Some(Self {
            name: name.to_owned(),
            strings: strings(arguments),
            arguments: without_strings(arguments),
            result: result_number,
            result_path: strings(result).pop(),
        })
    }

    fn step(&self, offsets: &mut BTreeMap<i64, usize>) -> Option<Step> {
        let descriptor = || self.number(0);
        Some(match self.name.as_str() {
            "openat" | "open" | "creat" => {
                offsets.insert(self.result, 0);
                let path = path(self.result_path.as_ref()?, None);
                let created = self.arguments.contains("O_CREAT");
                created.then_some(Step::Create(path))?
            }
            "pwrite64" => {
                let offset = usize::try_from(self.last_number()).unwrap();
                Step::Write(self.path(0), offset, self.strings[1].clone())
            }
            "write" => {
                let offset = offsets.entry(descriptor()).or_default();
                let step = Step::Write(self.path(0), *offset, self.strings[1].clone());
                *offset += usize::try_from(self.result).unwrap();
                step
            }
            "lseek" => {
                offsets.insert(descriptor(), usize::try_from(self.result).unwrap());
                return None;
            }
            "ftruncate" => Step::Length(self.path(0), usize::try_from(self.last_number()).unwrap()),
            "fsync" | "fdatasync" => Step::Sync(self.path(0)),
            "rename" => Step::Rename(self.path(0), self.path(1)),
            "link" => Step::Link(self.path(0), self.path(1)),
            "unlink" => Step::Remove(self.path(0)),
            // The folder of a descriptor stands before each name.
            "renameat" | "renameat2" if self.arguments.contains("EXCHANGE") => {
                Step::Exchange(self.path_at(0), self.path_at(2))
            }
            "renameat" | "renameat2" => Step::Rename(self.path_at(0), self.path_at(2)),
            "linkat" => Step::Link(self.path_at(0), self.path_at(2)),
            "unlinkat" => Step::Remove(self.path_at(0)),
            _ => return None,
        })
    }

    fn path(&self, number: usize) -> PathBuf {
        path(&self.strings[number], None)
    }

    fn path_at(&self, number: usize) -> PathBuf {
        path(&self.strings[number + 1], Some(&self.strings[number]))
    }

    fn number(&self, argument: usize) -> i64 {
        let argument = self.arguments.split(',').nth(argument).unwrap();
        argument.trim().parse().unwrap_or(-1)
    }

    fn last_number(&self) -> i64 {
        let last = self.arguments.rsplit(',').next().unwrap();
        last.trim().trim_end_matches(')').parse().unwrap()
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

fn path(bytes: &[u8], folder: Option<&[u8]>) -> PathBuf {
    let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
    let folder = folder.map(|folder| PathBuf::from(OsString::from_vec(folder.to_vec())));
    let whole = folder.unwrap_or_default().join(path);
    whole
        .components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}

/// The strings between `"` or `<` and `>`, decoded.
fn strings(text: &str) -> Vec<Vec<u8>> {
    let mut strings = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['"', '<']) {
        let end = if rest.as_bytes()[start] == b'"' {
            '"'
        } else {
            '>'
        };
        let content = &rest[start + 1..];
        let length = content.find(end).unwrap();
        strings.push(unhex(&content[..length]));
        rest = &content[length + 1..];
    }
    strings
}

/// The arguments with what stands in quotes or angles left out.
fn without_strings(text: &str) -> String {
    let mut kept = String::new();
    let mut until = None;
    for letter in text.chars() {
        match until {
            Some(end) if letter == end => until = None,
            Some(_) => {}
            None if letter == '"' => until = Some('"'),
            None if letter == '<' => until = Some('>'),
            None => kept.push(letter),
        }
    }
    kept
}

fn unhex(text: &str) -> Vec<u8> {
    let bytes = text.split("\\x").skip(1);
    bytes
        .map(|digits| u8::from_str_radix(digits.get(..2).unwrap(), 16).unwrap())
        .collect()
}

/// What a disk holds as one.
const PAGE: usize = 4096;
const CALLS: &str = "trace=openat,open,creat,write,pwrite64,lseek,ftruncate,fsync,fdatasync,rename,\
    renameat,renameat2,link,linkat,unlink,unlinkat";
