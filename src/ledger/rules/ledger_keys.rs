//! The ledger's own keys: which they are, what each is for, and that none is a subject or a CA.
//!
//! A key is the ledger's from the first entry that names it so: when it is configured, when
//! it signs a list, when it signs a head.

use std::collections::BTreeMap;

use super::Ledger;
use super::draft::Draft;
use super::reserve;
use crate::ledger::LedgerError;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::entry::{
    CheckpointSigned, Event, HEADS, LISTS, LedgerKeyAdded, LedgerKeyRevoked, LedgerKeyRolled,
};
use crate::ledger::rows::{of_fingerprint, sha256, table};
use crate::wire::verify::verify_signature;
use ssh_key::public::KeyData;
use ssh_key::{PublicKey, Signature};

/// What the ledger says of one of its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerKeyState {
    /// What it signs, as [`LedgerKeyAdded::purposes`] has it; what it has signed counts too.
    pub purposes: u8,
    /// The last size of a head that is believed of it; none where it was not revoked.
    pub believed_to: Option<u64>,
    /// Whether another key took over from it.
    pub rolled: bool,
}

impl Ledger {
    /// Records that a key signs heads, lists or receipts of this ledger from here on.
    ///
    /// # Errors
    /// [`LedgerError::SubjectOrCa`] if the key was certified or is a CA's.
    pub fn add_ledger_key(&mut self, added: LedgerKeyAdded, time: u64) -> Result<(), LedgerError> {
        self.append(time, |draft| {
            draft.may_be_ledger_key(&added.key)?;
            draft.entry(Event::LedgerKeyAdded(added)).map(drop)
        })
    }

    /// Records that one ledger key took over from another, by both of their words.
    ///
    /// # Errors
    /// [`LedgerError::Rollover`] if one of them did not sign [`Self::rollover_message`].
    pub fn roll_ledger_key(
        &mut self,
        rolled: LedgerKeyRolled,
        time: u64,
    ) -> Result<(), LedgerError> {
        let message = self.rollover_message(&rolled.old, &rolled.new)?;
        self.append(time, |draft| {
            draft.may_be_ledger_key(&rolled.new)?;
            let known = draft.ledger.is_known_ledger_key(&sha256(&rolled.old))?;
            let signed = signed_by(&rolled.old, &rolled.by_old, &message)
                && signed_by(&rolled.new, &rolled.by_new, &message);
            if !known || !signed {
                return Err(LedgerError::Rollover);
            }
            draft.entry(Event::LedgerKeyRolled(rolled)).map(drop)
        })
    }

    /// Records that what a ledger key signed beyond a size is not believed.
    ///
    /// # Errors
    /// [`LedgerError::NoLedgerKey`] if it is none.
    pub fn revoke_ledger_key(
        &mut self,
        revoked: LedgerKeyRevoked,
        time: u64,
    ) -> Result<(), LedgerError> {
        self.append(time, |draft| {
            if !draft.ledger.is_known_ledger_key(&sha256(&revoked.key))? {
                return Err(LedgerError::NoLedgerKey);
            }
            draft.entry(Event::LedgerKeyRevoked(revoked)).map(drop)
        })
    }

    /// What both keys sign when one takes over from the other: it names the ledger, so that
    /// it counts for no other.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn rollover_message(&self, old: &[u8], new: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let origin = self.checkpoint()?.map(|head| head.origin);
        let origin = origin.ok_or(LedgerError::Head)?;
        let text = format!("punchmark ledger key rollover\n{origin}\n");
        Ok([text.as_bytes(), &sha256(old), &sha256(new)].concat())
    }

    /// Whether this key is one of the ledger's own, or was.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn is_ledger_key(&self, key: &KeyData) -> Result<bool, LedgerError> {
        self.is_known_ledger_key(&reserve::sha256(key))
    }

    /// What is known of a key of the ledger, by the SHA-256 of its blob; none of any other.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn ledger_key(&self, key: &[u8; 32]) -> Result<Option<LedgerKeyState>, LedgerError> {
        let mut state = None;
        for position in self.index.positions(table::LEDGER_KEY, key)? {
            let event = self.entry(position)?.event;
            if names_ledger_key(&event, key) {
                learn(state.get_or_insert_default(), &event, key);
            }
        }
        Ok(state)
    }

    /// Every key of the ledger whose blob some entry holds, with what is known of it. A key that
    /// signed heads and nothing else is known by its fingerprint alone.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn ledger_keys(&self) -> Result<Vec<(Vec<u8>, LedgerKeyState)>, LedgerError> {
        let events = self.entries_of(table::LEDGER_KEY, Some)?;
        let mut keys = BTreeMap::new();
        for blob in events.iter().flat_map(|(_, event)| blobs(event)) {
            keys.entry(blob.to_vec())
                .or_insert_with(LedgerKeyState::default);
        }
        for (blob, state) in &mut keys {
            let key = sha256(blob);
            let of_key = events.iter().map(|(_, event)| event);
            for event in of_key.filter(|event| names_ledger_key(event, &key)) {
                learn(state, event, &key);
            }
        }
        Ok(keys.into_iter().collect())
    }

    /// Whether the key of this blob can become a key of the ledger.
    ///
    /// # Errors
    /// [`LedgerError::SubjectOrCa`] if it was certified or is a CA's.
    pub fn check_ledger_key(&self, blob: &[u8]) -> Result<(), LedgerError> {
        self.is_no_subject(&sha256(blob))
    }

    fn is_no_subject(&self, key: &[u8; 32]) -> Result<(), LedgerError> {
        let cas = self.cas()?;
        let is_ca = cas.iter().any(|ca| sha256(&ca.added.public_key) == *key);
        if is_ca || self.was_certified(key)? {
            return Err(LedgerError::SubjectOrCa);
        }
        Ok(())
    }

    /// Records that a head was signed; proofs lead to the newest that was.
    ///
    /// # Errors
    /// [`LedgerError::OtherHead`] if it is no head of this ledger,
    /// [`LedgerError::SubjectOrCa`] if its signer's key is a CA's or was certified.
    pub fn record_checkpoint(
        &mut self,
        signed: CheckpointSigned,
        time: u64,
    ) -> Result<(), LedgerError> {
        self.append(time, |draft| draft.checkpoint_signed(signed))
    }

    /// Every head that was signed, oldest first, with its time.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn signed_heads(&self) -> Result<Vec<(u64, CheckpointSigned)>, LedgerError> {
        self.entries_of(table::SIGNED_HEAD, |event| match event {
            Event::CheckpointSigned(signed) => Some(signed),
            _ => None,
        })
    }

    /// Whether the key with this SHA-256 of its blob is one of the ledger's own, or was.
    pub(super) fn is_known_ledger_key(&self, key: &[u8; 32]) -> Result<bool, LedgerError> {
        let says = |event: &Event| names_ledger_key(event, key);
        Ok(self.confirmed(table::LEDGER_KEY, key, says)?.is_some())
    }
}

