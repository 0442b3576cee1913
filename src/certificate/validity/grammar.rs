//! The grammar of `ssh-keygen -V`.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{FOREVER, ValidityError, printed};

/// The zone of dates without one. Finding it reads the system's list of all zones, so it is
/// asked for only where there is such a date.
pub(super) type Zone<'a> = &'a dyn Fn() -> TimeZone;

/// Reads `+REL`, `DATE` or `FROM:TO` into `valid_after` and `valid_before`.
pub(super) fn interval(spec: &str, now: u64, zone: Zone<'_>) -> Result<(u64, u64), ValidityError> {
    if spec.len() > MAX_LEN {
        return Err(ValidityError::TooLong { limit: MAX_LEN });
    }
    if let Some((from, to)) = halves(spec) {
        return Ok((begin(from, now, zone)?, end(to, now, zone)?));
    }
    if is_from_now(spec) {
        return Ok((one_minute_back(now), instant(spec, now, zone)?));
    }
    Err(ValidityError::Form(spec.to_owned()))
}

/// Whether it is an end alone, of what begins about now.
pub(super) fn is_from_now(spec: &str) -> bool {
    spec.starts_with('+') && !spec.contains(':') || printed::digits(spec).is_some()
}

/// Splits at the one colon that has a whole end on either side: those of `09:55` have not.
///
/// There is never a second one (a test holds that). Where there is but one colon, what stands
/// beside it is taken for ends, so that it can be said what is wrong with them.
fn halves(spec: &str) -> Option<(&str, &str)> {
    if printed::digits(spec).is_some() {
        return None;
    }
    let mut colons = spec.match_indices(':').map(|(at, _)| at);
    let at = match (colons.next(), colons.next()) {
        (Some(only), None) => only,
        _ => whole_splits(spec).next()?,
    };
    let (from, to) = (spec.get(..at)?, spec.get(at + 1..)?);
    (!from.is_empty() && !to.is_empty()).then_some((from, to))
}

/// Where colons stand that leave two whole ends.
fn whole_splits(spec: &str) -> impl Iterator<Item = usize> {
    let colons = spec.match_indices(':').map(|(at, _)| at);
    colons.filter(|at| {
        let ends = [spec.get(..*at), spec.get(at + 1..)];
        ends.into_iter().all(|end| end.is_some_and(is_whole))
    })
}

/// Whether a text has the form of an end, whatever it says.
fn is_whole(text: &str) -> bool {
    printed::digits(text).is_some() || !text.is_empty() && !text.contains(':')
}

/// At least 59 seconds ago, at a full minute: for hosts whose clocks are behind.
fn one_minute_back(now: u64) -> u64 {
    let back = now.saturating_sub(59);
    back.saturating_sub(back % MINUTE)
}

fn begin(text: &str, now: u64, zone: Zone<'_>) -> Result<u64, ValidityError> {
    match text {
        "always" => Ok(0),
        _ => instant(text, now, zone),
    }
}

fn end(text: &str, now: u64, zone: Zone<'_>) -> Result<u64, ValidityError> {
    match text {
        "forever" => Ok(FOREVER),
        _ => instant(text, now, zone),
    }
}

fn instant(text: &str, now: u64, zone: Zone<'_>) -> Result<u64, ValidityError> {
    if text.starts_with(['+', '-']) {
        relative(text, now)
    } else if let Some(digits) = text.strip_prefix("0x") {
        hexadecimal(digits).ok_or_else(|| ValidityError::Hexadecimal(text.to_owned()))
    } else if let Some(digits) = printed::digits(text) {
        in_zone(&digits, text, &TimeZone::UTC)
    } else {
        absolute(text, zone)
    }
}

