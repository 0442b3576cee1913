//! When the next drill with a CA's copies is due, as commands tell of it.

use jiff::Timestamp;

/// The day, and whether it is over.
pub(in crate::cli) fn in_words(due: u64, now: u64) -> String {
    let seconds = i64::try_from(due).unwrap_or(i64::MAX);
    let day = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    let day = day.strftime("%Y-%m-%d %H:%M UTC");
    if is_overdue(due, now) {
        format!("OVERDUE since {day}")
    } else {
        format!("due on {day}")
    }
}

pub(in crate::cli) fn is_overdue(due: u64, now: u64) -> bool {
    due <= now
}

/// What is to be done then.
pub(in crate::cli) const DRILL: &str =
    "hold one: `punchmark ceremony plan --kind drill` draws its plan";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_is_overdue_from_its_day_on() {
        let due = 1_796_083_200;
        let before = in_words(due, due - 1);
        assert_eq!(before, "due on 2026-12-01 00:00 UTC");
        assert_eq!(in_words(due, due), "OVERDUE since 2026-12-01 00:00 UTC");
    }
}
