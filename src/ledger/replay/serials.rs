//! The serials of one CA: which are taken, and which comes next.

use std::collections::BTreeMap;

use super::fault::Fault;
use crate::ledger::entry::Sequence;

/// The serials of one CA so far.
#[derive(Debug)]
pub(super) struct Serials {
    /// Behind the greatest automatic one and behind all gaps; none if none is left.
    next: Option<u64>,
    taken: Ranges,
    /// What was revoked by then, given out or not.
    revoked: Ranges,
}

impl Serials {
    /// Counts from `first`.
    pub(super) fn from(first: u64) -> Self {
        Self {
            next: Some(first),
            taken: Ranges::default(),
            revoked: Ranges::default(),
        }
    }

    /// Takes one; what is wrong with it is said, and it is taken all the same.
    pub(super) fn take(&mut self, serial: u64, sequence: Sequence) -> Result<(), Fault> {
        let expected = self.next.and_then(|next| self.taken.next_free(next));
        let unrevoked = self.next.and_then(|next| self.next_unrevoked(next));
        let is_taken = self.taken.contains(serial);
        self.taken.insert(serial, serial);
        if sequence == Sequence::Automatic && self.next.is_none_or(|next| next <= serial) {
            self.next = serial.checked_add(1);
        }
        if serial == 0 {
            return Err(Fault::SerialZero);
        }
        if is_taken {
            return Err(Fault::SerialTaken(serial));
        }
        if self.revoked.contains(serial) {
            return Err(Fault::SerialRevoked(serial));
        }
        match (sequence, expected) {
            (Sequence::Explicit, _) => Ok(()),
            (Sequence::Automatic, Some(expected)) if expected == serial => Ok(()),
            // Since 0.2.0, what was revoked before it was given out is passed over.
            (Sequence::Automatic, _) if unrevoked == Some(serial) => Ok(()),
            (Sequence::Automatic, Some(expected)) if expected < serial => {
                Err(Fault::SerialSkipped { expected, serial })
            }
            (Sequence::Automatic, _) => Err(Fault::SerialBack(serial)),
        }
    }

    /// The next of the sequence, whether it was asked for by number before or not.
    pub(super) fn next(&self) -> Option<u64> {
        self.next
    }

    /// The first number from `from` on that was neither taken nor revoked.
    fn next_unrevoked(&self, from: u64) -> Option<u64> {
        let mut number = from;
        loop {
            let free = self.taken.next_free(number)?;
            number = self.revoked.next_free(free)?;
            if number == free {
                return Some(number);
            }
        }
    }

    /// Notes serials that were revoked.
    pub(super) fn revoke(&mut self, first: u64, last: u64) {
        if first <= last {
            self.revoked.insert(first, last);
        }
    }

    /// Leaves out the serials of a gap.
    pub(super) fn gap(&mut self, first: u64, last: u64) {
        if first > last {
            return;
        }
        self.taken.insert(first, last);
        if self.next.is_some_and(|next| next <= last) {
            self.next = last.checked_add(1);
        }
    }
}

/// Numbers, as first and last of each range; ranges that touch are one.
#[derive(Debug, Default)]
struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    fn contains(&self, number: u64) -> bool {
        let below = self.0.range(..=number).next_back();
        below.is_some_and(|(_, last)| number <= *last)
    }

    /// The first number from `from` on that is in no range.
    fn next_free(&self, from: u64) -> Option<u64> {
        match self.0.range(..=from).next_back() {
            Some((_, last)) if from <= *last => last.checked_add(1),
            _ => Some(from),
        }
    }

    fn insert(&mut self, mut first: u64, mut last: u64) {
        if let Some((&begin, &end)) = self.0.range(..=first).next_back()
            && end.saturating_add(1) >= first
        {
            first = begin;
            last = last.max(end);
        }
        while let Some((&begin, &end)) = self.0.range(first..=last.saturating_add(1)).next() {
            self.0.remove(&begin);
            last = last.max(end);
        }
        self.0.insert(first, last);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_hold_what_a_set_of_numbers_holds(
            inserted in proptest::collection::vec((0_u64..60, 0_u64..6), 0..30)
        ) {
            let mut ranges = Ranges::default();
            let mut numbers = BTreeSet::new();
            for (first, more) in inserted {
                ranges.insert(first, first + more);
                numbers.extend(first..=first + more);
            }
            for number in 0..70 {
                prop_assert_eq!(ranges.contains(number), numbers.contains(&number));
                let free = (number..).find(|number| !numbers.contains(number));
                prop_assert_eq!(ranges.next_free(number), free);
            }
            let touch = ranges.0.iter().zip(ranges.0.iter().skip(1));
            for ((_, last), (first, _)) in touch {
                prop_assert!(last + 1 < *first);
            }
        }
    }

    #[test]
    fn what_was_revoked_before_may_be_passed_over_and_nothing_else() {
        let with_a_revocation = || {
            let mut serials = Serials::from(1);
            serials.revoke(2, 4);
            assert!(serials.take(5, Sequence::Explicit).is_ok());
            assert!(serials.take(1, Sequence::Automatic).is_ok());
            serials
        };
        assert!(with_a_revocation().take(6, Sequence::Automatic).is_ok());
        // Versions before gave them out all the same.
        for sequence in [Sequence::Automatic, Sequence::Explicit] {
            assert!(matches!(
                with_a_revocation().take(2, sequence),
                Err(Fault::SerialRevoked(2))
            ));
        }
        assert!(matches!(
            with_a_revocation().take(7, Sequence::Automatic),
            Err(Fault::SerialSkipped {
                expected: 2,
                serial: 7
            })
        ));
    }

    #[test]
    fn the_last_serial_there_is_can_be_taken_once() {
        let mut serials = Serials::from(u64::MAX);
        assert!(serials.take(u64::MAX, Sequence::Automatic).is_ok());
        assert!(matches!(
            serials.take(u64::MAX, Sequence::Automatic),
            Err(Fault::SerialTaken(u64::MAX))
        ));
        assert_eq!(serials.next(), None);
    }
}
