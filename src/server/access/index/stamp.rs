//! The state of the list that an index was made of.

use rustix::fs::Stat;

/// What tells one state of a file from another, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    size: u64,
    modified: [i64; 2],
    changed: [i64; 2],
}

impl Stamp {
    /// Of a file as the system has it.
    #[must_use]
    #[allow(
        clippy::unnecessary_fallible_conversions,
        clippy::useless_conversion,
        reason = "another system counts in another width"
    )]
    pub fn of(stat: &Stat) -> Self {
        Self {
            inode: stat.st_ino,
            size: u64::try_from(stat.st_size).unwrap_or(u64::MAX),
            modified: [
                stat.st_mtime,
                i64::try_from(stat.st_mtime_nsec).unwrap_or(i64::MAX),
            ],
            changed: [
                stat.st_ctime,
                i64::try_from(stat.st_ctime_nsec).unwrap_or(i64::MAX),
            ],
        }
    }

    /// The bytes of the file.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The first second in which a change of the file would show in its times: one that follows
    /// another at once may leave them as they are.
    #[must_use]
    pub fn settled(&self) -> u64 {
        let [modified, _] = self.modified;
        let [changed, _] = self.changed;
        let last = u64::try_from(modified.max(changed)).unwrap_or(0);
        last.saturating_add(SETTLING_SECONDS)
    }

    pub(super) fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let numbers = [self.inode, self.size].map(u64::to_be_bytes);
        let [[a, b], [c, d]] = [self.modified, self.changed];
        let times = [a, b, c, d].map(i64::to_be_bytes);
        let all = numbers.iter().chain(&times).flatten();
        bytes.iter_mut().zip(all).for_each(|(to, from)| *to = *from);
        bytes
    }
}

/// The bytes that a stamp takes in an index.
pub(super) const BYTES: usize = 48;
/// A file system may keep times of two seconds.
const SETTLING_SECONDS: u64 = 2;
