//! Whose a key or a card is, who is never served again, and challenges that requests answer.

use std::collections::BTreeMap;

use ssh_key::PublicKey;

use super::Ledger;
use super::draft::Draft;
use super::read::damaged;
use crate::certificate::Subject;
use crate::ledger::entry::{
    Barred, CardId, ChallengeMade, Credential, Event, RequesterAdded, RequesterNamed,
    RequesterRemoved,
};
use crate::ledger::rows::{credential_key, family_card_key, number, sha256, table};
use crate::ledger::store::{Keys, Walk};
use crate::ledger::{EnrolError, LedgerError, OPERATOR, Wanted};

impl Ledger {
    /// Whose key or card this is: the name that it was enrolled under, if it was, and if
    /// that serves. After the ledger lost entries, an enrolment serves once it was confirmed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn requester_of(&self, credential: &Credential) -> Result<Option<String>, LedgerError> {
        let enrolled = self.enrolment(credential)?;
        let Some((position, name)) = enrolled else {
            return Ok(None);
        };
        Ok(self.serves(position)?.then_some(name))
    }

    /// Makes a key or card a requester's; nobody else's requests are taken with it. The same
    /// again confirms an enrolment that the ledger's recovery left open.
    ///
    /// # Errors
    /// [`EnrolError`], and then nothing changed.
    pub fn add_requester(&mut self, added: RequesterAdded, time: u64) -> Result<(), EnrolError> {
        self.append(time, |draft| draft.requester_added(added))
    }

    /// From whom a key or card was taken at `time` or later, if it is nobody's since.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn taken_since(
        &self,
        credential: &Credential,
        time: u64,
    ) -> Result<Option<String>, LedgerError> {
        let key = credential_key(credential);
        let positions = self.index.positions(table::CREDENTIAL, &key)?;
        let Some(newest) = positions.last() else {
            return Ok(None);
        };
        let entry = self.entry(*newest)?;
        Ok(match entry.event {
            Event::RequesterRemoved(removed)
                if entry.time >= time && removed.credential == *credential =>
            {
                Some(removed.name)
            }
            _ => None,
        })
    }

    /// Takes a key or card from a requester. False if it was not theirs.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing changed.
    pub fn remove_requester(
        &mut self,
        removed: RequesterRemoved,
        time: u64,
    ) -> Result<bool, LedgerError> {
        self.append(time, |draft| {
            let enrolled = draft.ledger.enrolled_for(&removed.credential)?;
            if enrolled.as_ref() != Some(&removed.name) {
                return Ok(false);
            }
            draft.entry(Event::RequesterRemoved(removed))?;
            Ok(true)
        })
    }

    /// Every key and card that is a requester's, oldest first, with the time when it became
    /// theirs.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn requesters(&self) -> Result<Vec<(u64, RequesterAdded)>, LedgerError> {
        let mut newest: Vec<(Vec<u8>, u64)> = Vec::new();
        self.index
            .walk(&Keys::of(table::CREDENTIAL, &[]), &mut |key, position| {
                match newest.last_mut() {
                    Some((last, at)) if last == key => *at = position,
                    _ => newest.push((key.to_vec(), position)),
                }
                Walk::On
            })?;
        let mut positions: Vec<u64> = newest.into_iter().map(|(_, at)| at).collect();
        positions.sort_unstable();
        let mut found = Vec::new();
        for position in positions {
            let entry = self.entry(position)?;
            match entry.event {
                Event::RequesterAdded(added) => found.push((entry.time, added)),
                Event::RequesterRemoved(_) => {}
                _ => return Err(damaged(position)),
            }
        }
        Ok(found)
    }

    /// Records the names that a requester's certificates may be valid for, in place of all that
    /// were recorded for them before; none takes them away.
    ///
    /// # Errors
    /// [`EnrolError`], and then nothing changed.
    pub fn name_requester(&mut self, named: RequesterNamed, time: u64) -> Result<(), EnrolError> {
        self.append(time, |draft| {
            if named.name == OPERATOR {
                return Err(EnrolError::Operator);
            }
            if draft.ledger.requester_is_barred(&named.name)? {
                return Err(EnrolError::Barred("the requester"));
            }
            draft.entry(Event::RequesterNamed(named))?;
            Ok(())
        })
    }

    /// The names of every requester who has some, by the requester's name.
    ///
    /// Names that were recorded before the ledger lost entries count once they are recorded
    /// again: what was lost may have taken them away.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn requester_names(&self) -> Result<BTreeMap<String, Vec<String>>, LedgerError> {
        let mut found = BTreeMap::new();
        for position in self.newest_of_each(table::REQUESTER_NAMES)? {
            let Event::RequesterNamed(named) = self.entry(position)?.event else {
                return Err(damaged(position));
            };
            if self.serves(position)? && !named.names.is_empty() {
                found.insert(named.name, named.names);
            }
        }
        Ok(found)
    }

    /// The newest position of each key of a table.
    pub(super) fn newest_of_each(&self, table: u8) -> Result<Vec<u64>, LedgerError> {
        let mut newest: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        self.index
            .walk(&Keys::of(table, &[]), &mut |key, position| {
                let known = newest.entry(key.to_vec()).or_default();
                *known = position.max(*known);
                Walk::On
            })?;
        Ok(newest.into_values().collect())
    }

    /// Everybody who is never served again, with the time since when.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn barred(&self) -> Result<Vec<(u64, Barred)>, LedgerError> {
        self.entries_of(table::BAR, |event| match event {
            Event::Barred(barred) => Some(barred),
            _ => None,
        })
    }

    /// Makes a challenge, which one request can answer until it expires.
    ///
    /// # Errors
    /// [`LedgerError::ChallengeKnown`] if the nonce was used before.
    pub fn make_challenge(&mut self, made: ChallengeMade, time: u64) -> Result<(), LedgerError> {
        self.append(time, |draft| {
            let known = draft.ledger.index.position(table::CHALLENGE, &made.nonce)?;
            if known.is_some() {
                return Err(LedgerError::ChallengeKnown);
            }
            draft.entry(Event::ChallengeMade(made)).map(drop)
        })
    }

    /// The name that a key or card is enrolled under, whether or not that serves.
    pub(super) fn enrolled_for(
        &self,
        credential: &Credential,
    ) -> Result<Option<String>, LedgerError> {
        Ok(self.enrolment(credential)?.map(|(_, name)| name))
    }

    /// Where a key or card was enrolled last, and for whom; none if it was taken away since.
    fn enrolment(&self, credential: &Credential) -> Result<Option<(u64, String)>, LedgerError> {
        let positions = self
            .index
            .positions(table::CREDENTIAL, &credential_key(credential))?;
        let Some(newest) = positions.last() else {
            return Ok(None);
        };
        Ok(match self.entry(*newest)?.event {
            Event::RequesterAdded(added) if added.credential == *credential => {
                Some((*newest, added.name))
            }
            _ => None,
        })
    }

    /// Whether an enrolment at this position was made or confirmed after the last time that
    /// it might have been lost.
    pub(super) fn serves(&self, position: u64) -> Result<bool, LedgerError> {
        let recoveries = self.recoveries()?;
        let open = |(at, recovery): &(u64, _)| {
            let recovery: &crate::ledger::Recovery = recovery;
            *at > position && recovery.enrolments == 0
        };
        Ok(!recoveries.iter().any(open))
    }

    /// Whether a card was barred: by its number alone, or by number and family.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn card_is_barred(&self, card: u64, family: Option<&str>) -> Result<bool, LedgerError> {
        let by_number =
            |event: &Event| matches!(event, Event::Barred(barred) if barred.cards.contains(&card));
        if self
            .confirmed(table::BARRED_CARD, &number(card), by_number)?
            .is_some()
        {
            return Ok(true);
        }
        let Some(family) = family else {
            return Ok(false);
        };
        let of = CardId {
            family: family.to_owned(),
            serial: card,
        };
        let by_family = |event: &Event| matches!(event, Event::Barred(barred) if barred.family_cards.contains(&of));
        let key = family_card_key(&of);
        let confirmed = self.confirmed(table::BARRED_FAMILY_CARD, &key, by_family)?;
        Ok(confirmed.is_some())
    }

    /// Whether all of these are never served again.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn bars_all(&self, barred: &Barred) -> Result<bool, LedgerError> {
        for name in &barred.requesters {
            if !self.requester_is_barred(name)? {
                return Ok(false);
            }
        }
        for card in &barred.family_cards {
            if !self.card_is_barred(card.serial, Some(&card.family))? {
                return Ok(false);
            }
        }
        for card in &barred.cards {
            if !self.card_is_barred(*card, None)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a requester is never served again.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn requester_is_barred(&self, name: &str) -> Result<bool, LedgerError> {
        let says = |event: &Event| matches!(event, Event::Barred(barred) if barred.requesters.iter().any(|n| n == name));
        let confirmed = self.confirmed(table::BARRED_REQUESTER, name.as_bytes(), says)?;
        Ok(confirmed.is_some())
    }
}

