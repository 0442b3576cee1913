//! What the log was told within the last second, by any process of this account.
//!
//! Each login is a process of its own, and writes no file. So the kernel keeps it: in one key of the
//! account's own keyring (keyrings(7)), which no other account can read or change. A kernel
//! without keys, or a container that forbids them, only means that all is told. Of two processes at
//! the very same moment, both may tell the same.

#[cfg(target_os = "linux")]
mod kernel;
/// Another kernel keeps nothing.
#[cfg(not(target_os = "linux"))]
mod kernel {
    pub(super) fn kept() -> Option<Vec<u8>> {
        None
    }

    pub(super) fn keep(_bytes: &[u8]) {}
}

use sha2::{Digest, Sha256};

/// The messages of the last second, by their hashes, each with when it was told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Recent {
    told: Vec<(u64, u64)>,
    /// The time of asking, in Unix milliseconds.
    now: u64,
}

impl Recent {
    /// Reads what the kernel keeps.
    pub(super) fn read(now: u64) -> Self {
        // What can't be read was told by nobody.
        let bytes = kernel::kept().unwrap_or_default();
        Self::of(&bytes, now)
    }

    /// Whether the same was told within the last second.
    pub(super) fn has(&self, message: u64) -> bool {
        self.told.iter().any(|(told, _)| *told == message)
    }

    /// Has the kernel keep that this was told now.
    pub(super) fn note(mut self, message: u64) {
        self.add(message);
        kernel::keep(&self.bytes());
    }

    /// What is older, or from the future of a clock that was set back, is left out.
    fn of(bytes: &[u8], now: u64) -> Self {
        let (pairs, _rest) = bytes.as_chunks::<PAIR_BYTES>();
        let pair = |pair: &[u8; PAIR_BYTES]| {
            let number = u128::from_be_bytes(*pair);
            let (message, time) = (number >> 64, number & u128::from(u64::MAX));
            Some((u64::try_from(message).ok()?, u64::try_from(time).ok()?))
        };
        let all = pairs.iter().filter_map(pair);
        let recent = all.filter(|(_, time)| {
            let age = now.checked_sub(*time);
            age.is_some_and(|age| age < SECOND)
        });
        let told = recent.collect();
        Self { told, now }
    }

    fn add(&mut self, message: u64) {
        let over = self.told.len().saturating_sub(TOLD_MAX - 1);
        self.told.drain(..over);
        self.told.push((message, self.now));
    }

    fn bytes(&self) -> Vec<u8> {
        let pairs = self.told.iter();
        pairs
            .flat_map(|(message, time)| [message.to_be_bytes(), time.to_be_bytes()].concat())
            .collect()
    }
}

/// A message by its hash: whoever can make two of one hash keeps one of their own out of the log.
pub(super) fn hash(parts: &[&[u8]]) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest
        .first_chunk()
        .map_or(0, |first| u64::from_be_bytes(*first))
}

/// In milliseconds.
const SECOND: u64 = 1_000;
const PAIR_BYTES: usize = 16;
/// Below what the kernel lets an account keep (20,000 bytes).
const TOLD_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_known_for_a_second() {
        let mut recent = Recent::of(&[], 10_000);
        assert!(!recent.has(7));
        recent.add(7);
        let bytes = recent.bytes();
        assert!(Recent::of(&bytes, 10_000).has(7));
        assert!(Recent::of(&bytes, 10_999).has(7));
        assert!(!Recent::of(&bytes, 10_999).has(8));
        assert!(!Recent::of(&bytes, 11_000).has(7));
        // A clock that was set back.
        assert!(!Recent::of(&bytes, 9_999).has(7));
    }

    #[test]
    fn it_keeps_the_newest_of_too_many() {
        let mut recent = Recent::of(&[], 10_000);
        (0..600).for_each(|message| recent.add(message));
        let read = Recent::of(&recent.bytes(), 10_001);
        assert_eq!(read.told.len(), TOLD_MAX);
        assert!(read.has(599) && read.has(88) && !read.has(87));
    }

    #[test]
    fn what_is_cut_off_is_no_entry() {
        assert!(Recent::of(&[0; 15], 0).told.is_empty());
        assert_eq!(Recent::of(&[0; 31], 0).told, [(0, 0)]);
    }

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_eq!(hash(&[b"a", b"b"]), hash(&[b"a", b"b"]));
    }
}
