//! The suffixes in a published state: what a CA reserved stays reserved.

use serde::{Deserialize, Serialize};

use super::PublishedState;
use crate::ledger::{Ledger, LedgerError, SuffixSet, SuffixesError, SuffixesSet};

/// A suffix that a CA reserves for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedSuffix {
    /// The position of the CA's entry.
    pub ca: u64,
    /// The class in the config.
    pub class: String,
    /// What principals of the class end in.
    pub suffix: String,
    /// The least proof of the class, as the ledger writes it down.
    pub proof: String,
    /// Whether it is given no more.
    pub ended: bool,
}

impl PublishedState {
    /// What must be recorded so that each CA of `ledger` reserves what was published.
    ///
    /// # Errors
    /// [`SuffixesError`], also where what was published would free a suffix of the ledger.
    pub fn suffixes_missing_in(
        &self,
        ledger: &Ledger,
        keyboard: &str,
    ) -> Result<Vec<SuffixesSet>, SuffixesError> {
        let mut missing = Vec::new();
        for ca in ledger.cas()? {
            let of_ca = self.suffixes.iter().filter(|one| one.ca == ca.position());
            let suffixes: Vec<_> = of_ca.map(SuffixSet::from).collect();
            let recorded = ledger.suffixes(&ca)?.map(|set| set.suffixes);
            if suffixes.is_empty() || recorded.is_some_and(|recorded| recorded == suffixes) {
                continue;
            }
            ledger.check_suffixes(&ca, &suffixes)?;
            missing.push(SuffixesSet {
                ca: ca.position(),
                suffixes,
                keyboard: keyboard.to_owned(),
            });
        }
        Ok(missing)
    }
}

impl From<&PublishedSuffix> for SuffixSet {
    fn from(published: &PublishedSuffix) -> Self {
        Self {
            class: published.class.clone(),
            suffix: published.suffix.clone(),
            proof: published.proof.clone(),
            ended: published.ended.into(),
        }
    }
}

/// The suffixes of every CA.
pub(super) fn published(ledger: &Ledger) -> Result<Vec<PublishedSuffix>, LedgerError> {
    let mut all = Vec::new();
    for ca in ledger.cas()? {
        let recorded = ledger.suffixes(&ca)?.map(|set| set.suffixes);
        all.extend(recorded.into_iter().flatten().map(|set| PublishedSuffix {
            ca: ca.position(),
            class: set.class,
            suffix: set.suffix,
            proof: set.proof,
            ended: set.ended != 0,
        }));
    }
    Ok(all)
}
