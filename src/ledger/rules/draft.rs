//! A frame on its way: entries that are seen at once, and durable together.

use super::{Ledger, people};
use crate::ledger::clock::{LAST_SECOND, TOLERANCE};
use crate::ledger::entry::{Entry, Event, SALT};
use crate::ledger::store::Head;
use crate::ledger::{ClockError, LedgerError};

/// A frame that is being put together. Until it is committed, nothing of it is durable.
pub(super) struct Draft<'l> {
    pub(super) ledger: &'l mut Ledger,
    pub(super) time: u64,
}

impl Draft<'_> {
    /// Adds an entry, and returns its position.
    pub(super) fn entry(&mut self, event: Event) -> Result<u64, LedgerError> {
        if self.time > LAST_SECOND {
            return Err(ClockError::NoClock(self.time).into());
        }
        let last = self.ledger.index.follows().time;
        let corrects = matches!(event, Event::ClockCorrected(_));
        // A clock that was set back while a run went on; the fronts look before they begin.
        if self.time.saturating_add(TOLERANCE) < last && !corrects {
            let behind = last - self.time;
            return Err(ClockError::BehindLedger { behind }.into());
        }
        let entry = Entry {
            time: self.time,
            salt: random::<SALT>()?,
            event,
        };
        people::begins(&entry.event);
        self.ledger.drafted.push(entry.to_bytes()?);
        let position = self.ledger.position_behind();
        self.ledger.index.draft(position, &entry);
        Ok(position)
    }

    /// Adds entries that stand in the same frame: none of them is ever there alone.
    pub(super) fn entries(
        &mut self,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<(), LedgerError> {
        let mut events = events.into_iter();
        events.try_for_each(|event| self.entry(event).map(drop))
    }

    /// Makes the frame durable. Without an entry there is none.
    pub(super) fn commit(&mut self, before: &Head) -> Result<(), LedgerError> {
        if self.ledger.drafted.is_empty() {
            return Ok(());
        }
        self.tell_of_the_file()?;
        let ledger = &mut *self.ledger;
        let entries = std::mem::take(&mut ledger.drafted);
        let (_, place) = ledger.frames.end();
        ledger.index.grow(&entries, place);
        let after = ledger.index.follows().head();
        let open = ledger.index.follows().open.len();
        let room = u64::try_from(open).unwrap_or(u64::MAX);
        let room = room.saturating_mul(LONGEST_OUTCOME);
        ledger.frames.append(before, &entries, &after, room)?;
        let (_, next) = ledger.frames.end();
        ledger.index.reached(next);
        ledger.told = true;
        Ok(())
    }
}

#[cfg(test)]
impl Ledger {
    /// Writes an entry as whoever has the file can do, and asks no rule.
    pub(crate) fn forge(&mut self, event: Event, time: u64) -> Result<u64, LedgerError> {
        self.append(time, |draft| draft.entry(event))
    }
}

impl Ledger {
    /// The position of the last entry, be it durable or drafted.
    fn position_behind(&self) -> u64 {
        let drafted = u64::try_from(self.drafted.len()).unwrap_or(u64::MAX);
        self.size().saturating_add(drafted)
    }
}

/// So many random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], LedgerError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(LedgerError::Random)?;
    Ok(bytes)
}

/// The bytes of an outcome with a signature of RSA-16384, the longest that there is, or with
/// the reason why there is none.
const LONGEST_OUTCOME: u64 = 2304;
