//! The suffixes that a CA reserves: none is ever taken back, none asks for less.

use std::collections::HashMap;

use super::facts::Facts;
use super::fault::Fault;
use super::finding::Findings;
use super::keys::Keys;
use crate::attestation::ProofKind;
use crate::ledger::entry::{SuffixSet, SuffixesSet};
use crate::policy::least_proof::{self, LeastProof};
use crate::policy::suffix::Suffix;

/// What was recorded of each CA, by the position of its entry.
#[derive(Debug, Default)]
pub(super) struct Suffixes(HashMap<u64, Vec<Recorded>>);

#[derive(Debug)]
struct Recorded {
    suffix: String,
    /// The least proof; none for keys that nothing is proved of.
    least: Option<LeastProof>,
    has_ended: bool,
}

impl Suffixes {
    pub(super) fn set(&mut self, found: &mut Findings, keys: &Keys, set: SuffixesSet) {
        if keys.ca(set.ca).is_none() {
            found.broken(Fault::Reference(set.ca));
        }
        let mut now = Vec::new();
        for set in set.suffixes {
            if Suffix::try_from(set.suffix.clone()).is_err() {
                found.broken(Fault::SuffixForm(set.suffix.clone()));
            }
            let Some(least) = least(&set) else {
                found.broken(Fault::SuffixProof(set.suffix));
                continue;
            };
            now.push(Recorded {
                suffix: set.suffix,
                least,
                has_ended: set.ended != 0,
            });
        }
        no_two_end_alike(found, &now);
        let recorded = self.0.entry(set.ca).or_default();
        for old in recorded.drain(..) {
            match now.iter().find(|new| new.suffix == old.suffix) {
                None => {
                    found.broken(Fault::SuffixLost(old.suffix.clone()));
                    now.push(old);
                }
                Some(new) if is_weaker(new, &old) => {
                    found.broken(Fault::SuffixWeaker(old.suffix));
                }
                Some(_) => {}
            }
        }
        *recorded = now;
    }

    /// The suffix of a CA that a requester's name ends in: a role could make it a principal.
    pub(super) fn end_of(&self, ca: u64, name: &str) -> Option<&str> {
        let mut suffixes = self.0.get(&ca)?.iter().map(|of| of.suffix.as_str());
        suffixes.find(|suffix| ends_in(name.as_bytes(), suffix))
    }

    /// Whether a principal of a CA has what its suffix asks for; `proof` is the kind of the
    /// evidence that was believed, and what it says.
    pub(super) fn check(
        &self,
        ca: u64,
        principal: &[u8],
        proof: Option<(&str, &Facts)>,
    ) -> Result<(), Fault> {
        let Some(recorded) = self.0.get(&ca) else {
            return Ok(());
        };
        let Some(of) = recorded.iter().find(|of| ends_in(principal, &of.suffix)) else {
            return Ok(());
        };
        let why = match (&of.least, proof) {
            _ if of.has_ended => "its class had ended",
            (Some(_), None) => "nothing was proved",
            (Some(least), Some((kind, _))) if !takes(least, kind) => "other proof is asked for",
            (Some(least), Some((kind, facts))) if falls_short(least, kind, facts) => {
                "more is asked of the key"
            }
            _ => return Ok(()),
        };
        Err(Fault::Suffix {
            principal: String::from_utf8_lossy(principal).into_owned(),
            suffix: of.suffix.clone(),
            why,
        })
    }
}

/// One suffix that ends in another would give a principal two classes.
fn no_two_end_alike(found: &mut Findings, set: &[Recorded]) {
    for (at, longer) in set.iter().enumerate() {
        let mut others = set.iter().enumerate().filter(|(other, _)| *other != at);
        let shorter = others.find(|(_, other)| ends_in(longer.suffix.as_bytes(), &other.suffix));
        if let Some((_, shorter)) = shorter {
            found.broken(Fault::SuffixInAnother {
                longer: longer.suffix.clone(),
                shorter: shorter.suffix.clone(),
            });
        }
    }
}

/// Capitals do not count, as in [`Suffix::ends`](crate::policy::suffix::Suffix::ends).
pub(super) fn ends_in(principal: &[u8], suffix: &str) -> bool {
    let start = principal.len().checked_sub(suffix.len());
    let tail = start.and_then(|start| principal.get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(suffix.as_bytes()))
}

fn takes(least: &LeastProof, proof: &str) -> bool {
    let kind = serde_json::from_value::<ProofKind>(proof.into());
    kind.is_ok_and(|kind| least.takes(kind))
}

/// Whether a key in a card wants less of whoever uses it than is asked, or its firmware is older.
/// Of a security key, that stands in how it signed its request; of a witness, in words.
fn falls_short(least: &LeastProof, kind: &str, facts: &Facts) -> bool {
    kind == "piv"
        && !least
            .shortfalls_of(facts.touch, facts.pin, facts.firmware)
            .is_empty()
}

/// A class that ended stays so; else the new one asks for as much as the old one did.
fn is_weaker(new: &Recorded, old: &Recorded) -> bool {
    let asks_less = !LeastProof::asks_as_much(new.least.as_ref(), old.least.as_ref());
    !new.has_ended && (old.has_ended || asks_less)
}

/// Empty text and `null` stand for "without proof".
fn least(set: &SuffixSet) -> Option<Option<LeastProof>> {
    if set.proof.is_empty() {
        Some(None)
    } else {
        least_proof::from_text(&set.proof).ok()
    }
}
