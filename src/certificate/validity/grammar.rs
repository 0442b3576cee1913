//! The grammar of `ssh-keygen -V`.

#[cfg(test)]
mod tests;

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
