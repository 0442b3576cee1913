//! Evidence that was seen, and policies that decided.

use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::append::Append;
use super::{SqliteLedger, damaged, read};
use crate::ledger::entry::{Event, EvidenceSeen};
use crate::ledger::{Entry, LedgerError};

impl SqliteLedger {
    /// Keeps evidence, such as that of a CA's own key, and returns its position. What was
    /// kept before is not kept again.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing was kept.
    pub fn see_evidence(&mut self, seen: EvidenceSeen, time: u64) -> Result<u64, LedgerError> {
        self.append(time, |append| append.evidence(seen))
    }

    /// The evidence at a position, as [`Grounds::evidence`](crate::ledger::Grounds) names it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn evidence_of(&self, position: u64) -> Result<Option<EvidenceSeen>, LedgerError> {
        Ok(self
            .entry_at(position)?
            .and_then(|entry| match entry.event {
                Event::EvidenceSeen(seen) => Some(seen),
                _ => None,
            }))
    }

    /// The newest evidence about the key of this blob.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn evidence_about(&self, key: &[u8]) -> Result<Option<EvidenceSeen>, LedgerError> {
        let subject: [u8; 32] = Sha256::digest(key).into();
        let position: Option<u64> = self.connection.query_row(
            "SELECT max(position) FROM evidence WHERE subject = ?1",
            [subject],
            |row| row.get(0),
        )?;
        position.map_or(Ok(None), |position| self.evidence_of(position))
    }

    /// The text of the policy of this digest.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn policy_of(&self, digest: &[u8; 32]) -> Result<Option<String>, LedgerError> {
        let position: Option<u64> = self
            .connection
            .query_row(
                "SELECT position FROM policy WHERE digest = ?1",
                [digest],
                |row| row.get(0),
            )
            .optional()?;
        let Some(position) = position else {
            return Ok(None);
        };
        match self.entry_at(position)?.map(|entry| entry.event) {
            Some(Event::PolicySeen(seen)) => Ok(Some(seen.text)),
            _ => Err(damaged(position)),
        }
    }

    /// One entry; none behind the last.
    pub(super) fn entry_at(&self, position: u64) -> Result<Option<Entry>, LedgerError> {
        let bytes: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT bytes FROM entry WHERE position = ?1")?
            .query_row([position], |row| row.get(0))
            .optional()?;
        bytes.map(|bytes| read(position, &bytes)).transpose()
    }
}

impl Append<'_> {
    /// Keeps evidence, unless the very same was kept before.
    pub(super) fn evidence(&mut self, seen: EvidenceSeen) -> Result<u64, LedgerError> {
        let (content, subject) = (content(&seen), subject(&seen));
        let known = self
            .transaction
            .prepare_cached("SELECT position FROM evidence WHERE sha256 = ?1")?
            .query_row([content], |row| row.get(0))
            .optional()?;
        if let Some(position) = known {
            return Ok(position);
        }
        let position = self.entry(Event::EvidenceSeen(seen))?;
        self.insert(
            "INSERT INTO evidence (sha256, subject, position) VALUES (?1, ?2, ?3)",
            params![content, subject, position],
        )?;
        Ok(position)
    }
}

/// SHA-256 over all that makes evidence the same; not over who was at the keyboard.
pub(super) fn content(seen: &EvidenceSeen) -> [u8; 32] {
    let parts = [
        seen.subject.as_slice(),
        seen.kind.as_bytes(),
        seen.facts.as_bytes(),
        &seen.evidence,
    ];
    let hash = parts.into_iter().fold(Sha256::new(), |hash, part| {
        hash.chain_update(Sha256::digest(part))
    });
    hash.finalize().into()
}

/// SHA-256 of the key that it is about.
pub(super) fn subject(seen: &EvidenceSeen) -> [u8; 32] {
    Sha256::digest(&seen.subject).into()
}
