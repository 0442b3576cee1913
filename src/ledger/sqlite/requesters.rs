//! Whose a key or a card is, and who is never served again.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use ssh_encoding::Encode;

use super::append::Append;
use super::{SqliteLedger, damaged, read, write};
use crate::ledger::entry::{Barred, ChallengeMade, Credential, Event};
use crate::ledger::{EntryError, LedgerError, RequesterAdded, RequesterRemoved};

/// Why a key or a card was not enrolled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// It is somebody's already.
    #[error("it is enrolled for requester `{0}` already")]
    Enrolled(String),
    /// It was certified to somebody else.
    #[error("the key was certified to requester `{0}`")]
    CertifiedTo(String),
    /// It, or the requester, was barred or revoked.
    #[error("{0} was barred or revoked")]
    Barred(&'static str),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl SqliteLedger {
    /// Makes a key or card a requester's; nobody else's requests are taken with it.
    ///
    /// # Errors
    /// [`EnrolError`], and then nothing changed.
    pub fn add_requester(&mut self, added: RequesterAdded, time: u64) -> Result<(), EnrolError> {
        let transaction = write(&mut self.connection)?;
        let mut append = Append::begin(&transaction, time)?;
        append.requester_added(added)?;
        append.finish()?;
        Ok(transaction.commit().map_err(LedgerError::from)?)
    }

    /// Takes a key or card from a requester. False if it was not theirs.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing changed.
    pub fn remove_requester(
        &mut self,
        removed: RequesterRemoved,
        time: u64,
    ) -> Result<bool, LedgerError> {
        if name_of(&self.connection, &removed.credential)?.as_ref() != Some(&removed.name) {
            return Ok(false);
        }
        self.append(time, |append| {
            let credential = bytes(&removed.credential)?;
            append.entry(Event::RequesterRemoved(removed))?;
            append.insert(
                "DELETE FROM requester WHERE credential = ?1",
                params![credential],
            )
        })?;
        Ok(true)
    }

    /// Every key and card that is a requester's, with the time when it became theirs.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn requesters(&self) -> Result<Vec<(u64, RequesterAdded)>, LedgerError> {
        self.entries_of("requester", |event| match event {
            Event::RequesterAdded(added) => Some(added),
            _ => None,
        })
    }

    /// Never serves these cards and requesters again.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing changed.
    pub fn bar(&mut self, barred: Barred, time: u64) -> Result<(), LedgerError> {
        self.append(time, |append| append.barred(barred))
    }

    /// Everybody who is never served again, with the time since when.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn barred(&self) -> Result<Vec<(u64, Barred)>, LedgerError> {
        self.entries_of("barred", |event| match event {
            Event::Barred(barred) => Some(barred),
            _ => None,
        })
    }

    /// Makes a challenge, which one request can answer until it expires.
    ///
    /// # Errors
    /// [`LedgerError`], also if the nonce was used before.
    pub fn make_challenge(&mut self, made: ChallengeMade, time: u64) -> Result<(), LedgerError> {
        self.append(time, |append| {
            let (nonce, expires) = (made.nonce, seconds(made.expires));
            let position = append.entry(Event::ChallengeMade(made))?;
            append.insert(
                "INSERT INTO challenge (nonce, expires, position) VALUES (?1, ?2, ?3)",
                params![nonce, expires, position],
            )
        })
    }

    /// The entries that a table of few rows points to, oldest first.
    pub(super) fn entries_of<T>(
        &self,
        table: &str,
        of: impl Fn(Event) -> Option<T>,
    ) -> Result<Vec<(u64, T)>, LedgerError> {
        // CROSS JOIN keeps SQLite from going through all entries to find these few.
        let mut statement = self.connection.prepare(&format!(
            "SELECT t.position, e.bytes FROM {table} t CROSS JOIN entry e USING (position) ORDER BY 1"
        ))?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (position, bytes): (u64, Vec<u8>) = row?;
            let entry = read(position, &bytes)?;
            let found = of(entry.event).ok_or_else(|| damaged(position))?;
            Ok((entry.time, found))
        })
        .collect()
    }
}

impl Append<'_> {
    fn requester_added(&mut self, added: RequesterAdded) -> Result<(), EnrolError> {
        self.may_be_enrolled(&added)?;
        let (credential, name) = (bytes(&added.credential)?, added.name.clone());
        let position = self.entry(Event::RequesterAdded(added))?;
        self.insert(
            "INSERT INTO requester (credential, name, position) VALUES (?1, ?2, ?3)",
            params![credential, name, position],
        )?;
        Ok(())
    }

    fn may_be_enrolled(&self, added: &RequesterAdded) -> Result<(), EnrolError> {
        if let Some(name) = name_of(self.transaction, &added.credential)? {
            return Err(EnrolError::Enrolled(name));
        }
        if self.requester_is_barred(&added.name)? {
            return Err(EnrolError::Barred("the requester"));
        }
        match &added.credential {
            Credential::Card(card) if self.card_is_barred(*card)? => {
                Err(EnrolError::Barred("the card"))
            }
            Credential::FamilyCard(card) if self.card_is_barred(card.serial)? => {
                Err(EnrolError::Barred("the card"))
            }
            Credential::Card(_) | Credential::FamilyCard(_) => Ok(()),
            Credential::Key(key) => {
                let sha256 = Sha256::digest(key).into();
                if self.key_is_revoked(&sha256)? {
                    return Err(EnrolError::Barred("the key"));
                }
                let owner = self.certified_to_other_than(&added.name, &sha256)?;
                owner.map_or(Ok(()), |owner| Err(EnrolError::CertifiedTo(owner)))
            }
        }
    }

    fn barred(&mut self, barred: Barred) -> Result<(), LedgerError> {
        let (cards, requesters) = (barred.cards.clone(), barred.requesters.clone());
        let position = self.entry(Event::Barred(barred))?;
        self.insert(
            "INSERT INTO barred (position) VALUES (?1)",
            params![position],
        )?;
        for card in cards {
            self.insert(
                "INSERT OR IGNORE INTO barred_card (card, position) VALUES (?1, ?2)",
                params![card.to_be_bytes(), position],
            )?;
        }
        for name in requesters {
            self.insert(
                "INSERT OR IGNORE INTO barred_requester (name, position) VALUES (?1, ?2)",
                params![name, position],
            )?;
        }
        Ok(())
    }

    pub(super) fn card_is_barred(&self, card: u64) -> Result<bool, LedgerError> {
        let select = "SELECT 1 FROM barred_card WHERE card = ?1";
        self.exists(select, params![card.to_be_bytes()])
    }

    pub(super) fn requester_is_barred(&self, name: &str) -> Result<bool, LedgerError> {
        self.exists(
            "SELECT 1 FROM barred_requester WHERE name = ?1",
            params![name],
        )
    }
}

/// The name that a key or card is enrolled under.
pub(super) fn name_of(
    connection: &Connection,
    credential: &Credential,
) -> Result<Option<String>, LedgerError> {
    Ok(connection
        .prepare_cached("SELECT name FROM requester WHERE credential = ?1")?
        .query_row([bytes(credential)?], |row| row.get(0))
        .optional()?)
}

pub(super) fn bytes(credential: &Credential) -> Result<Vec<u8>, LedgerError> {
    Ok(credential.encode_vec().map_err(EntryError::from)?)
}

/// SQLite's integers end at 2^63; no clock gets there.
pub(super) fn seconds(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}
