//! A share as words that a person writes down, and back.
//!
//! SLIP-0039, "Format of the share mnemonic": ten bits a word. An identifier of fifteen bits, a
//! flag, an exponent of four; five numbers of four bits (group, groups needed, groups, member,
//! members needed; all but group and member less one); the value, with zeros before it up to whole
//! words; three words of an RS1024 checksum.

use std::fmt;
use std::sync::LazyLock;

use zeroize::Zeroizing;

use super::Quorum;
use super::field::Point;
use crate::wire::number_of;

/// One share of a secret, of which it tells nothing by itself.
///
/// `Debug` tells nothing of it either, and it is wiped from memory when dropped.
pub struct Share {
    identifier: u16,
    /// Whether the identifier stays out of the cipher, so that one secret can have several sets.
    extendable: bool,
    iteration_exponent: u8,
    group: u8,
    group_threshold: u8,
    groups: u8,
    threshold: u8,
    point: Point,
}

/// Why words are no share. No word is repeated in it, since each is part of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MnemonicError {
    /// Too few or too many words.
    #[error("{} typed; there are 20, or 33 for a secret of 256 bits", number_of(*.0, "word"))]
    Words(usize),
    /// A word that the list doesn't have.
    #[error("word {0} is not in SLIP-39's list")]
    Unknown(usize),
    /// The last three words don't fit the others.
    #[error("the checksum does not fit: a word is not the one that was given out")]
    Checksum,
    /// Bits that must be zero are not.
    #[error("the bits before the value are not zero")]
    Padding,
    /// More groups are needed than there are.
    #[error("{needed} of {groups} groups are needed")]
    Groups {
        /// How many groups are needed.
        needed: u8,
        /// How many there are.
        groups: u8,
    },
}

impl Share {
    /// A share of a set that has one group.
    pub(super) fn of_only_group(
        identifier: u16,
        iteration_exponent: u8,
        quorum: Quorum,
        point: Point,
    ) -> Self {
        Self {
            identifier,
            extendable: true,
            iteration_exponent,
            group: 0,
            group_threshold: 1,
            groups: 1,
            threshold: quorum.threshold(),
            point,
        }
    }

    /// Reads the words of a share, whatever their case and the white space between them.
    ///
    /// # Errors
    /// [`MnemonicError`], which names the place of a word and never the word.
    pub fn parse(text: &str) -> Result<Self, MnemonicError> {
        let mut indices = Zeroizing::new(Vec::with_capacity(WORDS_MAX));
        let given = text.split_whitespace().count();
        if !(WORDS_MIN..=WORDS_MAX).contains(&given) {
            return Err(MnemonicError::Words(given));
        }
        for (place, word) in (1..).zip(text.split_whitespace()) {
            let known = WORDS.binary_search_by(|listed| order(listed, word));
            let index = known.map_err(|_place_it_would_have| MnemonicError::Unknown(place))?;
            indices.push(u16::try_from(index).unwrap_or(u16::MAX));
        }
        Self::of_indices(&indices)
    }

    fn of_indices(indices: &[u16]) -> Result<Self, MnemonicError> {
        let wrong = MnemonicError::Words(indices.len());
        let [first, second, third, fourth, rest @ ..] = indices else {
            return Err(wrong);
        };
        let Some((value, _checksum)) = rest.split_last_chunk::<CHECKSUM_WORDS>() else {
            return Err(wrong);
        };
        let head = u32::from(*first) << 10 | u32::from(*second);
        let extendable = head >> 4 & 1 == 1;
        if checksum(customization(extendable), indices) != 1 {
            let is_so_long = [WORDS_MIN, WORDS_MAX].contains(&indices.len());
            return Err(if is_so_long {
                MnemonicError::Checksum
            } else {
                wrong
            });
        }
        let tail = u32::from(*third) << 10 | u32::from(*fourth);
        let four = |shift: u32| low_byte(tail >> shift & 0xf);
        let (group_threshold, groups) = (four(12) + 1, four(8) + 1);
        if group_threshold > groups {
            return Err(MnemonicError::Groups {
                needed: group_threshold,
                groups,
            });
        }
        let [_, _, high, low] = (head >> 5).to_be_bytes();
        Ok(Self {
            identifier: u16::from_be_bytes([high, low]),
            extendable,
            iteration_exponent: low_byte(head & 0xf),
            group: four(16),
            group_threshold,
            groups,
            threshold: four(0) + 1,
            point: Point {
                x: four(4),
                value: value_of(value)?,
            },
        })
    }

