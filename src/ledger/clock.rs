//! Whether the clock can be believed, before an entry is written by it.

/// A clock that no entry should be written by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// It stands before the newest entry.
    #[error("the clock stands {behind} s before the last ledger entry")]
    BehindLedger {
        /// How many seconds the clock stands before it.
        behind: u64,
    },
    /// It stands before this program was made.
    #[error("the clock stands before this version of punchmark was made")]
    BeforeBuild,
    /// No clock shows it: the system counts nanoseconds in 63 bits.
    #[error("the clock stands at {0}, which no clock shows")]
    NoClock(u64),
    /// It stands so far after the newest entry that somebody should look at it.
    #[error("the clock stands {days} days after the last ledger entry, more than {allowed}")]
    LeapAhead {
        /// How many days the clock stands after it.
        days: u64,
        /// What the config allows.
        allowed: u64,
    },
}

/// Holds `now` (Unix seconds) against the time of the last entry.
///
/// # Errors
/// [`ClockError`]. [`ClockError::LeapAhead`] may be right, if nobody signed for long: a
/// person can confirm it. The others cannot be.
pub fn check_clock(now: u64, last: Option<u64>, leap_days: u64) -> Result<(), ClockError> {
    if now < BUILT_AFTER {
        return Err(ClockError::BeforeBuild);
    }
    if now > LAST_SECOND {
        return Err(ClockError::NoClock(now));
    }
    let Some(last) = last else { return Ok(()) };
    if now.saturating_add(TOLERANCE) < last {
        return Err(ClockError::BehindLedger { behind: last - now });
    }
    let days = now.saturating_sub(last) / DAY;
    if days > leap_days {
        return Err(ClockError::LeapAhead {
            days,
            allowed: leap_days,
        });
    }
    Ok(())
}

/// No clock that is right stands before this moment (Unix seconds): the date of the commit that the
/// program was built from, where the build knows it (`scripts/reproducible`).
pub const BUILT_AFTER: u64 = later(NO_EARLIER, option_env!("SOURCE_DATE_EPOCH"));
/// 2026-11-22 00:00 UTC, for builds that know no date; no version was made before.
pub(super) const NO_EARLIER: u64 = 1_795_305_600;
/// 2262-04-11: Linux keeps the time as nanoseconds in 63 bits, and lets no later one be set.
pub(super) const LAST_SECOND: u64 = 9_223_372_036;

const fn later(least: u64, epoch: Option<&str>) -> u64 {
    let Some(epoch) = epoch else { return least };
    match u64::from_str_radix(epoch, 10) {
        Ok(built) if built > least => built,
        Ok(_) => least,
        Err(_) => panic!("SOURCE_DATE_EPOCH is no number of seconds"),
    }
}

/// Two machines, or one after a correction, may differ by a minute.
pub(super) const TOLERANCE: u64 = 60;
/// A leap of so many days wants a person's yes, where the config says nothing else: a CA that
/// signs once a year is not rare, and a clock that leaps further is.
pub const LEAP_DAYS: u64 = 400;
pub(super) const DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = BUILT_AFTER + 10_000_000;

    #[test]
    fn takes_a_clock_that_stands_up_to_a_minute_before_the_last_entry() {
        assert_eq!(check_clock(NOW, Some(NOW + 60), 400), Ok(()));
        assert_eq!(
            check_clock(NOW, Some(NOW + 61), 400),
            Err(ClockError::BehindLedger { behind: 61 })
        );
    }

    #[test]
    fn refuses_a_time_that_no_clock_shows() {
        assert_eq!(check_clock(LAST_SECOND, None, u64::MAX), Ok(()));
        for now in [LAST_SECOND + 1, u64::MAX] {
            assert_eq!(
                check_clock(now, Some(NOW), u64::MAX),
                Err(ClockError::NoClock(now))
            );
        }
    }

    #[test]
    fn refuses_a_clock_that_stands_before_the_build() {
        assert_eq!(
            check_clock(BUILT_AFTER - 1, None, 400),
            Err(ClockError::BeforeBuild)
        );
    }

    #[test]
    fn the_build_counts_from_its_commit_and_never_from_before_this_version() {
        assert_eq!(later(100, None), 100);
        assert_eq!(later(100, Some("101")), 101);
        assert_eq!(later(100, Some("99")), 100);
    }

    #[test]
    fn asks_about_a_leap_ahead() {
        assert_eq!(check_clock(NOW, Some(NOW - 400 * DAY), 400), Ok(()));
        assert_eq!(
            check_clock(NOW, Some(NOW - 401 * DAY), 400),
            Err(ClockError::LeapAhead {
                days: 401,
                allowed: 400
            })
        );
    }
}
