//! A KRL to its bytes.

use super::revocations::Authority;
use super::sections::{Section, smallest};
use super::serials::SerialRange;
use super::{FORMAT_VERSION, KRL_BYTES_MAX, Krl, MAGIC, section};
use crate::wire::{put_mpint, put_nested, put_string};

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
fn write_blobs<B: AsRef<[u8]>>(out: &mut Vec<u8>, kind: u8, blobs: impl IntoIterator<Item = B>) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{self as vectors, key};
    use super::super::{Header, Revocations};
    use super::*;

    #[test]
    fn an_empty_krl_is_a_header_as_openssh_writes_it() {
        let header = vectors::krl("empty").header().clone();
        let bytes = Krl::new(header, Revocations::default()).to_bytes().unwrap();
        assert_eq!(bytes, vectors::file("empty.krl"));
    }

    #[test]
    fn the_sections_stand_as_the_document_says() {
        let mut revocations = Revocations::default();
        for serial in [0x0102_0304, 7, 1 << 60] {
            revocations.revoke_serials(None, SerialRange::one(serial).unwrap());
        }
        revocations.revoke_key_id(None, c"b");
        revocations.revoke_key_id(None, c"a");
        revocations.revoke_sha1([9; 20]);
        let bytes = Krl::new(Header::default(), revocations).to_bytes().unwrap();
        let mut expected = b"SSHKRL\n\0\0\0\0\x01".to_vec();
        expected.extend([0; 24 + 8]);
        expected.extend([1, 0, 0, 0, 8 + 29 + 15]);
        expected.extend([0; 8]);
        expected.extend([0x20, 0, 0, 0, 24]);
        expected.extend([0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 1, 2, 3, 4]);
        expected.extend([0x10, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend(b"\x23\0\0\0\x0a\0\0\0\x01a\0\0\0\x01b");
        expected.extend([3, 0, 0, 0, 24, 0, 0, 0, 20]);
        expected.extend([9; 20]);
        assert_eq!(bytes, expected);
    }

    #[test]
    fn what_openssh_wrote_is_never_longer_when_written_again() {
        for (name, _) in vectors::KRLS {
            let krl = vectors::krl(name);
            let bytes = krl.to_bytes().unwrap();
            assert!(
                bytes.len() <= vectors::file(&format!("{name}.krl")).len(),
                "{name}"
            );
            assert_eq!(Krl::from_bytes(&bytes), Ok(krl), "{name}");
        }
    }

    #[test]
    fn keys_and_hashes_are_written_as_openssh_writes_them() {
        for name in ["keys", "sha1", "sha256", "ca-keys", "key-ids", "range"] {
            let bytes = vectors::krl(name).to_bytes().unwrap();
            assert_eq!(bytes, vectors::file(&format!("{name}.krl")), "{name}");
        }
    }

    #[test]
    fn a_krl_that_openssh_could_not_load_is_not_written() {
        let mut revocations = Revocations::default();
        let long = vec![b'x'; 64 << 20];
        for first in [b'a', b'b'] {
            let mut key_id = long.clone();
            key_id[0] = first;
            revocations.revoke_key_id(None, &std::ffi::CString::new(key_id).unwrap());
        }
        assert_eq!(
            Krl::new(Header::default(), revocations).to_bytes(),
            Err(WriteError::TooLong {
                bytes: (128 << 20) + 44 + 13 + 5 + 8
            })
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_as_it_was(
            serials in prop::collection::vec(
                (
                    0_usize..3,
                    prop_oneof![1_u64..300, 1_u64..100_000, 1_u64..u64::MAX - 20_000],
                    prop_oneof![Just(0_u64), 0_u64..20, 0_u64..20_000],
                ),
                0..200,
            ),
            key_ids in prop::collection::vec((0_usize..3, "[^\0]{0,5}"), 0..5),
            hashes in prop::collection::vec((any::<[u8; 20]>(), any::<[u8; 32]>()), 0..4),
            version: u64,
            generated: u64,
            comment in "[^\0]{0,9}",
        ) {
            let cas = [None, Some(key("ca")), Some(key("p521"))];
            let mut revocations = Revocations::default();
            for (ca, first, more) in serials {
                let range = SerialRange::new(first, first + more).unwrap();
                revocations.revoke_serials(cas[ca].as_ref(), range);
            }
            for (ca, key_id) in key_ids {
                let key_id = std::ffi::CString::new(key_id).unwrap();
                revocations.revoke_key_id(cas[ca].as_ref(), &key_id);
            }
            for (sha1, sha256) in hashes {
                revocations.revoke_sha1(sha1);
                revocations.revoke_sha256(sha256);
            }
            let comment = std::ffi::CString::new(comment).unwrap();
            let krl = Krl::new(Header { version, generated, flags: 0, comment }, revocations);
            prop_assert_eq!(Krl::from_bytes(&krl.to_bytes().unwrap()), Ok(krl));
        }
    }
}
