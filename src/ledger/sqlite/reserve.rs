//! Reserving a serial: what must be unique or not revoked is checked here, in the very
//! transaction that takes it.

use rusqlite::{OptionalExtension, Transaction, params};
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use super::append::{Append, random};
use super::serials::{Sequences, Serials};
use super::{damaged, read, terms};
use crate::attestation::Proof;
use crate::certificate::ToBeSigned;
use crate::ledger::entry::{Event, EvidenceSeen, Grounds, PolicySeen, Reserved, Sequence};
use crate::ledger::wanted::Basis;
use crate::ledger::{
    Ca, Credential, LedgerError, Nonce, OPERATOR, Policy, Reservation, ReserveError, SerialChoice,
    Wanted,
};

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

impl Append<'_> {
    /// Takes a serial for one item, unless it is refused.
    pub(super) fn reservation(
        &mut self,
        serials: &mut Serials<'_>,
        ca: &Ca,
        wanted: Wanted,
    ) -> Checked<Reservation> {
        unless_refused!(self.may_be_certified(&wanted));
        unless_refused!(self.request_is_new(&wanted.basis));
        let challenge = unless_refused!(self.open_challenge(wanted.basis.challenge));
        let serial = unless_refused!(serials.choose(wanted.serial));
        let body = wanted.decided.body();
        let to_be_signed = match body.to_be_signed(serial, &random::<32>()?, &ca.public_key) {
            Ok(to_be_signed) => to_be_signed,
            Err(error) => return Ok(Err(error.into())),
        };
        let grounds = self.grounds(&wanted, challenge)?;
        let reserved = reserved(ca, serial.number(), &wanted, &to_be_signed, grounds);
        Ok(Ok(Reservation {
            position: self.reserved(reserved)?,
            serial,
            decided: wanted.decided,
            to_be_signed,
        }))
    }

    /// Whether an item would get a serial now.
    pub(super) fn check(&self, sequences: &mut Sequences<'_>, wanted: &Wanted) -> Checked<()> {
        let (_, serials) = unless_refused!(sequences.of(&wanted.decided));
        unless_refused!(self.may_be_certified(wanted));
        unless_refused!(self.request_is_new(&wanted.basis));
        unless_refused!(self.open_challenge(wanted.basis.challenge));
        Ok(serials.choose(wanted.serial)?.map(drop))
    }

    /// Neither key, card nor requester was revoked, and the key is the requester's own.
    pub(super) fn may_be_certified(&self, wanted: &Wanted) -> Checked<()> {
        let subject = &wanted.decided.body().subject;
        let (key, fingerprint) = (subject.key(), || subject.fingerprint());
        if self.key_is_revoked(&sha256(key))? {
            return Ok(Err(ReserveError::KeyRevoked(fingerprint())));
        }
        let proof = wanted.basis.proof.as_ref();
        if proof.is_some_and(|proof| proof.key() != key) {
            return Ok(Err(ReserveError::ProofOfAnotherKey(fingerprint())));
        }
        if let Some(card) = proof.and_then(card)
            && self.card_is_barred(card)?
        {
            return Ok(Err(ReserveError::CardBarred(card)));
        }
        let requester = wanted.decided.requester();
        if self.requester_is_barred(requester)? {
            return Ok(Err(ReserveError::RequesterBarred(requester.to_owned())));
        }
        Ok(match self.owner_other_than(requester, key)? {
            Some(owner) => Err(ReserveError::KeyOfAnother {
                fingerprint: fingerprint(),
                owner,
                requester: requester.to_owned(),
            }),
            None => Ok(()),
        })
    }

    fn request_is_new(&self, basis: &Basis) -> Checked<()> {
        let Some(id) = basis.request_id else {
            return Ok(Ok(()));
        };
        let used = format!("SELECT 1 FROM request_id t {NOT_GIVEN_UP} AND t.id = ?1");
        Ok(match self.exists(&used, params![id])? {
            true => Err(ReserveError::RequestUsed(id)),
            false => Ok(()),
        })
    }

    /// The position of a challenge that may still be answered.
    fn open_challenge(&self, nonce: Option<Nonce>) -> Checked<Option<u64>> {
        let Some(nonce) = nonce else {
            return Ok(Ok(None));
        };
        let made: Option<(u64, u64)> = self
            .transaction
            .prepare_cached("SELECT position, expires FROM challenge WHERE nonce = ?1")?
            .query_row([nonce], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((position, expires)) = made else {
            return Ok(Err(ReserveError::ChallengeUnknown(nonce)));
        };
        if expires <= self.time {
            let late = self.time - expires;
            return Ok(Err(ReserveError::ChallengeExpired { nonce, late }));
        }
        let used = format!("SELECT 1 FROM answer t {NOT_GIVEN_UP} AND t.challenge = ?1");
        Ok(match self.exists(&used, params![position])? {
            true => Err(ReserveError::ChallengeUsed(nonce)),
            false => Ok(Some(position)),
        })
    }

    fn grounds(&mut self, wanted: &Wanted, challenge: Option<u64>) -> Result<Grounds, LedgerError> {
        let basis = &wanted.basis;
        self.policy(&basis.policy, &wanted.keyboard)?;
        let evidence = match &basis.proof {
            Some(proof) => Some(self.evidence(seen(proof, &basis.evidence, &wanted.keyboard)?)?),
            None => None,
        };
        Ok(Grounds {
            policy: *basis.policy.digest(),
            request_id: basis.request_id,
            challenge,
            evidence,
            card: basis.proof.as_ref().and_then(card),
            reason: basis.reason.clone(),
            known: None,
        })
    }

    /// Keeps the text of a policy that the ledger has not seen yet.
    fn policy(&mut self, policy: &Policy, keyboard: &str) -> Result<(), LedgerError> {
        let digest = *policy.digest();
        if self.exists("SELECT 1 FROM policy WHERE digest = ?1", params![digest])? {
            return Ok(());
        }
        let position = self.entry(Event::PolicySeen(PolicySeen {
            digest,
            text: policy.text().to_owned(),
            keyboard: keyboard.to_owned(),
        }))?;
        self.insert(
            "INSERT INTO policy (digest, position) VALUES (?1, ?2)",
            params![digest, position],
        )
    }

    fn reserved(&mut self, reserved: Reserved) -> Result<u64, LedgerError> {
        let position = self.entry(Event::Reserved(reserved.clone()))?;
        index(self.transaction, position, &reserved)?;
        Ok(position)
    }

    pub(super) fn key_is_revoked(&self, sha256: &[u8; 32]) -> Result<bool, LedgerError> {
        self.exists(
            "SELECT 1 FROM revoked_key WHERE sha256 = ?1",
            params![sha256],
        )
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
        let enrolled = super::requesters::name_of(self.transaction, &Credential::Key(blob))?;
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
        let of_others = format!(
            "SELECT t.requester FROM certified t {NOT_GIVEN_UP} AND t.sha256 = ?1 AND t.requester < ?2 \
             UNION ALL \
             SELECT t.requester FROM certified t {NOT_GIVEN_UP} AND t.sha256 = ?1 AND t.requester > ?2 \
             LIMIT 1"
        );
        Ok(self
            .transaction
            .prepare_cached(&of_others)?
            .query_row(params![sha256, requester], |row| row.get(0))
            .optional()?)
    }

    pub(super) fn exists(
        &self,
        select: &str,
        row: &[&dyn rusqlite::ToSql],
    ) -> Result<bool, LedgerError> {
        Ok(self.transaction.prepare_cached(select)?.exists(row)?)
    }

    pub(super) fn insert(
        &self,
        insert: &str,
        row: &[&dyn rusqlite::ToSql],
    ) -> Result<(), LedgerError> {
        self.transaction.prepare_cached(insert)?.execute(row)?;
        Ok(())
    }
}

