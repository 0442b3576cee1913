//! Evidence that was seen, and policies that decided: each is kept once.

use std::iter;

use super::Ledger;
use super::draft::Draft;
use super::read::damaged;
use crate::attestation::{RootFingerprint, Roots};
use crate::ledger::entry::{Event, EvidenceSeen, PolicySeen, Revoked, RootDistrusted};
use crate::ledger::rows::{content, sha256, table};
use crate::ledger::{LedgerError, Policy};

impl Ledger {
    /// Keeps evidence, such as that of a CA's own key, and returns its position. What was
    /// kept before is not kept again.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing was kept.
    pub fn see_evidence(&mut self, seen: EvidenceSeen, time: u64) -> Result<u64, LedgerError> {
        self.append(time, |draft| draft.evidence(seen))
    }

    /// The evidence at a position, as [`Grounds::evidence`](crate::ledger::Grounds) names it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn evidence_of(&self, position: u64) -> Result<Option<EvidenceSeen>, LedgerError> {
        if self.bytes_at(position)?.is_none() {
            return Ok(None);
        }
        Ok(match self.entry(position)?.event {
            Event::EvidenceSeen(seen) => Some(seen),
            _ => None,
        })
    }

    /// The newest evidence about the key of this blob.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn evidence_about(&self, key: &[u8]) -> Result<Option<EvidenceSeen>, LedgerError> {
        let positions = self
            .index
            .positions(table::EVIDENCE_SUBJECT, &sha256(key))?;
        match positions.last() {
            Some(position) => self.evidence_of(*position),
            None => Ok(None),
        }
    }

    /// The text of the policy of this digest.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn policy_of(&self, digest: &[u8; 32]) -> Result<Option<String>, LedgerError> {
        let Some(position) = self.index.position(table::POLICY, digest)? else {
            return Ok(None);
        };
        match self.entry(position)?.event {
            Event::PolicySeen(seen) => Ok(Some(seen.text)),
            _ => Err(damaged(position)),
        }
    }

    /// Records that what leads to a root of attestation proves nothing from here on, and revokes
    /// what lives on it, in one frame.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing changed.
    pub fn distrust_root(
        &mut self,
        distrusted: RootDistrusted,
        revoked: Vec<Revoked>,
        time: u64,
    ) -> Result<(), LedgerError> {
        let revoked = revoked.into_iter().map(Event::Revoked);
        let events = iter::once(Event::RootDistrusted(distrusted)).chain(revoked);
        self.append(time, |draft| draft.entries(events))
    }

    /// Those of these roots that are believed: a config can't bring back what the ledger distrusts.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn believed(&self, roots: &Roots) -> Result<Roots, LedgerError> {
        let mut believed = roots.clone();
        for (_, distrusted) in self.distrusted_roots()? {
            believed.distrust(RootFingerprint(distrusted.root));
        }
        Ok(believed)
    }

    /// The roots of attestation that are not believed, oldest first, with the time since when.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn distrusted_roots(&self) -> Result<Vec<(u64, RootDistrusted)>, LedgerError> {
        self.entries_of(table::DISTRUSTED, |event| match event {
            Event::RootDistrusted(distrusted) => Some(distrusted),
            _ => None,
        })
    }
}

impl Draft<'_> {
    /// Keeps evidence, unless the very same was kept before.
    pub(super) fn evidence(&mut self, seen: EvidenceSeen) -> Result<u64, LedgerError> {
        let key = content(&seen);
        let same =
            |event: &Event| matches!(event, Event::EvidenceSeen(known) if content(known) == key);
        match self.ledger.confirmed(table::EVIDENCE, &key, same)? {
            Some(position) => Ok(position),
            None => self.entry(Event::EvidenceSeen(seen)),
        }
    }

    /// Keeps the text of a policy that the ledger has not seen yet.
    pub(super) fn policy(&mut self, policy: &Policy, keyboard: &str) -> Result<(), LedgerError> {
        let digest = *policy.digest();
        if self
            .ledger
            .index
            .position(table::POLICY, &digest)?
            .is_some()
        {
            return Ok(());
        }
        let seen = PolicySeen {
            digest,
            text: policy.text().to_owned(),
            keyboard: keyboard.to_owned(),
        };
        self.entry(Event::PolicySeen(seen)).map(drop)
    }
}
