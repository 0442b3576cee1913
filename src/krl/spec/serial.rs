//! The serials of a specification's line.

use super::super::serials::SerialRange;
use super::Fault;

/// Reads `N` or `N-M`, each number as C's `strtoull` reads it.
pub(super) fn range(text: &[u8]) -> Result<SerialRange, Fault> {
    let (first, rest) = number(text)?;
    match rest {
        [] if !text.is_empty() => Ok(SerialRange::one(first)?),
        [b'-', last @ ..] => {
            let (last, rest) = number(last)?;
            if !rest.is_empty() || text.ends_with(b"-") {
                return Err(SerialError::Malformed.into());
            }
            if last <= first {
                return Err(SerialError::NoRange { first, last }.into());
            }
            Ok(SerialRange::new(first, last)?)
        }
        _ => Err(SerialError::Malformed.into()),
    }
}

/// Why a text names no serials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SerialError {
    /// No number, and no two numbers with a `-` between them.
    #[error("neither a serial nor a range of serials")]
    Malformed,
    /// More than 2^64 - 1.
    #[error("a serial beyond 2^64 - 1")]
    TooLarge,
    /// A range must end above its start.
    #[error("the serial range {first} to {last} has no second serial")]
    NoRange {
        /// The first serial.
        first: u64,
        /// The last serial.
        last: u64,
    },
}

/// Reads a number from the start of `text`, and gives what follows it: `strtoull`
/// with base 0. White space and a sign may come first, `0x` makes it hexadecimal and
/// `0` octal, a minus wraps around, and without a digit it is 0 and nothing is read.
///
/// The binary `0b` of C23 is not taken: only the newest C libraries know it.
fn number(text: &[u8]) -> Result<(u64, &[u8]), SerialError> {
    let (negative, unsigned) = sign(skip_white(text));
    let (radix, digits) = radix(unsigned);
    let length = digits
        .iter()
        .take_while(|digit| char::from(**digit).is_digit(radix))
        .count();
    if length == 0 {
        return Ok((0, text));
    }
    let (digits, rest) = digits.split_at(length);
    let value = digits
        .iter()
        .filter_map(|digit| char::from(*digit).to_digit(radix))
        .try_fold(0_u64, |value, digit| {
            value
                .checked_mul(u64::from(radix))?
                .checked_add(u64::from(digit))
        })
        .ok_or(SerialError::TooLarge)?;
    let value = if negative {
        value.wrapping_neg()
    } else {
        value
    };
    Ok((value, rest))
}

fn skip_white(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t'..=b'\r', rest @ ..] = text {
        text = rest;
    }
    text
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        text => (false, text),
    }
}

/// The base that a prefix asks for. Without a digit behind it, `0x` is the number 0.
fn radix(text: &[u8]) -> (u32, &[u8]) {
    match text {
        [b'0', b'x' | b'X', digits @ ..] if digits.first().is_some_and(u8::is_ascii_hexdigit) => {
            (16, digits)
        }
        [b'0', ..] => (8, text),
        text => (10, text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::SerialRangeError;
    use super::*;

    fn read(text: &str) -> Result<(u64, u64), Fault> {
        range(text.as_bytes()).map(|range| (range.first(), range.last()))
    }

    #[test]
    fn numbers_are_those_of_strtoull() {
        assert_eq!(read("7"), Ok((7, 7)));
        assert_eq!(read("0x1F-0X20"), Ok((0x1f, 0x20)));
        assert_eq!(read("010"), Ok((8, 8)));
        assert_eq!(read("+7- \u{b}9"), Ok((7, 9)));
        assert_eq!(read("-1"), Ok((u64::MAX, u64::MAX)));
        assert_eq!(read("7--1"), Ok((7, u64::MAX)));
        assert_eq!(read("18446744073709551615"), Ok((u64::MAX, u64::MAX)));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let malformed = [
            "", "-", "x", "7-", "7-x", "7 -9", "7-9-", "7-9x", "08", "0x", "0b11", "7\r", "--",
            "-x-5", "0x-7", "7-0x",
        ];
        for text in malformed {
            assert_eq!(
                read(text),
                Err(Fault::Serial(SerialError::Malformed)),
                "{text:?}"
            );
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for text in [
            "18446744073709551616",
            "0x10000000000000000",
            "1-99999999999999999999",
        ] {
            assert_eq!(
                read(text),
                Err(Fault::Serial(SerialError::TooLarge)),
                "{text}"
            );
        }
        for text in ["0", "0-5", "00", "--5", "- 7"] {
            assert_eq!(
                read(text),
                Err(Fault::Range(SerialRangeError::Zero)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_range_has_two_serials_at_least() {
        for (first, last) in [(7, 7), (9, 8)] {
            assert_eq!(
                read(&format!("{first}-{last}")),
                Err(Fault::Serial(SerialError::NoRange { first, last }))
            );
        }
    }
}
