//! An index, made of a list.

use sha2::{Digest, Sha256};

use super::super::fault::Fault;
use super::super::header::Header;
use super::super::line::line_end;
use super::super::reader::{Reader, Row};
use super::block::{PAYLOAD_BYTES, pack, seal};
use super::keys::{self, Lengths};
use super::stamp::Stamp;

/// Why there is no index of a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MakeError {
    /// The list is invalid.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// More lines or bytes than an index counts.
    #[error("the list has more than an index can name")]
    TooLong,
}

/// The index of a list that is in this state, made at this Unix second.
///
/// # Errors
/// [`MakeError`].
pub fn make(text: &[u8], stamp: &Stamp, made: u64) -> Result<Vec<u8>, MakeError> {
    let mut places = Places::default();
    places.collect(text)?;
    places.keys.sort_unstable();
    let mut out = Vec::new();
    seal(&places.header(text, stamp, made), &mut out);
    pack(
        places.directives.iter().map(|place| place.to_bytes()),
        &mut out,
    );
    pack(places.starts(), &mut out);
    let lines = places.keys.iter().map(|(hash, place)| {
        let mut bytes = [0; LINE_BYTES];
        let all = hash.to_be_bytes().into_iter().chain(place.to_bytes());
        bytes.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        bytes
    });
    pack(lines, &mut out);
    Ok(out)
}

/// Where a line begins, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) offset: u32,
}

impl Place {
    fn to_bytes(self) -> [u8; PLACE_BYTES] {
        (u64::from(self.line) << 32 | u64::from(self.offset)).to_be_bytes()
    }

    pub(super) fn from_bytes(bytes: [u8; PLACE_BYTES]) -> Self {
        let [a, b, c, d, e, f, g, h] = bytes;
        Self {
            line: u32::from_be_bytes([a, b, c, d]),
            offset: u32::from_be_bytes([e, f, g, h]),
        }
    }
}

#[derive(Default)]
struct Places {
    directives: Vec<Place>,
    keys: Vec<(u64, Place)>,
    lengths: Lengths,
}

impl Places {
    fn collect(&mut self, text: &[u8]) -> Result<Header, MakeError> {
        let mut reader = Reader::default();
        let (mut rest, mut offset) = (text, 0_usize);
        while let Some(end) = line_end(rest) {
            let (line, behind) = rest.split_at(end);
            let row = reader.read(line)?;
            let place = Place {
                line: u32::try_from(reader.line()).map_err(|_| MakeError::TooLong)?,
                offset: u32::try_from(offset).map_err(|_| MakeError::TooLong)?,
            };
            match row {
                Row::Nothing => {}
                Row::Directive => self.directives.push(place),
                Row::Entry(entry) => {
                    let keys = &mut self.keys;
                    keys::of_entry(&entry, &mut self.lengths, |key| keys.push((key, place)));
                }
            }
            rest = behind.get(1..).unwrap_or_default();
            offset = offset.saturating_add(end).saturating_add(1);
        }
        Ok(reader.finish(rest)?)
    }

    fn header(&self, text: &[u8], stamp: &Stamp, made: u64) -> Vec<u8> {
        let count = |items: usize| u64::try_from(items).unwrap_or(u64::MAX).to_be_bytes();
        let mut header = Vec::with_capacity(PAYLOAD_BYTES);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&stamp.to_bytes());
        header.extend_from_slice(&made.to_be_bytes());
        header.extend_from_slice(&Sha256::digest(text));
        header.extend_from_slice(&count(self.directives.len()));
        header.extend_from_slice(&count(self.keys.len()));
        header.extend_from_slice(&self.lengths);
        header
    }

    /// For each bucket, the number of the first line that isn't before it; and the end.
    fn starts(&self) -> impl Iterator<Item = [u8; START_BYTES]> {
        let lines = u64::try_from(self.keys.len()).unwrap_or(u64::MAX);
        let buckets = buckets(lines);
        (0..=buckets).map(move |bucket| {
            let start = self
                .keys
                .partition_point(|(hash, _)| bucket_of(*hash, buckets) < bucket);
            u32::try_from(start).unwrap_or(u32::MAX).to_be_bytes()
        })
    }
}

/// How many buckets an index of so many keys has.
pub(super) fn buckets(keys: u64) -> u64 {
    (keys / 128).max(1)
}

/// The bucket of a hash; buckets follow the order of hashes.
pub(super) fn bucket_of(hash: u64, buckets: u64) -> u64 {
    let scaled = (u128::from(hash) * u128::from(buckets)) >> 64;
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

pub(super) const MAGIC: &[u8; 32] = b"punchmark access list index 1\n\0\0";
pub(super) const PLACE_BYTES: usize = 8;
pub(super) const START_BYTES: usize = 4;
pub(super) const LINE_BYTES: usize = 16;
