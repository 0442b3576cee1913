//! Bytes that anybody made to a KRL.
//!
//! What is read and what is refused is what OpenSSH reads and refuses, since a KRL
//! that sshd refuses locks everybody out. In three points it is stricter: embedded
//! signatures, a CA that is a certificate, and very many ranges are refused.

mod certificates;
mod error;
#[cfg(test)]
mod tests;

use super::{FORMAT_VERSION, Header, KRL_BYTES_MAX, Krl, MAGIC, Revocations, section};
use crate::wire::Cursor;

pub use self::error::ReadError;

impl Krl {
    /// Reads a KRL (PROTOCOL.krl).
    ///
    /// Sections may come in any order and number. Extensions that are not critical
    /// are skipped. Memory is bounded by the input, since a range of serials stays a
    /// range: at most 32 bytes for each byte, but for bitmaps, which may make up to
    /// 2^24 ranges of 16 bytes.
    ///
    /// # Errors
    /// [`ReadError`] for whatever OpenSSH would refuse.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.len() > KRL_BYTES_MAX {
            return Err(ReadError::TooLong { bytes: bytes.len() });
        }
        let mut reader = Reader {
            revocations: Revocations::default(),
            bitmap_ranges_left: BITMAP_RANGES_MAX,
        };
        let header = reader.read(bytes)?;
        Ok(Self::new(header, reader.revocations))
    }
}

struct Reader {
    revocations: Revocations,
    /// How many ranges the bitmaps to come may make: each byte of a bitmap can make
    /// four, of 16 bytes.
    bitmap_ranges_left: usize,
}

impl Reader {
    fn read(&mut self, bytes: &[u8]) -> Result<Header, ReadError> {
        let sections = bytes.strip_prefix(MAGIC).ok_or(ReadError::Magic)?;
        let mut wire = Cursor::new(sections);
        let header = read_header(&mut wire)?;
        while !wire.is_empty() {
            self.read_section(wire.byte()?, Cursor::new(wire.string()?))?;
        }
        Ok(header)
    }

    fn read_section(&mut self, kind: u8, content: Cursor<'_>) -> Result<(), ReadError> {
        match kind {
            section::CERTIFICATES => self.read_certificates(content),
            section::EXPLICIT_KEY => read_strings(content, |key| {
                self.revocations.keys.push(key);
                Ok(())
            }),
            section::SHA1 => read_strings(content, |hash| {
                self.revocations.sha1s.push(fingerprint(hash)?);
                Ok(())
            }),
            section::SHA256 => read_strings(content, |hash| {
                self.revocations.sha256s.push(fingerprint(hash)?);
                Ok(())
            }),
            section::SIGNATURE => Err(ReadError::Signed),
            section::EXTENSION => skip_extension(content),
            kind => Err(ReadError::UnknownSection { kind }),
        }
    }
}

fn read_header(wire: &mut Cursor<'_>) -> Result<Header, ReadError> {
    let version = wire.u32()?;
    if version != FORMAT_VERSION {
        return Err(ReadError::FormatVersion { version });
    }
    let (version, generated, flags) = (wire.u64()?, wire.u64()?, wire.u64()?);
    let _reserved = wire.string()?;
    Ok(Header {
        version,
        generated,
        flags,
        comment: wire.c_string()?,
    })
}

fn read_strings<'a>(
    mut content: Cursor<'a>,
    mut take: impl FnMut(&'a [u8]) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    while !content.is_empty() {
        take(content.string()?)?;
    }
    Ok(())
}

fn fingerprint<const N: usize>(hash: &[u8]) -> Result<[u8; N], ReadError> {
    // The error says only that the length is another one.
    hash.try_into().map_err(|_| ReadError::FingerprintLength {
        bytes: hash.len(),
        expected: N,
    })
}

/// Reads an extension (PROTOCOL.krl, sections 2.5 and 5): none are known.
fn skip_extension(mut content: Cursor<'_>) -> Result<(), ReadError> {
    let name = content.c_string()?;
    let critical = content.byte()? != 0;
    let _value = content.string()?;
    content.finish()?;
    if critical {
        let name = name.to_string_lossy().into_owned();
        return Err(ReadError::CriticalExtension { name });
    }
    Ok(())
}

/// The ranges of all bitmaps of a KRL; each takes 16 bytes.
const BITMAP_RANGES_MAX: usize = 1 << 24;
