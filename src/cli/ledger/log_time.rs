//! The time that syslog and journald write before a line.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::reconcile::envelope::Stamp;

/// The Unix time of a line, if there is one that can be read: `2026-11-22T20:00:00.1+00:00`,
/// `2026-11-22T20:00:00+0000`, `2026-11-22 20:00:00`, with a zone behind it or without,
/// `Nov 22 20:00:00`, or a Unix time.
///
/// What has no zone is read in the local one; what has no year, in the newest that isn't
/// ahead of `now`.
pub(super) fn read(stamp: &Stamp<'_>, now: u64, zone: &dyn Fn() -> TimeZone) -> Option<u64> {
    let text = match stamp {
        Stamp::Seconds(seconds) => return Some(*seconds),
        Stamp::Text(text) => text.trim_start(),
    };
    let text = WEEKDAYS
        .iter()
        .find_map(|day| text.strip_prefix(day))
        .unwrap_or(text);
    let first = text.split([' ', '\t']).next()?;
    let zoned = || Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", first);
    let time = first.parse::<Timestamp>().or_else(|_| zoned()).ok();
    let time = time
        .or_else(|| date_and_time(text, zone))
        .or_else(|| without_year(text, now, &zone()))
        .or_else(|| unix(first))?;
    u64::try_from(time.as_second()).ok()
}

/// `2026-11-22 20:00:00.123 UTC web1`; another zone's name is not believed.
fn date_and_time(text: &str, zone: &dyn Fn() -> TimeZone) -> Option<Timestamp> {
    let mut words = text.split([' ', '\t']);
    let (date, time) = (words.next()?, words.next()?);
    let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S%.f", format!("{date} {time}")).ok()?;
    let zone = match words.next() {
        Some("UTC" | "GMT" | "Z") => TimeZone::UTC,
        _ => zone(),
    };
    Some(civil.to_zoned(zone).ok()?.timestamp())
}

/// `1795377600.123456`, as `journalctl -o short-unix` and JSON have it.
fn unix(text: &str) -> Option<Timestamp> {
    let seconds = text.split('.').next()?;
    let is_long = seconds.len() >= 9 && seconds.bytes().all(|byte| byte.is_ascii_digit());
    is_long
        .then(|| Timestamp::from_second(seconds.parse().ok()?).ok())
        .flatten()
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

const WEEKDAYS: [&str; 7] = ["Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "];

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 20:00:00 UTC.
    const NOW: u64 = 1_795_377_600;

    fn at(prefix: &str) -> Option<u64> {
        read(&Stamp::Text(prefix.into()), NOW, &|| TimeZone::UTC)
    }

    #[test]
    fn reads_what_syslog_and_journald_write() {
        for prefix in [
            "2026-11-22T20:00:00.000123+00:00 web1 sshd[7",
            "2026-11-22T21:00:00+0100 web1 sshd[7",
            "Nov 22 20:00:00 web1 sshd[7",
            "2026-11-22T20:00:00Z",
            "2026-11-22 20:00:00.25 web1",
            "Sun 2026-11-22 20:00:00 UTC web1",
            "1795377600.123456 web1",
            "1795377600",
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
