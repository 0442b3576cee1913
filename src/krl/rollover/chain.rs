//! The file of rollovers beside a published list, `LIST.keys`: strict lines, oldest first.

use std::collections::HashSet;
use std::fmt;
use std::str::SplitTerminator;

use base64ct::{Base64, Encoding};

use super::{Rollover, RolloverParts};
use crate::krl::lines::{self, KEY_BYTES_MAX, WORD_BYTES_MAX, bytes, ledger_name};

/// Rollovers in the order in which they were made; each is signed by both of its keys, a key hands
/// over once, and none that handed over takes over again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollovers(Vec<Rollover>);

/// Why a file of rollovers is not believed. Nothing of it is, then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RolloversError {
    /// More bytes than are read.
    #[error("more than {ROLLOVERS_BYTES_MAX} bytes")]
    TooLong,
    /// More rollovers than are read.
    #[error("more than {ROLLOVERS_MAX} rollovers")]
    TooMany,
    /// Another file, or one of a later version.
    #[error("no file of ledger key rollovers that this version knows")]
    FirstLine,
    /// A line that is missing, or is not the one form of what it says.
    #[error("line `{0}` is missing or malformed")]
    Line(&'static str),
    /// A rollover without the word of one of its keys.
    #[error("rollover {0} is not signed by both of its keys")]
    Signature(usize),
    /// A key that handed over before.
    #[error("rollover {0} is out of order: one of its keys handed over before")]
    Order(usize),
}

impl Rollovers {
    /// The newest of these rollovers, which stand in the order in which they were made.
    ///
    /// # Errors
    /// [`RolloversError::Order`].
    pub fn of(mut all: Vec<Rollover>) -> Result<Self, RolloversError> {
        all.drain(..all.len().saturating_sub(ROLLOVERS_MAX));
        let mut ended = HashSet::new();
        for (number, rollover) in (1..).zip(&all) {
            if ended.contains(&rollover.new_key()) || !ended.insert(rollover.old_key()) {
                return Err(RolloversError::Order(number));
            }
        }
        Ok(Self(all))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`RolloversError`].
    pub fn parse(text: &[u8]) -> Result<Self, RolloversError> {
        if text.len() > ROLLOVERS_BYTES_MAX {
            return Err(RolloversError::TooLong);
        }
        let text = std::str::from_utf8(text).map_err(|_utf8| RolloversError::FirstLine)?;
        let mut lines = text.split_terminator('\n');
        if lines.next() != Some(FIRST_LINE) || !text.ends_with('\n') {
            return Err(RolloversError::FirstLine);
        }
        let mut all = Vec::new();
        while let Some(line) = lines.next() {
            if all.len() == ROLLOVERS_MAX {
                return Err(RolloversError::TooMany);
            }
            let parts = parts(line, &mut lines)?;
            let number = all.len() + 1;
            all.push(Rollover::new(parts).ok_or(RolloversError::Signature(number))?);
        }
        Self::of(all)
    }

    /// Whether no key handed over yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rollovers that lead from one key to another, by the SHA-256 of their blobs; none if
    /// they don't.
    #[must_use]
    pub fn between(&self, old: &[u8; 32], new: &[u8; 32]) -> Option<Vec<&Rollover>> {
        let Self(all) = self;
        let (mut at, mut path) = (*old, Vec::new());
        // One pass is enough, since no rollover stands before one that it builds on.
        for rollover in all {
            if at != *new && rollover.old_key() == at {
                at = rollover.new_key();
                path.push(rollover);
            }
        }
        (at == *new && !path.is_empty()).then_some(path)
    }
}

impl fmt::Display for Rollovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(all) = self;
        writeln!(f, "{FIRST_LINE}")?;
        for one in all {
            let (ledger, purposes) = (one.ledger(), one.statement.purposes());
            writeln!(f, "ledger {ledger}\nsigns {purposes}")?;
            writeln!(f, "old {}", Base64::encode_string(&one.old))?;
            writeln!(f, "new {}", Base64::encode_string(&one.new))?;
            writeln!(f, "by-old {}", Base64::encode_string(&one.by_old))?;
            writeln!(f, "by-new {}", Base64::encode_string(&one.by_new))?;
        }
        Ok(())
    }
}

/// The six lines of a rollover, of which the first was read.
fn parts(
    first: &str,
    lines: &mut SplitTerminator<'_, char>,
) -> Result<RolloverParts, RolloversError> {
    let mut line = |name| value(lines.next(), name);
    Ok(RolloverParts {
        ledger: ledger_name(value(Some(first), "ledger")?).ok_or(RolloversError::Line("ledger"))?,
        purposes: purposes(line("signs")?).ok_or(RolloversError::Line("signs"))?,
        old: bytes(line("old")?, KEY_BYTES_MAX).ok_or(RolloversError::Line("old"))?,
        new: bytes(line("new")?, KEY_BYTES_MAX).ok_or(RolloversError::Line("new"))?,
        by_old: bytes(line("by-old")?, WORD_BYTES_MAX).ok_or(RolloversError::Line("by-old"))?,
        by_new: bytes(line("by-new")?, WORD_BYTES_MAX).ok_or(RolloversError::Line("by-new"))?,
    })
}

fn value<'a>(line: Option<&'a str>, name: &'static str) -> Result<&'a str, RolloversError> {
    lines::value(line, name).ok_or(RolloversError::Line(name))
}