/// `from_str_radix` would also take a sign.
fn hexadecimal(digits: &str) -> Option<u64> {
    let pure = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    pure.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

fn relative(text: &str, now: u64) -> Result<u64, ValidityError> {
    let fault = || ValidityError::Relative(text.to_owned());
    match text.strip_prefix('-') {
        Some(back) => now
            .checked_sub(seconds(back).ok_or_else(fault)?)
            .ok_or_else(|| ValidityError::Before1970(text.to_owned())),
        None => now
            .checked_add(text.strip_prefix('+').and_then(seconds).ok_or_else(fault)?)
            .ok_or_else(|| ValidityError::TooFar(text.to_owned())),
    }
}

/// Sums numbers with units; OpenSSH holds the sum in an `int`.
pub(super) fn seconds(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut rest = text;
    let mut sum: u64 = 0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(digits)?;
        let mut tail = tail.chars();
        let length = number
            .parse::<u64>()
            .ok()?
            .checked_mul(unit(tail.next())?)?;
        sum = sum.checked_add(length)?;
        rest = tail.as_str();
    }
    (sum <= MAX_RELATIVE).then_some(sum)
}

/// Seconds in a unit; no unit means seconds.
fn unit(letter: Option<char>) -> Option<u64> {
    Some(match letter.map(|letter| letter.to_ascii_lowercase()) {
        None | Some('s') => 1,
        Some('m') => MINUTE,
        Some('h') => HOUR,
        Some('d') => DAY,
        Some('w') => WEEK,
        Some(_) => return None,
    })
}

/// `YYYYMMDD[HHMM[SS]]`, with `Z` or `UTC` for UTC.
fn absolute(text: &str, zone: Zone<'_>) -> Result<u64, ValidityError> {
    let upper = text.to_ascii_uppercase();
    let utc = upper
        .strip_suffix('Z')
        .or_else(|| upper.strip_suffix("UTC"));
    let zone = match utc {
        Some(_) => TimeZone::UTC,
        None => zone(),
    };
    let digits = utc.unwrap_or(&upper);
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ValidityError::Date(text.to_owned()));
    }
    in_zone(digits, text, &zone)
}

/// The time that these digits say in a zone; `text` is what was typed.
fn in_zone(digits: &str, text: &str, zone: &TimeZone) -> Result<u64, ValidityError> {
    let seconds = civil(digits)
        .and_then(|time| unix_seconds(time, zone))
        .ok_or_else(|| ValidityError::NoSuchTime(text.to_owned()))?;
    u64::try_from(seconds).map_err(|_negative| ValidityError::Before1970(text.to_owned()))
}

fn civil(digits: &str) -> Option<DateTime> {
    let field = |from: usize, to: usize| digits.get(from..to).unwrap_or("0").parse::<i8>().ok();
    let year = digits.get(..4)?.parse::<i16>().ok()?;
    let (month, day) = (field(4, 6)?, field(6, 8)?);
    DateTime::new(
        year,
        month,
        day,
        field(8, 10)?,
        field(10, 12)?,
        field(12, 14)?,
        0,
    )
    .ok()
}

