//! When a certificate shall be valid, as a request file asks it.

use jiff::tz::TimeZone;

use super::ValidityAsked;
use crate::certificate::{Validity, ValidityError};

/// A length or both ends; without a clock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// It lasts this many seconds from the time on at which it is signed.
    Length(u64),
    /// Both ends.
    Interval(Validity),
}

impl Span {
    /// What was asked, without the clock; none for an end alone, which would say nothing of
    /// when it begins by the time that somebody signs it.
    #[must_use]
    pub fn of(asked: ValidityAsked) -> Option<Self> {
        match asked {
            ValidityAsked::Length { seconds, .. } => Some(Self::Length(seconds)),
            ValidityAsked::Interval(interval) => Some(Self::Interval(interval)),
            ValidityAsked::Until(_) => None,
        }
    }

    /// What it comes down to at `now`, in Unix seconds.
    ///
    /// # Errors
    /// [`ValidityError`] for a length that ssh-keygen doesn't take.
    pub fn asked_at(self, now: u64) -> Result<ValidityAsked, ValidityError> {
        match self {
            Self::Length(seconds) => {
                ValidityAsked::parse(&format!("+{seconds}"), now, &|| TimeZone::UTC)
            }
            Self::Interval(interval) => Ok(ValidityAsked::Interval(interval)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_begins_when_it_is_signed() {
        let zone = || TimeZone::UTC;
        let asked = ValidityAsked::parse("+8h", 1_000_000, &zone).unwrap();
        let later = ValidityAsked::parse("+8h", 2_000_000, &zone);
        assert_eq!(Span::of(asked).unwrap().asked_at(2_000_000), later);
        let until = ValidityAsked::parse("2026-12-01", 1_000_000, &zone).unwrap();
        assert_eq!(Span::of(until), None);
        let never = Span::Length(u64::MAX).asked_at(0).unwrap_err();
        assert!(matches!(never, ValidityError::Relative(_)), "{never}");
    }
}
