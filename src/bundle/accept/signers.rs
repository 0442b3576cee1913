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

    /// Notes what an entry of the answer, at this position, says of who signs heads.
    pub(super) fn take(&mut self, position: u64, event: &Event, origin: &str) {
        match event {
            Event::LedgerKeyRolled(rolled) if rolled.purposes & HEADS != 0 => {
                let old = rolled.in_ledger(origin).map(|one| one.old_key());
                let old = old.and_then(|old| self.0.get_mut(&old));
                let Some((_, last)) = old.filter(|(_, last)| *last >= position) else {
                    return;
                };
                // Whoever handed over signs nothing that has this entry.
                *last = position.saturating_sub(1);
                if let Ok(key) = PublicKey::from_bytes(&rolled.new) {
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

#[cfg(test)]
mod tests {
    use ssh_key::Signature;

    use super::*;
    use crate::krl::rollover::tests::{LEDGER, key, parts};
    use crate::ledger::LedgerKeyRolled;

    fn rolled(old: u8, new: u8) -> Event {
        let parts = parts(HEADS, old, new);
        Event::LedgerKeyRolled(LedgerKeyRolled {
            old: parts.old,
            new: parts.new,
            purposes: parts.purposes,
            by_old: parts.by_old,
            by_new: parts.by_new,
            keyboard: String::new(),
        })
    }

    fn is_believed(signers: &Signers, seed: u8, size: u64) -> bool {
        let head = Checkpoint {
            origin: LEDGER.to_owned(),
            size,
            root: [7; 32],
        };
        let text = head.to_string();
        let signature: Signature = signature::Signer::sign(&key(seed), text.as_bytes());
        let signer = NoteKey::new(LEDGER, key(seed).public_key().key_data()).unwrap();
        let note = signer.note(&text, &signature).unwrap();
        signers.believe(&note, &head).is_ok()
    }

    #[test]
    fn whoever_hands_over_in_an_answer_signs_no_head_that_has_the_word() {
        let mut signers = Signers(HashMap::new());
        signers.add(key(1).public_key().key_data(), u64::MAX);
        assert!(is_believed(&signers, 1, 12) && !is_believed(&signers, 2, 12));
        signers.take(10, &rolled(1, 2), LEDGER);
        assert!(is_believed(&signers, 1, 9) && !is_believed(&signers, 1, 10));
        assert!(is_believed(&signers, 2, 10));
        // It hands over to nobody else from then on, and neither does somebody unknown.
        signers.take(11, &rolled(1, 3), LEDGER);
        signers.take(11, &rolled(4, 5), LEDGER);
        assert!(!is_believed(&signers, 3, 12) && !is_believed(&signers, 5, 12));
        signers.take(12, &rolled(2, 6), LEDGER);
        assert!(is_believed(&signers, 6, 12) && !is_believed(&signers, 2, 12));
    }
}
