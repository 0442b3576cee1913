//! Which serial comes next, and which are taken.

use super::Ledger;
use super::draft::Draft;
use crate::certificate::Serial;
use crate::ledger::entry::{
    Barred, Event, LedgerKeyAdded, LedgerKeyRevoked, LedgerKeyRolled, Recovery, RequesterRemoved,
    Resumed, Revoked, SuffixesSet,
};
use crate::ledger::rows::{number, table};
use crate::ledger::store::{Keys, Walk};
use crate::ledger::{Ca, LedgerError, ReserveError, SerialChoice};

impl Ledger {
    /// The serial that comes next for a CA; none if all are spent.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn next_serial(&self, ca: &Ca) -> Result<Option<Serial>, LedgerError> {
        let mut serials = Serials::new(self, ca)?;
        Ok(serials.next_free(self)?.ok())
    }

    /// The gaps in the serials of a CA, as first and last, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn gaps(&self, ca: &Ca) -> Result<Vec<(u64, u64)>, LedgerError> {
        let mut gaps = Vec::new();
        let prefix = number(ca.position);
        self.index
            .walk(&Keys::of(table::GAP, &prefix), &mut |key, position| {
                gaps.extend(gap(key).map(|gap| (position, gap)));
                Walk::On
            })?;
        gaps.sort_unstable();
        Ok(gaps.into_iter().map(|(_, gap)| gap).collect())
    }

    /// Goes on behind serials that a lost state of this ledger may have given out: from
    /// the CA's next serial up to `after`. They count as taken and are revoked. Returns
    /// the first of them; none if the sequence is beyond `after` already, and then an entry
    /// is made all the same if it has a `recovery` to record.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing changed.
    pub fn resume(
        &mut self,
        ca: &Ca,
        after: Serial,
        recovery: Option<Recovery>,
        keyboard: String,
        time: u64,
    ) -> Result<Option<u64>, LedgerError> {
        self.resume_with(ca, after, recovery, TakenOver::default(), keyboard, time)
    }

    /// As [`Self::resume`], and takes over in the same durable step what was published of the
    /// lost state.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing changed.
    pub fn resume_with(
        &mut self,
        ca: &Ca,
        after: Serial,
        recovery: Option<Recovery>,
        over: TakenOver,
        keyboard: String,
        time: u64,
    ) -> Result<Option<u64>, LedgerError> {
        self.take_for_newest()?;
        self.append(time, |draft| {
            let gap = draft.resumed(ca, after, recovery, keyboard)?;
            for event in over.into_events() {
                draft.entry(event)?;
            }
            Ok(gap)
        })
    }

    /// The first second in which a request must have been made to be taken, in Unix
    /// seconds: requests made before belong to a state of the ledger that was lost.
    pub(super) fn requests_from(&self) -> Result<u64, LedgerError> {
        let recoveries = self.recoveries()?.into_iter();
        let from = recoveries.map(|(_, recovery)| recovery.requests_from);
        Ok(from.max().unwrap_or_default())
    }

    /// Whether this ledger went on behind a gap when it had fewer entries than this.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn was_resumed_below(&self, size: u64) -> Result<bool, LedgerError> {
        let recoveries = self.recoveries()?;
        Ok(recoveries.iter().any(|(position, _)| *position <= size))
    }

    /// Each time that this ledger went on behind a gap and recorded what it took over.
    pub(super) fn recoveries(&self) -> Result<Vec<(u64, Recovery)>, LedgerError> {
        let mut recoveries = Vec::new();
        for position in self.index.positions(table::RECOVERY, &[])? {
            if let Event::Resumed(resumed) = self.entry(position)?.event {
                recoveries.extend(resumed.recovery.map(|recovery| (position, recovery)));
            }
        }
        Ok(recoveries)
    }

    fn is_in_gap(&self, ca: u64, serial: Serial) -> Result<bool, LedgerError> {
        let prefix = number(ca);
        let from = [prefix, number(serial.number())].concat();
        let keys = Keys::of(table::GAP, &prefix).from(&from);
        let mut found = Vec::new();
        self.index.walk(&keys, &mut |key, position| {
            if gap(key).is_some_and(|(first, _)| first <= serial.number()) {
                found.push(position);
                return Walk::Stop;
            }
            Walk::On
        })?;
        for position in found {
            if let Event::Resumed(resumed) = self.entry(position)?.event {
                let range = resumed.first..=resumed.last;
                return Ok(resumed.ca == ca && range.contains(&serial.number()));
            }
        }
        Ok(false)
    }
}

impl Draft<'_> {
    fn resumed(
        &mut self,
        ca: &Ca,
        after: Serial,
        recovery: Option<Recovery>,
        keyboard: String,
    ) -> Result<Option<u64>, LedgerError> {
        let next = Serials::new(self.ledger, ca)?.peek();
        let gap = next.filter(|first| *first <= after).map(Serial::number);
        if gap.is_none() && recovery.is_none() {
            return Ok(None);
        }
        // Without a gap, an empty one: what was recorded beside it still counts.
        let beyond = next.map_or(u64::MAX, Serial::number);
        self.entry(Event::Resumed(Resumed {
            ca: ca.position,
            first: gap.unwrap_or(beyond),
            last: gap.map_or(beyond - 1, |_| after.number()),
            keyboard,
            recovery,
        }))?;
        Ok(gap)
    }
}

