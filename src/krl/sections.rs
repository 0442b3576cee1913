//! The smallest way to write a set of serials down.
//!
//! A KRL has three kinds of section for serials (PROTOCOL.krl, sections 2.1 to
//! 2.3): one list takes 8 bytes for each serial, a range takes 21 bytes, and a
//! bitmap 18 bytes and a bit for each serial from its first to its last. Their order
//! is free, so one list is enough. What is left to choose are the runs of ranges
//! that go into a bitmap: the shortest path over the ranges, found in linear time.
//!
//! A plan keeps two bytes for each range, and reads the set as often as it has to: a list
//! of ten million serials is made in far less memory than it takes on disk.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use super::serials::{SerialRange, Serials};
use crate::wire::MPINT_BITS_MAX;

/// A section for serials, beside the one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// All serials of a range.
    Range(SerialRange),
    /// The serials of some ranges, as bits behind the first one's first serial.
    Bitmap(Vec<SerialRange>),
}

/// The sections of the fewest bytes for a set of serials. No bitmap is longer than OpenSSH
/// reads.
pub(super) struct Plan<'a> {
    serials: &'a Serials,
    list: List,
    /// For each range how many ranges there are in the bitmap that starts with it: 0 where
    /// none does. Those that are within a bitmap mean nothing.
    bitmaps: Vec<u16>,
    listed: u64,
    bytes: u64,
}

impl<'a> Plan<'a> {
    pub(super) fn smallest(serials: &'a Serials) -> Self {
        // The list's header is paid once, which no path over the ranges can know.
        let with_list = Path::shortest(serials, List::Allowed);
        let without_list = Path::bytes_of_shortest(serials, List::Avoided);
        if with_list.bytes + LIST_HEADER < without_list {
            with_list.plan(serials, List::Allowed)
        } else {
            drop(with_list);
            Path::shortest(serials, List::Avoided).plan(serials, List::Avoided)
        }
    }

    /// What all sections take, with the list.
    pub(super) fn bytes(&self) -> u64 {
        match self.listed {
            0 => self.bytes,
            _ => self.bytes + LIST_HEADER,
        }
    }

    /// How many serials go into the list.
    pub(super) fn listed(&self) -> u64 {
        self.listed
    }

    /// The serials of the list, in ascending order.
    pub(super) fn list(&self) -> impl Iterator<Item = u64> {
        let alone = self.steps().filter_map(|step| match step {
            Step::Listed(range) => Some(range.first()..=range.last()),
            _ => None,
        });
        alone.flatten()
    }

    /// The other sections, in ascending order.
    pub(super) fn sections(&self) -> impl Iterator<Item = Section> {
        self.steps().filter_map(|step| match step {
            Step::Listed(_) => None,
            Step::Section(section) => Some(section),
        })
    }

    fn steps(&self) -> impl Iterator<Item = Step> {
        let mut ranges = self.serials.ranges();
        let mut bitmaps = self.bitmaps.iter();
        std::iter::from_fn(move || {
            let first = ranges.next()?;
            let more = usize::from(bitmaps.next().copied().unwrap_or(0));
            if let Some(more) = more.checked_sub(1) {
                let bitmap = [first].into_iter().chain(ranges.by_ref().take(more));
                let bitmap = bitmap.collect();
                // Those of the ranges within.
                bitmaps.by_ref().take(more).for_each(drop);
                return Some(Step::Section(Section::Bitmap(bitmap)));
            }
            Some(if self.list.price(first).1 {
                Step::Listed(first)
            } else {
                Step::Section(Section::Range(first))
            })
        })
    }
}

impl Plan<'_> {
    fn list_length(&self) -> u64 {
        if self.list == List::Avoided {
            return 0;
        }
        let lengths = self.steps().map(|step| match step {
            Step::Listed(range) => range.last() - range.first() + 1,
            Step::Section(_) => 0,
        });
        lengths.sum()
    }
}

/// What becomes of the next range or ranges.
enum Step {
    Listed(SerialRange),
    Section(Section),
}

/// Whether serials may go into a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Allowed,
    Avoided,
}

impl List {
    /// The bytes that a range takes outside of a bitmap, and whether in the list.
    fn price(self, range: SerialRange) -> (u64, bool) {
        let more = range.last() - range.first();
        if self == Self::Allowed && more < LISTED_MAX {
            ((more + 1) * LISTED, true)
        } else {
            (RANGE, false)
        }
    }
}

/// The cheapest choice of bitmaps.
struct Path {
    /// All that the sections take, but for a list's header.
    bytes: u64,
    /// For each range how many ranges there are in the bitmap that ends with it; 0 where it
    /// stands alone. Those that the path steps over mean nothing.
    bitmaps: Vec<u16>,
}

