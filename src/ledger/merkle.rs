//! The RFC 6962 Merkle tree over entries: roots, proofs and their checks.
//!
//! Pure. SHA-256; a leaf is hashed behind 0x00, a node behind 0x01 (RFC 6962, 2.1), so
//! that no node can be passed off as an entry. Whoever holds an old root can be shown
//! that today's ledger extends it.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The right edge of a growing tree: the roots of its perfect subtrees, largest first.
///
/// Takes a leaf in constant time on average, and needs nothing of the leaves before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// A tree's hashes, as far as a proof asks for them.
pub trait Hashes {
    /// What can go wrong in getting one.
    type Error;

    /// The hash over the leaves from `start` up to, not including, `end`, which is more
    /// than `start`.
    ///
    /// # Errors
    /// What the store says.
    fn range(&self, start: u64, end: u64) -> Result<Hash, Self::Error>;
}

/// The hash of an entry's canonical bytes.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new_with_prefix([0])
        .chain_update(entry)
        .finalize()
        .into()
}

/// The hash of two subtrees.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let node = Sha256::new_with_prefix([1]).chain_update(left);
    node.chain_update(right).finalize().into()
}

impl Frontier {
    /// Puts stored peaks together again; none if they are not as many as `size` has.
    #[must_use]
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        let expected = usize::try_from(size.count_ones()).ok()?;
        (peaks.len() == expected).then_some(Self { size, peaks })
    }

    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees, largest first.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf; tells `note` of each perfect subtree that it completes, with its
    /// height (0 is the leaf itself), lowest first.
    pub fn push(&mut self, leaf: Hash, mut note: impl FnMut(u32, &Hash)) {
        let mut hash = leaf;
        note(0, &hash);
        for height in 1..=self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
                note(height, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree (RFC 6962, 2.1); of an empty one the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => Sha256::digest([]).into(),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

/// The audit path of leaf `index` in the tree of the first `size` leaves (RFC 6962, 2.1.1).
///
/// # Errors
/// What `hashes` says. Nothing is in the path of a leaf that the tree does not have.
pub fn inclusion_proof<H: Hashes>(
    hashes: &H,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, H::Error> {
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while index < size && end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(hashes.range(middle, end)?);
            end = middle;
        } else {
            path.push(hashes.range(start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The root that `path` gives for leaf `index` of `size`; none if it is no path of that
/// length (RFC 9162, 2.1.3.2).
#[must_use]
pub fn root_of_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut number, mut last) = (index, size - 1);
    let mut hash = leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if number % 2 == 1 || number == last {
            hash = node_hash(sibling, &hash);
            let up = match number % 2 {
                0 => number.trailing_zeros().min(63),
                _ => 0,
            };
            (number, last) = (number >> up, last >> up);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (number, last) = (number >> 1, last >> 1);
    }
    (last == 0).then_some(hash)
}

/// Shows that the tree of the first `old` leaves begins that of the first `new`
/// (RFC 6962, 2.1.2). Empty for `old` of 0 or `new`.
///
/// # Errors
/// What `hashes` says.
pub fn consistency_proof<H: Hashes>(hashes: &H, old: u64, new: u64) -> Result<Vec<Hash>, H::Error> {
    let (mut start, mut end, mut whole) = (0, new, true);
    let mut proof = Vec::new();
    if old == 0 || old >= new {
        return Ok(proof);
    }
    while end > old {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(hashes.range(middle, end)?);
            end = middle;
        } else {
            proof.push(hashes.range(start, middle)?);
            (start, whole) = (middle, false);
        }
    }
    if !whole {
        proof.push(hashes.range(start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` shows that the tree of `old` leaves and root `old_root` begins that of
/// `new` leaves and `new_root` (RFC 9162, 2.1.4.2).
#[must_use]
pub fn is_consistent(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    if old == 0 || old == new {
        return proof.is_empty() && (old == 0 || old_root == new_root);
    }
    if old > new {
        return false;
    }
    let mut proof = proof.iter();
    let first = if old.is_power_of_two() {
        Some(old_root)
    } else {
        proof.next()
    };
    let Some(first) = first else { return false };
    let up = (old - 1).trailing_ones();
    let (mut number, mut last) = ((old - 1) >> up, (new - 1) >> up);
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if number % 2 == 1 || number == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            let up = match number % 2 {
                0 => number.trailing_zeros().min(63),
                _ => 0,
            };
            (number, last) = (number >> up, last >> up);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        (number, last) = (number >> 1, last >> 1);
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// The largest power of two below `leaves`, which are at least 2: where a tree divides.
pub(super) fn split(leaves: u64) -> u64 {
    1 << (63 - (leaves - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::wire::hex;

    /// The definition of RFC 6962, 2.1, word for word.
    struct Leaves(Vec<Hash>);

    impl Leaves {
        fn numbered(count: u64) -> Self {
            Self((0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect())
        }

        fn root(&self, size: u64) -> Hash {
            match size {
                0 => Frontier::default().root(),
                size => self.range(0, size).unwrap(),
            }
        }
    }

    impl Hashes for Leaves {
        type Error = Infallible;

        fn range(&self, start: u64, end: u64) -> Result<Hash, Infallible> {
            if end - start == 1 {
                return Ok(self.0[usize::try_from(start).unwrap()]);
            }
            let middle = start + split(end - start);
            Ok(node_hash(
                &self.range(start, middle)?,
                &self.range(middle, end)?,
            ))
        }
    }

    /// The vectors of the certificate-transparency project's own test of its tree.
    #[test]
    fn gives_the_roots_of_the_known_trees() {
        let leaves: [&[u8]; 8] = [
            &[],
            &[0],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
                0x6e, 0x6f,
            ],
        ];
        let mut tree = Frontier::default();
        assert_eq!(
            hex(&tree.root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let roots = leaves.map(|leaf| {
            tree.push(leaf_hash(leaf), |_, _| ());
            hex(&tree.root())
        });
        assert_eq!(
            roots[0],
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            roots[1],
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
        assert_eq!(
            roots[7],
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
    }

    #[test]
    fn every_proof_of_every_small_tree_holds() {
        let leaves = Leaves::numbered(40);
        for size in 1..=40 {
            let root = leaves.root(size);
            for index in 0..size {
                let path = inclusion_proof(&leaves, index, size).unwrap();
                let leaf = leaves.0[usize::try_from(index).unwrap()];
                assert_eq!(root_of_inclusion(leaf, index, size, &path), Some(root));
            }
            for old in 0..=size {
                let proof = consistency_proof(&leaves, old, size).unwrap();
                let old_root = leaves.root(old);
                assert!(
                    is_consistent(old, &old_root, size, &root, &proof),
                    "{old} {size}"
                );
            }
        }
    }

    #[test]
    fn a_leaf_that_the_tree_does_not_have_has_no_root() {
        assert_eq!(root_of_inclusion([0; 32], 3, 3, &[]), None);
        assert_eq!(root_of_inclusion([0; 32], 0, 0, &[]), None);
    }

    #[test]
    fn a_shorter_tree_does_not_extend_a_longer_one() {
        let leaves = Leaves::numbered(9);
        assert!(!is_consistent(9, &leaves.root(9), 5, &leaves.root(5), &[]));
    }

    proptest! {
        #[test]
        fn the_frontier_grows_to_the_root_of_the_definition(size in 0_u64..600) {
            let leaves = Leaves::numbered(size);
            let mut tree = Frontier::default();
            leaves.0.iter().for_each(|leaf| tree.push(*leaf, |_, _| ()));
            prop_assert_eq!(tree.root(), leaves.root(size));
            let again = Frontier::from_parts(size, tree.peaks().to_vec());
            prop_assert_eq!(again, Some(tree));
        }

        #[test]
        fn a_proof_with_a_changed_bit_a_hash_less_or_more_is_refused(
            size in 2_u64..200, at in any::<prop::sample::Index>(), bit in 0_usize..256
        ) {
            let leaves = Leaves::numbered(size);
            let root = leaves.root(size);
            let old = at.index(usize::try_from(size - 1).unwrap()) + 1;
            let old = u64::try_from(old).unwrap();
            let proof = consistency_proof(&leaves, old, size).unwrap();
            let old_root = leaves.root(old);
            let holds = |proof: &[Hash]| is_consistent(old, &old_root, size, &root, proof);
            prop_assert!(holds(&proof));
            let mut changed = proof.clone();
            let place = at.index(changed.len());
            changed[place][bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!holds(&changed));
            prop_assert!(!holds(&proof[1..]));
            prop_assert!(!holds(&[proof, vec![root]].concat()));
        }
    }
}
