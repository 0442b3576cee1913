//! The items of a run, one after the other; some have to wait until all others had their turn.

use std::collections::VecDeque;
use std::io;

use super::item::Item;

/// What names the items of a run.
pub(super) type Names = Box<dyn Iterator<Item = io::Result<Item>>>;

/// The items that nobody looked at yet, each with its place in the run.
pub(super) struct Files {
    names: Names,
    named: u64,
    later: VecDeque<(Item, u64)>,
}

/// One item whose turn it is.
pub(super) struct Turn {
    pub(super) item: io::Result<Item>,
    /// Its place in the run, from 0.
    pub(super) index: u64,
    /// Whether all items had a turn before.
    pub(super) is_last: bool,
}

impl Files {
    pub(super) fn new(names: Names) -> Self {
        Self {
            names,
            named: 0,
            later: VecDeque::new(),
        }
    }

    /// Gives an item another turn, when all had their first.
    pub(super) fn postpone(&mut self, item: Item, index: u64) {
        self.later.push_back((item, index));
    }
}

impl Iterator for Files {
    type Item = Turn;

    fn next(&mut self) -> Option<Turn> {
        if let Some(item) = self.names.next() {
            let index = self.named;
            self.named = index.saturating_add(1);
            let is_last = false;
            return Some(Turn {
                item,
                index,
                is_last,
            });
        }
        let (item, index) = self.later.pop_front()?;
        Some(Turn {
            item: Ok(item),
            index,
            is_last: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postponed_item_comes_behind_all_others_with_its_own_place() {
        let names = ["a", "b", "c"].map(|name| Ok(Item::File(name.into())));
        let mut files = Files::new(Box::new(names.into_iter()));
        let first = files.next().unwrap();
        files.postpone(first.item.unwrap(), first.index);
        let name = |turn: &Turn| turn.item.as_ref().unwrap().name().to_owned();
        let rest = files.map(|turn| (name(&turn), turn.index, turn.is_last));
        let rest: Vec<_> = rest.collect();
        let expected = [("b", 1, false), ("c", 2, false), ("a", 0, true)];
        assert_eq!(
            rest,
            expected.map(|(name, index, last)| (name.into(), index, last))
        );
    }
}
