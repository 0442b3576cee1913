//! What a transcript says of the secrets that a device has at the end, where shares opened it.

use super::facts::MISSING;
use crate::ledger::{Derivation, Ledger, LedgerError, SecretsSet};

/// What a device has at the end of a ceremony for which shares opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtTheEnd {
    /// Other secrets than before.
    Changed(Derivation),
    /// Those of before, as the plan has it.
    Kept(Derivation),
    /// Those of before: it was not there, or did not open.
    Missing(Derivation),
    /// The factory's: a card that held no other key was reset.
    Reset,
}

impl AtTheEnd {
    /// How it is noted.
    pub(super) fn words(self) -> String {
        match self {
            Self::Changed(by) => by.to_string(),
            Self::Kept(by) => format!("{by}{KEPT}"),
            Self::Missing(by) => format!("{MISSING}: {by}{KEPT}"),
            Self::Reset => RESET.to_owned(),
        }
    }

    /// What words say, as [`Self::words`] makes them.
    pub(super) fn parse(words: &str) -> Option<Self> {
        if words == RESET {
            return Some(Self::Reset);
        }
        let missing = words.strip_prefix(MISSING);
        let of = missing.and_then(|rest| rest.strip_prefix(": "));
        let of = of.unwrap_or(words);
        let kept = of.strip_suffix(KEPT);
        let by = derivation(kept.unwrap_or(of))?;
        let read = match (missing, kept) {
            (None, None) => Self::Changed(by),
            (None, Some(_)) => Self::Kept(by),
            (Some(_), _) => Self::Missing(by),
        };
        // There is one spelling.
        (read.words() == words).then_some(read)
    }
}

fn derivation(words: &str) -> Option<Derivation> {
    let (generation, counter) = words
        .strip_prefix("generation ")?
        .split_once(", counter ")?;
    Some(Derivation {
        generation: generation.parse().ok()?,
        counter: counter.parse().ok()?,
    })
}

/// What a device got behind a position of the ledger, with that position and the check of the secret; the
/// newest is the last.
///
/// # Errors
/// [`LedgerError`].
pub(super) fn set_since(
    ledger: &Ledger,
    device: &str,
    since: u64,
) -> Result<Vec<(Derivation, [u8; 32])>, LedgerError> {
    let all = ledger.secrets_derived()?.into_iter();
    let set = all.filter(|(position, derived)| {
        *position > since && derived.device == device && derived.set == SecretsSet::Done
    });
    Ok(set
        .map(|(_, derived)| (derived.derivation(), derived.check))
        .collect())
}

/// What a device had by a position of the ledger; none where nothing was set until then.
///
/// # Errors
/// [`LedgerError`].
pub(super) fn had(
    ledger: &Ledger,
    device: &str,
    by: u64,
) -> Result<Option<Derivation>, LedgerError> {
    let all = ledger.secrets_derived()?.into_iter();
    let mut set = all.filter(|(position, derived)| {
        *position <= by && derived.device == device && derived.set == SecretsSet::Done
    });
    Ok(set.next_back().map(|(_, derived)| derived.derivation()))
}

const KEPT: &str = ", kept";
const RESET: &str = "nothing: the card was reset";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_has_one_spelling() {
        let by = Derivation {
            generation: 2,
            counter: 7,
        };
        for (end, words) in [
            (AtTheEnd::Changed(by), "generation 2, counter 7"),
            (AtTheEnd::Kept(by), "generation 2, counter 7, kept"),
            (
                AtTheEnd::Missing(by),
                "MISSING: generation 2, counter 7, kept",
            ),
            (AtTheEnd::Reset, "nothing: the card was reset"),
        ] {
            assert_eq!(end.words(), words);
            assert_eq!(AtTheEnd::parse(words), Some(end));
        }
        for other in [
            "",
            "generation 2",
            "generation 02, counter 7",
            "MISSING: generation 2, counter 7",
            "MISSING generation 2, counter 7, kept",
            "generation 2, counter 7,kept",
        ] {
            assert_eq!(AtTheEnd::parse(other), None, "{other}");
        }
    }
}