/// What was published of a lost state of a ledger, to be recorded again.
#[derive(Clone, Debug, Default)]
pub struct TakenOver {
    /// What was revoked.
    pub revoked: Vec<Revoked>,
    /// Who was barred.
    pub barred: Option<Barred>,
    /// Whose enrolments were taken away.
    pub removed: Vec<RequesterRemoved>,
    /// Which suffixes were reserved.
    pub suffixes: Vec<SuffixesSet>,
    /// Which keys were the ledger's own.
    pub ledger_keys: Vec<LedgerKeyAdded>,
    /// Which of them handed over.
    pub ledger_keys_rolled: Vec<LedgerKeyRolled>,
    /// Which of them are believed no longer.
    pub ledger_keys_revoked: Vec<LedgerKeyRevoked>,
}

impl TakenOver {
    fn into_events(self) -> impl Iterator<Item = Event> {
        let revoked = self.revoked.into_iter().map(Event::Revoked);
        let barred = self.barred.into_iter().map(Event::Barred);
        let removed = self.removed.into_iter().map(Event::RequesterRemoved);
        let suffixes = self.suffixes.into_iter().map(Event::SuffixesSet);
        let keys = self.ledger_keys.into_iter().map(Event::LedgerKeyAdded);
        let rolled = self.ledger_keys_rolled.into_iter();
        let ended = self.ledger_keys_revoked.into_iter();
        let of_persons = revoked.chain(barred).chain(removed);
        let of_keys = keys
            .chain(rolled.map(Event::LedgerKeyRolled))
            .chain(ended.map(Event::LedgerKeyRevoked));
        of_persons.chain(suffixes).chain(of_keys)
    }
}

/// The serials of one CA within one frame.
#[derive(Clone)]
pub(super) struct Serials {
    ca: Ca,
    next: Option<Serial>,
}

impl Serials {
    pub(super) fn new(ledger: &Ledger, ca: &Ca) -> Result<Self, LedgerError> {
        let prefix = number(ca.position);
        let greatest = |table| -> Result<Option<u64>, LedgerError> {
            let last = ledger.index.first(&Keys::of(table, &prefix).backward())?;
            Ok(last.and_then(|(key, _)| number_behind(&key)))
        };
        let next = match greatest(table::AUTOMATIC)?.max(greatest(table::GAP)?) {
            Some(last) => last.checked_add(1),
            None => Some(ca.added.next_serial),
        };
        Ok(Self {
            ca: ca.clone(),
            next: next.and_then(|next| Serial::try_from(next).ok()),
        })
    }

    pub(super) fn ca(&self) -> &Ca {
        &self.ca
    }

    /// The next serial of the sequence, whether or not it was asked for by number before.
    fn peek(&self) -> Option<Serial> {
        self.next
    }

    /// The serial for one item, or why it gets none.
    pub(super) fn choose(
        &mut self,
        ledger: &Ledger,
        choice: SerialChoice,
    ) -> Result<Result<Serial, ReserveError>, LedgerError> {
        match choice {
            SerialChoice::Exactly(serial) if self.is_taken(ledger, serial)? => {
                Ok(Err(ReserveError::SerialTaken(serial)))
            }
            SerialChoice::Exactly(serial) if ledger.revoked_up_to(&self.ca, serial)?.is_some() => {
                Ok(Err(ReserveError::SerialRevoked(serial)))
            }
            SerialChoice::Exactly(serial) => Ok(Ok(serial)),
            SerialChoice::Next => self.next_free(ledger),
        }
    }

    fn next_free(&mut self, ledger: &Ledger) -> Result<Result<Serial, ReserveError>, LedgerError> {
        while let Some(serial) = self.next {
            self.next = serial.checked_next();
            if self.is_taken(ledger, serial)? {
                continue;
            }
            // What was revoked before it was given out would be refused by every server.
            match ledger.revoked_up_to(&self.ca, serial)? {
                None => return Ok(Ok(serial)),
                Some(last) => {
                    let next = last.checked_add(1);
                    self.next = next.and_then(|next| Serial::try_from(next).ok());
                }
            }
        }
        Ok(Err(ReserveError::NoSerialLeft))
    }

    fn is_taken(&self, ledger: &Ledger, serial: Serial) -> Result<bool, LedgerError> {
        Ok(ledger.reservation_of(&self.ca, serial)?.is_some()
            || ledger.is_in_gap(self.ca.position, serial)?)
    }
}

/// The number behind the CA's in a key.
fn number_behind(key: &[u8]) -> Option<u64> {
    let number = key.get(8..16)?;
    number.try_into().ok().map(u64::from_be_bytes)
}

/// First and last of a gap.
fn gap(key: &[u8]) -> Option<(u64, u64)> {
    let first = key.get(16..24)?.try_into().ok().map(u64::from_be_bytes)?;
    Some((first, number_behind(key)?))
}
