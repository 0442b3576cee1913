//! An index, asked.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::super::LINE_BYTES_MAX;
use super::super::header::Header;
use super::super::query::Query;
use super::super::reader::{Reader, Row};
use super::super::resolved::Resolved;
use super::block::{BLOCK_BYTES, BLOCK_BYTES_U64, blocks_of, per_block, unseal};
use super::keys::{self, Lengths};
use super::stamp::{self, Stamp};
use super::write::{MAGIC, Place, bucket_of, buckets};
use crate::wire::Cursor;

/// A line of the list, with its number.
type Line = (u64, Vec<u8>);

/// The header of a list, and the lines that may fit a query; none where the index isn't of this
/// state of the list, or can't be read.
pub(in super::super) fn find(
    index: &File,
    list: &File,
    stamp: &Stamp,
    query: &Query<'_>,
) -> Option<(Header, Vec<Line>)> {
    let index = Index::open(index, stamp)?;
    let mut text = Text::of(list);
    let header = index.header(&mut text)?;
    let resolved = Resolved::new(&header, query);
    let groups: Vec<_> = header.groups().keys().map(String::as_str).collect();
    let mut places = Vec::new();
    for key in keys::of_query(query, &resolved, &groups, &index.lengths) {
        index.places(key, &mut places)?;
    }
    places.sort_unstable();
    places.dedup();
    let mut lines = Vec::with_capacity(places.len());
    for place in places {
        let line = text.line(place)?.to_vec();
        // Whatever the index says, only a line that lets in or keeps out is one.
        let Ok(Row::Entry(entry)) = Reader::default().read(&line) else {
            return None;
        };
        if entry.may_fit(query) {
            lines.push((u64::from(place.line), line));
        }
    }
    Some((header, lines))
}

/// The SHA-256 of the list that an index was made of, by the index's first block; none for what is
/// no index.
#[must_use]
pub fn sha256_of_list(block: &[u8]) -> Option<[u8; 32]> {
    let mut header = Cursor::new(unseal(block)?);
    let magic = header.array::<32>().ok()?;
    let _stamp = header.array::<{ stamp::BYTES }>().ok()?;
    let _made = header.u64().ok()?;
    (magic == MAGIC).then(|| header.array().ok().copied())?
}

/// How long the first block of an index is.
pub const HEADER_BYTES: usize = BLOCK_BYTES;

struct Index<'f> {
    file: &'f File,
    directives: u64,
    lines: u64,
    lengths: Lengths,
}

impl<'f> Index<'f> {
    fn open(file: &'f File, stamp: &Stamp) -> Option<Self> {
        let block = block(file, 0)?;
        let mut header = Cursor::new(unseal(&block)?);
        let magic = header.array::<32>().ok()?;
        let of = header.array::<{ stamp::BYTES }>().ok()?;
        let made = header.u64().ok()?;
        if magic != MAGIC || *of != stamp.to_bytes() || made < stamp.settled() {
            return None;
        }
        let _sha256_of_the_list = header.array::<32>().ok()?;
        Some(Self {
            file,
            directives: header.u64().ok()?,
            lines: header.u64().ok()?,
            lengths: *header.array().ok()?,
        })
    }

    /// Reads the directives back from the list.
    fn header(&self, text: &mut Text<'_>) -> Option<Header> {
        let mut reader = Reader::default();
        for number in 0..self.directives {
            let place = Place::from_bytes(self.item(1, number)?);
            let row = reader.read_at(u64::from(place.line), text.line(place)?);
            if !matches!(row, Ok(Row::Directive)) {
                return None;
            }
        }
        reader.finish_part().ok()
    }

    /// Adds the places of all lines with this key.
    fn places(&self, key: u64, places: &mut Vec<Place>) -> Option<()> {
        let buckets = buckets(self.lines);
        let starts = self.directive_blocks().checked_add(1)?;
        let bucket = bucket_of(key, buckets);
        let start = u32::from_be_bytes(self.item(starts, bucket)?);
        let end = u32::from_be_bytes(self.item(starts, bucket.checked_add(1)?)?);
        let lines = starts.checked_add(blocks_of(buckets.checked_add(1)?, 4))?;
        let per = per_block(16);
        let (mut number, end) = (u64::from(start), u64::from(end));
        while number < end {
            let block = block(self.file, lines.checked_add(number / per)?)?;
            let payload = unseal(&block)?;
            let upto = end.min((number / per).checked_add(1)?.checked_mul(per)?);
            while number < upto {
                let at = usize::try_from((number % per).checked_mul(16)?).ok()?;
                let mut line = Cursor::new(payload.get(at..)?);
                if line.u64().ok()? == key {
                    places.push(Place::from_bytes(*line.array().ok()?));
                }
                number = number.checked_add(1)?;
            }
        }
        Some(())
    }

    fn directive_blocks(&self) -> u64 {
        blocks_of(self.directives, 8)
    }

    /// An item of a region that begins with this block.
    fn item<const N: usize>(&self, region: u64, number: u64) -> Option<[u8; N]> {
        let size = u64::try_from(N).ok()?;
        let per = per_block(size);
        let block = block(self.file, region.checked_add(number / per)?)?;
        let at = usize::try_from((number % per).checked_mul(size)?).ok()?;
        unseal(&block)?.get(at..)?.first_chunk().copied()
    }
}

fn block(file: &File, number: u64) -> Option<[u8; BLOCK_BYTES]> {
    let mut block = [0; BLOCK_BYTES];
    let offset = number.checked_mul(BLOCK_BYTES_U64)?;
    file.read_exact_at(&mut block, offset).ok()?;
    Some(block)
}

/// The text of a list, of which lines are read by their places; what stands around one is kept.
struct Text<'f> {
    file: &'f File,
    window: Vec<u8>,
    start: u64,
}

impl<'f> Text<'f> {
    fn of(file: &'f File) -> Self {
        Self {
            file,
            window: Vec::new(),
            start: 0,
        }
    }

    fn line(&mut self, place: Place) -> Option<&[u8]> {
        let offset = u64::from(place.offset);
        if self.whole_line(offset).is_none() {
            self.window.resize(WINDOW_BYTES, 0);
            let read = self.file.read_at(&mut self.window, offset).ok()?;
            self.window.truncate(read);
            self.start = offset;
        }
        let range = self.whole_line(offset)?;
        self.window.get(range)
    }

    /// Where the line is in the window, if all of it is.
    fn whole_line(&self, offset: u64) -> Option<std::ops::Range<usize>> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        let length = self
            .window
            .get(from..)?
            .iter()
            .position(|byte| *byte == b'\n')?;
        (length <= LINE_BYTES_MAX).then(|| from..from.saturating_add(length))
    }
}

const WINDOW_BYTES: usize = 8 * 1024;