/// None for a time that the zone's clocks skip.
fn unix_seconds(time: DateTime, zone: &TimeZone) -> Option<i64> {
    let instant = zone.to_ambiguous_timestamp(time);
    match instant.offset() {
        AmbiguousOffset::Gap { .. } => None,
        _ => Some(instant.earlier().ok()?.as_second()),
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// The longest specification that is read, in bytes.
const MAX_LEN: usize = 256;

/// `INT_MAX` of C.
const MAX_RELATIVE: u64 = 2_147_483_647;

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::{Validity, ValidityError};

    /// 2026-11-22 10:00:30 UTC
    const NOW: u64 = 1_795_341_630;

    fn parse(spec: &str) -> Result<(u64, u64), ValidityError> {
        let zone = || TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        Validity::parse(spec, NOW, &zone).map(|v| (v.valid_after(), v.valid_before()))
    }

    fn end(spec: &str) -> Result<u64, ValidityError> {
        parse(&format!("always:{spec}")).map(|(_, end)| end)
    }

    #[test]
    fn a_lone_relative_time_begins_at_the_minute_before() {
        assert_eq!(parse("+1w"), Ok((NOW - 90, NOW + 604_800)));
        let zone = || TimeZone::UTC;
        for (now, after) in [(0, 0), (58, 0), (119, 60), (178, 60), (179, 120)] {
            assert_eq!(
                Validity::parse("+1h", now, &zone).unwrap().valid_after(),
                after
            );
        }
    }

    #[test]
    fn reads_every_unit_in_both_cases_and_compounds() {
        for (spec, length) in [
            ("+10", 10),
            ("+10s", 10),
            ("+1m30", 90),
            ("+1H", 3_600),
            ("+1D", 86_400),
            ("+1w2d3h4m5s", 788_645),
            ("+4M1h", 3_840),
            ("+2147483647", 2_147_483_647),
        ] {
            assert_eq!(end(spec), Ok(NOW + length), "{spec}");
        }
        assert_eq!(parse("-5m:-1m"), Ok((NOW - 300, NOW - 60)));
    }

    #[test]
    fn refuses_relative_times_that_are_not_one() {
        for spec in [
            "+",
            "-",
            "+s",
            "+1x",
            "+1 h",
            "++1h",
            "+-1h",
            "+1.5h",
            "+2147483648",
            "+99999999999999999999w",
            "+é",
        ] {
            assert_eq!(end(spec), Err(ValidityError::Relative(spec.to_owned())));
        }
    }

    #[test]
    fn reads_dates_in_the_zone_and_in_utc() {
        for (spec, seconds) in [
            ("20261122", 1_795_302_000),
            ("202611221100", 1_795_341_600),
            ("20261122110030", NOW),
            ("20261122Z", 1_795_305_600),
            ("202611221000z", 1_795_341_600),
            ("20261122100030utc", NOW),
            ("20260701", 1_782_856_800),
            ("0x6b0", 0x6b0),
            ("0xFFFFFFFFFFFFFFFE", u64::MAX - 1),
            ("forever", u64::MAX),
        ] {
            assert_eq!(end(spec), Ok(seconds), "{spec}");
        }
    }

    #[test]
    fn refuses_times_that_the_calendar_or_the_clocks_skip() {
        for spec in [
            "20260230",
            "20261301",
            "20260000",
            "202601012400",
            "20260101236060",
            "20250229Z",
            "202603290230",
        ] {
            assert_eq!(end(spec), Err(ValidityError::NoSuchTime(spec.to_owned())));
        }
    }

    #[test]
    fn takes_the_earlier_of_a_local_time_that_comes_twice() {
        assert_eq!(end("202610250230"), end("202610250030Z"));
    }

    #[test]
    fn refuses_what_is_no_date() {
        for spec in [
            "2026",
            "2026112",
            "2026112210",
            "2026-1-1",
            "always",
            "Forever",
            "Z",
            "2026112é",
            " 2026112",
        ] {
            let found = end(spec).unwrap_err();
            assert!(
                matches!(found, ValidityError::Date(_) | ValidityError::Relative(_)),
                "{found}"
            );
        }
        for spec in ["0x", "0xg", "0x-1", "0x+1", "0x10000000000000000"] {
            assert_eq!(end(spec), Err(ValidityError::Hexadecimal(spec.to_owned())));
        }
    }

    #[test]
    fn reads_dates_as_they_are_printed_in_utc() {
        for (spec, seconds) in [
            ("2026-11-22", 1_795_305_600),
            ("2026-11-22 10:00", 1_795_341_600),
            ("2026-11-22 10:00:30", NOW),
            ("2026-11-22 10:00:30 UTC", NOW),
            ("2026-11-22T10:00:30Z", NOW),
            ("2026-11-22Z", 1_795_305_600),
        ] {
            assert_eq!(end(spec), Ok(seconds), "{spec}");
        }
        assert_eq!(
            parse("2026-11-22 09:55:2026-11-22 10:00:30"),
            Ok((NOW - 330, NOW))
        );
        assert_eq!(
            parse("2026-11-21:20261123Z"),
            Ok((1_795_219_200, 1_795_392_000))
        );
        let printed = Validity::new(NOW - 330, NOW + 7).unwrap().to_string();
        let (ends, _length) = printed.split_once(" (").unwrap();
        let (from, to) = ends.split_once(" to ").unwrap();
        assert_eq!(parse(&format!("{from}:{to}")), Ok((NOW - 330, NOW + 7)));
    }

    #[test]
    fn a_lone_printed_date_is_the_end_of_what_begins_at_the_minute_before() {
        assert_eq!(parse("2026-12-01"), Ok((NOW - 90, 1_796_083_200)));
        assert_eq!(parse("2026-12-01 09:55"), Ok((NOW - 90, 1_796_118_900)));
        assert_eq!(parse("2026-11-01"), Err(ValidityError::EndsBeforeItBegins));
    }

    #[test]
    fn refuses_printed_dates_that_are_none() {
        for spec in ["2026-02-30", "2026-11-22 24:00", "2026-13-01 09:55"] {
            assert_eq!(end(spec), Err(ValidityError::NoSuchTime(spec.to_owned())));
        }
        for spec in [
            "2026-11-22 9:55",
            "2026-11-22  09:55",
            "2026-11-22 09",
            "26-11-22",
            "2026-11-22 09:55:3",
            "2026-11-22 UTC UTC",
        ] {
            assert!(end(spec).is_err(), "{spec}");
        }
    }

    /// Every text of one to three colons between parts that ends are made of.
    #[test]
    fn no_text_splits_in_two_ways() {
        const PARTS: [&str; 14] = [
            "",
            "always",
            "forever",
            "+1h",
            "-30",
            "30",
            "09",
            "0x30",
            "20261122",
            "2026-11-22",
            "2026-11-22 09",
            "2026-11-22 10",
            "55 UTC",
            "2026-11-22Z",
        ];
        let mut texts: Vec<String> = PARTS.map(str::to_owned).to_vec();
        for _ in 0..3 {
            let longer = texts.iter().flat_map(|text| {
                let part = PARTS.iter();
                part.map(move |part| format!("{text}:{part}"))
            });
            texts = longer.collect();
            let readings = |text: &String| super::whole_splits(text).count();
            let two = texts.iter().find(|text| readings(text) > 1);
            assert_eq!(two, None);
        }
    }

    #[test]
    fn refuses_what_is_no_interval() {
        for spec in [
            "",
            ":",
            "always:",
            ":forever",
            "forever",
            "-1h",
            "20261122",
            "always:+1h:",
        ] {
            assert_eq!(parse(spec), Err(ValidityError::Form(spec.to_owned())));
        }
        let long = "+".to_owned() + &"1".repeat(256);
        assert_eq!(parse(&long), Err(ValidityError::TooLong { limit: 256 }));
    }

    #[test]
    fn refuses_times_before_1970_and_past_the_end() {
        assert_eq!(
            end("19691231Z"),
            Err(ValidityError::Before1970("19691231Z".to_owned()))
        );
        let zone = || TimeZone::UTC;
        assert_eq!(
            Validity::parse("-11:forever", 10, &zone),
            Err(ValidityError::Before1970("-11".to_owned()))
        );
        assert_eq!(
            Validity::parse("always:+2", u64::MAX - 1, &zone),
            Err(ValidityError::TooFar("+2".to_owned()))
        );
    }

    #[test]
    fn refuses_an_interval_that_ends_before_or_when_it_begins() {
        for spec in ["20261123:20261122", "+1h:+1h", "+1h:-1h", "0x10:0xf"] {
            assert_eq!(parse(spec), Err(ValidityError::EndsBeforeItBegins));
        }
    }
}
