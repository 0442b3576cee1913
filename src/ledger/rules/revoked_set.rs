//! All that was revoked, in memory: for a walk over many certificates.

use std::collections::HashMap;

use super::Ledger;
use super::revoked::{Nameable, Revocation, RevokedBy};
use crate::ledger::entry::{Entry, Event, Revoked};
use crate::ledger::rows::{sha256, table};
use crate::ledger::{Ca, LedgerError, Record};

/// Every revocation and every gap of a ledger, as it was when this was made.
///
/// It is read from the entries themselves, each once, and takes memory for each serial range,
/// key ID and key that was revoked.
#[derive(Debug, Default)]
pub struct RevokedSet {
    each: Vec<Revocation>,
    /// By the SHA-256 of a key, the revocation that named it first.
    keys: HashMap<[u8; 32], usize>,
    cas: Vec<OfCa>,
}

/// What was revoked of one CA.
#[derive(Debug)]
struct OfCa {
    ca: Ca,
    serials: Ranges,
    key_ids: HashMap<String, usize>,
}

/// Ranges of serials in the order of their first, each with the revocation that named it.
#[derive(Debug, Default)]
struct Ranges(Vec<Range>);

#[derive(Debug)]
struct Range {
    first: u64,
    last: u64,
    /// The highest last of this range and all before it: below it, nothing before holds on.
    reach: u64,
    by: usize,
    /// Whether it is a gap.
    is_gap: bool,
}

impl RevokedSet {
    /// Reads what the ledger has revoked.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn of(ledger: &Ledger) -> Result<Self, LedgerError> {
        let cas = ledger.cas()?.into_iter().map(OfCa::new);
        let mut set = Self {
            cas: cas.collect(),
            ..Self::default()
        };
        for position in ledger.in_tables(&[table::REVOCATION, table::GAP])? {
            set.add(position, ledger.entry(position)?);
        }
        set.cas.iter_mut().for_each(|of| of.serials.settle());
        Ok(set)
    }

    /// Whether nothing was revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// The revocation that a recorded certificate fell under first; none if it fell under none.
    #[must_use]
    pub fn revocation_of(&self, record: &Record) -> Option<Revocation> {
        if self.is_empty() {
            return None;
        }
        let position = record.reserved.ca;
        let of = self.cas.iter().find(|of| of.ca.position == position)?;
        let nameable = Nameable::reserved(&of.ca, &record.reserved);
        let key_id = nameable.key_id.as_deref();
        let key_id = key_id.and_then(|id| of.key_ids.get(std::str::from_utf8(id).ok()?));
        let key = nameable.key.and_then(|key| self.keys.get(&key));
        let found = [
            of.serials.first_around(nameable.serial),
            key_id.map(|at| (*at, RevokedBy::KeyId)),
            key.map(|at| (*at, RevokedBy::Key)),
            self.of_ca_key(&nameable.ca_key),
        ];
        // Of what one entry names in several ways, the first way counts, as at one look-up.
        let (at, by) = found.into_iter().flatten().min_by_key(|(at, _)| *at)?;
        let revocation = self.each.get(at)?.clone();
        Some(Revocation { by, ..revocation })
    }

    /// The revocations of all that a revocation names, if every bit of it was revoked before:
    /// it adds nothing then.
    #[must_use]
    pub fn all_before(&self, revoked: &Revoked) -> Option<Vec<Revocation>> {
        let of = self
            .cas
            .iter()
            .find(|of| of.ca.added.public_key == revoked.ca);
        let mut found = Vec::new();
        for (first, last) in &revoked.serials {
            found.extend(of?.serials.covering(*first, *last)?);
        }
        for key_id in &revoked.key_ids {
            found.push(*of?.key_ids.get(key_id)?);
        }
        for key in revoked.key_hashes() {
            found.push(*self.keys.get(&key)?);
        }
        found.sort_unstable();
        found.dedup();
        let each = found.into_iter().filter_map(|at| self.each.get(at));
        Some(each.cloned().collect())
    }

    /// The ranges of serials of a CA that were revoked, or are a gap.
    pub(super) fn serials_of(&self, ca: &Ca) -> impl Iterator<Item = (u64, u64)> {
        let of = self.cas.iter().find(|of| of.ca.position == ca.position);
        let ranges = of.into_iter().flat_map(|of| &of.serials.0);
        ranges.map(|range| (range.first, range.last))
    }

    /// The key IDs of a CA that were revoked.
    pub(super) fn key_ids_of(&self, ca: &Ca) -> impl Iterator<Item = &str> {
        let of = self.cas.iter().find(|of| of.ca.position == ca.position);
        of.into_iter()
            .flat_map(|of| of.key_ids.keys().map(String::as_str))
    }

    /// The SHA-256 of each key that was revoked.
    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.keys.keys()
    }

    /// Whether all that a CA signed is revoked.
    pub(super) fn ends(&self, ca: &Ca) -> bool {
        self.keys.contains_key(&sha256(&ca.added.public_key))
    }

    fn of_ca_key(&self, key: &[u8; 32]) -> Option<(usize, RevokedBy)> {
        self.keys.get(key).map(|at| (*at, RevokedBy::CaKey))
    }

    fn add(&mut self, position: u64, mut entry: Entry) {
        let at = self.each.len();
        match &mut entry.event {
            Event::Revoked(revoked) => {
                for hash in revoked.key_hashes() {
                    self.keys.entry(hash).or_insert(at);
                }
                let means =
                    |of: &&mut OfCa| revoked.ca.is_empty() || revoked.ca == of.ca.added.public_key;
                for of in self.cas.iter_mut().filter(means) {
                    of.take(revoked, at);
                }
            }
            Event::Resumed(gap) => {
                let its = self.cas.iter_mut().filter(|of| of.ca.position == gap.ca);
                its.for_each(|of| of.serials.add((gap.first, gap.last), at, true));
            }
            _ => {}
        }
        // By what it names a certificate is said when one is looked up.
        let revocation = Revocation::at(position, RevokedBy::Serial, entry);
        self.each.extend(revocation);
    }
}

