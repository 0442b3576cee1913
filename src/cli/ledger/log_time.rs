//! The time that syslog and journald write before a line.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The Unix time at the beginning of `prefix`, if there is one that can be read:
/// `2026-11-22T20:00:00.123456+00:00`, `2026-11-22T20:00:00+0000` or `Nov 22 20:00:00`.
///
/// The last is read in the local zone, and in the newest year that isn't ahead of `now`.
pub(super) fn read(prefix: &str, now: u64, zone: &dyn Fn() -> TimeZone) -> Option<u64> {
    let first = prefix.split(' ').next()?;
    let zoned = || Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", first);
    let time = first.parse::<Timestamp>().or_else(|_| zoned()).ok();
    let time = time.or_else(|| without_year(prefix, now, &zone()))?;
    u64::try_from(time.as_second()).ok()
}

fn without_year(prefix: &str, now: u64, zone: &TimeZone) -> Option<Timestamp> {
    let now = Timestamp::from_second(i64::try_from(now).ok()?).ok()?;
    let year = Zoned::new(now, zone.clone()).year();
    // A day ahead may be a clock that is fast; more is last year's.
    let latest = now.as_second().checked_add(86_400)?;
    [year + 1, year, year - 1].into_iter().find_map(|year| {
        let text = format!("{year} {}", prefix.get(..15)?);
        let civil = DateTime::strptime("%Y %b %e %H:%M:%S", &text).ok()?;
        let time = civil.to_zoned(zone.clone()).ok()?.timestamp();
        (time.as_second() <= latest).then_some(time)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 20:00:00 UTC.
    const NOW: u64 = 1_795_377_600;

    fn at(prefix: &str) -> Option<u64> {
        read(prefix, NOW, &|| TimeZone::UTC)
    }

    #[test]
    fn reads_what_syslog_and_journald_write() {
        for prefix in [
            "2026-11-22T20:00:00.000123+00:00 web1 sshd[7",
            "2026-11-22T21:00:00+0100 web1 sshd[7",
            "Nov 22 20:00:00 web1 sshd[7",
        ] {
            assert_eq!(at(prefix), Some(NOW), "{prefix}");
        }
        assert_eq!(at("Nov  2 20:00:00 web1 sshd[7"), Some(NOW - 20 * 86_400));
    }

    #[test]
    fn a_date_ahead_is_of_last_year() {
        assert_eq!(at("Dec 22 20:00:00 web1"), Some(NOW - 335 * 86_400));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for prefix in [
            "",
            "web1",
            "Nov 31 20:00:00 x",
            "2026-11-22T20:00:00 x",
            "é Nov 22 20:00:00",
        ] {
            assert_eq!(at(prefix), None, "{prefix}");
        }
    }
}
