//! Lists of byte strings, such as key IDs, in one piece of memory.

use crate::wire::Cursor;
use crate::wire::put_string;

/// Byte strings in ascending order, without repeats.
///
/// A string takes 12 bytes more than its own. Repeats take nothing for long, so that a list
/// of twenty million empty strings takes no memory.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    /// The strings as SSH writes them, in the order in which they came.
    bytes: Vec<u8>,
    /// Where each begins, in ascending order of the strings, up to `sorted` of them.
    starts: Vec<usize>,
    sorted: usize,
}

impl Strings {
    /// The strings, in ascending order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.starts.iter().map(|start| string(&self.bytes, *start))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Whether this string is among them.
    pub fn contains(&self, wanted: &[u8]) -> bool {
        let found = self
            .starts
            .binary_search_by(|start| string(&self.bytes, *start).cmp(wanted));
        found.is_ok()
    }

    /// Adds a string, which is found only after [`Self::settle`].
    pub(super) fn push(&mut self, string: &[u8]) {
        self.starts.push(self.bytes.len());
        put_string(&mut self.bytes, string);
        // Each time all are put in order again; twice as many would be so too often.
        if self.starts.len() > UNSORTED_LEAST.max(self.sorted.saturating_mul(4)) {
            self.settle();
        }
    }

    /// Puts the strings in order and drops repeats.
    pub(super) fn settle(&mut self) {
        if self.sorted == self.starts.len() {
            return;
        }
        let bytes = &self.bytes;
        self.starts
            .sort_unstable_by(|a, b| string(bytes, *a).cmp(string(bytes, *b)));
        let before = self.starts.len();
        self.starts
            .dedup_by(|a, b| string(bytes, *a) == string(bytes, *b));
        self.sorted = self.starts.len();
        if self.sorted < before - before / 4 {
            self.drop_unused_bytes();
        }
    }

    fn drop_unused_bytes(&mut self) {
        let mut bytes = Vec::new();
        for start in &mut self.starts {
            let kept = string(&self.bytes, *start);
            *start = bytes.len();
            put_string(&mut bytes, kept);
        }
        self.bytes = bytes;
    }
}

/// Two lists are equal that hold the same strings.
impl PartialEq for Strings {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Strings {}

/// The string that was put there.
fn string(bytes: &[u8], start: usize) -> &[u8] {
    let written = bytes.get(start..).unwrap_or_default();
    Cursor::new(written).string().unwrap_or_default()
}

/// Strings that wait to be put in order, in any case.
const UNSORTED_LEAST: usize = 1 << 14;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_list_holds_what_was_put_in_once_and_in_order(
            strings in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3), 0..400),
        ) {
            let mut list = Strings::default();
            let mut model = BTreeSet::new();
            for string in &strings {
                list.push(string);
                model.insert(string.clone());
            }
            list.settle();
            prop_assert!(list.iter().eq(model.iter().map(Vec::as_slice)));
            for string in strings {
                prop_assert!(list.contains(&string));
            }
            prop_assert!(!list.contains(b"absent"));
        }
    }

    #[test]
    fn repeats_take_no_memory_for_long() {
        let mut list = Strings::default();
        for _ in 0..1_000_000 {
            list.push(b"");
        }
        assert!(list.len() <= UNSORTED_LEAST + 1);
        assert!(list.bytes.len() <= 8 * UNSORTED_LEAST);
        list.settle();
        assert_eq!((list.len(), list.bytes.len()), (1, 4));
    }
}
