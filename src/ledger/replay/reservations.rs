//! Reservations: what each was for, what stood behind it, and what became of it.

mod grounds;

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use ssh_key::Signature;

use super::Signatures;
use super::content;
use super::entitled::Entitled;
use super::facts::Facts;
use super::fault::Fault;
use super::finding::Findings;
use super::fit::check_fit;
use super::keys::{Ca, Keys, sha256};
use super::positions::Positions;
use super::subjects::{KeyHash, Subjects};
use super::suffixes::{Suffixes, ends_in};
use crate::ledger::OPERATOR;
use crate::ledger::entry::{
    ChallengeMade, EvidenceSeen, Failed, Grounds, Issued, Nonce, PolicySeen, RequestId, Reserved,
    Revoked,
};
use crate::wire::RawCertificate;
use crate::wire::verify::verify_signature;

/// What reservations are held against beside one another.
pub(super) struct Known<'k> {
    pub(super) keys: &'k Keys,
    pub(super) entitled: &'k Entitled,
    pub(super) suffixes: &'k Suffixes,
    pub(super) signatures: Signatures,
    /// Whether an older ledger went on before.
    pub(super) has_gap: bool,
}

/// Reservations so far, and what they may name.
#[derive(Debug, Default)]
pub(super) struct Reservations {
    /// Those that nothing became of yet, by position.
    open: HashMap<u64, Open>,
    /// The positions of all, open or not.
    all: Positions,
    request_ids: HashSet<RequestId>,
    policies: HashMap<[u8; 32], Rules>,
    /// Suffixes that policies of a CA reserved before they were recorded for it.
    of_policies: HashMap<u64, HashSet<String>>,
    evidence: HashMap<u64, Evidence>,
    nonces: HashSet<Nonce>,
    challenges: HashMap<u64, Challenge>,
    /// Key IDs that were revoked, each with the SHA-256 of the CA's key; none for every CA.
    revoked_key_ids: HashSet<(Option<KeyHash>, Vec<u8>)>,
}

/// A reservation that nothing became of yet.
#[derive(Debug)]
struct Open {
    ca: u64,
    subject: KeyHash,
    /// Whether it counts as one of the requester whose the key is.
    counts: bool,
    request_id: Option<RequestId>,
    challenge: Option<u64>,
    /// To check the signature with, where it is checked.
    content: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Evidence {
    subject: KeyHash,
    kind: Box<str>,
    /// None where the facts can't be read, which is a finding of its own.
    facts: Option<Facts>,
}

#[derive(Debug)]
struct Challenge {
    expires: u64,
    is_answered: bool,
}

/// Of the rules that decided: whose they are, and the suffixes that they reserve.
#[derive(Debug)]
struct Rules {
    role: Option<String>,
    suffixes: Vec<String>,
}

/// A policy, as far as it is read.
#[derive(Default, Deserialize)]
struct Policy {
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    suffixes: HashMap<String, Class>,
}

#[derive(Deserialize)]
struct Class {
    suffix: String,
}

impl Reservations {
    pub(super) fn reserved(
        &mut self,
        found: &mut Findings,
        subjects: &mut Subjects,
        known: &Known<'_>,
        (position, time): (u64, u64),
        reserved: &Reserved,
    ) {
        self.all.insert(position);
        let content = RawCertificate::of_to_be_signed(&reserved.to_be_signed);
        let mut open = Open {
            ca: reserved.ca,
            subject: [0; 32],
            counts: false,
            request_id: None,
            challenge: None,
            content: match known.signatures {
                Signatures::Check => Some(reserved.to_be_signed.clone()),
                Signatures::Skip => None,
            },
        };
        match &content {
            Ok(content) => {
                open.subject = sha256(content.public_key());
                // Once a key: some are looked at for long.
                if !subjects.is_known(&open.subject) {
                    let key = content.public_key();
                    check_fit(found, known.signatures, "its subject's key", key);
                }
                if let Some(ca) = known.keys.ca(reserved.ca) {
                    content::check(found, ca, reserved, time, content);
                    content::check_keys(found, known.keys, ca, &open.subject);
                    self.key_id_is_free(found, ca, content);
                }
                known
                    .entitled
                    .reserved(found, known.keys, (reserved, time), content.public_key());
                self.suffixes(found, known, reserved, content);
            }
            Err(_) => found.broken(Fault::Content),
        }
        open.counts = owned(found, subjects, &open.subject, &reserved.requester);
        if let Some(grounds) = &reserved.grounds {
            self.grounds(found, known, time, reserved, grounds, &open.subject);
            open.request_id = grounds.request_id;
            open.challenge = grounds.challenge;
        }
        self.open.insert(position, open);
    }

    /// Notes key IDs that no certificate has any more.
    pub(super) fn key_ids_revoked(&mut self, revoked: &Revoked) {
        let ca = (!revoked.ca.is_empty()).then(|| sha256(&revoked.ca));
        let key_ids = revoked.key_ids.iter();
        let of_ca = key_ids.map(|key_id| (ca, key_id.as_bytes().to_vec()));
        self.revoked_key_ids.extend(of_ca);
    }

    fn key_id_is_free(&self, found: &mut Findings, ca: &Ca, content: &RawCertificate) {
        if self.revoked_key_ids.is_empty() {
            return;
        }
        let key_id = content.key_id();
        let is_revoked = |ca| self.revoked_key_ids.contains(&(ca, key_id.to_vec()));
        if is_revoked(None) || is_revoked(Some(ca.hash)) {
            let key_id = String::from_utf8_lossy(key_id).into_owned();
            found.since_format_4(Fault::KeyIdRevoked(key_id));
        }
    }

