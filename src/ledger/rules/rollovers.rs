//! CAs that take the place of others, stage by stage.

use super::Ledger;
use super::read::damaged;
use crate::ledger::entry::{Event, Stage, StageReached, Standing};
use crate::ledger::rows::{number, sha256, table};
use crate::ledger::{Ca, LedgerError};

/// A stage that was reached, and when, in Unix seconds.
pub type Reached = (u64, StageReached);

impl Ledger {
    /// Records that one CA took the place of another so far.
    ///
    /// # Errors
    /// [`LedgerError::Stage`] if that can't follow what was recorded before, and then nothing changed.
    pub fn reach_stage(&mut self, reached: StageReached, time: u64) -> Result<(), LedgerError> {
        self.append(time, |draft| {
            let cas = draft.ledger.cas()?;
            let known = |position| cas.iter().find(|ca: &&Ca| ca.position() == position);
            let (Some(old), Some(new)) = (known(reached.old), known(reached.new)) else {
                return Err(LedgerError::Stage("it names no CA of this ledger"));
            };
            let before = draft.ledger.stages(old)?;
            let before = before.last().map(|(_, last)| (last.new, last.stage));
            let standing = |ca| draft.ledger.standing(ca);
            reached
                .follows(before, standing(old)?, standing(new)?)
                .map_err(LedgerError::Stage)?;
            draft.entry(Event::StageReached(reached)).map(drop)
        })
    }

    /// How far another CA took the place of this one, first stage first; none where none does.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn stages(&self, old: &Ca) -> Result<Vec<Reached>, LedgerError> {
        let positions = self
            .index
            .positions(table::ROLLOVER, &number(old.position()))?;
        let one = |position| {
            let entry = self.entry(position)?;
            match entry.event {
                Event::StageReached(reached) => Ok((entry.time, reached)),
                _ => Err(damaged(position)),
            }
        };
        positions.into_iter().map(one).collect()
    }

    /// The stage that was reached last, with the position of the new CA; none where no CA takes the
    /// place of this one.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn stage(&self, old: &Ca) -> Result<Option<(u64, Stage)>, LedgerError> {
        let reached = self.stages(old)?;
        Ok(reached.last().map(|(_, last)| (last.new, last.stage)))
    }

    fn standing(&self, ca: &Ca) -> Result<Standing, LedgerError> {
        Ok(Standing {
            purpose: ca.added().purpose,
            is_retired: self.retired(ca)?.is_some(),
            is_revoked: self.key_is_revoked(&sha256(&ca.added().public_key))?,
        })
    }
}