impl Draft<'_> {
    /// A ledger key is no CA's and no subject's: who keeps the ledger honest must not be who
    /// signs, and what it signs must not be taken for somebody's login.
    pub(super) fn may_be_ledger_key(&self, blob: &[u8]) -> Result<(), LedgerError> {
        self.ledger.check_ledger_key(blob)
    }

    fn checkpoint_signed(&mut self, signed: CheckpointSigned) -> Result<(), LedgerError> {
        let head = self.ledger.checkpoint()?.ok_or(LedgerError::Head)?;
        let claimed = Checkpoint {
            origin: head.origin,
            size: signed.size,
            root: signed.root,
        };
        if self.ledger.extends(&claimed).is_err() {
            return Err(LedgerError::OtherHead { size: signed.size });
        }
        if let Some(key) = of_fingerprint(&signed.key) {
            self.ledger.is_no_subject(&key)?;
        }
        self.entry(Event::CheckpointSigned(signed)).map(drop)
    }
}

/// Whether an entry makes this key a ledger key, or says more of it.
fn names_ledger_key(event: &Event, key: &[u8; 32]) -> bool {
    let is = |blob: &[u8]| sha256(blob) == *key;
    match event {
        Event::CheckpointSigned(signed) => of_fingerprint(&signed.key) == Some(*key),
        Event::KrlMade(made) => made.list.as_ref().is_some_and(|list| is(&list.signer)),
        Event::LedgerKeyAdded(added) => is(&added.key),
        Event::LedgerKeyRolled(rolled) => is(&rolled.old) || is(&rolled.new),
        Event::LedgerKeyRevoked(revoked) => is(&revoked.key),
        _ => false,
    }
}

/// The blobs of the ledger's keys that an entry holds.
fn blobs(event: &Event) -> Vec<&[u8]> {
    match event {
        Event::KrlMade(made) => {
            let list = made.list.iter().filter(|list| !list.signer.is_empty());
            list.map(|list| list.signer.as_slice()).collect()
        }
        Event::LedgerKeyAdded(added) => vec![&added.key],
        Event::LedgerKeyRolled(rolled) => vec![&rolled.old, &rolled.new],
        Event::LedgerKeyRevoked(revoked) => vec![&revoked.key],
        _ => Vec::new(),
    }
}

fn learn(state: &mut LedgerKeyState, event: &Event, key: &[u8; 32]) {
    match event {
        Event::CheckpointSigned(_) => state.purposes |= HEADS,
        Event::KrlMade(_) => state.purposes |= LISTS,
        Event::LedgerKeyAdded(added) => state.purposes |= added.purposes,
        Event::LedgerKeyRolled(rolled) if sha256(&rolled.old) == *key => state.rolled = true,
        Event::LedgerKeyRevoked(revoked) => {
            let before = state.believed_to.unwrap_or(u64::MAX);
            state.believed_to = Some(before.min(revoked.last_size));
        }
        _ => {}
    }
}

fn signed_by(key: &[u8], signature: &[u8], message: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (PublicKey::from_bytes(key), Signature::try_from(signature))
    else {
        return false;
    };
    verify_signature(message, &signature, key.key_data()).is_ok()
}
