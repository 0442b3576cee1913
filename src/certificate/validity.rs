//! When a certificate is valid.

use std::fmt;

use jiff::tz::TimeZone;
use serde::Serialize;

use self::grammar::interval;

pub(super) mod display;
mod grammar;
mod printed;

/// An interval of Unix seconds: from `valid_after` on, until just before `valid_before`.
///
/// Never empty. PROTOCOL.certkeys: 0 is "always", 2^64 - 1 is "forever".
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
pub struct Validity {
    valid_after: u64,
    valid_before: u64,
}

/// Reads a length as `-V` writes one, without the sign: `8h`, `1d12h`; at most 2^31 - 1
/// seconds.
#[must_use]
pub fn length_in_seconds(text: &str) -> Option<u64> {
    (text.len() <= LONGEST_LENGTH)
        .then(|| grammar::seconds(text))
        .flatten()
}

/// A length in words, in two units at most: `1 day 12 hours`.
#[must_use]
pub fn length(seconds: u64) -> String {
    display::length(seconds)
}

impl Validity {
    /// Takes an interval of Unix seconds.
    ///
    /// # Errors
    /// If it ends before or when it begins.
    pub fn new(valid_after: u64, valid_before: u64) -> Result<Self, ValidityError> {
        if valid_before <= valid_after {
            return Err(ValidityError::EndsBeforeItBegins);
        }
        Ok(Self {
            valid_after,
            valid_before,
        })
    }

    /// From always to forever: what ssh-keygen makes without `-V`.
    #[must_use]
    pub fn always() -> Self {
        Self {
            valid_after: 0,
            valid_before: FOREVER,
        }
    }

    /// Reads what `ssh-keygen -V` reads; `now` is in Unix seconds.
    ///
    /// `+REL`, which begins one to two minutes before now, or `FROM:TO`. Each of the two is
    /// `+REL` or `-REL`, `0x` and hexadecimal Unix seconds, or `YYYYMMDD[HHMM[SS]]`, in `zone`
    /// or, with `Z` or `UTC` behind it, in UTC; FROM may be `always`, TO `forever`. REL is
    /// numbers with units `s m h d w` (none is seconds), up to 2^31 - 1 seconds.
    ///
    /// Beyond ssh-keygen, dates as this program prints them: `YYYY-MM-DD[ HH:MM[:SS]]`, always
    /// in UTC; one of them alone is the end of what begins as `+REL` does.
    ///
    /// Stricter than ssh-keygen: dates and local times must exist and not be before 1970.
    /// `zone` is called only where a local time has to be read.
    /// A local time that comes twice, when clocks are set back, is the earlier one.
    ///
    /// # Errors
    /// If the text is not of this grammar, or the interval empty or not representable.
    pub fn parse(spec: &str, now: u64, zone: &dyn Fn() -> TimeZone) -> Result<Self, ValidityError> {
        let (valid_after, valid_before) = interval(spec, now, zone)?;
        Self::new(valid_after, valid_before)
    }

    /// Whether a text of [`Self::parse`] names the end alone, as `+8h` and `2026-12-01` do.
    #[must_use]
    pub fn is_from_now(spec: &str) -> bool {
        grammar::is_from_now(spec)
    }

    /// The first second in which it is valid; 0 is "always".
    #[must_use]
    pub fn valid_after(&self) -> u64 {
        self.valid_after
    }

    /// The first second in which it is no longer valid; 2^64 - 1 is "forever".
    #[must_use]
    pub fn valid_before(&self) -> u64 {
        self.valid_before
    }

    /// Whether it never ends.
    #[must_use]
    pub fn is_forever(&self) -> bool {
        self.valid_before == FOREVER
    }

    /// Whether it is valid at a time, in Unix seconds.
    #[must_use]
    pub fn contains(&self, time: u64) -> bool {
        self.valid_after <= time && time < self.valid_before
    }
}

impl fmt::Display for Validity {
    /// `2026-11-22 09:55 to 2026-11-29 10:00 UTC (1 week)`: UTC, the length in two units.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&display::interval(self.valid_after, self.valid_before))
    }
}

/// Why a text is no validity.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ValidityError {
    /// Longer than any interval is written.
    #[error("validity interval is longer than {limit} bytes")]
    TooLong {
        /// The longest that is read, in bytes.
        limit: usize,
    },
    /// Neither `+REL` nor `FROM:TO`.
    #[error("{0:?} is no validity interval")]
    Form(String),
    /// A sign, but no numbers with units behind it, or too large a sum.
    #[error("{0:?} is no relative time of at most 2147483647 seconds")]
    Relative(String),
    /// `0x`, but no hexadecimal number of 64 bits behind it.
    #[error("{0:?} is no hexadecimal number of at most 64 bits")]
    Hexadecimal(String),
    /// Neither a date nor a date and time.
    #[error("{0:?} is no date (YYYYMMDD, YYYY-MM-DD) or date and time (YYYYMMDDHHMM[SS])")]
    Date(String),
    /// 30 February, 25 o'clock, or an hour that the clocks skip.
    #[error("{0:?} does not exist in the calendar")]
    NoSuchTime(String),
    /// A certificate counts seconds from 1970.
    #[error("{0:?} is before 1970")]
    Before1970(String),
    /// A time after 2^64 - 1 seconds.
    #[error("{0:?} is too far ahead")]
    TooFar(String),
    /// An empty interval.
    #[error("validity ends before it begins")]
    EndsBeforeItBegins,
}

/// The longest text of a length, in bytes.
const LONGEST_LENGTH: usize = 64;
/// `valid_before` of a certificate that never expires.
const FOREVER: u64 = u64::MAX;