impl Path {
    fn shortest(serials: &Serials, list: List) -> Self {
        let mut bitmaps = Vec::with_capacity(serials.len());
        let bytes = Self::walk(serials, list, |ranges| bitmaps.push(ranges));
        Self { bytes, bitmaps }
    }

    fn bytes_of_shortest(serials: &Serials, list: List) -> u64 {
        Self::walk(serials, list, drop)
    }

    /// Gives the bytes; and for each range, in order, the length of the bitmap that best ends
    /// with it.
    fn walk(serials: &Serials, list: List, mut choose: impl FnMut(u16)) -> u64 {
        let mut starts = Starts::default();
        let mut bytes = 0;
        for (index, range) in serials.ranges().enumerate() {
            starts.add(Start {
                index,
                first: range.first(),
                before: bytes,
            });
            let alone = bytes + list.price(range).0;
            let (bitmap, start) = starts.cheapest(range.last()).unzip();
            bytes = bitmap.map_or(alone, |bitmap| alone.min(bitmap));
            let start = start.filter(|_| bytes < alone);
            // A bitmap has 16,384 bits at most.
            let ranges = start.map_or(0, |start| index - start + 1);
            choose(u16::try_from(ranges).unwrap_or(0));
        }
        bytes
    }

    /// Turns the lengths around, from the bitmaps' ends to their starts.
    fn plan(self, serials: &Serials, list: List) -> Plan<'_> {
        let Self { bytes, mut bitmaps } = self;
        let mut end = bitmaps.len();
        while let Some(last) = end.checked_sub(1) {
            let length = bitmaps.get(last).copied().unwrap_or(0);
            end = end.saturating_sub(usize::from(length).max(1));
            if let Some(ended) = bitmaps.get_mut(last) {
                *ended = 0;
            }
            if let Some(start) = bitmaps.get_mut(end) {
                *start = length;
            }
        }
        let mut plan = Plan {
            serials,
            list,
            bitmaps,
            listed: 0,
            bytes,
        };
        plan.listed = plan.list_length();
        plan
    }
}

/// Where a bitmap may start: at a range, and what all ranges before it take.
struct Start {
    index: usize,
    first: u64,
    before: u64,
}

impl Start {
    /// The bytes up to the end of a bitmap from here to `last`.
    ///
    /// The bits take whole bytes, and one more bit keeps the integer positive.
    fn bytes(&self, last: u64) -> u64 {
        self.before + BITMAP + bits(self.first, last) / 8
    }

    /// Whether a bitmap from `later` is never longer than one from here.
    ///
    /// Both firsts leave the same remainder by 8, so the two bitmaps differ by the
    /// same whole number of bytes wherever they end.
    fn yields_to(&self, later: &Self) -> bool {
        later.before <= self.before.saturating_add((later.first - self.first) / 8)
    }
}

/// The starts that may still be the best ones: for each remainder by 8 in ascending
/// order, the best first (a sliding-window minimum).
#[derive(Default)]
struct Starts([VecDeque<Start>; 8]);

impl Starts {
    fn add(&mut self, start: Start) {
        let remainder = usize::try_from(start.first % 8).unwrap_or(0);
        let Some(starts) = self.0.get_mut(remainder) else {
            return;
        };
        while starts.back().is_some_and(|back| back.yields_to(&start)) {
            starts.pop_back();
        }
        starts.push_back(start);
    }

    /// The bytes up to the end of the best bitmap that ends at `last`, and the range
    /// it starts with. Starts that are too far back are dropped for good.
    fn cheapest(&mut self, last: u64) -> Option<(u64, usize)> {
        let best = self.0.iter_mut().filter_map(|starts| {
            while starts
                .front()
                .is_some_and(|start| last - start.first >= MPINT_BITS_MAX)
            {
                starts.pop_front();
            }
            starts.front().map(|start| (start.bytes(last), start.index))
        });
        best.min()
    }
}

/// The bits of a bitmap from `first` to `last`, which are at most 16,384.
fn bits(first: u64, last: u64) -> u64 {
    (last - first).saturating_add(1)
}

/// A section's type and length.
const HEADER: u64 = 1 + 4;
const LIST_HEADER: u64 = HEADER;
/// A serial in a list.
const LISTED: u64 = 8;
/// The longest range that is shorter as a list.
const LISTED_MAX: u64 = 2;
/// A section of one range.
const RANGE: u64 = HEADER + 8 + 8;
/// A bitmap's section without its bits: header, offset, length, and the byte that
/// holds the highest bit or keeps the integer positive.
const BITMAP: u64 = HEADER + 8 + 4 + 1;
