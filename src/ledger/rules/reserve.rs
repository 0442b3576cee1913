//! Reserving a serial, and recording what became of it: what must be unique or not revoked
//! is checked here, in the very frame that takes it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as MapEntry;
use std::sync::Arc;

use ssh_encoding::Encode;
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use super::Ledger;
use super::draft::{Draft, random};
use super::serials::Serials;
use crate::attestation::Proof;
use crate::certificate::subject::fingerprint;
use crate::certificate::{Kind, Serial, ToBeSigned};
use crate::ledger::entry::{
    Event, EvidenceSeen, Failed, Grounds, Issued, Known, Reserved, Sequence,
};
use crate::ledger::rows::{number, subject_key, table};
use crate::ledger::store::Keys;
use crate::ledger::wanted::Basis;
use crate::ledger::{
    Ca, Credential, EnrolError, EntryError, LedgerError, Nonce, OPERATOR, Outcome, Purpose,
    Reservation, ReserveError, SerialChoice, Wanted,
};
use crate::policy::Decided;

/// One result an item: a reservation, or why it got none.
pub(super) type Reserving = Vec<Result<Reservation, ReserveError>>;

/// Something that can be refused, within something that can fail.
type Checked<T> = Result<Result<T, ReserveError>, LedgerError>;

/// Goes on with what was not refused.
macro_rules! unless_refused {
    ($checked:expr) => {
        match $checked? {
            Ok(value) => value,
            Err(refused) => return Ok(Err(refused)),
        }
    };
}

impl Ledger {
    /// Takes a serial for each item, in one durable step. When this returns, the
    /// to-be-signed content of every reservation is on disk.
    ///
    /// One result an item, in order: an item that is refused is refused alone. Each item
    /// knows its CA, which must be one of this ledger.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing was reserved.
    pub fn reserve(&mut self, wanted: Vec<Wanted>, time: u64) -> Result<Reserving, LedgerError> {
        self.commit(&[], wanted, time)
    }