/// Indexes the reservations of a ledger that has no terms yet: one of an older format,
/// where all were the operator's, without request ids or challenges.
pub(super) fn index_terms(transaction: &Transaction<'_>) -> Result<(), LedgerError> {
    let select = "SELECT e.position, e.bytes FROM reservation r \
        JOIN entry e ON e.position = r.position";
    let mut statement = transaction.prepare(select)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (position, bytes): (u64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let Event::Reserved(reserved) = read(position, &bytes)?.event else {
            return Err(damaged(position));
        };
        index_found(transaction, position, &reserved)?;
    }
    Ok(())
}

/// Puts a reservation into the index.
fn index(
    transaction: &Transaction<'_>,
    position: u64,
    reserved: &Reserved,
) -> Result<(), LedgerError> {
    let (ca, serial) = (reserved.ca, reserved.serial.to_be_bytes());
    let (request, automatic) = (reserved.request, reserved.sequence == Sequence::Automatic);
    transaction
        .prepare_cached(
            "INSERT INTO reservation (ca, serial, automatic, position, request) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![ca, serial, automatic, position, request])?;
    index_found(transaction, position, reserved)?;
    let Some(grounds) = &reserved.grounds else {
        return Ok(());
    };
    if let Some(id) = grounds.request_id {
        transaction
            .prepare_cached("INSERT INTO request_id (id, position) VALUES (?1, ?2)")?
            .execute(params![id, position])?;
    }
    if let Some(challenge) = grounds.challenge {
        transaction
            .prepare_cached("INSERT INTO answer (challenge, position) VALUES (?1, ?2)")?
            .execute(params![challenge, position])?;
    }
    Ok(())
}

/// What a reservation is found by, and whose its key is.
fn index_found(
    transaction: &Transaction<'_>,
    position: u64,
    reserved: &Reserved,
) -> Result<(), LedgerError> {
    let terms = terms::of(reserved);
    let mut insert = transaction
        .prepare_cached("INSERT OR IGNORE INTO term (hash, position) VALUES (?1, ?2)")?;
    for hash in terms.hashes {
        insert.execute(params![hash, position])?;
    }
    if reserved.requester != OPERATOR {
        transaction
            .prepare_cached(
                "INSERT INTO certified (sha256, requester, position) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![terms.subject, reserved.requester, position])?;
    }
    Ok(())
}

fn reserved(
    ca: &Ca,
    serial: u64,
    wanted: &Wanted,
    to_be_signed: &ToBeSigned,
    grounds: Grounds,
) -> Reserved {
    let proof = wanted.basis.proof.as_ref();
    Reserved {
        ca: ca.position,
        serial,
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

fn sha256(key: &KeyData) -> [u8; 32] {
    key.fingerprint(HashAlg::Sha256)
        .sha256()
        .unwrap_or_default()
}

fn card(proof: &Proof) -> Option<u64> {
    proof.facts().serial.map(u64::from)
}

/// Of the rows `t` that point to a reservation: those that it was not given up of (an
/// entry of kind 4 says that).
const NOT_GIVEN_UP: &str = "LEFT JOIN outcome o ON o.reserved = t.position \
    LEFT JOIN entry e ON e.position = o.position \
    WHERE (e.position IS NULL OR substr(e.bytes, 1, 1) <> x'04')";
