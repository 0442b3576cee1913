//! Whose signature of a head counts: of the keys that the mirror knows for heads, and of those that took
//! over from them in the frames of the answer itself.

use std::collections::HashMap;

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use super::AcceptError;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::NoteKey;
use crate::ledger::{Event, HEADS, Ledger};

/// Keys that sign heads, each with the last size that is believed of it.
pub(super) struct Signers(HashMap<[u8; 32], (KeyData, u64)>);

impl Signers {
    /// The keys that the mirror knows, and those that a person names.
    pub(super) fn of(mirror: &Ledger, trusted: &[KeyData]) -> Result<Self, AcceptError> {
        let mut signers = Self(HashMap::new());
        for (blob, state) in mirror.ledger_keys()? {
            if state.purposes & HEADS != 0
                && let Ok(key) = PublicKey::from_bytes(&blob)
            {
                let last = state.believed_to.unwrap_or(u64::MAX);
                // Whoever handed over signs nothing beyond what the mirror has already.
                let last = if state.rolled {
                    last.min(mirror.size())
                } else {
                    last
                };
                signers.add(key.key_data(), last);
            }
        }
        for key in trusted {
            signers.add(key, u64::MAX);
        }
        Ok(signers)
    }

    /// Notes what an entry of the answer says of who signs heads.
    pub(super) fn take(&mut self, event: &Event, origin: &str) {
        match event {
            Event::LedgerKeyRolled(rolled) if rolled.purposes & HEADS != 0 => {
                let counts = rolled.in_ledger(origin);
                let is_known = counts.is_some_and(|one| self.0.contains_key(&one.old_key()));
                if let (true, Ok(key)) = (is_known, PublicKey::from_bytes(&rolled.new)) {
                    self.add(key.key_data(), u64::MAX);
                }
            }
            Event::LedgerKeyRevoked(revoked) => {
                let key = PublicKey::from_bytes(&revoked.key).ok();
                let hash = key.and_then(|key| key.fingerprint(HashAlg::Sha256).sha256());
                if let Some((_, last)) = hash.and_then(|hash| self.0.get_mut(&hash)) {
                    *last = revoked.last_size.min(*last);
                }
            }
            _ => {}
        }
    }

    /// The one of them that signed this head.
    pub(super) fn believe(&self, note: &str, head: &Checkpoint) -> Result<&KeyData, AcceptError> {
        let mut revoked = None;
        for (key, last) in self.0.values() {
            let Ok(signer) = NoteKey::new(&head.origin, key) else {
                continue;
            };
            match signer.open(note) {
                Ok(_) if head.size <= *last => return Ok(key),
                Ok(_) => revoked = Some(*last),
                Err(_other) => {}
            }
        }
        Err(revoked.map_or(AcceptError::Signer, AcceptError::SignerRevoked))
    }

    fn add(&mut self, key: &KeyData, last: u64) {
        if let Some(hash) = key.fingerprint(HashAlg::Sha256).sha256() {
            self.0.entry(hash).or_insert((key.clone(), last));
        }
    }
}
