//! Reserving a serial, and recording what became of it: what must be unique or not revoked
//! is checked here, in the very frame that takes it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as MapEntry;
use std::sync::Arc;

use ssh_encoding::Encode;
use ssh_key::PublicKey;

use super::Ledger;
use super::draft::{Draft, random};
use super::serials::Serials;
use super::served::{Checked, unless_refused};
use crate::attestation::Proof;
use crate::certificate::subject::fingerprint;
use crate::certificate::{Kind, Serial, ToBeSigned};
use crate::ledger::entry::{
    Event, EvidenceSeen, Failed, Grounds, Issued, Known, Reserved, Sequence,
};
#[cfg(test)]
use crate::ledger::rows::table;
use crate::ledger::{
    Ca, EnrolError, EntryError, LedgerError, Outcome, Purpose, Reservation, ReserveError,
    SerialChoice, Wanted,
};
use crate::policy::Decided;

/// One result an item: a reservation, or why it got none.
pub(super) type Reserving = Vec<Result<Reservation, ReserveError>>;

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
        unless_refused!(self.login_counts(wanted, time));
        unless_refused!(self.key_id_is_free(ca, &wanted.decided));
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
}

#[cfg(test)]
impl Ledger {
    /// Takes a serial as whoever has the file can do, and asks no rule.
    pub(super) fn forge_reservation(
        &mut self,
        ca: &Ca,
        wanted: Wanted,
        time: u64,
    ) -> Result<Reservation, LedgerError> {
        let serial = match wanted.serial {
            SerialChoice::Exactly(serial) => serial,
            SerialChoice::Next => self.next_serial(ca)?.unwrap_or(Serial::FIRST),
        };
        let body = wanted.decided.body();
        let content = body.to_be_signed(serial, &random::<32>()?, &ca.public_key);
        let content = content.map_err(|_it_is_its_own_ca| LedgerError::Head)?;
        let challenge = wanted.basis.challenge;
        self.append(time, |draft| {
            let challenge = match challenge {
                Some(nonce) => draft.ledger.index.position(table::CHALLENGE, &nonce)?,
                None => None,
            };
            draft.taken(ca, (serial, content), wanted, challenge)
        })
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
        unless_refused!(self.ledger.word_counts(&wanted.decided));
        unless_refused!(self.ledger.login_counts(&wanted, self.time));
        unless_refused!(self.ledger.key_id_is_free(&ca, &wanted.decided));
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
        let content = (serial, to_be_signed);
        Ok(Ok(self.taken(&ca, content, wanted, challenge)?))
    }

    /// Writes down what was checked.
    fn taken(
        &mut self,
        ca: &Ca,
        (serial, to_be_signed): (Serial, ToBeSigned),
        wanted: Wanted,
        challenge: Option<u64>,
    ) -> Result<Reservation, LedgerError> {
        let grounds = self.grounds(&wanted, challenge)?;
        let reserved = reserved(ca, serial, &wanted, &to_be_signed, grounds);
        Ok(Reservation {
            position: self.entry(Event::Reserved(reserved))?,
            serial,
            decided: wanted.decided,
            to_be_signed,
            held: Arc::default(),
        })
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
            served: basis.served.clone().map(Box::new),
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
