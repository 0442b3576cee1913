//! A KRL to its bytes.
//!
//! Every length is known before the first byte is written, so that nothing large is kept, and
//! nothing is begun that OpenSSH would refuse.

use std::io::{self, Write};

use super::revocations::Authority;
use super::sections::{Plan, Section};
use super::serials::SerialRange;
use super::strings::Strings;
use super::{FORMAT_VERSION, KRL_BYTES_MAX, Krl, MAGIC, section};
use crate::wire::{put_mpint, put_string};

impl Krl {
    /// The bytes of the KRL, as [`Self::encoding`] writes them.
    ///
    /// # Errors
    /// [`WriteError`] if OpenSSH could not read the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        let encoding = self.encoding()?;
        let mut out = Vec::with_capacity(encoding.len());
        // A vector takes everything.
        let _taken = encoding.write(&mut out);
        Ok(out)
    }

    /// The KRL as it is written (PROTOCOL.krl), ready for `RevokedKeys` of sshd.
    ///
    /// The same revocations give the same bytes, and the fewest that the format has
    /// for them. Takes time in proportion to the ranges of serials, and two bytes of memory
    /// for each.
    ///
    /// # Errors
    /// [`WriteError`] if OpenSSH could not read the file.
    pub fn encoding(&self) -> Result<Encoding<'_>, WriteError> {
        let mut head = Vec::new();
        self.write_header(&mut head);
        let authorities: Vec<_> = self.authorities().map(Certificates::new).collect();
        let lists = [
            authorities.iter().map(|one| SECTION + one.bytes()).sum(),
            strings_bytes(self.keys()),
            hashes_bytes(self.sha1s()),
            hashes_bytes(self.sha256s()),
        ];
        let bytes = usize_of(lists.iter().sum()).saturating_add(head.len());
        if bytes > KRL_BYTES_MAX {
            return Err(WriteError::TooLong { bytes });
        }
        Ok(Encoding {
            krl: self,
            head,
            authorities,
            bytes,
        })
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

/// A KRL that OpenSSH can read, planned to the last byte.
pub struct Encoding<'a> {
    krl: &'a Krl,
    head: Vec<u8>,
    authorities: Vec<Certificates<'a>>,
    bytes: usize,
}

impl Encoding<'_> {
    /// How many bytes it takes.
    #[expect(clippy::len_without_is_empty, reason = "no KRL is empty")]
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Writes it, a few kilobytes at a time; `out` had better be buffered.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.head)?;
        for authority in &self.authorities {
            put_section(out, section::CERTIFICATES, authority.bytes())?;
            authority.write(out)?;
        }
        put_strings(out, section::EXPLICIT_KEY, self.krl.keys())?;
        put_hashes(out, section::SHA1, self.krl.sha1s())?;
        put_hashes(out, section::SHA256, self.krl.sha256s())
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

/// The section of what is revoked of one CA's certificates, or of every CA's.
struct Certificates<'a> {
    authority: &'a Authority,
    serials: Plan<'a>,
}

impl<'a> Certificates<'a> {
    fn new(authority: &'a Authority) -> Self {
        Self {
            authority,
            serials: Plan::smallest(authority.serials()),
        }
    }

    fn ca(&self) -> &'a [u8] {
        self.authority.ca().map_or(b"", |ca| ca.as_blob())
    }

    fn bytes(&self) -> u64 {
        string_bytes(self.ca())
            + string_bytes(RESERVED)
            + self.serials.bytes()
            + strings_bytes(self.authority.key_ids())
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        write_string(out, self.ca())?;
        write_string(out, RESERVED)?;
        if self.serials.listed() > 0 {
            put_section(out, section::SERIAL_LIST, self.serials.listed() * 8)?;
            for serial in self.serials.list() {
                out.write_all(&serial.to_be_bytes())?;
            }
        }
        for section in self.serials.sections() {
            match section {
                Section::Range(range) => write_range(out, range)?,
                Section::Bitmap(ranges) => write_bitmap(out, &ranges)?,
            }
        }
        put_strings(out, section::KEY_ID, self.authority.key_ids())
    }
}

fn write_range(out: &mut impl Write, range: SerialRange) -> io::Result<()> {
    put_section(out, section::SERIAL_RANGE, 16)?;
    out.write_all(&range.first().to_be_bytes())?;
    out.write_all(&range.last().to_be_bytes())
}

fn write_bitmap(out: &mut impl Write, ranges: &[SerialRange]) -> io::Result<()> {
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
    let mut content = offset.to_be_bytes().to_vec();
    put_mpint(&mut content, &bitmap);
    put_section(out, section::SERIAL_BITMAP, u64_of(content.len()))?;
    out.write_all(&content)
}

/// The byte, counted from the lowest, and the bit in it that stand for a serial
/// `distance` above a bitmap's offset.
fn position(distance: u64) -> (usize, u8) {
    // A bitmap ends far below what the host's shortest `usize` can count.
    let byte = usize::try_from(distance / 8).unwrap_or(usize::MAX);
    (byte, 1 << (distance % 8))
}

/// The head of a section. None is too long: the whole was measured before.
fn put_section(out: &mut impl Write, kind: u8, bytes: u64) -> io::Result<()> {
    out.write_all(&[kind])?;
    let length = u32::try_from(bytes).unwrap_or(u32::MAX);
    out.write_all(&length.to_be_bytes())
}

fn write_string(out: &mut impl Write, string: &[u8]) -> io::Result<()> {
    let length = u32::try_from(string.len()).unwrap_or(u32::MAX);
    out.write_all(&length.to_be_bytes())?;
    out.write_all(string)
}

/// A section of strings, if there are any.
fn put_strings(out: &mut impl Write, kind: u8, strings: &Strings) -> io::Result<()> {
    let Some(content) = strings_bytes(strings).checked_sub(SECTION) else {
        return Ok(());
    };
    put_section(out, kind, content)?;
    strings
        .iter()
        .try_for_each(|string| write_string(out, string))
}

fn strings_bytes(strings: &Strings) -> u64 {
    if strings.is_empty() {
        return 0;
    }
    SECTION + strings.iter().map(string_bytes).sum::<u64>()
}

fn string_bytes(string: &[u8]) -> u64 {
    4 + u64_of(string.len())
}

/// A section of fingerprints, if there are any.
fn put_hashes<const N: usize>(
    out: &mut impl Write,
    kind: u8,
    hashes: &[[u8; N]],
) -> io::Result<()> {
    let Some(content) = hashes_bytes(hashes).checked_sub(SECTION) else {
        return Ok(());
    };
    put_section(out, kind, content)?;
    hashes.iter().try_for_each(|hash| write_string(out, hash))
}

fn hashes_bytes<const N: usize>(hashes: &[[u8; N]]) -> u64 {
    if hashes.is_empty() {
        return 0;
    }
    SECTION + u64_of(hashes.len()) * string_bytes(&[0; N])
}

/// No machine counts more.
fn u64_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// More than this machine counts is more than a KRL may have.
fn usize_of(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// A section's type and length.
const SECTION: u64 = 1 + 4;
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
