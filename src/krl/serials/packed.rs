//! Ranges in ascending order, one byte for most of them.

use super::SerialRange;

/// Ranges in ascending order with a gap between any two.
///
/// The last one stands apart, since it may still grow. Of each other there is the distance
/// from the end of the one before it, and how many serials follow its first, where there are
/// any: in groups of seven bits, the low ones first, of which the first has a bit for that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Packed {
    bytes: Vec<u8>,
    last: Option<SerialRange>,
    /// Where the range before the last one ends.
    end: u64,
    /// How many ranges there are, with the last one.
    len: usize,
    marks: Vec<Mark>,
}

/// A place to start reading from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    /// The first serial of the range that stands there.
    first: u64,
    /// The end of the range before it.
    before: u64,
    byte: usize,
}

impl Packed {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a range that starts within the last one or behind it; says whether it did.
    pub(super) fn push(&mut self, range: SerialRange) -> bool {
        if let Some(last) = &mut self.last {
            if range.first < last.first {
                return false;
            }
            if last.absorb(range) {
                return true;
            }
        }
        if let Some(done) = self.last.replace(range) {
            self.pack(done);
        }
        self.len += 1;
        true
    }

    /// Writes what was the last range.
    fn pack(&mut self, range: SerialRange) {
        let before = self.end;
        if (self.len - 1).is_multiple_of(MARKED) {
            self.marks.push(Mark {
                first: range.first,
                before,
                byte: self.bytes.len(),
            });
        }
        let more = range.last - range.first;
        let flag = if more == 0 { 0 } else { HAS_MORE };
        put(&mut self.bytes, range.first - before, FIRST_BITS, flag);
        if more > 0 {
            put(&mut self.bytes, more, GROUP_BITS, 0);
        }
        self.end = range.last;
    }

    /// All ranges.
    pub(super) fn ranges(&self) -> Ranges<'_> {
        Ranges {
            bytes: &self.bytes,
            before: 0,
            last: self.last,
        }
    }

    pub(super) fn contains(&self, serial: u64) -> bool {
        let mut ranges = self.ranges_from(serial);
        ranges.next().is_some_and(|range| range.first <= serial)
    }

    /// The ranges that do not end before `serial`.
    pub(super) fn ranges_from(&self, serial: u64) -> impl Iterator<Item = SerialRange> {
        let behind = self.marks.partition_point(|mark| mark.first <= serial);
        let mark = behind
            .checked_sub(1)
            .and_then(|index| self.marks.get(index));
        let ranges = mark.map_or(self.ranges(), |mark| Ranges {
            bytes: self.bytes.get(mark.byte..).unwrap_or_default(),
            before: mark.before,
            last: self.last,
        });
        ranges.skip_while(move |range| range.last < serial)
    }

    /// These ranges and `others`, which are in ascending order of their first serials.
    pub(super) fn merged(&self, others: &[SerialRange]) -> Self {
        let mut merged = Self::default();
        let mut others = others.iter().copied().peekable();
        for range in self.ranges() {
            while let Some(other) = others.next_if(|other| other.first < range.first) {
                merged.push(other);
            }
            merged.push(range);
        }
        for other in others {
            merged.push(other);
        }
        merged
    }
}

/// Ranges as they are read.
#[derive(Clone, Debug)]
pub(super) struct Ranges<'a> {
    bytes: &'a [u8],
    before: u64,
    last: Option<SerialRange>,
}

impl Iterator for Ranges<'_> {
    type Item = SerialRange;

    fn next(&mut self) -> Option<SerialRange> {
        if self.bytes.is_empty() {
            return self.last.take();
        }
        let has_more = self.bytes.first().is_some_and(|byte| byte & HAS_MORE != 0);
        let first = self.before + take(&mut self.bytes, FIRST_BITS);
        let more = if has_more {
            take(&mut self.bytes, GROUP_BITS)
        } else {
            0
        };
        self.before = first + more;
        Some(SerialRange {
            first,
            last: self.before,
        })
    }
}

/// Writes a number; its first group has so many bits, and `flag` beside them.
fn put(out: &mut Vec<u8>, mut number: u64, first_bits: u32, mut flag: u8) {
    let mut bits = first_bits;
    loop {
        let [.., low] = (number & ((1 << bits) - 1)).to_be_bytes();
        number >>= bits;
        if number == 0 {
            out.push(low | flag);
            return;
        }
        out.push(low | flag | GOES_ON);
        (bits, flag) = (GROUP_BITS, 0);
    }
}

/// Reads what [`put`] wrote, and nothing else.
fn take(bytes: &mut &[u8], first_bits: u32) -> u64 {
    let (mut number, mut shift, mut bits) = (0, 0, first_bits);
    while let Some((byte, rest)) = bytes.split_first() {
        *bytes = rest;
        number |= (u64::from(*byte) & ((1 << bits) - 1)) << shift;
        if byte & GOES_ON == 0 {
            break;
        }
        shift += bits;
        bits = GROUP_BITS;
    }
    number
}

/// More of the number follows.
const GOES_ON: u8 = 0x80;
/// The range has more than one serial; in the first byte of its distance.
const HAS_MORE: u8 = 0x40;
const FIRST_BITS: u32 = 6;
const GROUP_BITS: u32 = 7;
/// There is a mark at every so many ranges: to find one costs reading that many at most.
const MARKED: usize = 128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_read_back(
            distances in prop::collection::vec(
                (
                    prop_oneof![2_u64..5, 60_u64..70, 2_u64..1 << 14, 2_u64..1 << 50],
                    prop_oneof![Just(0_u64), 1_u64..200, 1_u64..1 << 50],
                ),
                0..600,
            ),
        ) {
            let mut end = 0;
            let ranges: Vec<_> = distances
                .into_iter()
                .map(|(distance, more)| {
                    let first = end + distance;
                    end = first + more;
                    SerialRange { first, last: end }
                })
                .collect();
            let mut packed = Packed::default();
            for range in &ranges {
                prop_assert!(packed.push(*range));
            }
            prop_assert_eq!(packed.ranges().collect::<Vec<_>>(), ranges.clone());
            for range in ranges {
                prop_assert!(packed.contains(range.first) && packed.contains(range.last));
                prop_assert!(!packed.contains(range.first - 1) && !packed.contains(range.last + 1));
            }
        }
    }

    #[test]
    fn the_longest_distances_fit() {
        let mut packed = Packed::default();
        let ranges = [(1, 1), (3, u64::MAX - 2), (u64::MAX, u64::MAX)];
        let ranges = ranges.map(|(first, last)| SerialRange { first, last });
        for range in ranges {
            assert!(packed.push(range));
        }
        assert_eq!(packed.ranges().collect::<Vec<_>>(), ranges);
        let far = [(u64::MAX - 2, u64::MAX - 2), (u64::MAX, u64::MAX)];
        let far = far.map(|(first, last)| SerialRange { first, last });
        let mut packed = Packed::default();
        far.iter().for_each(|range| assert!(packed.push(*range)));
        assert_eq!(packed.ranges().collect::<Vec<_>>(), far);
    }
}
