//! The wire encoding of SSH (RFC 4251, section 5) on borrowed bytes.
//!
//! Nothing is copied and nothing is believed: a length is checked against what is
//! there before it is used, so no input makes this panic or reserve memory.

use std::ffi::CString;

/// What is left to read of some bytes.
///
/// A call that fails reads nothing; whoever ends calls [`Cursor::finish`], so that nothing
/// can stand unseen behind what was read.
#[derive(Clone, Debug)]
pub struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// Reads `bytes` from their start.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether everything was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes that were not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Refuses bytes that are left over.
    ///
    /// # Errors
    /// [`WireError::Trailing`].
    pub fn finish(self) -> Result<(), WireError> {
        match self.0.len() {
            0 => Ok(()),
            bytes => Err(WireError::Trailing { bytes }),
        }
    }

    /// A `byte`.
    ///
    /// # Errors
    /// [`WireError::Short`].
    pub fn byte(&mut self) -> Result<u8, WireError> {
        self.array().map(|bytes| u8::from_be_bytes(*bytes))
    }

    /// Two bytes as a number, the high one first; not SSH's, but COSE's and TLV's.
    ///
    /// # Errors
    /// [`WireError::Short`].
    pub fn u16(&mut self) -> Result<u16, WireError> {
        self.array().map(|bytes| u16::from_be_bytes(*bytes))
    }

    /// A `uint32`.
    ///
    /// # Errors
    /// [`WireError::Short`].
    pub fn u32(&mut self) -> Result<u32, WireError> {
        self.array().map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// A `uint64`.
    ///
    /// # Errors
    /// [`WireError::Short`].
    pub fn u64(&mut self) -> Result<u64, WireError> {
        self.array().map(|bytes| u64::from_be_bytes(*bytes))
    }

    /// So many bytes, whatever they are.
    ///
    /// # Errors
    /// [`WireError::Short`].
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(WireError::Short)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// A field of a fixed number of bytes.
    ///
    /// # Errors
    /// [`WireError::Short`].
    pub fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], WireError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(WireError::Short)?;
        self.0 = rest;
        Ok(array)
    }

    /// A `string`: a length and as many bytes.
    ///
    /// # Errors
    /// [`WireError::Short`].
    pub fn string(&mut self) -> Result<&'a [u8], WireError> {
        let mut ahead = self.clone();
        // A length that the host cannot even count is longer than what is there.
        let length = usize::try_from(ahead.u32()?).unwrap_or(usize::MAX);
        let string = ahead.bytes(length)?;
        *self = ahead;
        Ok(string)
    }

    /// A `string` that OpenSSH keeps as a C string: one NUL is tolerated at its end
    /// and dropped, any other is refused.
    ///
    /// # Errors
    /// [`WireError::Short`] or [`WireError::Nul`].
    pub fn c_string(&mut self) -> Result<CString, WireError> {
        let mut ahead = self.clone();
        let string = c_string(ahead.string()?)?;
        *self = ahead;
        Ok(string)
    }

    /// The magnitude of a non-negative `mpint`, without leading zeros; at most
    /// [`MPINT_BITS_MAX`] long, as OpenSSH has it.
    ///
    /// # Errors
    /// [`WireError::Short`], [`WireError::Negative`] or [`WireError::LongInteger`].
    pub fn mpint(&mut self) -> Result<&'a [u8], WireError> {
        let mut ahead = self.clone();
        let mpint = ahead.string()?;
        match mpint.first() {
            Some(first) if first & 0x80 != 0 => return Err(WireError::Negative),
            Some(first) if mpint.len() > MPINT_BYTES_MAX + usize::from(*first == 0) => {
                return Err(WireError::LongInteger { bytes: mpint.len() });
            }
            _ => {}
        }
        let zeros = mpint.iter().take_while(|byte| **byte == 0).count();
        *self = ahead;
        Ok(mpint.split_at(zeros).1)
    }
}

/// The content of a `string` as [`Cursor::c_string`] takes it.
pub(crate) fn c_string(string: &[u8]) -> Result<CString, WireError> {
    let text = string.strip_suffix(b"\0").unwrap_or(string);
    // The error's position and bytes say nothing more than the variant.
    CString::new(text).map_err(|_| WireError::Nul)
}