/// One digit: some of 1, 2 and 4.
fn purposes(text: &str) -> Option<u8> {
    let number = text.parse().ok().filter(|sum| (1..=7).contains(sum));
    number.filter(|_| text.len() == 1)
}

/// More than a key a year in a lifetime.
pub const ROLLOVERS_MAX: usize = 64;

/// The longest file that is read, in bytes: 64 rollovers of P-256 keys take 80 KiB.
pub const ROLLOVERS_BYTES_MAX: usize = 128 * 1024;

const FIRST_LINE: &str = "punchmark ledger key rollovers 1";

#[cfg(test)]
mod tests {
    use super::super::tests::{hash, parts, rollover};
    use super::super::{LISTS, Rollover};
    use super::*;

    fn text(steps: &[(u8, u8)]) -> String {
        let all = steps.iter().map(|(old, new)| rollover(*old, *new));
        Rollovers(all.collect()).to_string()
    }

    fn parse(text: &str) -> Result<Rollovers, RolloversError> {
        Rollovers::parse(text.as_bytes())
    }

    #[test]
    fn reads_back_what_it_writes() {
        for steps in [&[][..], &[(1, 2)], &[(1, 2), (2, 3), (7, 8), (3, 4)]] {
            let text = text(steps);
            assert_eq!(parse(&text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_way_from_one_key_to_another_is_found_where_there_is_one() {
        let all = parse(&text(&[(1, 2), (7, 8), (2, 3), (3, 4)])).unwrap();
        let steps = |old, new| all.between(&hash(old), &hash(new)).map(|path| path.len());
        assert_eq!(steps(1, 4), Some(3));
        assert_eq!(steps(1, 3), Some(2));
        assert_eq!(steps(2, 4), Some(2));
        for (old, new) in [(1, 1), (4, 1), (1, 8), (9, 4), (1, 9)] {
            assert_eq!(steps(old, new), None, "{old} {new}");
        }
    }

    #[test]
    fn what_is_out_of_order_goes_in_a_circle_or_forks_is_refused() {
        for steps in [
            &[(2, 3), (1, 2)][..],
            &[(1, 2), (2, 1)],
            &[(1, 2), (1, 3)],
            &[(1, 2), (1, 2)],
        ] {
            assert_eq!(parse(&text(steps)), Err(RolloversError::Order(2)));
        }
    }

    #[test]
    fn one_word_that_is_not_a_keys_own_refuses_the_whole() {
        let good = text(&[(1, 2), (2, 3)]);
        let forged = good.replacen("signs 2", "signs 3", 1);
        assert_eq!(parse(&forged), Err(RolloversError::Signature(1)));
        let stranger = text(&[(1, 2), (4, 5)]);
        let (words, mut mixed) = (stranger.lines().nth(11).unwrap(), good);
        let of_old = mixed.lines().nth(11).unwrap().to_owned();
        mixed = mixed.replacen(&of_old, words, 1);
        assert_eq!(parse(&mixed), Err(RolloversError::Signature(2)));
    }

    #[test]
    fn what_is_cut_or_written_otherwise_is_refused_by_the_name_of_the_line() {
        let good = text(&[(1, 2)]);
        let lines: Vec<_> = good.lines().collect();
        for (kept, name) in [
            (2, "signs"),
            (3, "old"),
            (4, "new"),
            (5, "by-old"),
            (6, "by-new"),
        ] {
            let cut = lines[..kept].join("\n") + "\n";
            assert_eq!(parse(&cut), Err(RolloversError::Line(name)));
        }
        for (from, to, name) in [
            ("ledger p", "ledger  p", "ledger"),
            ("signs 2", "signs 02", "signs"),
            ("signs 2", "signs 8", "signs"),
            ("signs 2", "signs 2\r", "signs"),
            ("old AAAA", "old AAA", "old"),
            ("old A", "old  A", "old"),
        ] {
            let changed = good.replacen(from, to, 1);
            assert_eq!(parse(&changed), Err(RolloversError::Line(name)), "{to:?}");
        }
        let later = good.replacen("rollovers 1", "rollovers 2", 1);
        for other in ["", &later, good.trim_end(), &format!("\n{good}")] {
            assert_eq!(parse(other), Err(RolloversError::FirstLine));
        }
        let more = format!("{good}\n");
        assert_eq!(parse(&more), Err(RolloversError::Line("ledger")));
    }

    #[test]
    fn more_than_the_limits_is_not_read() {
        let steps: Vec<(u8, u8)> = (1..=66).map(|seed| (seed, seed + 1)).collect();
        assert_eq!(parse(&text(&steps[..65])), Err(RolloversError::TooMany));
        assert!(parse(&text(&steps[..64])).is_ok());
        let long = vec![b'\n'; ROLLOVERS_BYTES_MAX + 1];
        assert_eq!(Rollovers::parse(&long), Err(RolloversError::TooLong));
        let all = steps.iter().map(|(old, new)| rollover(*old, *new));
        let newest = Rollovers::of(all.collect()).unwrap();
        assert!(newest.between(&hash(3), &hash(67)).is_some());
        assert!(newest.between(&hash(2), &hash(67)).is_none());
    }

    #[test]
    fn what_is_not_handed_over_is_told() {
        let heads = Rollover::new(parts(1, 1, 2)).unwrap();
        assert!(!heads.is_for_lists());
        assert!(
            Rollover::new(parts(LISTS | 1, 1, 2))
                .unwrap()
                .is_for_lists()
        );
    }
}
