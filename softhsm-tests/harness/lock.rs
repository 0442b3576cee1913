//! Who holds a lock of a file, told without taking it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Whether some process holds flock(2) on a file, by the system's list (proc(5)). To try the lock would keep it
/// for a moment from the very process that is waited for. One reading of the list may miss a lock that is held,
/// when others let go meanwhile: it isn't held when each of several lacks it.
pub(crate) fn is_held(path: &Path) -> bool {
    let stat = fs::metadata(path).unwrap();
    let (major, minor) = (rustix::fs::major(stat.dev()), rustix::fs::minor(stat.dev()));
    let file = format!("{major:02x}:{minor:02x}:{}", stat.ino());
    (0..20).any(|_| {
        let locks = fs::read_to_string("/proc/locks").unwrap();
        locks.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.get(1) == Some(&"FLOCK") && words.get(5) == Some(&file.as_str())
        })
    })
}

#[test]
fn a_lock_is_seen_while_it_is_held() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(!is_held(file.path()));
    file.as_file().lock().unwrap();
    assert!(is_held(file.path()));
    file.as_file().unlock().unwrap();
    assert!(!is_held(file.path()));
}
