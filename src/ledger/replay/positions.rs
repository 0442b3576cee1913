//! A set of positions in little memory.

/// Positions, a bit each.
#[derive(Debug, Default)]
pub(super) struct Positions(Vec<u64>);

impl Positions {
    pub(super) fn insert(&mut self, position: u64) {
        let (word, bit) = Self::place(position);
        let Some(word) = word else { return };
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    /// Positions come from entries, and may be anything.
    pub(super) fn contains(&self, position: u64) -> bool {
        let (word, bit) = Self::place(position);
        let word = word.and_then(|word| self.0.get(word));
        word.is_some_and(|word| word & (1 << bit) != 0)
    }

    fn place(position: u64) -> (Option<usize>, u64) {
        (usize::try_from(position / 64).ok(), position % 64)
    }
}
