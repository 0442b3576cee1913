//! The suffixes that a ledger of before format 4 reserves, as far as its entries tell.
//!
//! Those formats had them in the config alone; what decided last is written down with its
//! policy.

use serde::Deserialize;

use crate::ledger::entry::{PolicySeen, SuffixSet};
use crate::policy::least_proof;
use crate::policy::suffix::Suffixes;

/// A policy's text, as far as it is about suffixes.
#[derive(Deserialize)]
struct Deciding {
    suffixes: Suffixes,
}

/// The suffixes in the text of a policy; none where it reserves nothing.
///
/// # Errors
/// [`serde_json::Error`] for a text that no version wrote.
pub(super) fn of_policy(policy: &PolicySeen) -> Result<Vec<SuffixSet>, serde_json::Error> {
    let deciding: Deciding = serde_json::from_str(&policy.text)?;
    let set = deciding.suffixes.iter().map(|(class, of)| {
        Ok(SuffixSet {
            class: class.to_owned(),
            suffix: of.suffix().as_str().to_owned(),
            proof: least_proof::to_text(of.least().as_ref())?,
            ended: 0,
        })
    });
    set.collect()
}
