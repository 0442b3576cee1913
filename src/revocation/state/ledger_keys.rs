//! The ledger's own keys in a published state: none becomes a subject, and none that was
//! revoked is believed again.

use std::collections::HashSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use ssh_encoding::base64::{Base64, Encoding};
use ssh_key::Fingerprint;

use super::PublishedState;
use crate::ledger::{
    Ledger, LedgerError, LedgerKeyAdded, LedgerKeyRevoked, LedgerKeyRolled, Revoked,
};

/// A key of the ledger itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PublishedLedgerKey {
    /// The key's blob, in Base64.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub key: Vec<u8>,
    /// What it signs, as the ledger counts it.
    pub purposes: u8,
    /// The last size of a head that is believed of it, where it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub believed_to: Option<u64>,
}

/// A rollover from one key of the ledger to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PublishedRollover {
    /// What was handed over, as the ledger counts it.
    pub purposes: u8,
    /// The old key's blob, in Base64.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub old: Vec<u8>,
    /// The new key's blob, in Base64.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub new: Vec<u8>,
    /// The old key's SSHSIG, in Base64.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub by_old: Vec<u8>,
    /// The new key's SSHSIG, in Base64.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub by_new: Vec<u8>,
}

impl PublishedState {
    /// The rollovers that `ledger` lacks: a key that handed over signs no more in an older
    /// ledger either.
    ///
    /// # Errors
    /// [`LedgerError::Rollover`] if one is not signed by both keys for the ledger of the state.
    pub fn rollovers_missing_in(
        &self,
        ledger: &Ledger,
        keyboard: &str,
    ) -> Result<Vec<LedgerKeyRolled>, LedgerError> {
        let mut missing = Vec::new();
        for published in &self.rollovers {
            let known = ledger.ledger_key(&hash(&published.old))?;
            if known.is_some_and(|known| known.rolled) {
                continue;
            }
            let rolled = LedgerKeyRolled {
                old: published.old.clone(),
                new: published.new.clone(),
                purposes: published.purposes,
                by_old: published.by_old.clone(),
                by_new: published.by_new.clone(),
                keyboard: keyboard.to_owned(),
            };
            rolled
                .in_ledger(&self.ledger)
                .ok_or(LedgerError::Rollover)?;
            missing.push(rolled);
        }
        Ok(missing)
    }

    /// The keys of the ledger that the state knows by their fingerprints alone and `ledger` not at
    /// all, as one revocation: no entry can record them as the ledger's own, and as revoked they
    /// are at least nobody else's.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn ledger_key_prints_missing_in(
        &self,
        ledger: &Ledger,
        keyboard: &str,
    ) -> Result<Option<Revoked>, LedgerError> {
        let mut sha256s = Vec::new();
        for print in &self.ledger_key_prints {
            let Ok(Fingerprint::Sha256(key)) = print.parse() else {
                continue;
            };
            if ledger.ledger_key(&key)?.is_none() && !ledger.key_is_revoked(&key)? {
                sha256s.push(key);
            }
        }
        Ok((!sha256s.is_empty()).then(|| Revoked {
            sha256s,
            reason: "was a ledger key, known by its fingerprint alone".to_owned(),
            keyboard: keyboard.to_owned(),
            ..Revoked::default()
        }))
    }

    /// The keys that must be recorded so that `ledger` knows all that were its own.
    ///
    /// # Errors
    /// [`LedgerError::SubjectOrCa`] if one was certified or is a CA's.
    pub fn ledger_keys_missing_in(
        &self,
        ledger: &Ledger,
        keyboard: &str,
    ) -> Result<Vec<LedgerKeyAdded>, LedgerError> {
        let mut missing = Vec::new();
        for published in &self.ledger_keys {
            let known = ledger.ledger_key(&hash(&published.key))?;
            if known.is_some_and(|known| known.purposes & published.purposes == published.purposes)
            {
                continue;
            }
            ledger.check_ledger_key(&published.key)?;
            missing.push(LedgerKeyAdded {
                key: published.key.clone(),
                purposes: published.purposes,
                place: String::new(),
                keyboard: keyboard.to_owned(),
            });
        }
        Ok(missing)
    }

    /// The ends of ledger keys that `ledger` lacks.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn ledger_keys_revoked_since(
        &self,
        ledger: &Ledger,
        keyboard: &str,
    ) -> Result<Vec<LedgerKeyRevoked>, LedgerError> {
        let mut revoked = Vec::new();
        for published in &self.ledger_keys {
            let Some(last_size) = published.believed_to else {
                continue;
            };
            let known = ledger.ledger_key(&hash(&published.key))?;
            let recorded = known.and_then(|known| known.believed_to);
            if recorded.is_none_or(|recorded| recorded > last_size) {
                revoked.push(LedgerKeyRevoked {
                    key: published.key.clone(),
                    last_size,
                    reason: "taken over from a published state".to_owned(),
                    keyboard: keyboard.to_owned(),
                });
            }
        }
        Ok(revoked)
    }
}

/// Every key of a ledger whose blob it holds.
pub(super) fn published(ledger: &Ledger) -> Result<Vec<PublishedLedgerKey>, LedgerError> {
    let keys = ledger.ledger_keys()?.into_iter();
    Ok(keys
        .map(|(key, state)| PublishedLedgerKey {
            key,
            purposes: state.purposes,
            believed_to: state.believed_to,
        })
        .collect())
}

