//! A minute in UTC, as plans, paper and transcripts write it: `2026-12-01T08:00Z`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A minute, by its first second in Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(u64);

/// A text that is no minute in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a time is absolute, in UTC, and one of the calendar from 1970 to 9999, as 2026-12-01T08:00Z: no machine without a network knows what \"now\" is"
)]
pub struct InstantError;

impl Instant {
    /// The minute that a second lies in.
    #[must_use]
    pub fn of(seconds: u64) -> Self {
        Self(seconds - seconds % 60)
    }

    /// Its first second, in Unix time.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0
    }

    /// How far two are apart, in seconds.
    #[must_use]
    pub fn apart(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }
}

impl FromStr for Instant {
    type Err = InstantError;

    /// Strict: one form, so that a time reads back as it was written.
    fn from_str(text: &str) -> Result<Self, InstantError> {
        let read = DateTime::strptime(FORM, text).map_err(|_form| InstantError)?;
        let read = read
            .to_zoned(TimeZone::UTC)
            .map_err(|_range| InstantError)?;
        let seconds =
            u64::try_from(read.timestamp().as_second()).map_err(|_before| InstantError)?;
        let instant = Self(seconds);
        if instant.to_string() == text {
            Ok(instant)
        } else {
            Err(InstantError)
        }
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(self.0, FORM))
    }
}

/// A second of Unix time, as `2026-12-01T08:00:59Z`.
pub(super) fn to_the_second(seconds: u64) -> String {
    written(seconds, SECOND)
}

/// The second that a text is; strict, so that it reads back as it was written.
pub(super) fn second(text: &str) -> Option<u64> {
    let read = DateTime::strptime(SECOND, text).ok()?;
    let read = read.to_zoned(TimeZone::UTC).ok()?;
    let second = u64::try_from(read.timestamp().as_second()).ok()?;
    (to_the_second(second) == text).then_some(second)
}

fn written(seconds: u64, form: &str) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    match Timestamp::from_second(seconds) {
        Ok(time) => time.to_zoned(TimeZone::UTC).strftime(form).to_string(),
        Err(_range) => "after the year 9999".to_owned(),
    }
}

const FORM: &str = "%Y-%m-%dT%H:%MZ";
const SECOND: &str = "%Y-%m-%dT%H:%M:%SZ";

/// How far clocks may be apart, in seconds.
pub(super) const FIVE_MINUTES: u64 = 5 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_reads_back_as_it_was_written() {
        let time: Instant = "2026-12-01T08:00Z".parse().unwrap();
        assert_eq!(time.seconds(), 1_796_112_000);
        assert_eq!(time.to_string(), "2026-12-01T08:00Z");
        assert_eq!(Instant::of(1_796_112_059), time);
    }

    #[test]
    fn a_second_reads_back_as_it_was_written() {
        let written = to_the_second(1_796_112_059);
        assert_eq!(written, "2026-12-01T08:00:59Z");
        assert_eq!(second(&written), Some(1_796_112_059));
        for text in [
            "",
            "2026-12-01T08:00Z",
            "2026-12-01 08:00:59Z",
            "2026-12-01T08:00:59Z ",
        ] {
            assert_eq!(second(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_relative_local_or_otherwise_written_is_refused() {
        for text in [
            "",
            "+8h",
            "now",
            "2026-12-01",
            "2026-12-01T08:00",
            "2026-12-01T08:00+01:00",
            "2026-12-01 08:00Z",
            "2026-12-01T08:00:00Z",
            " 2026-12-01T08:00Z",
            "2026-12-01T24:00Z",
            "1969-12-31T23:59Z",
            "2026-2-1T08:00Z",
            "2026-12-01T08:00z",
        ] {
            assert_eq!(text.parse::<Instant>(), Err(InstantError), "{text:?}");
        }
    }
}
