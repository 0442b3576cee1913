//! How old a list is, and what that means for whom.

use jiff::tz::TimeZone;

use super::header::Header;

/// The time of a question: an argument, like all that a decision depends on.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// The clock, in Unix seconds.
    pub now: u64,
    /// When somebody with the key of `@fresh` said last that nothing newer is there.
    pub refreshed: Refreshed,
    /// The machine's own zone; asked for only where a time doesn't say its zone.
    pub zone: &'a dyn Fn() -> TimeZone,
}

/// When it was said last that nothing newer than a list is there, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// Nobody said it: the list's `@version` alone counts.
    Never,
    /// By the word beside the list.
    At(u64),
    /// Right now, since the list is reviewed as it will be when it is published, whatever its `@version`.
    AsPublished,
}

impl From<Option<u64>> for Refreshed {
    fn from(told: Option<u64>) -> Self {
        told.map_or(Self::Never, Self::At)
    }
}

/// Why a list counts for some alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Staleness {
    /// Nothing newer came.
    #[error("the list is {age} s old")]
    Old {
        /// How old, in seconds.
        age: u64,
    },
    /// The list is from the future: its age isn't known.
    #[error("the clock is {seconds} s behind the list")]
    ClockBehind {
        /// By how much, in seconds.
        seconds: u64,
    },
    /// Nobody with the key of `@fresh` has said anything yet.
    #[error("the age of the list is not known")]
    Unknown,
}

impl Moment<'_> {
    /// Whether the list is older than its own `@stale` line allows.
    #[must_use]
    pub fn staleness(&self, header: &Header) -> Option<Staleness> {
        let limit = header.stale()?.seconds();
        let told = match self.refreshed {
            Refreshed::AsPublished => return None,
            Refreshed::At(time) => Some(time),
            Refreshed::Never => None,
        };
        let Some(newest) = header.version().max(told) else {
            return Some(Staleness::Unknown);
        };
        let ahead = newest.saturating_sub(self.now);
        if ahead > AHEAD_MAX {
            return Some(Staleness::ClockBehind { seconds: ahead });
        }
        let age = self.now.saturating_sub(newest);
        (age > limit).then_some(Staleness::Old { age })
    }
}

/// How far a clock may stand behind a list that is fresh, in seconds.
const AHEAD_MAX: u64 = 5 * 60;