    /// The words of the share, with a blank between, which are its secret.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        let mut indices = self.indices();
        indices.extend([0; CHECKSUM_WORDS]);
        let checksum = checksum(customization(self.extendable), &indices) ^ 1;
        let end = indices.len() - CHECKSUM_WORDS;
        for (index, shift) in indices.iter_mut().skip(end).zip([20, 10, 0]) {
            *index = ten_bits(checksum >> shift);
        }
        let mut words = Zeroizing::new(String::with_capacity(indices.len() * LONGEST_WORD));
        for index in indices.iter() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(WORDS.get(usize::from(*index)).copied().unwrap_or_default());
        }
        words
    }

    /// All but the checksum, with room for it.
    fn indices(&self) -> Zeroizing<Vec<u16>> {
        let head = u32::from(self.identifier) << 5
            | u32::from(self.extendable) << 4
            | u32::from(self.iteration_exponent);
        let numbers = [
            self.group,
            self.group_threshold - 1,
            self.groups - 1,
            self.point.x,
            self.threshold - 1,
        ];
        let tail = numbers
            .iter()
            .fold(0, |bits: u32, number| bits << 4 | u32::from(*number));
        let mut indices = Zeroizing::new(Vec::with_capacity(WORDS_MAX));
        for bits in [head, tail] {
            indices.extend([ten_bits(bits >> 10), ten_bits(bits)]);
        }
        let value = &self.point.value;
        let mut pending = (value.len() * 8).next_multiple_of(10) - value.len() * 8;
        let mut bits = 0;
        for byte in value.iter() {
            bits = bits << 8 | u32::from(*byte);
            pending += 8;
            if pending >= 10 {
                pending -= 10;
                indices.push(ten_bits(bits >> pending));
            }
        }
        indices
    }

    /// Whether both were made in one split.
    #[must_use]
    pub fn is_of_set(&self, other: &Self) -> bool {
        let common = |share: &Self| {
            let set = (share.identifier, share.extendable, share.iteration_exponent);
            (set, share.group_threshold, share.groups)
        };
        common(self) == common(other)
    }

    pub(super) fn group(&self) -> u8 {
        self.group
    }

    pub(super) fn group_threshold(&self) -> u8 {
        self.group_threshold
    }

    pub(super) fn iteration_exponent(&self) -> u8 {
        self.iteration_exponent
    }

    /// How many shares of the group are needed.
    #[must_use]
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    pub(super) fn point(&self) -> &Point {
        &self.point
    }

    /// What the cipher is salted with, which sets that can't be extended bind to their identifier.
    pub(super) fn salt(&self) -> Vec<u8> {
        if self.extendable {
            return Vec::new();
        }
        [b"shamir".as_slice(), &self.identifier.to_be_bytes()].concat()
    }

    /// The number of the share in its set, from 1, as people count them.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.point.x + 1
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share {}(..)", self.number())
    }
}

/// The bytes of the words in the middle, before which are up to eight bits of zero.
fn value_of(indices: &[u16]) -> Result<Zeroizing<Vec<u8>>, MnemonicError> {
    let bits_there = indices.len() * 10;
    let padding = bits_there % 16;
    if padding > 8 {
        return Err(MnemonicError::Words(indices.len() + METADATA_WORDS));
    }
    let mut value = Zeroizing::new(Vec::with_capacity(bits_there / 8));
    let mut bits: u32 = 0;
    let mut pending = 0;
    for (place, index) in indices.iter().enumerate() {
        bits = bits << 10 | u32::from(*index);
        pending += 10;
        if place == 0 {
            if bits >> (10 - padding) != 0 {
                return Err(MnemonicError::Padding);
            }
            pending -= padding;
        }
        while pending >= 8 {
            pending -= 8;
            value.push(low_byte(bits >> pending & 0xff));
        }
        bits &= (1 << pending) - 1;
    }
    Ok(value)
}

/// The RS1024 checksum over all words of a share, which is 1 where it fits (SLIP-0039, "Checksum").
fn checksum(customization: &[u8], indices: &[u16]) -> u32 {
    let before = customization.iter().map(|byte| u32::from(*byte));
    let words = indices.iter().map(|index| u32::from(*index));
    before.chain(words).fold(1, |sum, symbol| {
        let top = sum >> 20;
        let shifted = (sum & 0xf_ffff) << 10 ^ symbol;
        let generators = (0..).zip(GENERATORS);
        generators.fold(shifted, |sum, (bit, generator)| {
            sum ^ generator & (top >> bit & 1).wrapping_neg()
        })
    })
}

fn customization(extendable: bool) -> &'static [u8] {
    if extendable {
        b"shamir_extendable"
    } else {
        b"shamir"
    }
}

/// The order of a listed word and one that was typed, whose letters may be capitals.
/// Whether somebody wrote a word of the list: whole, or by its first four letters, which no two share
/// (SLIP-0039, "Wordlist").
#[must_use]
pub fn is_share_word(word: &str) -> bool {
    let word = word.to_lowercase();
    let at = WORDS.partition_point(|listed| *listed < word.as_str());
    WORDS.get(at).is_some_and(|listed| {
        *listed == word || (word.len() == LETTERS_THAT_TELL && listed.starts_with(&word))
    })
}

fn order(listed: &str, typed: &str) -> std::cmp::Ordering {
    listed
        .bytes()
        .cmp(typed.bytes().map(|byte| byte.to_ascii_lowercase()))
}

fn ten_bits(bits: u32) -> u16 {
    let [_, _, high, low] = (bits & 0x3ff).to_be_bytes();
    u16::from_be_bytes([high, low])
}

fn low_byte(bits: u32) -> u8 {
    let [_, _, _, low] = bits.to_be_bytes();
    low
}

/// SLIP-0039's list of 1,024 words, which differ in their first four letters.
static WORDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("words.txt").lines().collect());

/// RS1024's generator polynomial times each power of two.
const GENERATORS: [u32; 10] = [
    0x00e0_e040,
    0x01c1_c080,
    0x0383_8100,
    0x0707_0200,
    0x0e0e_0009,
    0x1c0c_2412,
    0x3808_6c24,
    0x3090_fc48,
    0x21b1_f890,
    0x03f3_f120,
];
const CHECKSUM_WORDS: usize = 3;
/// The words of a share beside its value.
const METADATA_WORDS: usize = 7;
/// A share of 128 bits.
const WORDS_MIN: usize = 20;
/// A share of 512 bits, more than anybody needs.
const WORDS_MAX: usize = 59;
const LONGEST_WORD: usize = 9;
const LETTERS_THAT_TELL: usize = 4;
