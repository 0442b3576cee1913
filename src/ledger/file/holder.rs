//! Who holds the lock of a file: for people, it decides nothing.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Read;
use std::path::Path;

use rustix::fs::{Stat, major, minor};

/// The process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub process: u32,
    /// The name of its program, where the system tells it.
    pub program: Option<String>,
}

impl Holder {
    /// Who holds the flock(2) on the file of this `stat`, by the system's list (proc(5)).
    /// None where the system does not say, as for a process in another container.
    ///
    /// The list is read by the piece and its places move when others let go, so that one reading may miss a lock
    /// that was held all along (measured: 5 in 1,000 beside three busy processes): a lock has to be missing in
    /// each of several.
    pub(in crate::ledger) fn of(stat: &Stat) -> Option<Self> {
        let process = (0..READINGS).find_map(|_| holder(&text(Path::new("/proc/locks"))?, stat))?;
        let program = text(Path::new(&format!("/proc/{process}/comm")));
        Some(Self {
            process,
            program: program.map(|name| name.trim_end().to_owned()),
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.program {
            Some(program) => write!(f, "process {} ({program})", self.process),
            None => write!(f, "process {}", self.process),
        }
    }
}

/// The process in a line as `1: FLOCK  ADVISORY  WRITE 1234 08:01:131073 0 EOF`.
fn holder(locks: &str, stat: &Stat) -> Option<u32> {
    let (major, minor) = (major(stat.st_dev), minor(stat.st_dev));
    let file = format!("{major:02x}:{minor:02x}:{}", stat.st_ino);
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [_number, "FLOCK", _, _, process, of, ..] if *of == file => {
                process.parse().ok().filter(|process| *process != 0)
            }
            _ => None,
        }
    })
}

fn text(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = OpenOptions::new().read(true).open(path).ok()?;
    file.take(LARGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

const READINGS: u32 = 20;

const LARGEST: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_holder_is_found_while_others_lock_and_let_go() {
        let file = tempfile::tempfile().unwrap();
        file.lock().unwrap();
        let stat = rustix::fs::fstat(&file).unwrap();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let others: Vec<File> =
                        (0..120).map(|_| tempfile::tempfile().unwrap()).collect();
                    while !over.load(Ordering::Relaxed) {
                        others.iter().for_each(|other| other.lock().unwrap());
                        others.iter().for_each(|other| other.unlock().unwrap());
                    }
                });
            }
            let missed = (0..500).filter(|_| Holder::of(&stat).is_none()).count();
            over.store(true, Ordering::Relaxed);
            assert_eq!(missed, 0);
        });
    }

    #[test]
    fn finds_itself_as_the_holder() {
        let file = tempfile::tempfile().unwrap();
        let stat = rustix::fs::fstat(&file).unwrap();
        assert_eq!(Holder::of(&stat), None);
        file.lock().unwrap();
        let holder = Holder::of(&stat).unwrap();
        assert_eq!(holder.process, std::process::id());
        assert!(holder.program.is_some());
    }
}