/// Appends a `string`; what no length can state does not fit into any file that is read here.
pub(crate) fn put_string(out: &mut Vec<u8>, string: &[u8]) {
    let length = u32::try_from(string.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(string);
}

/// Appends the `mpint` of a magnitude that has no leading zeros.
pub(crate) fn put_mpint(out: &mut Vec<u8>, magnitude: &[u8]) {
    let negative = magnitude.first().is_some_and(|first| first & 0x80 != 0);
    let sign: &[u8] = if negative { &[0] } else { &[] };
    put_string(out, &[sign, magnitude].concat());
}

/// What is wrong with a piece of wire encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// A number or a string ends after its container.
    #[error("the content is cut short")]
    Short,
    /// Something follows where the content ends.
    #[error("{bytes} bytes follow the content")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// A text holds a NUL before its end.
    #[error("a text holds a NUL")]
    Nul,
    /// An integer or bitmap is negative.
    #[error("an integer is negative")]
    Negative,
    /// An integer or bitmap is longer than OpenSSH reads.
    #[error("an integer has {bytes} bytes, OpenSSH reads at most {MPINT_BITS_MAX} bits")]
    LongInteger {
        /// Its length as it stands.
        bytes: usize,
    },
}

/// The longest integer that OpenSSH reads, in bits; the longest serial bitmap too.
pub const MPINT_BITS_MAX: u64 = 16_384;
const MPINT_BYTES_MAX: usize = 2_048;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mpint(content: &[u8]) -> Result<Vec<u8>, WireError> {
        let mut bytes = Vec::new();
        put_string(&mut bytes, content);
        Cursor::new(&bytes).mpint().map(<[u8]>::to_vec)
    }

    #[test]
    fn an_integer_is_read_up_to_openssh_s_longest() {
        assert_eq!(mpint(&[0x7f; 2_048]).unwrap().len(), 2_048);
        let mut sign_byte = vec![0xff; 2_049];
        sign_byte[0] = 0;
        assert_eq!(mpint(&sign_byte).unwrap().len(), 2_048);
        assert_eq!(
            mpint(&[0x7f; 2_049]),
            Err(WireError::LongInteger { bytes: 2_049 })
        );
        assert_eq!(
            mpint(&[0; 2_050]),
            Err(WireError::LongInteger { bytes: 2_050 })
        );
    }

    #[test]
    fn leading_zeros_of_an_integer_count_for_nothing() {
        assert_eq!(mpint(&[0, 0, 5]), Ok(vec![5]));
        assert_eq!(mpint(&[0]), Ok(vec![]));
        assert_eq!(mpint(&[0x80]), Err(WireError::Negative));
    }

    #[test]
    fn a_length_beyond_the_end_is_refused_before_it_is_used() {
        assert_eq!(
            Cursor::new(&[0xff, 0xff, 0xff, 0xff, 1]).string(),
            Err(WireError::Short)
        );
        assert_eq!(Cursor::new(&[0, 0, 0]).string(), Err(WireError::Short));
    }

    #[test]
    fn a_text_may_end_in_one_nul_and_hold_no_other() {
        let c_string = |text: &[u8]| {
            let mut bytes = Vec::new();
            put_string(&mut bytes, text);
            Cursor::new(&bytes).c_string()
        };
        assert_eq!(c_string(b"peter\0"), Ok(c"peter".into()));
        assert_eq!(c_string(b"pe\0ter"), Err(WireError::Nul));
        assert_eq!(c_string(b"peter\0\0"), Err(WireError::Nul));
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_are_a_failed_call_reads_nothing_and_none_reads_beyond_the_end(
            bytes in prop::collection::vec(prop_oneof![0..6_u8, any::<u8>()], 0..64),
            calls in prop::collection::vec(0..9_u8, 0..20),
        ) {
            let mut cursor = Cursor::new(&bytes);
            for call in calls {
                let before = cursor.rest();
                let read = match call {
                    0 => cursor.byte().map(|_| 1),
                    1 => cursor.u16().map(|_| 2),
                    2 => cursor.u32().map(|_| 4),
                    3 => cursor.u64().map(|_| 8),
                    4 => cursor.bytes(5).map(<[u8]>::len),
                    5 => cursor.array::<3>().map(|array| array.len()),
                    6 => cursor.string().map(|string| 4 + string.len()),
                    7 => cursor.c_string().map(|_| before.len() - cursor.rest().len()),
                    _ => cursor.mpint().map(|_| before.len() - cursor.rest().len()),
                };
                prop_assert_eq!(before.len() - cursor.rest().len(), read.unwrap_or(0));
                prop_assert!(before.ends_with(cursor.rest()));
            }
            prop_assert_eq!(cursor.clone().finish().is_ok(), cursor.is_empty());
        }
    }
}