/// The fingerprints of those whose blob no entry holds: they signed heads for a version before
/// 0.2.0, and nothing since.
pub(super) fn prints(ledger: &Ledger) -> Result<Vec<String>, LedgerError> {
    let with_blob = ledger.ledger_keys()?;
    let with_blob: HashSet<_> = with_blob.iter().map(|(key, _)| hash(key)).collect();
    let all = ledger.known_ledger_keys()?.into_iter();
    let alone = all.filter(|(key, _)| !with_blob.contains(key));
    Ok(alone
        .map(|(key, _)| Fingerprint::Sha256(key).to_string())
        .collect())
}

/// Every rollover, oldest first.
pub(super) fn rollovers(ledger: &Ledger) -> Result<Vec<PublishedRollover>, LedgerError> {
    let rolled = ledger.ledger_keys_rolled()?.into_iter();
    Ok(rolled
        .map(|rolled| PublishedRollover {
            purposes: rolled.purposes,
            old: rolled.old,
            new: rolled.new,
            by_old: rolled.by_old,
            by_new: rolled.by_new,
        })
        .collect())
}

fn hash(blob: &[u8]) -> [u8; 32] {
    Sha256::digest(blob).into()
}

fn to_base64<S: Serializer>(blob: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&Base64::encode_string(blob))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Base64::decode_vec(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::krl::rollover::tests as rollover;
    use crate::ledger::{CheckpointSigned, Event, for_tests};

    const NOW: u64 = 1_795_000_000;
    const KEY: u8 = 9;

    /// A ledger that knows the key; where it was revoked, up to this size.
    fn ledger(believed_to: Option<u64>) -> Ledger {
        let mut ledger = for_tests::ledger(Box::new(|_| Ok(())));
        let added = LedgerKeyAdded {
            key: rollover::blob(KEY),
            purposes: 3,
            place: String::new(),
            keyboard: String::new(),
        };
        ledger.add_ledger_key(added, NOW).unwrap();
        if let Some(last_size) = believed_to {
            let revoked = LedgerKeyRevoked {
                key: rollover::blob(KEY),
                last_size,
                reason: "stolen".to_owned(),
                keyboard: String::new(),
            };
            ledger.revoke_ledger_key(revoked, NOW).unwrap();
        }
        ledger
    }

    fn state(ledger: &Ledger) -> PublishedState {
        PublishedState::of(ledger, 1, b"").unwrap()
    }

    #[test]
    fn a_key_that_was_revoked_is_believed_no_further_by_an_older_ledger() {
        let published = state(&ledger(Some(9)));
        let sizes = |of: &Ledger| {
            let revoked = published.ledger_keys_revoked_since(of, "").unwrap();
            revoked.iter().map(|one| one.last_size).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&ledger(None)), [9]);
        assert_eq!(sizes(&ledger(Some(10))), [9]);
        for known in [8, 9] {
            assert_eq!(sizes(&ledger(Some(known))), [0; 0]);
        }
    }

    #[test]
    fn a_key_that_handed_over_does_not_sign_again_for_an_older_ledger() {
        let mut empty = for_tests::ledger(Box::new(|_| Ok(())));
        let added = |seed| LedgerKeyAdded {
            key: rollover::blob(seed),
            purposes: 3,
            place: String::new(),
            keyboard: String::new(),
        };
        empty.add_ledger_key(added(1), NOW).unwrap();
        let mut published = state(&empty);
        let parts = rollover::parts(3, 1, 2);
        published.ledger = parts.ledger;
        published.rollovers.push(PublishedRollover {
            purposes: parts.purposes,
            old: parts.old,
            new: parts.new,
            by_old: parts.by_old,
            by_new: parts.by_new,
        });
        let missing = published.rollovers_missing_in(&empty, "").unwrap();
        assert_eq!(missing.len(), 1);
        published.ledger.push('0');
        let other = published.rollovers_missing_in(&empty, "");
        assert!(matches!(other, Err(LedgerError::Rollover)), "{other:?}");
    }

    #[test]
    fn a_key_that_is_known_by_its_fingerprint_alone_is_kept_from_everybody() {
        let mut newer = for_tests::ledger(Box::new(|_| Ok(())));
        newer
            .add_ledger_key(
                LedgerKeyAdded {
                    key: rollover::blob(KEY),
                    purposes: 3,
                    place: String::new(),
                    keyboard: String::new(),
                },
                NOW,
            )
            .unwrap();
        let head = newer.checkpoint().unwrap().unwrap();
        let old = Fingerprint::Sha256(rollover::hash(7)).to_string();
        let signed = CheckpointSigned {
            size: head.size,
            root: head.root,
            key: old.clone(),
            keyboard: String::new(),
        };
        newer.forge(Event::CheckpointSigned(signed), NOW).unwrap();
        let published = state(&newer);
        assert_eq!(published.ledger_key_prints, [old]);
        let missing = |of| published.ledger_key_prints_missing_in(of, "").unwrap();
        assert_eq!(missing(&newer), None);
        let empty = for_tests::ledger(Box::new(|_| Ok(())));
        assert_eq!(missing(&empty).unwrap().sha256s, [rollover::hash(7)]);
    }

    #[test]
    fn a_key_that_an_older_ledger_does_not_know_is_recorded_again() {
        let published = state(&ledger(None));
        let empty = for_tests::ledger(Box::new(|_| Ok(())));
        let missing = published.ledger_keys_missing_in(&empty, "").unwrap();
        assert_eq!(
            (missing.len(), &missing[0].key[..]),
            (1, &rollover::blob(KEY)[..])
        );
        assert_eq!(missing[0].purposes, 3);
        let known = published.ledger_keys_missing_in(&ledger(None), "");
        assert!(known.unwrap().is_empty());
    }
}
