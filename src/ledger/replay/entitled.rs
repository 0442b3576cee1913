//! Whose a key or a card is, and who is never served again.

mod bindings;

use std::collections::{HashMap, HashSet};

use super::fault::Fault;
use super::finding::Findings;
use super::fit::check_fit;
use super::keys::{Keys, sha256};
use super::logins::Logins;
use super::subjects::Subjects;
use crate::certificate::{Kind, Principal};
use crate::ledger::OPERATOR;
use crate::ledger::entry::{
    Barred, CardId, Credential, DutiesSet, Grounds, LoginBound, LoginSeen, RequesterAdded,
    RequesterNamed, RequesterRemoved, Reserved,
};
use bindings::Bindings;

/// Enrolments and bars so far.
#[derive(Debug, Default)]
pub(super) struct Entitled {
    enrolled: HashMap<Credential, String>,
    /// Those of them that were made or confirmed since the last gap that left them open.
    confirmed: HashSet<Credential>,
    barred_cards: HashSet<u64>,
    barred_family_cards: HashSet<CardId>,
    barred_requesters: HashSet<String>,
    /// The newest duties of everybody, since the last gap that left them open.
    duties: HashMap<String, DutiesSet>,
    logins: Logins,
    bindings: Bindings,
    /// Whose word counts: the registrar of the bundle that is being signed.
    word_of: Option<String>,
}

impl Entitled {
    pub(super) fn added(
        &mut self,
        found: &mut Findings,
        keys: &Keys,
        subjects: &Subjects,
        added: RequesterAdded,
    ) {
        if let Some(name) = self.enrolled.get(&added.credential)
            && (*name != added.name || self.confirmed.contains(&added.credential))
        {
            found.broken(Fault::Enrolled(name.clone()));
        }
        if self.barred_requesters.contains(&added.name) {
            found.broken(Fault::RequesterBarred(added.name.clone()));
        }
        if added.name == OPERATOR {
            found.since_format_4(Fault::Operator);
        }
        match &added.credential {
            Credential::Card(card) => self.card(found, *card, None),
            Credential::FamilyCard(card) => self.card(found, card.serial, Some(&card.family)),
            Credential::Key(key) => {
                check_fit(found, keys.signatures, "the requester's key", key);
                let key = sha256(key);
                if keys.is_revoked(&key) {
                    found.broken(Fault::SubjectRevoked);
                }
                if keys.is_ca(&key) {
                    found.since_format_4(Fault::SubjectIsCa);
                }
                if keys.is_ledger_key(&key) {
                    found.since_format_4(Fault::SubjectIsLedgerKey);
                }
                if let Some(owner) = subjects.owner_other_than(&key, &added.name) {
                    found.broken(Fault::KeyOfAnother {
                        owner: owner.to_owned(),
                        requester: added.name.clone(),
                    });
                }
            }
        }
        self.confirmed.insert(added.credential.clone());
        self.enrolled.insert(added.credential, added.name);
    }

    /// Whether the key of this blob is a requester's.
    pub(super) fn is_enrolled(&self, key: &[u8]) -> bool {
        self.enrolled.contains_key(&Credential::Key(key.to_vec()))
    }

    /// The names of somebody who was barred are nobody's; each is one that a principal can be.
    pub(super) fn named(&self, found: &mut Findings, named: &RequesterNamed) {
        if self.barred_requesters.contains(&named.name) {
            found.broken(Fault::RequesterBarred(named.name.clone()));
        }
        if named.name == OPERATOR {
            found.broken(Fault::Operator);
        }
        let odd = |name: &&String| Principal::parse(name, Kind::User).is_err();
        if let Some(name) = named.names.iter().find(odd) {
            found.broken(Fault::RequesterName(name.clone()));
        }
    }

