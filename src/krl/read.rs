//! Bytes that anybody made to a KRL.
//!
//! What is read and what is refused is what OpenSSH reads and refuses, since a KRL
//! that sshd refuses locks everybody out. In three points it is stricter: embedded
//! signatures, a CA that is a certificate, and very many ranges are refused.

use super::key::{KeyError, PublicKey};
use super::revocations::Authority;
use super::serials::{SerialRange, SerialRangeError};
use super::wire::{Wire, WireError};
use super::{FORMAT_VERSION, Header, KRL_BYTES_MAX, Krl, MAGIC, Revocations, section};

impl Krl {
    /// Reads a KRL (PROTOCOL.krl).
    ///
    /// Sections may come in any order and number. Extensions that are not critical
    /// are skipped. A range of serials stays a range, so that memory is bounded by
    /// the input: at most 16 bytes for each byte, and 256 MiB for serials.
    ///
    /// # Errors
    /// [`ReadError`] for whatever OpenSSH would refuse.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.len() > KRL_BYTES_MAX {
            return Err(ReadError::TooLong { bytes: bytes.len() });
        }
        let sections = bytes.strip_prefix(MAGIC).ok_or(ReadError::Magic)?;
        let mut wire = Wire::new(sections);
        let header = read_header(&mut wire)?;
        let mut reader = Reader::default();
        while !wire.is_empty() {
            reader.read_section(wire.byte()?, Wire::new(wire.string()?))?;
        }
        Ok(Self::new(header, reader.revocations))
    }
}

/// Why some bytes are no KRL that OpenSSH would read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The input is longer than OpenSSH reads.
    #[error("{bytes} bytes, OpenSSH reads at most {KRL_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The first eight bytes are not those of a KRL.
    #[error("not a KRL: it does not start with SSHKRL")]
    Magic,
    /// The format is another one.
    #[error("KRL format {version}, known is {FORMAT_VERSION}")]
    FormatVersion {
        /// Its number.
        version: u32,
    },
    /// The encoding is broken.
    #[error("the KRL's encoding is broken")]
    Wire(#[from] WireError),
    /// The CA of a certificate section is no plain public key.
    #[error("the CA key of a KRL section")]
    Ca(#[source] KeyError),
    /// A serial that no KRL can name.
    #[error("the serials of a KRL section")]
    Serial(#[from] SerialRangeError),
    /// A bitmap reaches beyond the highest serial.
    #[error("a bitmap from serial {offset} reaches beyond the highest serial")]
    BitmapOverflow {
        /// The serial of its lowest bit.
        offset: u64,
    },
    /// A fingerprint of the wrong length.
    #[error("a fingerprint of {bytes} bytes, not {expected}")]
    FingerprintLength {
        /// Its length.
        bytes: usize,
        /// The length of a SHA-1 or SHA-256 fingerprint.
        expected: usize,
    },
    /// A section of an unknown type: what it revokes cannot be known.
    #[error("unknown KRL section {kind}")]
    UnknownSection {
        /// Its type.
        kind: u8,
    },
    /// A subsection of an unknown type in a certificate section.
    #[error("unknown KRL certificate section {kind:#04x}")]
    UnknownCertificateSection {
        /// Its type.
        kind: u8,
    },
    /// An extension that must be understood, and is not.
    #[error("unknown critical KRL extension {name:?}")]
    CriticalExtension {
        /// Its name; bytes that are no UTF-8 are replaced.
        name: String,
    },
    /// The KRL is signed within. OpenSSH has given this up: 9.4 no longer verifies
    /// such signatures, and its documents say that it refuses them.
    #[error("the KRL holds a signature, which OpenSSH no longer supports")]
    Signed,
    /// The bitmaps hold more ranges of serials than memory is given to.
    #[error("the KRL's bitmaps hold more than {BITMAP_RANGES_MAX} ranges of serials")]
    TooManyRanges,
}

#[derive(Default)]
struct Reader {
    revocations: Revocations,
    /// The ranges that bitmaps have made: up to 64 bytes of memory for one of input.
    bitmap_ranges: usize,
}

impl Reader {
    fn read_section(&mut self, kind: u8, content: Wire<'_>) -> Result<(), ReadError> {
        match kind {
            section::CERTIFICATES => self.read_certificates(content),
            section::EXPLICIT_KEY => read_strings(content, |key| {
                self.revocations.keys.push(key.into());
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

    fn read_certificates(&mut self, mut content: Wire<'_>) -> Result<(), ReadError> {
        let ca = match content.string()? {
            [] => None,
            blob => Some(PublicKey::from_blob(blob).map_err(ReadError::Ca)?),
        };
        let _reserved = content.string()?;
        while !content.is_empty() {
            let kind = content.byte()?;
            self.read_subsection(ca.as_ref(), kind, Wire::new(content.string()?))?;
        }
        Ok(())
    }

    fn read_subsection(
        &mut self,
        ca: Option<&PublicKey>,
        kind: u8,
        content: Wire<'_>,
    ) -> Result<(), ReadError> {
        if kind == section::CERTIFICATE_EXTENSION {
            return skip_extension(content);
        }
        if content.is_empty() && matches!(kind, section::SERIAL_LIST | section::KEY_ID) {
            return Ok(());
        }
        let authority = self.revocations.authority(ca);
        match kind {
            section::SERIAL_LIST => read_list(authority, content),
            section::SERIAL_RANGE => read_range(authority, content),
            section::SERIAL_BITMAP => {
                let before = authority.serials.ranges().len();
                read_bitmap(authority, content)?;
                self.bitmap_ranges += authority.serials.ranges().len() - before;
                if self.bitmap_ranges > BITMAP_RANGES_MAX {
                    return Err(ReadError::TooManyRanges);
                }
                Ok(())
            }
            section::KEY_ID => read_key_ids(authority, content),
            kind => Err(ReadError::UnknownCertificateSection { kind }),
        }
    }
}

fn read_header(wire: &mut Wire<'_>) -> Result<Header, ReadError> {
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

fn read_list(authority: &mut Authority, mut content: Wire<'_>) -> Result<(), ReadError> {
    while !content.is_empty() {
        authority.serials.push(SerialRange::one(content.u64()?)?);
    }
    Ok(())
}

fn read_range(authority: &mut Authority, mut content: Wire<'_>) -> Result<(), ReadError> {
    let range = SerialRange::new(content.u64()?, content.u64()?)?;
    authority.serials.push(range);
    Ok(content.finish()?)
}

fn read_bitmap(authority: &mut Authority, mut content: Wire<'_>) -> Result<(), ReadError> {
    let offset = content.u64()?;
    let bitmap = content.mpint()?;
    content.finish()?;
    let mut first = Some(offset);
    for byte in bitmap.iter().rev() {
        for bit in (0..8).filter(|bit| byte >> bit & 1 == 1) {
            let serial = first.and_then(|first| first.checked_add(bit));
            let serial = serial.ok_or(ReadError::BitmapOverflow { offset })?;
            authority.serials.push(SerialRange::one(serial)?);
        }
        first = first.and_then(|first| first.checked_add(8));
    }
    Ok(())
}

fn read_key_ids(authority: &mut Authority, mut content: Wire<'_>) -> Result<(), ReadError> {
    while !content.is_empty() {
        authority.key_ids.push(content.c_string()?);
    }
    Ok(())
}

fn read_strings<'a>(
    mut content: Wire<'a>,
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
fn skip_extension(mut content: Wire<'_>) -> Result<(), ReadError> {
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

const BITMAP_RANGES_MAX: usize = 1 << 24;
