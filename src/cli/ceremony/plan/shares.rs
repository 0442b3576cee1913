//! How many shares open the devices of a new plan, as it is typed, and the way out of what can't be.

use std::str::FromStr;

use crate::cli::base::failure::Failure;
use crate::secret::share::{Quorum, QuorumError};

/// So many shares of so many, as `2/3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    needed: u8,
    all: u8,
}

/// A text that is not two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not two numbers, as 2/3: how many shares are needed, and how many there are")]
pub(super) struct NoShares;

impl FromStr for Shares {
    type Err = NoShares;

    fn from_str(text: &str) -> Result<Self, NoShares> {
        let (needed, all) = text.split_once('/').ok_or(NoShares)?;
        let number = |text: &str| text.parse().map_err(|_form| NoShares);
        Ok(Self {
            needed: number(needed)?,
            all: number(all)?,
        })
    }
}

impl Shares {
    /// # Errors
    /// A number that no secret is split by, with one that fits.
    pub(super) fn quorum(self) -> Result<Quorum, Failure> {
        Quorum::new(self.needed, self.all)
            .map_err(|error| Failure::usage(error.to_string()).hint(way_out(error).join(", or ")))
    }
}

/// One person for each share, and two who hold none: who types, and who looks on.
pub(super) fn people_for(shares: Option<Quorum>) -> usize {
    shares.map_or(2, |quorum| usize::from(quorum.shares()) + 2)
}

/// Who could hold so many shares.
pub(super) fn people_hint(shares: u8) -> String {
    format!(
        "with --people {} each share has a custodian of its own; with --people {shares} the administrator and the \
         witness hold one each, too",
        shares.saturating_add(2)
    )
}

/// What could be typed instead: as many shares of which fewer are needed, and as many that are needed of another
/// number.
fn way_out(error: QuorumError) -> Vec<String> {
    let fits = |needed, all| Quorum::new(needed, all).ok();
    let (fewer_needed, other_number) = match error {
        QuorumError::Alone(_, all) => (fits(2, all.max(3)), None),
        QuorumError::NoneToSpare(needed, all) => (
            (2..all).rev().find_map(|needed| fits(needed, all)),
            fits(needed, needed.saturating_add(1)),
        ),
        QuorumError::TooMany(needed, all) | QuorumError::TooManySets(needed, all, _) => (
            (2..needed).rev().find_map(|needed| fits(needed, all)),
            (3..all).rev().find_map(|all| fits(needed, all)),
        ),
    };
    let each = [fewer_needed, other_number].into_iter().flatten();
    each.map(|one| format!("take --shares {}/{}", one.threshold(), one.shares()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_has_a_way_out_that_is_not() {
        let cases = [
            ("1/3", "at least two shares", "take --shares 2/3"),
            ("0/0", "at least two shares", "take --shares 2/3"),
            (
                "3/3",
                "one share more",
                "take --shares 2/3, or take --shares 3/4",
            ),
            (
                "5/3",
                "one share more",
                "take --shares 2/3, or take --shares 5/6",
            ),
            ("2/2", "one share more", "take --shares 2/3"),
            ("2/17", "at most 16 shares", "take --shares 2/16"),
            (
                "8/16",
                "12870 sets",
                "take --shares 4/16, or take --shares 8/13",
            ),
        ];
        for (typed, fault, hint) in cases {
            let failure = typed.parse::<Shares>().unwrap().quorum().unwrap_err();
            assert!(
                failure.words().contains(fault),
                "{typed}: {}",
                failure.words()
            );
            assert_eq!(failure.hints(), [hint], "{typed}");
            for way in hint.split(", or ") {
                let way = way.trim_start_matches("take --shares ");
                way.parse::<Shares>().unwrap().quorum().unwrap();
            }
        }
        for typed in [
            "",
            "2",
            "2/",
            "/3",
            "2-3",
            "2/3/4",
            "two/three",
            "2/300",
            "-2/3",
        ] {
            assert_eq!(typed.parse::<Shares>(), Err(NoShares), "{typed}");
        }
    }

    #[test]
    fn who_could_hold_them_is_told() {
        assert_eq!(people_for(None), 2);
        assert_eq!(people_for(Quorum::new(2, 3).ok()), 5);
        assert!(people_hint(3).contains("--people 5"));
    }
}