    /// Somebody who was barred has no duty; a registrar is one for roles that can be asked for.
    pub(super) fn duties(&mut self, found: &mut Findings, set: &DutiesSet) {
        if self.barred_requesters.contains(&set.name) {
            found.broken(Fault::RequesterBarred(set.name.clone()));
        }
        if set.name == OPERATOR {
            found.broken(Fault::Operator);
        }
        if let Some(role) = set.unfit_role() {
            found.broken(Fault::RegistrarOf(role.to_owned()));
        }
        self.duties.insert(set.name.clone(), set.clone());
    }

    /// Whether the key of this blob is that of a registrar of this name.
    pub(super) fn is_registrar(&self, name: &str, key: &[u8]) -> bool {
        let duties = self.duties.get(name);
        self.serves(&Credential::Key(key.to_vec()), name)
            && !self.barred_requesters.contains(name)
            && duties.is_some_and(|duties| !duties.registrar.is_empty())
    }

    /// Whether this requester is never served again.
    pub(super) fn is_barred(&self, name: &str) -> bool {
        self.barred_requesters.contains(name)
    }

    /// Whether the key of this blob is that of a revoker of this name, whatever was revoked and barred.
    pub(super) fn is_revoker(&self, name: &str, key: &[u8]) -> bool {
        let duties = self.duties.get(name);
        self.serves(&Credential::Key(key.to_vec()), name)
            && duties.is_some_and(|duties| duties.revoker)
    }

    /// Says whose word counts from here on for whose a key is.
    pub(super) fn word_of(&mut self, registrar: Option<String>) {
        self.word_of = registrar;
    }

    /// Whether the word of who is registrar now counts for others by this role.
    fn word_counts(&self, requester: &str, role: &str) -> bool {
        self.word_of.as_deref().is_some_and(|registrar| {
            let duties = self.duties.get(registrar);
            let of_role = duties.is_some_and(|set| set.registrar.iter().any(|one| one == role));
            of_role && registrar != requester && !self.barred_requesters.contains(registrar)
        })
    }

    /// Behind a gap, enrolments may be ones that were taken away in the lost part.
    pub(super) fn must_be_confirmed(&mut self) {
        self.confirmed.clear();
        self.duties.clear();
        self.bindings.must_be_confirmed();
    }

    pub(super) fn removed(&mut self, found: &mut Findings, removed: &RequesterRemoved) {
        if self.enrolled.remove(&removed.credential).as_ref() != Some(&removed.name) {
            found.broken(Fault::NotEnrolled);
        }
    }

    pub(super) fn barred(&mut self, barred: Barred) {
        self.barred_cards.extend(barred.cards);
        self.barred_family_cards.extend(barred.family_cards);
        self.barred_requesters.extend(barred.requesters);
    }

    /// Whether somebody who was barred was served, or with another's key.
    pub(super) fn reserved(
        &self,
        found: &mut Findings,
        keys: &Keys,
        (reserved, time): (&Reserved, u64),
        subject: &[u8],
    ) {
        if self.barred_requesters.contains(&reserved.requester) {
            found.broken(Fault::RequesterBarred(reserved.requester.clone()));
        }
        // Who is nobody by name owns no key, and no role serves them but the direct form.
        if reserved.requester == OPERATOR && reserved.role != OPERATOR {
            found.since_format_4(Fault::Operator);
        }
        if let Some(Grounds {
            card: Some(card),
            known,
            ..
        }) = &reserved.grounds
        {
            let family = known.as_ref().map(|known| known.family.as_str());
            self.card(found, *card, family);
        }
        if let Some(grounds) = &reserved.grounds {
            self.known_by(found, keys, (reserved, time), grounds, subject);
        }
        let owner = self.enrolled.get(&Credential::Key(subject.to_vec()));
        let other = owner.filter(|owner| **owner != reserved.requester);
        if let Some(owner) = other
            && reserved.requester != OPERATOR
        {
            found.broken(Fault::KeyOfAnother {
                owner: owner.clone(),
                requester: reserved.requester.clone(),
            });
        }
    }

