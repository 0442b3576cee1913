//! Whose lists a server takes: the keys that it was given, those that took over from them, and
//! none that handed over or was revoked.

use std::collections::HashSet;

use ssh_key::public::KeyData;
use ssh_key::{Fingerprint, HashAlg};

use super::Refusal;
use crate::krl::ListSignatureError;
use crate::krl::rollover::{ROLLOVERS_MAX, Rollover, Rollovers};

/// The SHA-256 of a public key blob, by which a server remembers a key.
pub type KeyHash = [u8; 32];

/// What a server has seen of the keys that sign its lists. It only grows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignersSeen {
    /// The old and the new key of each rollover that was followed, in that order.
    pub followed: Vec<(KeyHash, KeyHash)>,
    /// Keys that a believed list revoked.
    pub revoked: Vec<KeyHash>,
}

/// Whether a server knows the key that signed a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signer {
    /// It was given, or took over from one that was.
    Known,
    /// A rollover may lead to it.
    Unknown,
}

impl SignersSeen {
    /// What is known of the key that signed a list.
    ///
    /// # Errors
    /// [`Refusal::EndedSigner`] of a key that handed over, [`Refusal::RevokedSigner`].
    pub(super) fn signer(&self, given: &[KeyData], signer: &KeyData) -> Result<Signer, Refusal> {
        let key = hash(signer);
        self.refuse_revoked(&key)?;
        if let Some((_, new)) = self.followed.iter().find(|(old, _)| *old == key) {
            return Err(Refusal::EndedSigner {
                old: print(&key),
                new: print(new),
            });
        }
        if given.iter().any(|given| self.newest(hash(given)) == key) {
            Ok(Signer::Known)
        } else {
            Ok(Signer::Unknown)
        }
    }

    /// Whether one of the given keys leads to this signer.
    pub(super) fn may_follow(
        &self,
        given: &[KeyData],
        signer: &KeyData,
        rollovers: &Rollovers,
    ) -> bool {
        let key = hash(signer);
        let mut newest = given.iter().map(|given| self.newest(hash(given)));
        newest.any(|from| rollovers.between(&from, &key).is_some())
    }

    /// Follows the rollovers that lead to the signer of a list, which is of this ledger.
    ///
    /// # Errors
    /// [`ListSignatureError::Signer`] if none of the given keys leads there; else
    /// [`Refusal::NoLedger`], [`Refusal::RolloverOfOtherLedger`], [`Refusal::NotForLists`],
    /// [`Refusal::EndedSigner`], [`Refusal::RevokedSigner`] or [`Refusal::ManyRollovers`].
    pub(super) fn follow(
        &self,
        given: &[KeyData],
        signer: &KeyData,
        rollovers: &Rollovers,
        ledger: Option<&str>,
    ) -> Result<Self, Refusal> {
        let key = hash(signer);
        let newest = given.iter().map(|given| self.newest(hash(given)));
        let ways: Vec<_> = newest
            .filter_map(|from| rollovers.between(&from, &key))
            .collect();
        if ways.is_empty() {
            return Err(unknown(signer));
        }
        let ledger = ledger.ok_or(Refusal::NoLedger)?;
        let mut seen = self.clone();
        for rollover in ways.into_iter().flatten() {
            seen.take(rollover, ledger)?;
        }
        Ok(seen)
    }

    fn take(&mut self, rollover: &Rollover, ledger: &str) -> Result<(), Refusal> {
        let (old, new) = (rollover.old_key(), rollover.new_key());
        if self.followed.contains(&(old, new)) {
            return Ok(());
        }
        if rollover.ledger() != ledger {
            return Err(Refusal::RolloverOfOtherLedger {
                expected: ledger.to_owned(),
                found: rollover.ledger().to_owned(),
            });
        }
        if !rollover.is_for_lists() {
            return Err(Refusal::NotForLists(print(&old)));
        }
        [&old, &new]
            .iter()
            .try_for_each(|key| self.refuse_revoked(key))?;
        if let Some((key, by)) = self
            .followed
            .iter()
            .find(|(ended, _)| [old, new].contains(ended))
        {
            return Err(Refusal::EndedSigner {
                old: print(key),
                new: print(by),
            });
        }
        if self.followed.len() >= ROLLOVERS_MAX {
            return Err(Refusal::ManyRollovers);
        }
        self.followed.push((old, new));
        Ok(())
    }

    /// Remembers which of the keys that could sign are among those that a believed list revokes.
    ///
    /// # Errors
    /// [`Refusal::RevokedSigner`] if the key that signed it is among them.
    pub(super) fn learn(
        mut self,
        given: &[KeyData],
        signer: &KeyData,
        revoked: &[KeyHash],
    ) -> Result<Self, Refusal> {
        let mut keys: HashSet<KeyHash> = given.iter().map(hash).collect();
        keys.insert(hash(signer));
        keys.extend(self.followed.iter().map(|(_, new)| new));
        for key in revoked {
            if keys.contains(key) && !self.revoked.contains(key) {
                self.revoked.push(*key);
            }
        }
        self.refuse_revoked(&hash(signer))?;
        Ok(self)
    }

    /// The key that signs in the place of this one by now.
    fn newest(&self, mut key: KeyHash) -> KeyHash {
        for (old, new) in &self.followed {
            if *old == key {
                key = *new;
            }
        }
        key
    }

    pub(super) fn refuse_revoked(&self, key: &KeyHash) -> Result<(), Refusal> {
        if self.revoked.contains(key) {
            return Err(Refusal::RevokedSigner(print(key)));
        }
        Ok(())
    }
}

