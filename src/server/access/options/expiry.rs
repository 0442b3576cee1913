//! `expiry-time`: until when a line counts.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A time as `expiry-time` writes it: a date, with `Z` in UTC, else in the zone of whoever reads
/// it (sshd(8); `parse_absolute_time` of OpenSSH).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    time: DateTime,
    utc: bool,
}

impl Expiry {
    /// Reads `YYYYMMDD[HHMM[SS]]`, with `Z` or `UTC` behind it or nothing; none for a time that
    /// no calendar has, or that is before 1971.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, zone) = text.split_at_checked(digits)?;
        let utc = ["Z", "UTC"]
            .iter()
            .any(|utc| zone.eq_ignore_ascii_case(utc));
        if !utc && !zone.is_empty() {
            return None;
        }
        let time = civil(digits)?;
        (time.year() > 1970).then_some(Self { time, utc })
    }

    /// Whether it says its zone itself.
    #[must_use]
    pub fn is_utc(&self) -> bool {
        self.utc
    }

    /// The Unix second, which is the last one that counts; `zone` is that of the machine.
    ///
    /// A time that clocks skip counts as if they did not, one that comes twice as its first.
    #[must_use]
    pub fn seconds(&self, zone: &dyn Fn() -> TimeZone) -> i64 {
        let zone = if self.utc { TimeZone::UTC } else { zone() };
        // Out of jiff's range: as far ahead as no clock stands.
        zone.to_timestamp(self.time)
            .map_or(i64::MAX, |time| time.as_second())
    }
}

fn civil(digits: &str) -> Option<DateTime> {
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i8>().ok();
    let year = digits.get(0..4)?.parse().ok()?;
    let (hour, minute, second) = match digits.len() {
        8 => (0, 0, 0),
        12 => (number(8..10)?, number(10..12)?, 0),
        14 => (number(8..10)?, number(10..12)?, number(12..14)?),
        _ => return None,
    };
    DateTime::new(year, number(4..6)?, number(6..8)?, hour, minute, second, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_with_z_is_in_utc_and_one_without_in_the_zone_of_the_machine() {
        let zone = || TimeZone::fixed(jiff::tz::offset(2));
        let seconds = |text| Expiry::parse(text).unwrap().seconds(&zone);
        assert_eq!(seconds("20270101Z"), 1_798_761_600);
        assert_eq!(seconds("20270101UTC"), 1_798_761_600);
        assert_eq!(seconds("20270101"), 1_798_761_600 - 7_200);
        assert_eq!(seconds("202701010100z"), 1_798_765_200);
        assert_eq!(seconds("20270101010001Z"), 1_798_765_201);
    }

    #[test]
    fn what_no_calendar_has_is_no_time() {
        for text in [
            "",
            "Z",
            "2027",
            "20270229",
            "20271301",
            "2027010124",
            "202701012400",
            "202701010060",
            "20270101ZZ",
            "20270101 ",
            "19700101Z",
            "19691231",
            "+2027010",
            "2027010100000",
        ] {
            assert_eq!(Expiry::parse(text), None, "{text}");
        }
        assert!(Expiry::parse("20280229").is_some());
    }
}