impl Draft<'_> {
    pub(super) fn requester_added(&mut self, added: RequesterAdded) -> Result<(), EnrolError> {
        self.ledger.check_requester(&added)?;
        self.entry(Event::RequesterAdded(added))?;
        Ok(())
    }

    /// The enrolment that is to precede a reservation; none where none is asked for, or it
    /// stands and serves already.
    pub(super) fn enrolment_with(
        &self,
        wanted: &Wanted,
    ) -> Result<Option<RequesterAdded>, EnrolError> {
        let Some(credential) = wanted.enrols.clone() else {
            return Ok(None);
        };
        let name = wanted.decided.requester();
        if self.ledger.requester_of(&credential)?.as_deref() == Some(name) {
            return Ok(None);
        }
        let added = RequesterAdded {
            name: name.to_owned(),
            credential,
            keyboard: wanted.keyboard.clone(),
        };
        self.ledger.check_requester(&added)?;
        Ok(Some(added))
    }
}

impl Ledger {
    /// Whether [`Self::add_requester`] would take it.
    ///
    /// # Errors
    /// [`EnrolError`], as it would be met.
    pub fn check_requester(&self, added: &RequesterAdded) -> Result<(), EnrolError> {
        if added.name == OPERATOR {
            return Err(EnrolError::Operator);
        }
        if let Some((position, name)) = self.enrolment(&added.credential)?
            && (name != added.name || self.serves(position)?)
        {
            return Err(EnrolError::Enrolled(name));
        }
        if self.requester_is_barred(&added.name)? {
            return Err(EnrolError::Barred("the requester"));
        }
        match &added.credential {
            Credential::Card(card) => self.card_may_be_enrolled(*card, None),
            Credential::FamilyCard(card) => {
                self.card_may_be_enrolled(card.serial, Some(&card.family))
            }
            Credential::Key(key) => self.key_may_be_enrolled(&added.name, key),
        }
    }

    fn card_may_be_enrolled(&self, card: u64, family: Option<&str>) -> Result<(), EnrolError> {
        if self.card_is_barred(card, family)? {
            return Err(EnrolError::Barred("the card"));
        }
        Ok(())
    }

    fn key_may_be_enrolled(&self, name: &str, key: &[u8]) -> Result<(), EnrolError> {
        Subject::try_from(PublicKey::from_bytes(key)?.key_data().clone())?;
        let hash = sha256(key);
        if self.key_is_revoked(&hash)? {
            return Err(EnrolError::Barred("the key"));
        }
        let is_ca = self.cas()?.iter().any(|ca| ca.added.public_key == key);
        if is_ca || self.is_known_ledger_key(&hash)? {
            return Err(EnrolError::OwnKey);
        }
        let owner = self.certified_to_other_than(name, &hash)?;
        owner.map_or(Ok(()), |owner| Err(EnrolError::CertifiedTo(owner)))
    }
}