    /// A principal ends in a reserved suffix only where that was decided by its class.
    fn suffixes(
        &mut self,
        found: &mut Findings,
        known: &Known<'_>,
        reserved: &Reserved,
        content: &RawCertificate,
    ) {
        let Some(grounds) = &reserved.grounds else {
            return;
        };
        let facts = |at| self.evidence.get(&at)?.facts.clone();
        let facts = grounds.evidence.map(|at| facts(at).unwrap_or_default());
        let proof = facts.as_ref().map(|facts| (reserved.proof.as_str(), facts));
        let of_policy = self.policies.get(&grounds.policy);
        let of_policy = of_policy.map_or(&[][..], |rules| rules.suffixes.as_slice());
        if let Some(suffix) = known.suffixes.end_of(reserved.ca, &reserved.requester) {
            found.since_format_4(Fault::RequesterSuffix {
                requester: reserved.requester.clone(),
                suffix: suffix.to_owned(),
            });
        }
        let of_ca = self.of_policies.entry(reserved.ca).or_default();
        for principal in content.principals() {
            if let Err(fault) = known.suffixes.check(reserved.ca, principal, proof) {
                found.broken(fault);
                continue;
            }
            // Before suffixes were recorded, a config without them wrote them by hand.
            let forgotten = of_ca.iter().find(|suffix| {
                ends_in(principal, suffix) && !of_policy.contains(suffix) && proof.is_none()
            });
            if let Some(suffix) = forgotten {
                found.older(Fault::Suffix {
                    principal: String::from_utf8_lossy(principal).into_owned(),
                    suffix: suffix.clone(),
                    why: "the config of that day did not know it",
                });
            }
        }
        of_ca.extend(of_policy.iter().cloned());
    }

    pub(super) fn issued(
        &mut self,
        found: &mut Findings,
        keys: &Keys,
        issued: &Issued,
        signatures: Signatures,
    ) {
        let open = self.conclude(found, issued.reserved);
        let Ok(signature) = Signature::try_from(issued.signature.as_slice()) else {
            found.broken(Fault::SignatureForm);
            return;
        };
        let Some(open) = open else { return };
        let ca = keys.ca(open.ca).and_then(|ca| ca.key.as_ref());
        if let (Signatures::Check, Some(ca), Some(content)) = (signatures, ca, &open.content)
            && verify_signature(content, &signature, ca).is_err()
        {
            found.broken(Fault::Signature);
        }
    }

    /// What was given up may be asked for again.
    pub(super) fn failed(
        &mut self,
        found: &mut Findings,
        subjects: &mut Subjects,
        failed: &Failed,
    ) {
        let Some(open) = self.conclude(found, failed.reserved) else {
            return;
        };
        if let Some(id) = open.request_id {
            self.request_ids.remove(&id);
        }
        if let Some(challenge) = open.challenge.and_then(|at| self.challenges.get_mut(&at)) {
            challenge.is_answered = false;
        }
        subjects.given_up(&open.subject, open.counts);
    }

    /// An outcome belongs to a reservation that has none.
    fn conclude(&mut self, found: &mut Findings, reserved: u64) -> Option<Open> {
        let open = self.open.remove(&reserved);
        if open.is_none() {
            found.broken(if self.all.contains(reserved) {
                Fault::SecondOutcome(reserved)
            } else {
                Fault::Reference(reserved)
            });
        }
        open
    }

    pub(super) fn evidence(&mut self, found: &mut Findings, position: u64, seen: &EvidenceSeen) {
        let facts = serde_json::from_str::<Facts>(&seen.facts);
        if facts.is_err() {
            found.broken(Fault::EvidenceDiffers("form of facts"));
        }
        let evidence = Evidence {
            subject: sha256(&seen.subject),
            kind: seen.kind.as_str().into(),
            facts: facts.ok(),
        };
        self.evidence.insert(position, evidence);
    }

    pub(super) fn policy(&mut self, found: &mut Findings, seen: &PolicySeen) {
        if seen.digest != *Sha256::digest(seen.text.as_bytes()) {
            found.broken(Fault::PolicyDigest);
        }
        // The policy of the direct form without a config is no table, and reserves none.
        let policy: Policy = serde_json::from_str(&seen.text).unwrap_or_default();
        let suffixes = policy.suffixes.into_values().map(|class| class.suffix);
        let rules = Rules {
            role: policy.role,
            suffixes: suffixes.collect(),
        };
        if let Some(_before) = self.policies.insert(seen.digest, rules) {
            found.broken(Fault::PolicyTwice);
        }
    }

    pub(super) fn challenge(&mut self, found: &mut Findings, position: u64, made: &ChallengeMade) {
        if !self.nonces.insert(made.nonce) {
            found.broken(Fault::ChallengeTwice);
        }
        let challenge = Challenge {
            expires: made.expires,
            is_answered: false,
        };
        self.challenges.insert(position, challenge);
    }
}

/// Notes whose the key is. False if that is nobody's business: the operator's own, or
/// another's key.
fn owned(found: &mut Findings, subjects: &mut Subjects, key: &KeyHash, requester: &str) -> bool {
    let owner = subjects.owner_other_than(key, requester);
    let owned = requester != OPERATOR && owner.is_none();
    if let Some(owner) = owner
        && requester != OPERATOR
    {
        found.broken(Fault::KeyOfAnother {
            owner: owner.to_owned(),
            requester: requester.to_owned(),
        });
    }
    subjects.reserved(key, requester, owned);
    owned
}