impl OfCa {
    fn new(ca: Ca) -> Self {
        Self {
            ca,
            serials: Ranges::default(),
            key_ids: HashMap::new(),
        }
    }

    fn take(&mut self, revoked: &Revoked, at: usize) {
        for range in &revoked.serials {
            self.serials.add(*range, at, false);
        }
        for key_id in &revoked.key_ids {
            self.key_ids.entry(key_id.clone()).or_insert(at);
        }
    }
}

impl Ranges {
    fn add(&mut self, (first, last): (u64, u64), by: usize, is_gap: bool) {
        // An empty gap records that something else was taken over.
        if first <= last {
            self.0.push(Range {
                first,
                last,
                reach: last,
                by,
                is_gap,
            });
        }
    }

    fn settle(&mut self) {
        self.0
            .sort_unstable_by_key(|range| (range.first, range.last, range.by));
        let mut reach = 0;
        for range in &mut self.0 {
            reach = reach.max(range.last);
            range.reach = reach;
        }
    }

    /// The oldest revocation with a range that holds this serial.
    fn first_around(&self, serial: u64) -> Option<(usize, RevokedBy)> {
        let behind = self.0.partition_point(|range| range.first <= serial);
        let before = self.0.iter().take(behind).rev();
        let reaching = before.take_while(|range| range.reach >= serial);
        let holding = reaching.filter(|range| range.last >= serial);
        let oldest = holding.min_by_key(|range| range.by)?;
        let by = if oldest.is_gap {
            RevokedBy::Gap
        } else {
            RevokedBy::Serial
        };
        Some((oldest.by, by))
    }

    /// The revocations that together hold every serial of a range; none if one is left.
    fn covering(&self, first: u64, last: u64) -> Option<Vec<usize>> {
        let (mut next, mut by) = (first, Vec::new());
        for range in self.0.iter().filter(|range| range.last >= first) {
            if range.first > next {
                return None;
            }
            if range.last >= next {
                by.push(range.by);
                match range.last.checked_add(1).filter(|after| *after <= last) {
                    Some(after) => next = after,
                    None => return Some(by),
                }
            }
        }
        None
    }
}
