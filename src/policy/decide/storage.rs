//! Which suffix a certificate gets, by what was proved of the key's storage.

use super::super::Refusal;
use super::super::least_proof::Shortfall;
use super::super::role::Storage;
use super::super::suffix::SuffixClass;
use super::{Case, Warning};
use crate::attestation::Proof;
use crate::certificate::Kind;

/// What was proved, and the class whose suffix every principal gets for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark<'a> {
    pub(super) class: Option<&'a SuffixClass>,
    pub(super) proof: Option<&'a Proof>,
}

impl<'a> Case<'a> {
    pub(super) fn mark(&mut self) -> Mark<'a> {
        let proof = self.best_proof();
        self.check_least(proof);
        let class = match self.rules.role.storage() {
            None => {
                self.refuse(Refusal::NoStorage);
                None
            }
            Some(Storage::Ignore) => None,
            // A host's principal is its name in the network; suffixes are of users.
            Some(_) if self.request.ask.kind == Kind::Host => None,
            Some(Storage::Mark) => self.class_of(proof).or_else(|| self.unproved_class(proof)),
            Some(Storage::Require) => self.required_class(proof),
            Some(Storage::MarkProved) => self.class_that_was_meant(proof),
        };
        if let Some(proof) = proof {
            self.look_for_faults(proof);
        }
        if let Some(why) = self.shown.unbelieved {
            self.say_unbelieved(why, class);
        }
        Mark { class, proof }
    }

    /// Evidence that lacks nothing but a root is as good as none, and whoever gave it hears why.
    fn say_unbelieved(&mut self, why: &str, class: Option<&SuffixClass>) {
        let wanted = match self.rules.role.storage() {
            Some(Storage::Require | Storage::MarkProved) => class.is_none(),
            _ => self.refusals.contains(&Refusal::NoProof),
        };
        if wanted {
            // It says why there is no proof.
            self.refusals.retain(|refusal| *refusal != Refusal::NoProof);
            // First, since it is the cause of the others.
            self.refusals.insert(0, Refusal::Unbelieved(why.to_owned()));
        } else {
            self.warnings.push(Warning::Unbelieved(why.to_owned()));
        }
    }

    /// The proof that meets its class; else the first of the most telling kind.
    fn best_proof(&mut self) -> Option<&'a Proof> {
        let (own, others): (Vec<_>, Vec<_>) = self
            .shown
            .proofs
            .iter()
            .partition(|proof| *proof.key() == self.request.subject);
        for proof in others {
            self.refuse(Refusal::ProofOfOtherKey(proof.kind().as_str()));
        }
        let suffixes = self.rules.suffixes;
        own.into_iter()
            .min_by_key(|proof| (suffixes.proved_by(proof).is_none(), proof.kind()))
    }

    fn class_of(&self, proof: Option<&Proof>) -> Option<&'a SuffixClass> {
        self.rules.suffixes.proved_by(proof?)
    }

    fn unproved_class(&mut self, proof: Option<&Proof>) -> Option<&'a SuffixClass> {
        if let Some(proof) = proof {
            let short = self.shortfalls(proof).into_iter();
            let warn = |(class, shortfall)| Warning::Short { class, shortfall };
            self.warnings.extend(short.map(warn));
        }
        let class = self.rules.suffixes.unproved();
        if class.is_none() {
            self.refuse(Refusal::NoClass("a key without proof".to_owned()));
        }
        class
    }

    fn required_class(&mut self, proof: Option<&Proof>) -> Option<&'a SuffixClass> {
        let class = self.class_of(proof);
        if class.is_none() {
            self.say_what_is_missing(proof);
        }
        class
    }

    /// Whoever gives a proof means it: less than its class is not passed over.
    fn class_that_was_meant(&mut self, proof: Option<&Proof>) -> Option<&'a SuffixClass> {
        let given = proof.is_some() || self.shown.unbelieved.is_some();
        if given && !self.rules.suffixes.is_empty() {
            return self.required_class(proof);
        }
        None
    }

    fn say_what_is_missing(&mut self, proof: Option<&Proof>) {
        let Some(proof) = proof else {
            return self.refuse_once(Refusal::NoProof);
        };
        if self.rules.suffixes.of_kind(proof.kind()).is_none() {
            let what = format!("proof by {}", proof.kind().as_str());
            return self.refuse(Refusal::NoClass(what));
        }
        for (class, shortfall) in self.shortfalls(proof) {
            self.refuse(Refusal::Proof {
                by: format!("suffix class `{class}`"),
                shortfall,
            });
        }
    }

    /// In what a proof is less than the class of its kind asks for, and the class's name.
    fn shortfalls(&self, proof: &Proof) -> Vec<(String, Shortfall)> {
        let Some((name, class)) = self.rules.suffixes.of_kind(proof.kind()) else {
            return Vec::new();
        };
        let shortfalls = class.least().unwrap_or_default().shortfalls(proof);
        let named = shortfalls.into_iter();
        named.map(|short| (name.to_owned(), short)).collect()
    }

    /// What the role asks for beyond the class, whatever its storage says. A role that
    /// requires proof never means a bare `sk-` key, unless it names that kind.
    fn check_least(&mut self, proof: Option<&Proof>) {
        let role = self.rules.role;
        let least = &role.table().proof;
        if least.asks_nothing() && role.storage() != Some(Storage::Require) {
            return;
        }
        let Some(proof) = proof else {
            return self.refuse_once(Refusal::NoProof);
        };
        for shortfall in least.shortfalls(proof) {
            self.refuse(Refusal::Proof {
                by: format!("role `{}`", role.name()),
                shortfall,
            });
        }
    }

    fn refuse_once(&mut self, refusal: Refusal) {
        if !self.refusals.contains(&refusal) {
            self.refuse(refusal);
        }
    }

    fn look_for_faults(&mut self, proof: &Proof) {
        let role = self.rules.role;
        for fault in proof.faults() {
            if role.name().is_operator() || role.table().warn_of_faults.contains(&fault) {
                self.warnings.push(Warning::FirmwareFault(fault))
            } else {
                self.refuse(Refusal::FirmwareFault(fault))
            }
        }
        let facts = proof.facts();
        if facts.private_root {
            let root = facts.root.clone().unwrap_or_default();
            self.warnings.push(Warning::PrivateRoot(root));
        }
    }
}
