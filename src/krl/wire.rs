//! The wire encoding of SSH (RFC 4251, section 5) on borrowed bytes.
//!
//! Nothing is copied and nothing is believed: a length is checked against what is
//! there before it is used, so no input makes this panic or reserve memory.

use std::ffi::CString;

/// What is left to read of some bytes.
#[derive(Clone, Debug)]
pub(super) struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    /// Reads `bytes` from their start.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes that were not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Refuses bytes that are left over.
    pub(super) fn finish(self) -> Result<(), WireError> {
        match self.0.len() {
            0 => Ok(()),
            bytes => Err(WireError::Trailing { bytes }),
        }
    }

    pub(super) fn byte(&mut self) -> Result<u8, WireError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, WireError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, WireError> {
        self.array().map(u64::from_be_bytes)
    }

    /// A `string`: a length and as many bytes.
    pub(super) fn string(&mut self) -> Result<&'a [u8], WireError> {
        // A length that the host cannot even count is longer than what is there.
        let length = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        let (string, rest) = self.0.split_at_checked(length).ok_or(WireError::Short)?;
        self.0 = rest;
        Ok(string)
    }

    /// A `string` that OpenSSH keeps as a C string: one NUL is tolerated at its end
    /// and dropped, any other is refused.
    pub(super) fn c_string(&mut self) -> Result<CString, WireError> {
        let string = self.string()?;
        let text = string.strip_suffix(b"\0").unwrap_or(string);
        // The error's position and bytes say nothing more than the variant.
        CString::new(text).map_err(|_| WireError::Nul)
    }

    /// The magnitude of a non-negative `mpint`, without leading zeros; at most
    /// [`MPINT_BITS_MAX`] long, as OpenSSH has it.
    pub(super) fn mpint(&mut self) -> Result<&'a [u8], WireError> {
        let mpint = self.string()?;
        match mpint.first() {
            Some(first) if first & 0x80 != 0 => return Err(WireError::Negative),
            Some(first) if mpint.len() > MPINT_BYTES_MAX + usize::from(*first == 0) => {
                return Err(WireError::LongInteger { bytes: mpint.len() });
            }
            _ => {}
        }
        let zeros = mpint.iter().take_while(|byte| **byte == 0).count();
        Ok(mpint.split_at(zeros).1)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(WireError::Short)?;
        self.0 = rest;
        Ok(*array)
    }
}

/// Appends a `string`.
pub(super) fn put_string(out: &mut Vec<u8>, string: &[u8]) {
    put_nested(out, |out| out.extend_from_slice(string));
}

/// Appends the `mpint` of a magnitude that has no leading zeros.
pub(super) fn put_mpint(out: &mut Vec<u8>, magnitude: &[u8]) {
    put_nested(out, |out| {
        if magnitude.first().is_some_and(|first| first & 0x80 != 0) {
            out.push(0);
        }
        out.extend_from_slice(magnitude);
    });
}

/// Appends a `string` whose content `write` appends: no copy of a long section.
pub(super) fn put_nested(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    // A content that no length can state is far beyond the longest KRL, which is
    // refused by its total length.
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    if let Some(prefix) = out.get_mut(start..start + 4) {
        prefix.copy_from_slice(&length.to_be_bytes());
    }
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
pub(super) const MPINT_BITS_MAX: u64 = 16_384;
const MPINT_BYTES_MAX: usize = 2_048;

#[cfg(test)]
mod tests {
    use super::*;

    fn mpint(content: &[u8]) -> Result<Vec<u8>, WireError> {
        let mut bytes = Vec::new();
        put_string(&mut bytes, content);
        Wire::new(&bytes).mpint().map(<[u8]>::to_vec)
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
            Wire::new(&[0xff, 0xff, 0xff, 0xff, 1]).string(),
            Err(WireError::Short)
        );
        assert_eq!(Wire::new(&[0, 0, 0]).string(), Err(WireError::Short));
    }

    #[test]
    fn a_text_may_end_in_one_nul_and_hold_no_other() {
        let c_string = |text: &[u8]| {
            let mut bytes = Vec::new();
            put_string(&mut bytes, text);
            Wire::new(&bytes).c_string()
        };
        assert_eq!(c_string(b"peter\0"), Ok(c"peter".into()));
        assert_eq!(c_string(b"pe\0ter"), Err(WireError::Nul));
        assert_eq!(c_string(b"peter\0\0"), Err(WireError::Nul));
    }
}
