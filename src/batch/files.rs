//! The files of a run, one after the other; some have to wait until all others had their turn.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

/// What names the files of a run.
pub(super) type Names = Box<dyn Iterator<Item = io::Result<PathBuf>>>;

/// The files that nobody looked at yet, each with its place in the run.
pub(super) struct Files {
    names: Names,
    named: u64,
    later: VecDeque<(PathBuf, u64)>,
}

/// One file whose turn it is.
pub(super) struct Turn {
    pub(super) file: io::Result<PathBuf>,
    /// Its place in the run, from 0.
    pub(super) index: u64,
    /// Whether all files had a turn before.
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

    /// Gives a file another turn, when all had their first.
    pub(super) fn postpone(&mut self, file: PathBuf, index: u64) {
        self.later.push_back((file, index));
    }
}

impl Iterator for Files {
    type Item = Turn;

    fn next(&mut self) -> Option<Turn> {
        if let Some(file) = self.names.next() {
            let index = self.named;
            self.named = index.saturating_add(1);
            let is_last = false;
            return Some(Turn {
                file,
                index,
                is_last,
            });
        }
        let (file, index) = self.later.pop_front()?;
        Some(Turn {
            file: Ok(file),
            index,
            is_last: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postponed_file_comes_behind_all_others_with_its_own_place() {
        let names = ["a", "b", "c"].map(|name| Ok(PathBuf::from(name)));
        let mut files = Files::new(Box::new(names.into_iter()));
        let first = files.next().unwrap();
        files.postpone(first.file.unwrap(), first.index);
        let rest = files.map(|turn| (turn.file.unwrap(), turn.index, turn.is_last));
        let rest: Vec<_> = rest.collect();
        let expected = [("b", 1, false), ("c", 2, false), ("a", 0, true)];
        assert_eq!(
            rest,
            expected.map(|(name, index, last)| (name.into(), index, last))
        );
    }
}
