//! Sets of certificate serial numbers, held as packed ranges.

mod packed;

use self::packed::Packed;

/// The serials from `first` to `last`, both included; never 0, which stands for
/// "no serial" and which a KRL cannot name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SerialRange {
    first: u64,
    last: u64,
}

impl SerialRange {
    /// The serials from `first` to `last`.
    ///
    /// # Errors
    /// [`SerialRangeError`] if the range holds 0 or runs backwards.
    pub fn new(first: u64, last: u64) -> Result<Self, SerialRangeError> {
        if first == 0 {
            return Err(SerialRangeError::Zero);
        }
        if last < first {
            return Err(SerialRangeError::Backwards { first, last });
        }
        Ok(Self { first, last })
    }

    /// One serial.
    ///
    /// # Errors
    /// [`SerialRangeError::Zero`] for 0.
    pub fn one(serial: u64) -> Result<Self, SerialRangeError> {
        Self::new(serial, serial)
    }

    /// The lowest serial.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The highest serial.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Takes `next` in, if it starts within this range or right behind it.
    fn absorb(&mut self, next: Self) -> bool {
        let touches = next.first >= self.first && next.first <= self.last.saturating_add(1);
        if touches {
            self.last = self.last.max(next.last);
        }
        touches
    }
}

/// Why two numbers are no [`SerialRange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SerialRangeError {
    /// Serial 0 is what a certificate without a serial carries.
    #[error("serial 0 cannot be revoked")]
    Zero,
    /// The last serial is below the first.
    #[error("the serial range {first} to {last} runs backwards")]
    Backwards {
        /// The first serial.
        first: u64,
        /// The last serial.
        last: u64,
    },
}

/// A set of serials: ranges in ascending order with a gap between any two.
///
/// Ten million single serials that lie close together take ten million bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Serials {
    sorted: Packed,
    /// What came out of order, until [`Self::settle`].
    unsorted: Vec<SerialRange>,
}

impl Serials {
    /// Whether `serial` is in the set.
    pub fn contains(&self, serial: u64) -> bool {
        self.sorted.contains(serial)
    }

    /// The ranges in ascending order.
    pub fn ranges(&self) -> impl Iterator<Item = SerialRange> + Clone {
        self.sorted.ranges()
    }

    /// The ranges in ascending order that do not end before `serial`.
    pub fn ranges_from(&self, serial: u64) -> impl Iterator<Item = SerialRange> {
        self.sorted.ranges_from(serial)
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.sorted.len() + self.unsorted.len()
    }

    /// Whether no serial is in the set.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a range; one that comes out of order is seen only after [`Self::settle`].
    pub fn push(&mut self, range: SerialRange) {
        if self.sorted.push(range) {
            return;
        }
        if !self
            .unsorted
            .last_mut()
            .is_some_and(|last| last.absorb(range))
        {
            self.unsorted.push(range);
        }
        // So that they never take much more than what is packed already, and each range is
        // packed again a few times only.
        if self.unsorted.len() > UNSORTED_LEAST.max(self.sorted.len() / 8) {
            self.settle();
        }
    }

    /// Puts the ranges in order and joins those that touch.
    pub fn settle(&mut self) {
        if self.unsorted.is_empty() {
            return;
        }
        let mut unsorted = std::mem::take(&mut self.unsorted);
        unsorted.sort_unstable_by_key(|range| range.first);
        self.sorted = self.sorted.merged(&unsorted);
    }
}

impl FromIterator<SerialRange> for Serials {
    fn from_iter<I: IntoIterator<Item = SerialRange>>(ranges: I) -> Self {
        let mut serials = Self::default();
        for range in ranges {
            serials.push(range);
        }
        serials.settle();
        serials
    }
}

/// Ranges that wait to be put in order, in any case.
const UNSORTED_LEAST: usize = 1 << 14;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn serials(ranges: &[(u64, u64)]) -> Serials {
        ranges
            .iter()
            .map(|&(first, last)| SerialRange::new(first, last).unwrap())
            .collect()
    }

    #[test]
    fn zero_and_backward_ranges_cannot_be_made() {
        assert_eq!(SerialRange::one(0), Err(SerialRangeError::Zero));
        assert_eq!(SerialRange::new(0, 9), Err(SerialRangeError::Zero));
        assert_eq!(
            SerialRange::new(9, 8),
            Err(SerialRangeError::Backwards { first: 9, last: 8 })
        );
    }

    #[test]
    fn ranges_that_touch_or_overlap_become_one() {
        assert_eq!(serials(&[(4, 9), (1, 3)]), serials(&[(1, 9)]));
        assert_eq!(
            serials(&[(1, 20), (3, 4), (22, 22)]),
            serials(&[(1, 20), (22, 22)])
        );
    }

    #[test]
    fn the_highest_serial_ends_a_range_without_overflow() {
        let all = serials(&[(u64::MAX, u64::MAX), (1, u64::MAX)]);
        assert_eq!(all, serials(&[(1, u64::MAX)]));
        assert!(all.contains(u64::MAX) && !all.contains(0));
    }

    proptest! {
        #[test]
        fn a_set_holds_what_was_put_in_and_nothing_else(
            ranges in prop::collection::vec((1_u64..200, 0_u64..9), 0..40),
        ) {
            let set: Serials = ranges
                .iter()
                .map(|&(first, more)| SerialRange::new(first, first + more).unwrap())
                .collect();
            let model: BTreeSet<u64> =
                ranges.iter().flat_map(|&(first, more)| first..=first + more).collect();
            for serial in 0..220 {
                prop_assert_eq!(set.contains(serial), model.contains(&serial));
            }
            let ranges: Vec<_> = set.ranges().collect();
            prop_assert_eq!(ranges.len(), set.len());
            for pair in ranges.windows(2) {
                prop_assert!(pair[0].last + 1 < pair[1].first);
            }
        }
    }
}