    /// Records what became of reservations, in one durable step. A certificate may be
    /// released only after this returned.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing was recorded: release nothing.
    pub fn record(&mut self, outcomes: &[Outcome<'_>], time: u64) -> Result<(), LedgerError> {
        self.commit(outcomes, Vec::new(), time).map(drop)
    }

    /// Records what became of one chunk and takes the serials of the next, in one durable
    /// step: see [`Self::record`] and [`Self::reserve`].
    ///
    /// # Errors
    /// [`LedgerError`], and then neither was done.
    pub fn commit(
        &mut self,
        outcomes: &[Outcome<'_>],
        wanted: Vec<Wanted>,
        time: u64,
    ) -> Result<Reserving, LedgerError> {
        let reserving = self.append(time, |draft| {
            outcomes
                .iter()
                .try_for_each(|outcome| draft.outcome(outcome))?;
            draft.reservations(wanted)
        })?;
        for outcome in outcomes {
            self.taken.remove(&outcome.reservation().position);
        }
        for reservation in reserving.iter().flatten() {
            let held = Arc::downgrade(&reservation.held);
            self.taken.insert(reservation.position, held);
        }
        Ok(reserving)
    }

    /// Gives up every reservation that nothing became of and nothing can become of any more,
    /// and says how many there were.
    ///
    /// Whoever has the ledger open to write knows that the runs of other processes have ended;
    /// of its own process, those whose [`Reservation`] nobody holds any more.
    ///
    /// # Errors
    /// [`LedgerError`], and then none was given up.
    pub fn close_abandoned(&mut self, time: u64) -> Result<usize, LedgerError> {
        self.taken.retain(|_, held| held.strong_count() > 0);
        let open = self.index.follows().open.iter().copied();
        let open: Vec<u64> = open.filter(|at| !self.taken.contains_key(at)).collect();
        self.append(time, |draft| {
            open.iter().try_for_each(|reserved| {
                let reason = "the run ended without it".to_owned();
                draft.concluded(
                    *reserved,
                    Event::Failed(Failed {
                        reserved: *reserved,
                        reason,
                    }),
                )
            })
        })?;
        Ok(open.len())
    }

    /// Whether [`Self::reserve`] would take this now, on a read: so that nobody is asked for a
    /// PIN in vain. It is checked again when it is reserved.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn check(&self, wanted: &Wanted, time: u64) -> Checked<()> {
        let cas = self.cas()?;
        let ca = match signing_ca(&cas, &wanted.decided) {
            Ok(ca) => ca,
            Err(refused) => return Ok(Err(refused)),
        };
        unless_refused!(self.is_served(ca, &cas, wanted));
        unless_refused!(self.request_is_new(&wanted.basis));
        unless_refused!(self.open_challenge(wanted.basis.challenge, time));
        let mut serials = Serials::new(self, ca)?;
        Ok(serials.choose(self, wanted.serial)?.map(drop))
    }

    /// Whether CA, key, card and requester are served at all today: neither revoked nor
    /// barred, and the key nobody else's. For whatever hands out again what was issued before.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn may_be_certified(&self, wanted: &Wanted) -> Checked<()> {
        let cas = self.cas()?;
        match signing_ca(&cas, &wanted.decided) {
            Ok(ca) => self.is_served(ca, &cas, wanted),
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// Neither CA, key, card nor requester was revoked, the key is the requester's own, and
    /// the names are those that the proof allows.
    fn is_served(&self, ca: &Ca, cas: &[Ca], wanted: &Wanted) -> Checked<()> {
        let key = wanted.decided.body().subject.key();
        unless_refused!(self.key_is_free(ca, cas, key));
        let proof = wanted.basis.proof.as_ref();
        if proof.is_some_and(|proof| proof.key() != key) {
            return Ok(Err(ReserveError::ProofOfAnotherKey(fingerprint(key))));
        }
        if let Some((family, card)) = proof.and_then(Proof::card)
            && self.card_is_barred(card.into(), Some(&family.to_string()))?
        {
            return Ok(Err(ReserveError::CardBarred(card.into())));
        }
        let requester = wanted.decided.requester();
        if self.requester_is_barred(requester)? {
            return Ok(Err(ReserveError::RequesterBarred(requester.to_owned())));
        }
        if let Some(owner) = self.owner_other_than(requester, key)? {
            return Ok(Err(ReserveError::KeyOfAnother {
                fingerprint: fingerprint(key),
                owner,
                requester: requester.to_owned(),
            }));
        }
        self.names_are_proved(ca, &wanted.decided)
    }

    /// The subject's key was not revoked and is neither a CA's nor the ledger's; the CA's
    /// own key was not revoked.
    fn key_is_free(&self, ca: &Ca, cas: &[Ca], key: &KeyData) -> Checked<()> {
        let hash = sha256(key);
        if self.key_is_revoked(&sha256(ca.public_key()))? {
            return Ok(Err(ReserveError::CaRevoked(ca.name().to_owned())));
        }
        if self.key_is_revoked(&hash)? {
            return Ok(Err(ReserveError::KeyRevoked(fingerprint(key))));
        }
        if self.is_known_ledger_key(&hash)? {
            return Ok(Err(ReserveError::LedgerKey(fingerprint(key))));
        }
        Ok(match cas.iter().find(|ca| ca.public_key() == key) {
            Some(ca) => Err(ReserveError::CaKey(ca.name().to_owned())),
            None => Ok(()),
        })
    }

    fn request_is_new(&self, basis: &Basis) -> Checked<()> {
        let Some(id) = basis.request_id else {
            return Ok(Ok(()));
        };
        let from = self.requests_from()?;
        if basis.created.is_some_and(|created| created < from) {
            return Ok(Err(ReserveError::RequestTooOld { id, from }));
        }
        let used = self.holds_on(table::REQUEST_ID, &id, |grounds| {
            grounds.request_id == Some(id)
        })?;
        Ok(if used {
            Err(ReserveError::RequestUsed(id))
        } else {
            Ok(())
        })
    }

    /// The position of a challenge that may still be answered at `time`.
    fn open_challenge(&self, nonce: Option<Nonce>, time: u64) -> Checked<Option<u64>> {
        let Some(nonce) = nonce else {
            return Ok(Ok(None));
        };
        let Some(position) = self.index.position(table::CHALLENGE, &nonce)? else {
            return Ok(Err(ReserveError::ChallengeUnknown(nonce)));
        };
        let made = match self.entry(position)?.event {
            Event::ChallengeMade(made) if made.nonce == nonce => made,
            _ => return Ok(Err(ReserveError::ChallengeUnknown(nonce))),
        };
        if let Some(late) = time.checked_sub(made.expires) {
            return Ok(Err(ReserveError::ChallengeExpired { nonce, late }));
        }
        let used = self.holds_on(table::ANSWER, &number(position), |grounds| {
            grounds.challenge == Some(position)
        })?;
        Ok(if used {
            Err(ReserveError::ChallengeUsed(nonce))
        } else {
            Ok(Some(position))
        })
    }

    /// Whether a reservation under this key, whose grounds say so, was not given up.
    fn holds_on(
        &self,
        table: u8,
        key: &[u8],
        says: impl Fn(&Grounds) -> bool,
    ) -> Result<bool, LedgerError> {
        for position in self.index.positions(table, key)? {
            let Event::Reserved(reserved) = self.entry(position)?.event else {
                continue;
            };
            if reserved.grounds.as_ref().is_some_and(&says) && !self.was_given_up(position)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Somebody else whose key this is. The direct form asks for anybody's.
    fn owner_other_than(
        &self,
        requester: &str,
        key: &KeyData,
    ) -> Result<Option<String>, LedgerError> {
        if requester == OPERATOR {
            return Ok(None);
        }
        let blob = PublicKey::from(key.clone()).to_bytes()?;
        let enrolled = self.enrolled_for(&Credential::Key(blob))?;
        if enrolled.as_deref().is_some_and(|name| name != requester) {
            return Ok(enrolled);
        }
        self.certified_to_other_than(requester, &sha256(key))
    }

    /// Somebody else whom a certificate for this key was reserved for.
    pub(super) fn certified_to_other_than(
        &self,
        requester: &str,
        sha256: &[u8; 32],
    ) -> Result<Option<String>, LedgerError> {
        let own = [requester, OPERATOR].map(|name| subject_key(sha256, name));
        let mut from = sha256.to_vec();
        loop {
            let keys = Keys::of(table::SUBJECT, sha256).from(&from);
            let Some((key, _)) = self.index.first(&keys)? else {
                return Ok(None);
            };
            // Each name once, however many certificates it has.
            if !own.contains(&key)
                && let Some(owner) = self.certified_under(&key)?
            {
                return Ok(Some(owner));
            }
            from = [key.as_slice(), &[0]].concat();
        }
    }

    /// The name that holds a certificate under this key of the index, if one was not given up.
    fn certified_under(&self, key: &[u8]) -> Result<Option<String>, LedgerError> {
        for position in self.index.positions(table::SUBJECT, key)? {
            if let Event::Reserved(reserved) = self.entry(position)?.event
                && !self.was_given_up(position)?
            {
                return Ok(Some(reserved.requester));
            }
        }
        Ok(None)
    }
}

impl Draft<'_> {
    fn reservations(&mut self, wanted: Vec<Wanted>) -> Result<Reserving, LedgerError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let cas = self.ledger.cas()?;
        let mut serials = BTreeMap::new();
        wanted
            .into_iter()
            .map(|wanted| {
                let ca = match signing_ca(&cas, &wanted.decided) {
                    Ok(ca) => ca,
                    Err(refused) => return Ok(Err(refused)),
                };
                let serials = match serials.entry(ca.position) {
                    MapEntry::Occupied(known) => known.into_mut(),
                    MapEntry::Vacant(new) => new.insert(Serials::new(self.ledger, ca)?),
                };
                self.reservation(serials, &cas, wanted)
            })
            .collect()
    }

    /// Takes a serial for one item, unless it is refused.
    fn reservation(
        &mut self,
        serials: &mut Serials,
        cas: &[Ca],
        wanted: Wanted,
    ) -> Checked<Reservation> {
        let ca = serials.ca().clone();
        unless_refused!(self.ledger.is_served(&ca, cas, &wanted));
        unless_refused!(self.ledger.request_is_new(&wanted.basis));
        let challenge = wanted.basis.challenge;
        let challenge = unless_refused!(self.ledger.open_challenge(challenge, self.time));
        let enrolment = match self.enrolment_with(&wanted) {
            Ok(enrolment) => enrolment,
            Err(EnrolError::Ledger(error)) => return Err(error),
            Err(refused) => return Ok(Err(ReserveError::Enrol(refused))),
        };
        let before = serials.clone();
        let serial = unless_refused!(serials.choose(self.ledger, wanted.serial));
        let body = wanted.decided.body();
        let to_be_signed = match body.to_be_signed(serial, &random::<32>()?, &ca.public_key) {
            Ok(to_be_signed) => to_be_signed,
            Err(error) => {
                // An audit takes a serial that was left out for one that was hidden.
                *serials = before;
                return Ok(Err(error.into()));
            }
        };
        if let Some(added) = enrolment {
            self.entry(Event::RequesterAdded(added))?;
        }
        let grounds = self.grounds(&wanted, challenge)?;
        let reserved = reserved(&ca, serial, &wanted, &to_be_signed, grounds);
        Ok(Ok(Reservation {
            position: self.entry(Event::Reserved(reserved))?,
            serial,
            decided: wanted.decided,
            to_be_signed,
            held: Arc::default(),
        }))
    }

    fn grounds(&mut self, wanted: &Wanted, challenge: Option<u64>) -> Result<Grounds, LedgerError> {
        let basis = &wanted.basis;
        self.policy(&basis.policy, &wanted.keyboard)?;
        let evidence = match &basis.proof {
            Some(proof) => Some(self.evidence(seen(proof, &basis.evidence, &wanted.keyboard)?)?),
            None => None,
        };
        let card = basis.proof.as_ref().and_then(Proof::card);
        Ok(Grounds {
            policy: *basis.policy.digest(),
            request_id: basis.request_id,
            challenge,
            evidence,
            card: card.map(|(_, serial)| serial.into()),
            reason: basis.reason.clone(),
            known: Some(Box::new(Known {
                by: wanted.decided.known_by().to_string(),
                family: card.map_or(String::new(), |(family, _)| family.to_string()),
            })),
        })
    }

    /// What became of a reservation, which can be said once.
    fn outcome(&mut self, outcome: &Outcome<'_>) -> Result<(), LedgerError> {
        match outcome {
            Outcome::Issued(reservation, signature) => {
                let issued = Issued {
                    reserved: reservation.position,
                    signature: signature.encode_vec().map_err(EntryError::from)?,
                };
                self.concluded(reservation.position, Event::Issued(issued))
            }
            Outcome::Failed(reservation, reason) => {
                let failed = Failed {
                    reserved: reservation.position,
                    reason: reason.clone(),
                };
                self.concluded(reservation.position, Event::Failed(failed))
            }
        }
    }

    fn concluded(&mut self, reserved: u64, event: Event) -> Result<(), LedgerError> {
        if !self.ledger.index.follows().open.contains(&reserved) {
            return Err(LedgerError::OutcomeKnown { reserved });
        }
        self.entry(event).map(drop)
    }
}

/// The CA that something was decided for. What the ledger recorded of it counts, whatever
/// the decision believed.
fn signing_ca<'c>(cas: &'c [Ca], decided: &Decided) -> Result<&'c Ca, ReserveError> {
    let ca = cas.iter().find(|ca| ca.public_key() == decided.ca());
    let ca = ca.ok_or_else(|| ReserveError::UnknownCa(fingerprint(decided.ca())))?;
    let (purpose, kind) = (ca.added.purpose, decided.body().kind);
    let signs = match kind {
        Kind::User => purpose != Purpose::Host,
        Kind::Host => purpose != Purpose::User,
    };
    if signs {
        return Ok(ca);
    }
    Err(ReserveError::OtherPurpose {
        ca: ca.added.name.clone(),
        purpose,
        kind,
    })
}

