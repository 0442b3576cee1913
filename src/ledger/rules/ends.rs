//! All that was revoked, barred or lost, each with its entry: for whoever asks why.

use super::Ledger;
use super::read::damaged;
use super::revoked::LOST;
use crate::ledger::LedgerError;
use crate::ledger::entry::{Barred, Event, KrlMade, Resumed, Revoked};
use crate::ledger::rows::table;
use crate::ledger::store::{Keys, Walk};

/// An entry by which something is not trusted any more, for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndOfTrust {
    /// The position of the entry.
    pub position: u64,
    /// When it was recorded, in Unix seconds.
    pub time: u64,
    /// What is not trusted any more.
    pub what: TrustEnded,
}

/// What is not trusted any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustEnded {
    /// Certificates and keys that were revoked.
    Revoked(Revoked),
    /// Cards and people that are not served again.
    Barred(Barred),
    /// Serials that a lost state of the ledger may have given out.
    Lost(Resumed),
}

impl EndOfTrust {
    /// Why, and who was at the keyboard.
    #[must_use]
    pub fn words(&self) -> (&str, &str) {
        match &self.what {
            TrustEnded::Revoked(revoked) => (&revoked.reason, &revoked.keyboard),
            TrustEnded::Barred(barred) => (&barred.reason, &barred.keyboard),
            TrustEnded::Lost(gap) => (LOST, &gap.keyboard),
        }
    }
}

impl Ledger {
    /// Everything that was revoked, barred or lost, oldest first. A gap without a serial is
    /// none.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn ends_of_trust(&self) -> Result<Vec<EndOfTrust>, LedgerError> {
        let mut ends = Vec::new();
        for position in self.in_tables(&[table::REVOCATION, table::BAR, table::GAP])? {
            let entry = self.entry(position)?;
            let what = match entry.event {
                Event::Revoked(revoked) => TrustEnded::Revoked(revoked),
                Event::Barred(barred) => TrustEnded::Barred(barred),
                Event::Resumed(gap) if gap.first <= gap.last => TrustEnded::Lost(gap),
                Event::Resumed(_) => continue,
                _ => return Err(damaged(position)),
            };
            ends.push(EndOfTrust {
                position,
                time: entry.time,
                what,
            });
        }
        Ok(ends)
    }

    /// Every KRL that was made, with position and time of its entry, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn krls(&self) -> Result<Vec<(u64, u64, KrlMade)>, LedgerError> {
        let krl = |position| {
            let entry = self.entry(position)?;
            match entry.event {
                Event::KrlMade(made) => Ok((position, entry.time, made)),
                _ => Err(damaged(position)),
            }
        };
        let positions = self.in_tables(&[table::KRL])?;
        positions.into_iter().map(krl).collect()
    }

    /// Where the rows of these tables point, each once, in order.
    pub(super) fn in_tables(&self, tables: &[u8]) -> Result<Vec<u64>, LedgerError> {
        let mut positions = Vec::new();
        for table in tables {
            self.index.walk(&Keys::of(*table, &[]), &mut |_, at| {
                positions.push(at);
                Walk::On
            })?;
        }
        positions.sort_unstable();
        positions.dedup();
        Ok(positions)
    }
}
