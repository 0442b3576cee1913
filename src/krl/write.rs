//! A KRL to its bytes.

use super::revocations::Authority;
use super::sections::{Section, smallest};
use super::serials::SerialRange;
use super::wire::{put_mpint, put_nested, put_string};
use super::{FORMAT_VERSION, KRL_BYTES_MAX, Krl, MAGIC, section};

impl Krl {
    /// The bytes of the KRL (PROTOCOL.krl), ready for `RevokedKeys` of sshd.
    ///
    /// The same revocations give the same bytes, and the fewest that the format has
    /// for them. Takes time and memory in proportion to the ranges of serials.
    ///
    /// # Errors
    /// [`WriteError`] if OpenSSH could not read the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        let mut out = Vec::new();
        self.write_header(&mut out);
        for authority in self.authorities() {
            out.push(section::CERTIFICATES);
            put_nested(&mut out, |out| write_authority(out, authority));
        }
        write_blobs(&mut out, section::EXPLICIT_KEY, self.keys());
        write_blobs(&mut out, section::SHA1, self.sha1s());
        write_blobs(&mut out, section::SHA256, self.sha256s());
        if out.len() > KRL_BYTES_MAX {
            return Err(WriteError::TooLong { bytes: out.len() });
        }
        Ok(out)
    }

    fn write_header(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_be_bytes());
        for number in [
            self.header.version,
            self.header.generated,
            self.header.flags,
        ] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        put_string(out, RESERVED);
        put_string(out, self.header.comment.as_bytes());
    }
}

/// Why a KRL was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// OpenSSH would refuse the file, and with it every login.
    #[error("the KRL would have {bytes} bytes, OpenSSH reads at most {KRL_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

fn write_authority(out: &mut Vec<u8>, authority: &Authority) {
    put_string(out, authority.ca().map_or(b"", |ca| ca.as_blob()));
    put_string(out, RESERVED);
    for section in smallest(authority.serials().ranges()) {
        write_serials(out, &section);
    }
    let key_ids = authority.key_ids().iter().map(|id| id.as_bytes());
    write_blobs(out, section::KEY_ID, key_ids);
}

fn write_serials(out: &mut Vec<u8>, section: &Section<'_>) {
    match section {
        Section::List(serials) => {
            out.push(section::SERIAL_LIST);
            put_nested(out, |out| {
                out.extend(serials.iter().flat_map(|serial| serial.to_be_bytes()));
            });
        }
        Section::Range(range) => {
            out.push(section::SERIAL_RANGE);
            put_nested(out, |out| {
                out.extend_from_slice(&range.first().to_be_bytes());
                out.extend_from_slice(&range.last().to_be_bytes());
            });
        }
        Section::Bitmap(ranges) => write_bitmap(out, ranges),
    }
}

fn write_bitmap(out: &mut Vec<u8>, ranges: &[SerialRange]) {
    let offset = ranges.first().map_or(0, SerialRange::first);
    let last = ranges.last().map_or(0, SerialRange::last);
    let mut bitmap = vec![0; position(last - offset).0 + 1];
    for range in ranges {
        for serial in range.first()..=range.last() {
            let (byte, bit) = position(serial - offset);
            if let Some(byte) = bitmap.get_mut(byte) {
                *byte |= bit;
            }
        }
    }
    bitmap.reverse();
    out.push(section::SERIAL_BITMAP);
    put_nested(out, |out| {
        out.extend_from_slice(&offset.to_be_bytes());
        put_mpint(out, &bitmap);
    });
}

/// The byte, counted from the lowest, and the bit in it that stand for a serial
/// `distance` above a bitmap's offset.
fn position(distance: u64) -> (usize, u8) {
    // A bitmap ends far below what the host's shortest `usize` can count.
    let byte = usize::try_from(distance / 8).unwrap_or(usize::MAX);
    (byte, 1 << (distance % 8))
}

/// Appends a section of strings, if there are any.
fn write_blobs<B: AsRef<[u8]>>(
    out: &mut Vec<u8>,
    kind: u8,
    blobs: impl IntoIterator<Item = B>,
) {
    let mut blobs = blobs.into_iter().peekable();
    if blobs.peek().is_some() {
        out.push(kind);
        put_nested(out, |out| {
            for blob in blobs {
                put_string(out, blob.as_ref());
            }
        });
    }
}

/// The reserved fields are empty.
const RESERVED: &[u8] = b"";
