//! Another clock for a child, by `faketime`.

use std::fs;
use std::path::Path;

/// The wrapper's name, once it is sure to start.
///
/// It makes a semaphore and a piece of memory that are named by its process id, and exits with 1
/// where either is there already (0.9.10): those of a wrapper that was killed stay behind, until
/// the id comes again.
pub(crate) fn faketime() -> &'static str {
    for entry in fs::read_dir("/dev/shm").unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let owner = name.to_str().and_then(owner);
        if owner.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            // Another test may have been here first.
            let _gone = fs::remove_file(entry.path());
        }
    }
    "faketime"
}

/// The process id of the wrapper that made this.
fn owner(name: &str) -> Option<&str> {
    let id = name.strip_prefix("sem.faketime_sem_");
    id.or_else(|| name.strip_prefix("faketime_shm_"))
}

#[test]
fn what_a_killed_wrapper_left_is_taken_away() {
    // No process has this id: it is above what Linux allows.
    for name in ["sem.faketime_sem_4194305", "faketime_shm_4194305"] {
        fs::write(Path::new("/dev/shm").join(name), "").unwrap();
        faketime();
        assert!(!Path::new("/dev/shm").join(name).exists(), "{name}");
    }
}
