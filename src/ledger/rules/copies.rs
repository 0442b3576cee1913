//! Copies of CAs' keys: where each is, until it was destroyed.

use std::collections::BTreeSet;

use super::Ledger;
use super::read::damaged;
use crate::ledger::entry::{Became, CopySeen, CopyTried, Event, TrialResult};
use crate::ledger::rows::{copy_key, number, table};
use crate::ledger::store::{Keys, Walk};
use crate::ledger::{Ca, LedgerError};

/// A copy as its newest entry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCopy {
    /// When that was recorded, in Unix seconds.
    pub time: u64,
    /// What the entry says.
    pub seen: CopySeen,
}

impl Ledger {
    /// Records what became of a copy of a CA's key.
    ///
    /// # Errors
    /// [`LedgerError::Copy`] if that can't follow what is known of it, and then nothing changed.
    pub fn record_copy(&mut self, seen: CopySeen, time: u64) -> Result<(), LedgerError> {
        self.append(time, |draft| {
            if seen.is_malformed() {
                return Err(LedgerError::Copy {
                    device: seen.device,
                    why: "it names no device, or misses it without a word",
                });
            }
            let before = draft.ledger.copy_at(seen.ca, &seen.device)?;
            let before = before.map(|known| known.seen.became);
            if let Err(why) = seen.became.follows(before) {
                let device = seen.device;
                return Err(LedgerError::Copy { device, why });
            }
            draft.entry(Event::CopySeen(seen)).map(drop)
        })
    }

    /// Records that a copy of a CA's key was tried.
    ///
    /// # Errors
    /// [`LedgerError::Copy`] if that can't follow what is known of it, and then nothing changed.
    pub fn record_trial(&mut self, tried: CopyTried, time: u64) -> Result<(), LedgerError> {
        self.append(time, |draft| {
            let known = draft.ledger.copy_at(tried.ca, &tried.device)?;
            if let Err(why) = tried.follows(known.map(|known| known.seen.became), time) {
                let device = tried.device;
                return Err(LedgerError::Copy { device, why });
            }
            draft.entry(Event::CopyTried(tried)).map(drop)
        })
    }

    /// Every trial of a copy of a CA's key, the oldest first, each with its Unix second.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn trials(&self, ca: &Ca) -> Result<Vec<(u64, CopyTried)>, LedgerError> {
        let positions = self.index.positions(table::TRIED, &number(ca.position()))?;
        let one = |position| {
            let entry = self.entry(position)?;
            match entry.event {
                Event::CopyTried(tried) => Ok((entry.time, tried)),
                _ => Err(damaged(position)),
            }
        };
        positions.into_iter().map(one).collect()
    }

    /// When the next drill with the copies of a CA's key is due, in Unix seconds; none where nothing says so.
    /// A drill in which something was missing moves no date: where it is the only one, the next has been due
    /// since then. Nobody tries the copies of a CA that was retired.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn drill_due(&self, ca: &Ca) -> Result<Option<u64>, LedgerError> {
        if self.retired(ca)?.is_some() {
            return Ok(None);
        }
        let mut trials = self.trials(ca)?;
        trials.retain(|(_, tried)| tried.next_due != 0);
        let failed = trials
            .iter()
            .filter(|(_, tried)| tried.result == TrialResult::Failed);
        let failed: BTreeSet<_> = failed.map(|(_, tried)| tried.plan).collect();
        let mut newest = trials.iter().rev();
        let whole = newest.find(|(_, tried)| !failed.contains(&tried.plan));
        Ok(match whole {
            Some((_, tried)) => Some(tried.next_due),
            None => trials.first().map(|(time, _)| *time),
        })
    }

    /// Every copy of a CA's key that an entry tells of, as the newest has it, in the order in which
    /// they were first told of.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn copies(&self, ca: &Ca) -> Result<Vec<KnownCopy>, LedgerError> {
        let mut positions = Vec::new();
        let prefix = number(ca.position());
        self.index
            .walk(&Keys::of(table::COPY, &prefix), &mut |_, position| {
                positions.push(position);
                Walk::On
            })?;
        positions.sort_unstable();
        let mut known: Vec<KnownCopy> = Vec::new();
        for position in positions {
            let copy = self.copy(position)?;
            match known
                .iter_mut()
                .find(|one| one.seen.device == copy.seen.device)
            {
                Some(one) => *one = copy,
                None => known.push(copy),
            }
        }
        Ok(known)
    }

    /// The copies of a CA's key that were not destroyed: those that are there, and those that are
    /// missing.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn copies_left(&self, ca: &Ca) -> Result<Vec<KnownCopy>, LedgerError> {
        let mut copies = self.copies(ca)?;
        copies.retain(|copy| copy.seen.became != Became::Destroyed);
        Ok(copies)
    }

    fn copy_at(&self, ca: u64, device: &str) -> Result<Option<KnownCopy>, LedgerError> {
        let positions = self.index.positions(table::COPY, &copy_key(ca, device))?;
        for position in positions.into_iter().rev() {
            let copy = self.copy(position)?;
            if copy.seen.ca == ca && copy.seen.device == device {
                return Ok(Some(copy));
            }
        }
        Ok(None)
    }

    fn copy(&self, position: u64) -> Result<KnownCopy, LedgerError> {
        let entry = self.entry(position)?;
        match entry.event {
            Event::CopySeen(seen) => Ok(KnownCopy {
                time: entry.time,
                seen,
            }),
            _ => Err(damaged(position)),
        }
    }
}
