//! Temporary files that a killed run left behind, and how the next run knows them.
//!
//! A temporary file's name says which process made it: `.punchmark-BOOT-PID-START-RANDOM`,
//! with the first eight digits of the boot's id and the process's start in ticks, since both
//! numbers come again. What no living process made is taken away, once a folder and run.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// What the names of this process's temporary files begin with.
pub(super) fn prefix() -> &'static str {
    static PREFIX: LazyLock<String> = LazyLock::new(|| THIS_PROCESS.prefix());
    &PREFIX
}

/// Takes away what dead runs of this account left in `folder`, unless this run did so before.
///
/// What can't be looked at or taken away stays: it does no harm but to the eye.
pub(super) fn sweep(folder: &Path) {
    static SWEPT: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);
    let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if swept.get_or_insert_default().insert(folder.to_path_buf()) {
        sweep_now(folder, &THIS_PROCESS);
    }
}

/// Read once: the system takes its time to say when a process began.
static THIS_PROCESS: LazyLock<Maker> = LazyLock::new(Maker::this_process);

/// The process that a temporary file's name speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Maker {
    boot: String,
    pid: u32,
    start: u64,
}

impl Maker {
    fn this_process() -> Self {
        let pid = std::process::id();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self {
            boot: boot.chars().take(8).collect(),
            pid,
            start: start_of(pid).unwrap_or(0),
        }
    }

    fn prefix(&self) -> String {
        format!("{PREFIX}{}-{}-{}-", self.boot, self.pid, self.start)
    }

    /// Reads it back from a file's name; none of other names.
    fn of(name: &OsStr) -> Option<Self> {
        let mut parts = name.to_str()?.strip_prefix(PREFIX)?.split('-');
        let maker = Self {
            boot: parts.next()?.to_owned(),
            pid: parts.next()?.parse().ok()?,
            start: parts.next()?.parse().ok()?,
        };
        let random = parts.next()?;
        (!random.is_empty() && parts.next().is_none()).then_some(maker)
    }

    fn lives(&self) -> bool {
        start_of(self.pid) == Some(self.start)
    }
}

fn sweep_now(folder: &Path, us: &Maker) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let Some(maker) = Maker::of(&entry.file_name()) else {
            continue;
        };
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        let ours = metadata.uid() == rustix::process::geteuid().as_raw();
        let dead = if maker.boot == us.boot {
            !maker.lives()
        } else {
            // Another boot, or another machine that shares the folder and still writes.
            let age = metadata
                .modified()
                .ok()
                .and_then(|at| SystemTime::now().duration_since(at).ok());
            age.is_some_and(|age| age > A_DAY)
        };
        if ours && metadata.is_file() && dead {
            let _left = fs::remove_file(entry.path());
        }
    }
}

/// When a process began, in ticks since the boot (proc(5), `/proc/PID/stat`, field 22); none
/// of one that isn't there.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name, which may hold blanks and brackets.
    let behind_name = stat.rsplit_once(')')?.1;
    behind_name.split_whitespace().nth(19)?.parse().ok()
}

const PREFIX: &str = ".punchmark-";
const A_DAY: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use super::*;

    fn left_by(folder: &Path, maker: &Maker) -> PathBuf {
        let path = folder.join(format!("{}x7Yz", maker.prefix()));
        fs::write(&path, "half").unwrap();
        path
    }

    #[test]
    fn what_a_dead_run_left_is_taken_away_and_a_living_ones_stays() {
        let dir = tempfile::tempdir().unwrap();
        let us = Maker::this_process();
        let living = left_by(dir.path(), &us);
        // The number came again: another process has it now.
        let recycled = Maker {
            start: us.start + 1,
            ..us.clone()
        };
        let dead = left_by(dir.path(), &recycled);
        let gone = left_by(
            dir.path(),
            &Maker {
                pid: u32::MAX,
                ..us.clone()
            },
        );
        let elsewhere = left_by(
            dir.path(),
            &Maker {
                boot: "00000000".into(),
                ..us.clone()
            },
        );
        sweep_now(dir.path(), &us);
        let there = [&living, &dead, &gone, &elsewhere].map(|path| path.exists());
        assert_eq!(there, [true, false, false, true]);
    }

    #[test]
    fn what_somebody_else_named_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let us = Maker::this_process();
        let names = [
            ".punchmark-notes",
            ".punchmark-a-b-c-d",
            "x.pub",
            ".punchmark-a-1-2-",
        ];
        for name in names {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        fs::create_dir(dir.path().join(".punchmark-aaaaaaaa-1-2-folder")).unwrap();
        sweep_now(dir.path(), &us);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 5);
    }
}
