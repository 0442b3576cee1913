//! The ledger's own keys: which they are, what each is for, and that none is a subject or a CA.
//!
//! A key is the ledger's from the first entry that names it so: when it is configured, when
//! it signs a list, when it signs a head.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Ledger;
use super::draft::Draft;
use super::served;
use crate::certificate::Subject;
use crate::krl::rollover::{Rollover, RolloverStatement};
use crate::ledger::LedgerError;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::entry::{
    CheckpointSigned, Event, HEADS, LISTS, LedgerKeyAdded, LedgerKeyRevoked, LedgerKeyRolled,
};
use crate::ledger::rows::{of_fingerprint, sha256, table};
use crate::ledger::store::{Keys, Walk};
use ssh_key::public::KeyData;
use ssh_key::{Fingerprint, PublicKey};

/// What the ledger says of one of its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerKeyState {
    /// What it was recorded for by an entry of its own.
    pub recorded: u8,
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
            draft.ledger.ledger_key_is_in_use(&sha256(&added.key))?;
            draft.entry(Event::LedgerKeyAdded(added)).map(drop)
        })
    }

    /// Records what a key signs and where it lies, unless that was recorded before: to be called before it
    /// signs that.
    ///
    /// # Errors
    /// [`LedgerError::LedgerKeyEnded`] of a key that signs no more,
    /// [`LedgerError::SubjectOrCa`] if the key was certified or is a CA's.
    pub fn ledger_key_signs(
        &mut self,
        added: LedgerKeyAdded,
        time: u64,
    ) -> Result<(), LedgerError> {
        self.ledger_key_is_in_use(&sha256(&added.key))?;
        let known = self.ledger_key(&sha256(&added.key))?.unwrap_or_default();
        let is_placed = added.place.is_empty() || self.knows_ledger_key_at(&added.place)?;
        if known.recorded & added.purposes == added.purposes && is_placed {
            return Ok(());
        }
        self.add_ledger_key(added, time)
    }

    /// Records that one ledger key took over from another, by both of their words.
    ///
    /// # Errors
    /// [`LedgerError::Rollover`] if one of them did not sign [`Self::rollover`].
    pub fn roll_ledger_key(
        &mut self,
        rolled: LedgerKeyRolled,
        time: u64,
    ) -> Result<(), LedgerError> {
        let statement = self.rollover(&rolled.old, &rolled.new)?;
        self.append(time, |draft| {
            draft.may_be_ledger_key(&rolled.new)?;
            for key in [&rolled.old, &rolled.new] {
                draft.ledger.ledger_key_is_in_use(&sha256(key))?;
            }
            let known = draft.ledger.is_known_ledger_key(&sha256(&rolled.old))?;
            let all = rolled.purposes == statement.purposes();
            if !known || !all || rolled.in_ledger(statement.ledger()).is_none() {
                return Err(LedgerError::Rollover);
            }
            let added = LedgerKeyAdded {
                key: rolled.new.clone(),
                purposes: rolled.purposes,
                place: String::new(),
                keyboard: rolled.keyboard.clone(),
            };
            draft.entry(Event::LedgerKeyRolled(rolled))?;
            draft.entry(Event::LedgerKeyAdded(added)).map(drop)
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

    /// What both keys sign when one takes over all that the other signs.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn rollover(&self, old: &[u8], new: &[u8]) -> Result<RolloverStatement, LedgerError> {
        let head = self.checkpoint()?.ok_or(LedgerError::Head)?;
        let known = self.ledger_key(&sha256(old))?.unwrap_or_default();
        Ok(RolloverStatement::new(
            &head.origin,
            known.purposes,
            old,
            new,
        ))
    }

    /// Every rollover of a key that signs lists, oldest first, for whoever takes lists.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn rollovers(&self) -> Result<Vec<Rollover>, LedgerError> {
        let head = self.checkpoint()?.ok_or(LedgerError::Head)?;
        let rolled = self.ledger_keys_rolled()?.into_iter();
        let of_lists = rolled.filter(|rolled| rolled.purposes & LISTS != 0);
        let signed = of_lists.map(|rolled| rolled.in_ledger(&head.origin));
        signed.map(|one| one.ok_or(LedgerError::Rollover)).collect()
    }

    /// Every entry of a rollover, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn ledger_keys_rolled(&self) -> Result<Vec<LedgerKeyRolled>, LedgerError> {
        let events = self.entries_of(table::LEDGER_KEY, Some)?.into_iter();
        Ok(events
            .filter_map(|(_, event)| match event {
                Event::LedgerKeyRolled(rolled) => Some(rolled),
                _ => None,
            })
            .collect())
    }

    /// Whether a key is recorded as the one that lies at this place: a locator, or a file.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn knows_ledger_key_at(&self, place: &str) -> Result<bool, LedgerError> {
        let says = |event: &Event| matches!(event, Event::LedgerKeyAdded(a) if a.place == place);
        let found = self.confirmed(table::LEDGER_KEY_PLACE, &sha256(place.as_bytes()), says)?;
        Ok(found.is_some())
    }

    /// Whether this key is one of the ledger's own, or was.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn is_ledger_key(&self, key: &KeyData) -> Result<bool, LedgerError> {
        self.is_known_ledger_key(&served::sha256(key))
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
    /// [`LedgerError::SubjectOrCa`] if it was certified or is a CA's, [`LedgerError::Unfit`] if
    /// anybody could sign with it.
    pub fn check_ledger_key(&self, blob: &[u8]) -> Result<(), LedgerError> {
        Subject::try_from(PublicKey::from_bytes(blob)?.key_data().clone())?;
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

    /// Every key of the ledger by the SHA-256 of its blob, with what is known of it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn known_ledger_keys(&self) -> Result<Vec<([u8; 32], LedgerKeyState)>, LedgerError> {
        let mut keys = BTreeSet::new();
        let all = Keys::of(table::LEDGER_KEY, &[]);
        self.index.walk(&all, &mut |key, _| {
            keys.extend(<[u8; 32]>::try_from(key));
            Walk::On
        })?;
        let state =
            |key: [u8; 32]| Some(self.ledger_key(&key).transpose()?.map(|state| (key, state)));
        keys.into_iter().filter_map(state).collect()
    }

    /// The keys of the ledger that were revoked, by the SHA-256 of their blobs, each with the
    /// last size of a head that is believed of it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn revoked_ledger_keys(&self) -> Result<HashMap<[u8; 32], u64>, LedgerError> {
        let known = self.known_ledger_keys()?.into_iter();
        Ok(known
            .filter_map(|(key, state)| Some((key, state.believed_to?)))
            .collect())
    }

    /// Refuses a key that another one took over from, or that was revoked.
    fn ledger_key_is_in_use(&self, key: &[u8; 32]) -> Result<(), LedgerError> {
        let state = self.ledger_key(key)?.unwrap_or_default();
        if state.rolled || state.believed_to.is_some() {
            return Err(LedgerError::LedgerKeyEnded(fingerprint_of(key)));
        }
        Ok(())
    }

    /// Records that a head was signed; proofs lead to the newest that was.
    ///
    /// # Errors
    /// [`LedgerError::OtherHead`] if it is no head of this ledger,
    /// [`LedgerError::SubjectOrCa`] if its signer's key is a CA's or was certified,
    /// [`LedgerError::LedgerKeyPurpose`] if it was not recorded for heads.
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

    /// The signed heads that are believed, oldest first: those whose key was not revoked, or
    /// counts up to a size that is no smaller than theirs.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn believed_heads(&self) -> Result<Vec<CheckpointSigned>, LedgerError> {
        let revoked = self.revoked_ledger_keys()?;
        let is_believed = |signed: &CheckpointSigned| {
            let last = of_fingerprint(&signed.key).and_then(|key| revoked.get(&key));
            last.is_none_or(|last| signed.size <= *last)
        };
        let heads = self.signed_heads()?.into_iter().map(|(_, signed)| signed);
        Ok(heads.filter(is_believed).collect())
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

    /// A key signs for the ledger only where it may be one of its keys, is in use, and was
    /// recorded for that: what it signs must be known before it does.
    pub(super) fn may_sign(&self, key: &[u8; 32], purpose: u8) -> Result<(), LedgerError> {
        self.ledger.is_no_subject(key)?;
        self.ledger.ledger_key_is_in_use(key)?;
        let known = self.ledger.ledger_key(key)?.unwrap_or_default();
        if known.recorded & purpose == 0 {
            return Err(LedgerError::LedgerKeyPurpose(fingerprint_of(key)));
        }
        Ok(())
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
        let key = of_fingerprint(&signed.key).ok_or(LedgerError::NoLedgerKey)?;
        self.may_sign(&key, HEADS)?;
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
        Event::LedgerKeyAdded(added) => {
            state.purposes |= added.purposes;
            state.recorded |= added.purposes;
        }
        Event::LedgerKeyRolled(rolled) if sha256(&rolled.old) == *key => state.rolled = true,
        Event::LedgerKeyRevoked(revoked) => {
            let before = state.believed_to.unwrap_or(u64::MAX);
            state.believed_to = Some(before.min(revoked.last_size));
        }
        _ => {}
    }
}

fn fingerprint_of(key: &[u8; 32]) -> String {
    Fingerprint::Sha256(*key).to_string()
}
