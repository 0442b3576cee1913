//! When a certificate shall be valid, as somebody asks for it.

use jiff::tz::TimeZone;

use crate::certificate::{Validity, ValidityError};

/// A length from about now on, or both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidityAsked {
    /// A length from now on: `+8h`. The role says how far back it begins.
    Length {
        /// In seconds.
        seconds: u64,
        /// What ssh-keygen makes of it, which begins a minute or two before now.
        interval: Validity,
    },
    /// An end by the calendar: `2026-12-01`. The role says how far back it begins.
    Until(Validity),
    /// Both ends.
    Interval(Validity),
}

impl ValidityAsked {
    /// Reads what [`Validity::parse`] reads; but `+REL` asks for a length alone, and a date
    /// alone for an end.
    ///
    /// # Errors
    /// For the same reasons as [`Validity::parse`].
    pub fn parse(text: &str, now: u64, zone: &dyn Fn() -> TimeZone) -> Result<Self, ValidityError> {
        let interval = Validity::parse(text, now, zone)?;
        Ok(if !Validity::is_from_now(text) {
            Self::Interval(interval)
        } else if text.starts_with('+') {
            Self::Length {
                seconds: interval.valid_before().saturating_sub(now),
                interval,
            }
        } else {
            Self::Until(interval)
        })
    }

    /// Whether what is asked for has ended by `now`.
    #[must_use]
    pub fn is_over(&self, now: u64) -> bool {
        self.interval().valid_before() <= now
    }

    /// What ssh-keygen would make of it.
    #[must_use]
    pub fn interval(&self) -> Validity {
        let (Self::Length { interval, .. } | Self::Until(interval) | Self::Interval(interval)) =
            self;
        *interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_now_or_before_is_over() {
        let is_over = |text| {
            let asked = ValidityAsked::parse(text, 2000, &|| TimeZone::UTC).unwrap();
            asked.is_over(2000)
        };
        assert!(is_over("-10m:-5m"));
        assert!(is_over("-10m:+0s"));
        assert!(!is_over("-10m:+1s"));
        assert!(!is_over("+1s"));
        assert!(!is_over("+1h:+2h"));
        assert!(!is_over("always:forever"));
    }

    #[test]
    fn a_plain_plus_asks_for_a_length_and_a_colon_for_both_ends() {
        let parse = |text| ValidityAsked::parse(text, 1000, &|| TimeZone::UTC);
        let length = ValidityAsked::Length {
            seconds: 3600,
            interval: Validity::new(900, 4600).unwrap(),
        };
        assert_eq!(parse("+1h"), Ok(length));
        let both = Validity::new(940, 4600).unwrap();
        assert_eq!(parse("-1m:+1h"), Ok(ValidityAsked::Interval(both)));
        let until = Validity::new(900, 86_400).unwrap();
        assert_eq!(parse("1970-01-02"), Ok(ValidityAsked::Until(until)));
        assert_eq!(parse("1970-01-02 00:00"), Ok(ValidityAsked::Until(until)));
    }
}
