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
    let value = if negative { value.wrapping_neg() } else { value };
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
