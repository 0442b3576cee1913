//! The little of CBOR (RFC 8949) that a security key writes, in the one form that CTAP2 allows.
//!
//! Definite lengths and shortest numbers only (CTAP 2.1, 8): what could be written two ways
//! is refused. A library would read more than this, and is not needed for less than 100 lines
//! (`docs/decisions/0012-attestation.md`).

use crate::wire::{Cursor, WireError};

/// What is left to read.
#[derive(Debug)]
pub(super) struct Reader<'a>(Cursor<'a>);

/// Bytes that are not the CBOR that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// They end in the middle.
    #[error("it is cut short")]
    Short,
    /// An item of another type, or one that is never needed here.
    #[error("an item of type {0} is not due there")]
    Type(u8),
    /// A number that is longer than need be, or of no definite length.
    #[error("a number is not in its shortest form")]
    Form,
    /// Maps and lists within each other.
    #[error("more than {MOST_DEPTH} levels")]
    Depth,
}

/// Bytes can only be cut short.
impl From<WireError> for CborError {
    fn from(_: WireError) -> Self {
        Self::Short
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(Cursor::new(bytes))
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0.rest()
    }

    /// A byte string.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        match self.head()? {
            (BYTES, length) => self.take(length),
            (other, _) => Err(CborError::Type(other)),
        }
    }

    /// A number of either sign that fits.
    pub(super) fn integer(&mut self) -> Result<i64, CborError> {
        let (major, value) = self.head()?;
        let value = i64::try_from(value).map_err(|_large| CborError::Form)?;
        match major {
            UNSIGNED => Ok(value),
            NEGATIVE => Ok(-1 - value),
            other => Err(CborError::Type(other)),
        }
    }

    /// How many pairs of a map follow.
    pub(super) fn map(&mut self) -> Result<u64, CborError> {
        match self.head()? {
            (MAP, pairs) => Ok(pairs),
            (other, _) => Err(CborError::Type(other)),
        }
    }

    /// Passes over one item, whatever it is.
    pub(super) fn skip(&mut self) -> Result<(), CborError> {
        self.skip_at(0)
    }

    fn skip_at(&mut self, depth: u8) -> Result<(), CborError> {
        if depth >= MOST_DEPTH {
            return Err(CborError::Depth);
        }
        let (major, value) = self.head()?;
        let items = match major {
            UNSIGNED | NEGATIVE => 0,
            BYTES | TEXT => return self.take(value).map(drop),
            LIST => value,
            MAP => value.checked_mul(2).ok_or(CborError::Short)?,
            // false and true; no floats, no undefined.
            SIMPLE if (20..=21).contains(&value) => 0,
            other => return Err(CborError::Type(other)),
        };
        // Each takes a byte at least, so this ends where the bytes end.
        (0..items).try_for_each(|_| self.skip_at(depth.saturating_add(1)))
    }

    /// Type and number of an item (RFC 8949, 3).
    fn head(&mut self) -> Result<(u8, u64), CborError> {
        let first = self.0.byte()?;
        let (major, short) = (first >> 5, first & 0x1f);
        let (length, least) = match short {
            0..24 => return Ok((major, short.into())),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return Err(CborError::Form),
        };
        let bytes = self.take(length)?.iter();
        let value = bytes.fold(0, |value, byte| value << 8 | u64::from(*byte));
        if value >= least {
            Ok((major, value))
        } else {
            Err(CborError::Form)
        }
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], CborError> {
        let length = usize::try_from(length).map_err(|_large| CborError::Short)?;
        Ok(self.0.bytes(length)?)
    }
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const LIST: u8 = 4;
const MAP: u8 = 5;
const SIMPLE: u8 = 7;

/// CTAP 2.1, 8: four levels.
const MOST_DEPTH: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_their_shortest_form_alone() {
        let read = |bytes: &[u8]| Reader::new(bytes).integer();
        assert_eq!(read(&[0x17]), Ok(23));
        assert_eq!(read(&[0x18, 24]), Ok(24));
        assert_eq!(read(&[0x26]), Ok(-7));
        assert_eq!(read(&[0x39, 1, 0]), Ok(-257));
        assert_eq!(read(&[0x18, 23]), Err(CborError::Form));
        assert_eq!(read(&[0x19, 0, 255]), Err(CborError::Form));
        assert_eq!(
            read(&[0x1b, 0xff, 0, 0, 0, 0, 0, 0, 0]),
            Err(CborError::Form)
        );
        assert_eq!(read(&[0x19, 1]), Err(CborError::Short));
        assert_eq!(read(&[0x40]), Err(CborError::Type(BYTES)));
    }

    #[test]
    fn strings_and_maps_of_no_definite_length_are_refused() {
        assert_eq!(
            Reader::new(&[0x5f, 0x40, 0xff]).bytes(),
            Err(CborError::Form)
        );
        assert_eq!(Reader::new(&[0xbf, 0xff]).map(), Err(CborError::Form));
        assert_eq!(Reader::new(&[0x42, 1]).bytes(), Err(CborError::Short));
    }

    #[test]
    fn an_item_is_passed_over_whole_and_a_huge_or_deep_one_is_refused() {
        // {"credProtect": 2, "x": [true, h'00']}
        let map = b"\xa2\x6bcredProtect\x02\x61x\x82\xf5\x41\x00";
        let bytes = [&map[..], &[9]].concat();
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.skip(), Ok(()));
        assert_eq!(reader.rest(), [9]);
        for length in 0..map.len() {
            assert_eq!(Reader::new(&map[..length]).skip(), Err(CborError::Short));
        }
        assert_eq!(Reader::new(&[0x81; 9]).skip(), Err(CborError::Depth));
        let huge = [0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(Reader::new(&huge).skip(), Err(CborError::Short));
        let many = [0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(Reader::new(&many).skip(), Err(CborError::Short));
        assert_eq!(Reader::new(&[0xf6]).skip(), Err(CborError::Type(SIMPLE)));
    }
}
