//! The ledger's own keys in a published state: none becomes a subject, and none that was
//! revoked is believed again.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use ssh_encoding::base64::{Base64, Encoding};

use super::PublishedState;
use crate::ledger::{Ledger, LedgerError, LedgerKeyAdded, LedgerKeyRevoked};

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

impl PublishedState {
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
    use crate::ledger::for_tests;

    const NOW: u64 = 1_795_000_000;
    const KEY: [u8; 3] = [1, 2, 3];

    /// A ledger that knows the key; where it was revoked, up to this size.
    fn ledger(believed_to: Option<u64>) -> Ledger {
        let mut ledger = for_tests::ledger(Box::new(|_| Ok(())));
        let added = LedgerKeyAdded {
            key: KEY.to_vec(),
            purposes: 3,
            keyboard: String::new(),
        };
        ledger.add_ledger_key(added, NOW).unwrap();
        if let Some(last_size) = believed_to {
            let revoked = LedgerKeyRevoked {
                key: KEY.to_vec(),
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
    fn a_key_that_an_older_ledger_does_not_know_is_recorded_again() {
        let published = state(&ledger(None));
        let empty = for_tests::ledger(Box::new(|_| Ok(())));
        let missing = published.ledger_keys_missing_in(&empty, "").unwrap();
        assert_eq!((missing.len(), &missing[0].key[..]), (1, &KEY[..]));
        assert_eq!(missing[0].purposes, 3);
        let known = published.ledger_keys_missing_in(&ledger(None), "");
        assert!(known.unwrap().is_empty());
    }
}