/// The refusal of a list by a key that nobody named.
pub(super) fn unknown(signer: &KeyData) -> Refusal {
    ListSignatureError::Signer(print(&hash(signer))).into()
}

pub(super) fn print(key: &KeyHash) -> String {
    Fingerprint::Sha256(*key).to_string()
}

/// The SHA-256 of a key's blob.
pub(super) fn hash(key: &KeyData) -> KeyHash {
    key.fingerprint(HashAlg::Sha256)
        .sha256()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::krl::rollover::tests::{LEDGER, hash as hash_of, key, parts, rollover};
    use crate::krl::rollover::{LISTS, RolloverParts};

    fn public(seed: u8) -> KeyData {
        key(seed).public_key().key_data().clone()
    }

    fn rollovers(steps: &[(u8, u8)]) -> Rollovers {
        let all = steps.iter().map(|(old, new)| rollover(*old, *new));
        Rollovers::of(all.collect()).unwrap()
    }

    fn follow(
        seen: &SignersSeen,
        given: u8,
        signer: u8,
        steps: &[(u8, u8)],
    ) -> Result<SignersSeen, Refusal> {
        seen.follow(
            &[public(given)],
            &public(signer),
            &rollovers(steps),
            Some(LEDGER),
        )
    }

    fn revoked(seeds: &[u8]) -> Vec<KeyHash> {
        seeds.iter().map(|seed| hash_of(*seed)).collect()
    }

    #[test]
    fn a_followed_key_is_known_and_the_ones_before_it_never_again() {
        let seen = follow(&SignersSeen::default(), 1, 3, &[(1, 2), (2, 3)]).unwrap();
        let signer = |given, signer| seen.signer(&[public(given)], &public(signer));
        assert_eq!(signer(1, 3), Ok(Signer::Known));
        assert_eq!(signer(2, 3), Ok(Signer::Known));
        assert_eq!(signer(3, 3), Ok(Signer::Known));
        assert_eq!(signer(1, 4), Ok(Signer::Unknown));
        assert_eq!(signer(9, 3), Ok(Signer::Unknown));
        for old in [1, 2] {
            let refused = signer(old, old).unwrap_err();
            assert!(matches!(refused, Refusal::EndedSigner { .. }), "{refused}");
        }
        // From what was followed it goes on, whichever of its keys was given.
        let further = follow(&seen, 1, 5, &[(3, 5)]).unwrap();
        assert_eq!(further.followed.len(), 3);
    }

    #[test]
    fn a_key_that_handed_over_neither_hands_over_again_nor_takes_over() {
        let seen = follow(&SignersSeen::default(), 1, 2, &[(1, 2)]).unwrap();
        let forked = seen.follow(
            &[public(2)],
            &public(9),
            &rollovers(&[(2, 1), (1, 9)]),
            Some(LEDGER),
        );
        assert!(
            matches!(forked, Err(Refusal::EndedSigner { .. })),
            "{forked:?}"
        );
        let aside = follow(&seen, 1, 9, &[(1, 9)]).unwrap_err();
        assert!(matches!(aside, Refusal::Signature(_)), "{aside}");
    }

    #[test]
    fn a_rollover_that_leads_elsewhere_or_counts_for_something_else_is_not_followed() {
        let none = SignersSeen::default();
        for steps in [&[][..], &[(7, 8)], &[(1, 7)], &[(7, 2)]] {
            let refused = follow(&none, 1, 2, steps).unwrap_err();
            assert!(matches!(refused, Refusal::Signature(_)), "{refused}");
        }
        let of = |parts: RolloverParts, ledger| {
            let all = Rollovers::of(vec![Rollover::new(parts).unwrap()]).unwrap();
            none.follow(&[public(1)], &public(2), &all, ledger)
        };
        let heads = of(parts(1, 1, 2), Some(LEDGER)).unwrap_err();
        assert!(matches!(heads, Refusal::NotForLists(_)), "{heads}");
        let other = of(parts(LISTS, 1, 2), Some("punchmark.ledger/f")).unwrap_err();
        assert!(
            matches!(other, Refusal::RolloverOfOtherLedger { .. }),
            "{other}"
        );
        assert_eq!(of(parts(LISTS, 1, 2), None), Err(Refusal::NoLedger));
    }

    #[test]
    fn more_than_a_lifetime_of_rollovers_is_refused() {
        let steps: Vec<_> = (1..=64).map(|seed| (seed, seed + 1)).collect();
        let seen = follow(&SignersSeen::default(), 1, 65, &steps).unwrap();
        let one_more = follow(&seen, 1, 66, &[(65, 66)]);
        assert_eq!(one_more, Err(Refusal::ManyRollovers));
    }

    #[test]
    fn a_revoked_key_signs_no_more_and_hands_nothing_over() {
        let given = [public(1), public(4)];
        let seen = SignersSeen::default();
        let own = seen.clone().learn(&given, &public(1), &revoked(&[1]));
        assert!(matches!(own, Err(Refusal::RevokedSigner(_))), "{own:?}");
        let seen = seen.learn(&given, &public(4), &revoked(&[1, 9])).unwrap();
        assert_eq!(seen.revoked, [hash_of(1)]);
        let signed = seen.signer(&given, &public(1));
        assert!(
            matches!(signed, Err(Refusal::RevokedSigner(_))),
            "{signed:?}"
        );
        let followed = seen.follow(&given, &public(2), &rollovers(&[(1, 2)]), Some(LEDGER));
        assert!(
            matches!(followed, Err(Refusal::RevokedSigner(_))),
            "{followed:?}"
        );
        assert_eq!(seen.signer(&given, &public(4)), Ok(Signer::Known));
    }
}
