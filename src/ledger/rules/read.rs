//! Reading entries back: one by its position, all in order, and reservations each with what
//! became of it.

use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;

use super::Ledger;
use crate::certificate::Serial;
use crate::ledger::entry::{Entry, Event, Reserved};
use crate::ledger::rows::{number, request_key, serial_key, table};
use crate::ledger::store::{Frame, Keys, Place, Walk};
use crate::ledger::{Ca, LedgerError, Record, RequestId, State, Wanted};

/// Takes the first position and the entries of a frame, and says whether to go on.
type EachFrame<'a> = dyn FnMut(u64, &[Vec<u8>]) -> ControlFlow<()> + 'a;

impl Ledger {
    /// The time of the last entry, in Unix seconds; none in an empty ledger.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn last_time(&self) -> Result<Option<u64>, LedgerError> {
        Ok((self.size() > 0).then_some(self.index.follows().time))
    }

    /// Calls `each` with position and canonical bytes of every entry from position `from`
    /// on, until it breaks off.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn each_entry(
        &self,
        from: u64,
        each: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        self.each_frame_from(from, &mut |first, entries| {
            for (position, bytes) in (first..).zip(entries) {
                if position > self.size() {
                    return ControlFlow::Break(());
                }
                if position >= from {
                    each(position, bytes)?;
                }
            }
            ControlFlow::Continue(())
        })
    }

    /// Calls `each` with the first position and the entries of every frame from the one on that holds
    /// position `from`, until it breaks off: what stands in one frame happened together.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn each_frame_from(&self, from: u64, each: &mut EachFrame<'_>) -> Result<(), LedgerError> {
        let mut place = self.place_of(from.max(1))?;
        let mut left = self.size();
        while let Some(at) = place {
            let Some(frame) = self.frames.read(at)? else {
                break;
            };
            if each(frame.first, &frame.entries).is_break() {
                return Ok(());
            }
            let count = u64::try_from(frame.entries.len()).unwrap_or(u64::MAX);
            left = left.saturating_sub(count);
            place = (left > 0 && frame.after.size < self.size()).then_some(frame.next);
        }
        Ok(())
    }

    /// Where reservations for this very request stand, by its CA: the newest last. What else
    /// has half of its hash may be among them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn reservations_for(&self, wanted: &Wanted) -> Result<Vec<u64>, LedgerError> {
        let cas = self.cas()?;
        let Some(ca) = cas.iter().find(|ca| ca.public_key() == wanted.decided.ca()) else {
            return Ok(Vec::new());
        };
        let key = request_key(ca.position, wanted.request.as_bytes());
        self.index.positions(table::REQUEST, &key)
    }

    /// What was issued for this very request at one of the [`Self::reservations_for`] it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn issued_at(&self, wanted: &Wanted, position: u64) -> Result<Option<Record>, LedgerError> {
        let record = self.record_at(&self.cas()?, position)?;
        let same = record.reserved.request == *wanted.request.as_bytes();
        Ok(Some(record).filter(|record| same && matches!(record.state, State::Issued(_))))
    }

    /// What was issued under this serial of its CA, if it was for this very request.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn issued_as(
        &self,
        wanted: &Wanted,
        serial: Serial,
    ) -> Result<Option<Record>, LedgerError> {
        let cas = self.cas()?;
        let Some(ca) = cas.iter().find(|ca| ca.public_key() == wanted.decided.ca()) else {
            return Ok(None);
        };
        match self.reservation_of(ca, serial)? {
            Some(position) => self.issued_at(wanted, position),
            None => Ok(None),
        }
    }

    /// The certificate that was issued for the request of this id, behind a position.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn issued_for(&self, id: &RequestId, behind: u64) -> Result<Option<Record>, LedgerError> {
        let positions = self.index.positions(table::REQUEST_ID, id)?;
        if positions.is_empty() {
            return Ok(None);
        }
        let cas = self.cas()?;
        for position in positions.into_iter().rev().filter(|at| *at > behind) {
            let record = self.record_at(&cas, position)?;
            let grounds = record.reserved.grounds.as_ref();
            let is_of_it = grounds.is_some_and(|grounds| grounds.request_id == Some(*id));
            if is_of_it && matches!(record.state, State::Issued(_)) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Whether the request of this id was reserved behind a position, and nothing became of it yet.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn is_reserved(&self, id: &RequestId, behind: u64) -> Result<bool, LedgerError> {
        let positions = self.index.positions(table::REQUEST_ID, id)?;
        if positions.is_empty() {
            return Ok(false);
        }
        let cas = self.cas()?;
        for position in positions.into_iter().filter(|at| *at > behind) {
            let record = self.record_at(&cas, position)?;
            let grounds = record.reserved.grounds.as_ref();
            let is_of_it = grounds.is_some_and(|grounds| grounds.request_id == Some(*id));
            if is_of_it && record.state == State::Reserved {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The record of one serial.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn record_of(&self, ca: &Ca, serial: Serial) -> Result<Option<Record>, LedgerError> {
        match self.reservation_of(ca, serial)? {
            Some(position) => self.record_at(&self.cas()?, position).map(Some),
            None => Ok(None),
        }
    }

    /// Calls `each` with every record in the order of reservation.
    ///
    /// # Errors
    /// [`LedgerError`], also that of the first entry that cannot be read.
    pub fn each_record(&self, each: &mut dyn FnMut(Record)) -> Result<(), LedgerError> {
        self.each_record_placed(1..=u64::MAX, &mut |_, record| each(record))
    }

    /// The same of these positions alone, with the position of each.
    pub(super) fn each_record_placed(
        &self,
        within: RangeInclusive<u64>,
        each: &mut dyn FnMut(u64, Record),
    ) -> Result<(), LedgerError> {
        let cas = self.cas()?;
        let mut failed = Ok(());
        self.each_entry(*within.start(), &mut |position, bytes| {
            if position > *within.end() {
                return ControlFlow::Break(());
            }
            let record = read(position, bytes).and_then(|entry| match entry.event {
                Event::Reserved(_) => self.told(&cas, position, entry).map(Some),
                _ => Ok(None),
            });
            match record {
                Ok(record) => {
                    if let Some(record) = record {
                        each(position, record);
                    }
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Err(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed
    }

    /// The position of the reservation of a serial.
    pub(super) fn reservation_of(
        &self,
        ca: &Ca,
        serial: Serial,
    ) -> Result<Option<u64>, LedgerError> {
        let key = serial_key(ca.position, serial.number());
        let is_it =
            |reserved: &Reserved| reserved.ca == ca.position && reserved.serial == serial.number();
        for table in [table::AUTOMATIC, table::EXPLICIT] {
            let confirmed = self.confirmed(
                table,
                &key,
                |event| matches!(event, Event::Reserved(reserved) if is_it(reserved)),
            )?;
            if confirmed.is_some() {
                return Ok(confirmed);
            }
        }
        Ok(None)
    }

    pub(super) fn record_at(&self, cas: &[Ca], position: u64) -> Result<Record, LedgerError> {
        let entry = self.entry(position)?;
        self.told(cas, position, entry)
    }

    fn told(&self, cas: &[Ca], position: u64, entry: Entry) -> Result<Record, LedgerError> {
        let Event::Reserved(reserved) = entry.event else {
            return Err(damaged(position));
        };
        let ca = cas.iter().find(|ca| ca.position == reserved.ca);
        Ok(Record {
            ca: ca.ok_or_else(|| damaged(position))?.name().to_owned(),
            time: entry.time,
            state: self.state(position, &reserved)?,
            reserved,
        })
    }

    fn state(&self, position: u64, reserved: &Reserved) -> Result<State, LedgerError> {
        let Some(outcome) = self.outcome_of(position)? else {
            return Ok(State::Reserved);
        };
        match self.entry(outcome)?.event {
            Event::Issued(issued) if issued.reserved == position => Ok(State::Issued(certificate(
                &reserved.to_be_signed,
                &issued.signature,
            ))),
            Event::Failed(failed) if failed.reserved == position => {
                Ok(State::Failed(failed.reason))
            }
            _ => Err(damaged(outcome)),
        }
    }

    pub(super) fn outcome_of(&self, reserved: u64) -> Result<Option<u64>, LedgerError> {
        self.index.position(table::OUTCOME, &number(reserved))
    }

    /// Whether a reservation was given up: it is as if it had not been asked for.
    pub(super) fn was_given_up(&self, reserved: u64) -> Result<bool, LedgerError> {
        let Some(outcome) = self.outcome_of(reserved)? else {
            return Ok(false);
        };
        let event = self.entry(outcome)?.event;
        Ok(matches!(event, Event::Failed(failed) if failed.reserved == reserved))
    }

    /// Whether a certificate for the key with this SHA-256 was reserved and not given up.
    pub(super) fn was_certified(&self, key: &[u8; 32]) -> Result<bool, LedgerError> {
        for position in self.all_of_subject(key)? {
            if !self.was_given_up(position)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The first position under a key whose entry does say what the row is about: a row
    /// alone refuses nobody.
    pub(super) fn confirmed(
        &self,
        table: u8,
        key: &[u8],
        says: impl Fn(&Event) -> bool,
    ) -> Result<Option<u64>, LedgerError> {
        for position in self.index.positions(table, key)? {
            if says(&self.entry(position)?.event) {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    /// The entries of a table of few rows under an empty key, oldest first, with their times.
    pub(super) fn entries_of<T>(
        &self,
        table: u8,
        of: impl Fn(Event) -> Option<T>,
    ) -> Result<Vec<(u64, T)>, LedgerError> {
        let entry = |position| {
            let entry = self.entry(position)?;
            let found = of(entry.event).ok_or_else(|| damaged(position))?;
            Ok((entry.time, found))
        };
        self.positions_of(table)?.into_iter().map(entry).collect()
    }

    /// Where those entries stand.
    pub(super) fn positions_of(&self, table: u8) -> Result<Vec<u64>, LedgerError> {
        let mut positions = Vec::new();
        self.index.walk(&Keys::of(table, &[]), &mut |_, position| {
            positions.push(position);
            Walk::On
        })?;
        positions.sort_unstable();
        positions.dedup();
        Ok(positions)
    }

    /// The entry at a position that something points to.
    pub(super) fn entry(&self, position: u64) -> Result<Entry, LedgerError> {
        let bytes = self.bytes_at(position)?;
        read(position, &bytes.ok_or_else(|| damaged(position))?)
    }

    /// The canonical bytes of an entry; none behind the last.
    pub(super) fn bytes_at(&self, position: u64) -> Result<Option<Vec<u8>>, LedgerError> {
        if let Some(drafted) = position.checked_sub(self.size() + 1) {
            let at = usize::try_from(drafted).unwrap_or(usize::MAX);
            return Ok(self.drafted.get(at).cloned());
        }
        let Some(place) = self.place_of(position)? else {
            return Ok(None);
        };
        let frame = self.frame(place, position)?;
        let at = position.checked_sub(frame.first);
        let at = at.and_then(|at| usize::try_from(at).ok());
        Ok(at.and_then(|at| frame.entries.get(at).cloned()))
    }

    /// Where the frame that holds an entry begins.
    pub(super) fn place_of(&self, position: u64) -> Result<Option<Place>, LedgerError> {
        if position == 0 || position > self.size() {
            return Ok(None);
        }
        let from = [number(position), number(u64::MAX)].concat();
        let keys = Keys::of(table::FRAME, &[]).from(&from).backward();
        let found = self.index.first(&keys)?;
        Ok(found.and_then(|(key, _)| {
            let place = key.last_chunk().copied()?;
            Some(Place(u64::from_be_bytes(place)))
        }))
    }

    fn frame(&self, place: Place, position: u64) -> Result<Arc<Frame>, LedgerError> {
        let mut recent = self.recent.borrow_mut();
        if let Some((_, frame)) = recent.iter().find(|(at, _)| *at == place) {
            return Ok(Arc::clone(frame));
        }
        let frame = self.frames.read(place)?.ok_or_else(|| damaged(position))?;
        let frame = Arc::new(frame);
        recent.truncate(RECENT - 1);
        recent.push_front((place, Arc::clone(&frame)));
        Ok(frame)
    }
}

/// The entry of these bytes.
pub(super) fn read(position: u64, bytes: &[u8]) -> Result<Entry, LedgerError> {
    Entry::from_bytes(bytes).map_err(|source| LedgerError::Damaged {
        position,
        source: Some(source),
    })
}

pub(super) fn damaged(position: u64) -> LedgerError {
    LedgerError::Damaged {
        position,
        source: None,
    }
}

/// PROTOCOL.certkeys: the signature is the last field, a string, over all before it.
fn certificate(to_be_signed: &[u8], signature: &[u8]) -> Vec<u8> {
    let length = u32::try_from(signature.len()).unwrap_or(u32::MAX);
    [to_be_signed, &length.to_be_bytes(), signature].concat()
}

/// The outcomes of a chunk lie with the reservations of the next: a walk in order needs two
/// or three frames at a time.
const RECENT: usize = 4;
