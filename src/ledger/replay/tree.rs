//! The Merkle tree of a replay, which knows its root at every size it ever had.

use sha2::{Digest, Sha256};

use crate::ledger::merkle::{Hash, node_hash};

/// The hashes of all perfect subtrees, by height: 64 bytes an entry.
///
/// A signed head may be of any size, also one that no index keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    levels: Vec<Vec<Hash>>,
    size: u64,
}

impl Tree {
    pub(super) fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        let mut height = 0;
        loop {
            if self.levels.len() == height {
                self.levels.push(Vec::new());
            }
            let Some(level) = self.levels.get_mut(height) else {
                break;
            };
            level.push(hash);
            // An even number of subtrees: the last two are one of the next height.
            let [.., left, right] = level.as_slice() else {
                break;
            };
            if !level.len().is_multiple_of(2) {
                break;
            }
            hash = node_hash(left, right);
            height += 1;
        }
        self.size += 1;
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The leaf of the first entry, which names the ledger.
    pub(super) fn first(&self) -> Option<&Hash> {
        self.levels.first()?.first()
    }

    /// The root over the first `size` entries; none if there are not so many.
    pub(super) fn root_at(&self, size: u64) -> Option<Hash> {
        if size > self.size {
            return None;
        }
        // From the right edge up: the smallest perfect subtree is the last one.
        let mut root: Option<Hash> = None;
        for (height, level) in self.levels.iter().enumerate() {
            let subtrees = usize::try_from(size.checked_shr(u32::try_from(height).ok()?)?).ok()?;
            if subtrees.is_multiple_of(2) {
                continue;
            }
            let left = level.get(subtrees.checked_sub(1)?)?;
            root = Some(root.map_or(*left, |right| node_hash(left, &right)));
        }
        root.or_else(|| (size == 0).then(|| Sha256::digest([]).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::merkle::{Frontier, leaf_hash};

    #[test]
    fn has_the_root_of_every_size_it_ever_had() {
        let mut tree = Tree::default();
        let mut frontier = Frontier::default();
        let mut roots = vec![frontier.root()];
        for number in 0_u32..300 {
            let leaf = leaf_hash(&number.to_be_bytes());
            tree.push(leaf);
            frontier.push(leaf, |_, _| ());
            roots.push(frontier.root());
        }
        for (size, root) in (0..).zip(roots) {
            assert_eq!(tree.root_at(size), Some(root), "{size}");
        }
        assert_eq!(tree.root_at(301), None);
    }
}