    /// Whether the requester was known as the reservation says. A person's word and a line of the
    /// allowed signers stand in no other entry.
    fn known_by(
        &self,
        found: &mut Findings,
        keys: &Keys,
        (reserved, time): (&Reserved, u64),
        grounds: &Grounds,
        subject: &[u8],
    ) {
        let Some(known) = &grounds.known else { return };
        let is_so = match known.by.as_str() {
            "operator" => reserved.requester == OPERATOR,
            "vouch" | "allowed-signers" => true,
            "login" => self.by_login(keys, (reserved, time), grounds, subject),
            "registrar" => self.word_counts(&reserved.requester, &reserved.role),
            "key" => self.serves(&Credential::Key(subject.to_vec()), &reserved.requester),
            "card" => self.serves_card(grounds, &reserved.requester),
            _ => false,
        };
        if !is_so || (grounds.served.is_some() && known.by != "login") {
            found.broken(Fault::KnownBy {
                requester: reserved.requester.clone(),
                by: known.by.clone(),
            });
        }
    }

    /// Whether the card in which the key is proved to be is this requester's. A number alone is any
    /// maker's, and proves nothing of this card.
    fn serves_card(&self, grounds: &Grounds, requester: &str) -> bool {
        let (Some(serial), Some(known)) = (grounds.card, &grounds.known) else {
            return false;
        };
        let family = known.family.clone();
        let of_family = Credential::FamilyCard(CardId { family, serial });
        self.serves(&of_family, requester)
    }

    /// Notes that somebody whom an identity provider knows has a name, or no longer.
    pub(super) fn bound(&mut self, found: &mut Findings, bound: LoginBound) {
        let is_barred = self.barred_requesters.contains(&bound.name);
        let enrolled = self.enrolled.values();
        self.bindings.became(found, enrolled, is_barred, bound);
    }

    /// Notes that somebody logged in, with a key that is to be theirs, or with none.
    pub(super) fn logged_in(
        &mut self,
        found: &mut Findings,
        keys: &Keys,
        (position, time): (u64, u64),
        seen: LoginSeen,
    ) {
        if !self.may_log_in(keys, &seen, time) {
            found.broken(Fault::Login(seen.name.clone()));
        }
        self.logins.seen(position, seen);
    }

    fn may_log_in(&self, keys: &Keys, seen: &LoginSeen, time: u64) -> bool {
        let has_key = || {
            self.serves(&Credential::Key(seen.key.clone()), &seen.name)
                && !keys.is_revoked(&sha256(&seen.key))
        };
        (seen.key.is_empty() || has_key())
            && seen.name != OPERATOR
            && !self.barred_requesters.contains(&seen.name)
            && seen.until > time
    }

    /// Whether the reservation goes by a login of its requester that still counted; a proof beside it
    /// wants a key or card of theirs.
    fn by_login(
        &self,
        keys: &Keys,
        (reserved, time): (&Reserved, u64),
        grounds: &Grounds,
        subject: &[u8],
    ) -> bool {
        let requester = &reserved.requester;
        let served = grounds.served.as_ref();
        let login = served.and_then(|served| self.logins.of(served.login, requester));
        let is_theirs = || {
            self.serves(&Credential::Key(subject.to_vec()), requester)
                || self.serves_card(grounds, requester)
        };
        login.is_some_and(|login| self.may_log_in(keys, login, time))
            && (reserved.proof == "none" || is_theirs())
    }

    /// Whether a key or card is this requester's, and no gap has left that open.
    fn serves(&self, credential: &Credential, requester: &str) -> bool {
        let owner = self.enrolled.get(credential);
        owner.is_some_and(|owner| owner == requester) && self.confirmed.contains(credential)
    }

    fn card(&self, found: &mut Findings, serial: u64, family: Option<&str>) {
        let of_family = |family: &str| {
            let family = family.to_owned();
            self.barred_family_cards
                .contains(&CardId { family, serial })
        };
        if self.barred_cards.contains(&serial) || family.is_some_and(of_family) {
            found.broken(Fault::CardBarred(serial));
        }
    }
}
