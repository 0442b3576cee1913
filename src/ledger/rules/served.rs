//! Who is served: what must be unique, unrevoked or one's own, looked up before a serial is
//! taken and again in the very frame that takes it.

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use super::Ledger;
use crate::attestation::Proof;
use crate::certificate::subject::fingerprint;
use crate::ledger::entry::{Event, Grounds};
use crate::ledger::rows::{number, subject_key, table};
use crate::ledger::store::Keys;
use crate::ledger::wanted::Basis;
use crate::ledger::{Ca, Credential, LedgerError, Nonce, OPERATOR, ReserveError, Wanted};
use crate::policy::Decided;

/// Something that can be refused, within something that can fail.
pub(super) type Checked<T> = Result<Result<T, ReserveError>, LedgerError>;

/// Goes on with what was not refused.
macro_rules! unless_refused {
    ($checked:expr) => {
        match $checked? {
            Ok(value) => value,
            Err(refused) => return Ok(Err(refused)),
        }
    };
}
pub(super) use unless_refused;

impl Ledger {
    /// Neither CA, key, card nor requester was revoked, the key is the requester's own, and
    /// the names are those that the proof allows.
    pub(super) fn is_served(&self, ca: &Ca, cas: &[Ca], wanted: &Wanted) -> Checked<()> {
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
        if self.retired(ca)?.is_some() {
            return Ok(Err(ReserveError::CaRetired(ca.name().to_owned())));
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

    /// No revocation means the key ID: a list names it for good, whatever is signed later.
    pub(super) fn key_id_is_free(&self, ca: &Ca, decided: &Decided) -> Checked<()> {
        let key_id = decided.body().key_id.as_str();
        Ok(if self.key_id_is_revoked(ca, key_id.as_bytes())? {
            Err(ReserveError::KeyIdRevoked(key_id.to_owned()))
        } else {
            Ok(())
        })
    }

    pub(super) fn request_is_new(&self, basis: &Basis) -> Checked<()> {
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
    pub(super) fn open_challenge(&self, nonce: Option<Nonce>, time: u64) -> Checked<Option<u64>> {
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

pub(super) fn sha256(key: &KeyData) -> [u8; 32] {
    key.fingerprint(HashAlg::Sha256)
        .sha256()
        .unwrap_or_default()
}
