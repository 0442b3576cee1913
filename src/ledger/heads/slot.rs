//! One slot of a kept head's file: a few lines of text, with a checksum over them.
//!
//! Pure. A file has two slots, written in turn: a power cut in the middle of one leaves
//! the other whole.

use sha2::{Digest, Sha256};
use ssh_encoding::base64::{Base64, Encoding};

use super::KeptHead;
use crate::ledger::merkle::Hash;
use crate::ledger::store::{Head, Place};

/// A kept head, as a file keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// How many times a head was kept in this file, this one included.
    pub turn: u64,
    /// The head.
    pub kept: KeptHead,
}

impl Slot {
    /// The bytes of the slot, filled up with zeros.
    #[must_use]
    pub fn encode(&self, origin: &str) -> [u8; SLOT] {
        let KeptHead { head, last, next } = self.kept;
        let root = Base64::encode_string(&head.root);
        let mut text = format!(
            "{TITLE}\n{origin}\n{}\n{root}\nframe {} {}\nkept {}\n",
            head.size, last.0, next.0, self.turn
        );
        text.push_str(&checksum(&text));
        text.push('\n');
        let mut slot = [0; SLOT];
        slot.iter_mut()
            .zip(text.bytes())
            .for_each(|(to, from)| *to = from);
        slot
    }

    /// Reads the bytes of a slot; none if it is not a whole one of this ledger.
    #[must_use]
    pub fn decode(bytes: &[u8], origin: &str) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let (text, padding) = bytes.split_at_checked(end)?;
        if padding.iter().any(|byte| *byte != 0) {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?.strip_suffix('\n')?;
        let (content, sum) = text.rsplit_once('\n')?;
        if checksum(&format!("{content}\n")) != sum {
            return None;
        }
        let lines: Vec<&str> = content.split('\n').collect();
        let [TITLE, ledger, size, root, frame, turn] = lines.as_slice() else {
            return None;
        };
        let (last, next) = frame.strip_prefix("frame ")?.split_once(' ')?;
        (*ledger == origin).then_some(())?;
        Some(Self {
            turn: turn.strip_prefix("kept ")?.parse().ok()?,
            kept: KeptHead {
                head: Head {
                    size: size.parse().ok()?,
                    root: hash(root)?,
                },
                last: Place(last.parse().ok()?),
                next: Place(next.parse().ok()?),
            },
        })
    }
}

fn checksum(text: &str) -> String {
    Base64::encode_string(&Sha256::digest(text))
}

fn hash(text: &str) -> Option<Hash> {
    Base64::decode_vec(text).ok()?.try_into().ok()
}

/// The bytes of a slot: what a disk writes at once or not at all.
pub const SLOT: usize = 512;
const TITLE: &str = "punchmark kept head";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORIGIN: &str = "punchmark.ledger/0123456789abcdef";

    fn slot(size: u64, root: u8, turn: u64) -> Slot {
        Slot {
            turn,
            kept: KeptHead {
                head: Head {
                    size,
                    root: [root; 32],
                },
                last: Place(64),
                next: Place(u64::MAX),
            },
        }
    }

    #[test]
    fn the_longest_slot_fits() {
        let longest = slot(u64::MAX, 0xff, u64::MAX);
        let bytes = longest.encode(ORIGIN);
        assert_eq!(Slot::decode(&bytes, ORIGIN), Some(longest));
    }

    #[test]
    fn a_slot_of_another_ledger_is_none() {
        let bytes = slot(1, 2, 3).encode(ORIGIN);
        assert_eq!(Slot::decode(&bytes, "punchmark.ledger/ffff"), None);
        assert_eq!(Slot::decode(&[0; SLOT], ORIGIN), None);
        assert_eq!(Slot::decode(&[], ORIGIN), None);
    }

    proptest! {
        #[test]
        fn reads_back_what_it_writes_and_nothing_that_was_changed(
            size in any::<u64>(), root in any::<u8>(), turn in any::<u64>(),
            at in 0..SLOT, bit in 0_u32..8
        ) {
            let slot = slot(size, root, turn);
            let mut bytes = slot.encode(ORIGIN);
            prop_assert_eq!(Slot::decode(&bytes, ORIGIN), Some(slot));
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(Slot::decode(&bytes, ORIGIN), None);
        }
    }
}