fn reserved(
    ca: &Ca,
    serial: Serial,
    wanted: &Wanted,
    to_be_signed: &ToBeSigned,
    grounds: Grounds,
) -> Reserved {
    let proof = wanted.basis.proof.as_ref();
    Reserved {
        ca: ca.position,
        serial: serial.number(),
        sequence: match wanted.serial {
            SerialChoice::Next => Sequence::Automatic,
            SerialChoice::Exactly(_) => Sequence::Explicit,
        },
        role: wanted.decided.role().to_owned(),
        decided_by: concat!("punchmark ", env!("CARGO_PKG_VERSION")).to_owned(),
        requester: wanted.decided.requester().to_owned(),
        keyboard: wanted.keyboard.clone(),
        proof: proof
            .map_or("none", |proof| proof.kind().as_str())
            .to_owned(),
        request: *wanted.request.as_bytes(),
        to_be_signed: to_be_signed.as_bytes().to_vec(),
        grounds: Some(grounds),
    }
}

/// The entry that keeps a proof and the evidence for it.
fn seen(proof: &Proof, evidence: &[u8], keyboard: &str) -> Result<EvidenceSeen, LedgerError> {
    Ok(EvidenceSeen {
        subject: PublicKey::from(proof.key().clone()).to_bytes()?,
        kind: proof.kind().as_str().to_owned(),
        facts: serde_json::to_string(proof.facts())?,
        evidence: evidence.to_vec(),
        keyboard: keyboard.to_owned(),
    })
}

pub(super) fn sha256(key: &KeyData) -> [u8; 32] {
    key.fingerprint(HashAlg::Sha256)
        .sha256()
        .unwrap_or_default()
}
