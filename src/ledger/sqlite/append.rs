//! Appending entries within one transaction, and what indexes them.

use rusqlite::{Transaction, params};
use ssh_encoding::Encode;

use super::tree::Tree;
use crate::ledger::entry::{
    CaAdded, Entry, Event, Failed, Issued, KrlMade, Resumed, Revoked, SALT,
};
use crate::ledger::{EntryError, LedgerError, Outcome};

/// Entries on their way into the ledger; all of them, or none if it is not finished.
pub(super) struct Append<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    tree: Tree<'t>,
    pub(super) time: u64,
}

impl<'t> Append<'t> {
    pub(super) fn begin(transaction: &'t Transaction<'t>, time: u64) -> Result<Self, LedgerError> {
        Ok(Self {
            transaction,
            tree: Tree::load(transaction)?,
            time,
        })
    }

    /// To be called last, before the transaction is committed.
    pub(super) fn finish(self) -> Result<(), LedgerError> {
        self.tree.store()
    }

    /// The position of the new CA's entry.
    pub(super) fn ca(&mut self, added: &CaAdded) -> Result<u64, LedgerError> {
        let position = self.entry(Event::CaAdded(added.clone()))?;
        self.transaction.execute(
            "INSERT INTO ca (position, name, public_key) VALUES (?1, ?2, ?3)",
            params![position, added.name, added.public_key],
        )?;
        Ok(position)
    }

    /// What became of a reservation, which can be said once.
    pub(super) fn outcome(&mut self, outcome: &Outcome<'_>) -> Result<(), LedgerError> {
        let (reserved, event) = outcome_event(outcome)?;
        self.concluded(reserved, event)
    }

    fn concluded(&mut self, reserved: u64, event: Event) -> Result<(), LedgerError> {
        let position = self.entry(event)?;
        self.transaction
            .prepare_cached("INSERT INTO outcome (reserved, position) VALUES (?1, ?2)")?
            .execute(params![reserved, position])?;
        Ok(())
    }

    /// Revokes; a key that was revoked before stays revoked by the first entry.
    pub(super) fn revoked(&mut self, revoked: Revoked) -> Result<(), LedgerError> {
        let hashes: Vec<[u8; 32]> = revoked.key_hashes().collect();
        let position = self.entry(Event::Revoked(revoked))?;
        self.transaction
            .execute("INSERT INTO revocation (position) VALUES (?1)", [position])?;
        for hash in hashes {
            self.transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO revoked_key (sha256, position) VALUES (?1, ?2)",
                )?
                .execute(params![hash, position])?;
        }
        Ok(())
    }

    /// Notes a KRL; its version must be a new one.
    pub(super) fn krl(&mut self, made: KrlMade) -> Result<(), LedgerError> {
        let version = made.version;
        let position = self.entry(Event::KrlMade(made))?;
        self.transaction.execute(
            "INSERT INTO krl (version, position) VALUES (?1, ?2)",
            params![version, position],
        )?;
        Ok(())
    }

    /// Leaves out the serials of a gap.
    pub(super) fn resumed(&mut self, resumed: Resumed) -> Result<(), LedgerError> {
        let (ca, first, last) = (resumed.ca, resumed.first, resumed.last);
        let position = self.entry(Event::Resumed(resumed))?;
        self.transaction.execute(
            "INSERT INTO gap (position, ca, first, last) VALUES (?1, ?2, ?3, ?4)",
            params![position, ca, first.to_be_bytes(), last.to_be_bytes()],
        )?;
        Ok(())
    }

    /// Gives up a reservation of a run that ended before it came to it.
    pub(super) fn abandoned(&mut self, reserved: u64) -> Result<(), LedgerError> {
        let reason = "the run ended without it".to_owned();
        self.concluded(reserved, Event::Failed(Failed { reserved, reason }))
    }

    /// Appends one entry, and returns its position.
    pub(super) fn entry(&mut self, event: Event) -> Result<u64, LedgerError> {
        let entry = Entry {
            time: self.time,
            salt: random::<SALT>()?,
            event,
        };
        let bytes = entry.to_bytes()?;
        let position = self
            .transaction
            .prepare_cached("INSERT INTO entry (bytes) VALUES (?1) RETURNING position")?
            .query_row([&bytes], |row| row.get(0))?;
        self.tree.push(position, &bytes)?;
        Ok(position)
    }
}

fn outcome_event(outcome: &Outcome<'_>) -> Result<(u64, Event), LedgerError> {
    Ok(match outcome {
        Outcome::Issued(reservation, signature) => {
            let event = Issued {
                reserved: reservation.position,
                signature: signature.encode_vec().map_err(EntryError::from)?,
            };
            (reservation.position, Event::Issued(event))
        }
        Outcome::Failed(reservation, reason) => {
            let event = Failed {
                reserved: reservation.position,
                reason: reason.clone(),
            };
            (reservation.position, Event::Failed(event))
        }
    })
}

/// So many random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], LedgerError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(LedgerError::Random)?;
    Ok(bytes)
}
