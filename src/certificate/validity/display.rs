//! A validity in words.

use jiff::Timestamp;

use super::FOREVER;

/// `FROM to TO UTC (LENGTH)`, also of an interval that no [`super::Validity`] can hold.
pub(in crate::certificate) fn interval(after: u64, before: u64) -> String {
    match (after, before) {
        (0, FOREVER) => "always to forever".to_owned(),
        (0, before) => format!("always to {} UTC", instant(before)),
        (after, FOREVER) => format!("{} UTC to forever", instant(after)),
        (after, before) => {
            let length = length(before.saturating_sub(after));
            format!("{} to {} UTC ({length})", instant(after), instant(before))
        }
    }
}

/// The date and time; past the year 9999, the seconds as `-V` reads them.
pub(in crate::certificate) fn instant(seconds: u64) -> String {
    let timestamp = i64::try_from(seconds)
        .ok()
        .and_then(|s| Timestamp::from_second(s).ok());
    let format = if seconds.is_multiple_of(60) {
        "%F %H:%M"
    } else {
        "%F %H:%M:%S"
    };
    match timestamp {
        Some(timestamp) => timestamp.strftime(format).to_string(),
        None => format!("{seconds:#x}"),
    }
}

/// The largest unit, and the next smaller one if it is not zero: a week and five minutes are
/// "1 week", a day and a half is "1 day 12 hours". Weeks are whole ones: 30 days stay "30 days", as they were
/// asked for.
pub(super) fn length(seconds: u64) -> String {
    let is_whole_weeks = (seconds / DAY).is_multiple_of(7);
    let units: &[_] = if is_whole_weeks { &IN_WEEKS } else { &IN_DAYS };
    let counts = units
        .iter()
        .map(|(unit, whole, name)| (seconds % whole / unit, *name));
    let mut counts = counts.skip_while(|(count, _)| *count == 0);
    let first = counts.next().unwrap_or((0, "second"));
    let second = counts.next().filter(|(count, _)| *count != 0);
    let words: Vec<String> = std::iter::once(first).chain(second).map(plural).collect();
    words.join(" ")
}

fn plural((count, name): (u64, &str)) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {name}{ending}")
}

const DAY: u64 = 86_400;

/// Seconds in a unit, in the next larger one, and its name.
const IN_WEEKS: [(u64, u64, &str); 5] = [
    (7 * DAY, u64::MAX, "week"),
    (DAY, 7 * DAY, "day"),
    HOURS,
    MINUTES,
    SECONDS,
];
const IN_DAYS: [(u64, u64, &str); 4] = [(DAY, u64::MAX, "day"), HOURS, MINUTES, SECONDS];
const HOURS: (u64, u64, &str) = (3_600, DAY, "hour");
const MINUTES: (u64, u64, &str) = (60, 3_600, "minute");
const SECONDS: (u64, u64, &str) = (1, 60, "second");

#[cfg(test)]
mod tests {
    use super::super::Validity;
    use super::{DAY, length};

    fn words(after: u64, before: u64) -> String {
        Validity::new(after, before).unwrap().to_string()
    }

    #[test]
    fn says_both_ends_and_the_length() {
        assert_eq!(
            words(1_795_341_300, 1_795_946_400),
            "2026-11-22 09:55 to 2026-11-29 10:00 UTC (1 week)"
        );
        assert_eq!(
            words(1_795_341_630, 1_795_471_200),
            "2026-11-22 10:00:30 to 2026-11-23 22:00 UTC (1 day 11 hours)"
        );
    }

    #[test]
    fn says_weeks_of_whole_weeks_alone() {
        let said = [7, 8, 14, 30, 363, 364, 365].map(|days| length(days * DAY + 300));
        let wanted = [
            "1 week", "8 days", "2 weeks", "30 days", "363 days", "52 weeks", "365 days",
        ];
        assert_eq!(said, wanted);
        assert_eq!(length(30 * DAY + 7_200), "30 days 2 hours");
        assert_eq!(length(90_000), "1 day 1 hour");
        assert_eq!(length(3_661), "1 hour 1 minute");
        assert_eq!(length(0), "0 seconds");
    }

    #[test]
    fn says_always_and_forever() {
        assert_eq!(Validity::always().to_string(), "always to forever");
        assert_eq!(words(0, 60), "always to 1970-01-01 00:01 UTC");
        assert_eq!(words(60, u64::MAX), "1970-01-01 00:01 UTC to forever");
    }

    #[test]
    fn says_times_past_the_year_9999_in_seconds() {
        assert_eq!(words(0, u64::MAX - 1), "always to 0xfffffffffffffffe UTC");
    }
}
