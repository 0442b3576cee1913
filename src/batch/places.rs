//! Where the certificates of a run go: each place once, or one would be lost.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use crate::config::working_folder;

/// The places so far, by a hash of eight bytes each: what a run of many keys has to remember.
pub(super) struct Places {
    folder: PathBuf,
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            folder: working_folder(),
            seen: HashSet::new(),
            hasher: RandomState::new(),
        }
    }
}

impl Places {
    /// Whether nothing went there before, however its path was written; links are not followed.
    pub(super) fn is_new(&mut self, place: &Path) -> bool {
        let whole: PathBuf = self.folder.join(place).components().collect();
        self.seen.insert(self.hasher.hash_one(whole.as_os_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_new_once_however_it_is_written() {
        let mut places = Places::default();
        assert!(places.is_new(Path::new("a-cert.pub")));
        assert!(places.is_new(Path::new("b/a-cert.pub")));
        for again in [
            "a-cert.pub",
            "./a-cert.pub",
            "b//a-cert.pub",
            "b/./a-cert.pub",
        ] {
            assert!(!places.is_new(Path::new(again)), "{again}");
        }
        let whole = working_folder().join("a-cert.pub");
        assert!(!places.is_new(&whole));
    }
}
