//! The bytes of a ledger file as a disk sees them: frames, and room of written zeros behind.
//!
//! A frame is written over zeros that are on the disk already, so that one sync of the
//! data is enough and a full disk shows when room is made, never when a frame is written.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::format::{self, FrameBytes, PREFIX};
use crate::ledger::store::{Frame, Head, Place};

/// Bytes behind the last whole frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Where they begin.
    pub offset: u64,
    /// How many there are, up to the last that is not zero.
    pub length: u64,
}

/// The whole frame at `place` that goes on from `before`, if there is one.
pub(super) fn frame_from(file: &File, place: Place, before: &Head) -> io::Result<Option<Frame>> {
    let Some(bytes) = bytes_at(file, place)? else {
        return Ok(None);
    };
    let length = u64::try_from(bytes.len()).map_err(io::Error::other)?;
    let frame = format::decode(&bytes).ok().filter(|frame| {
        frame.root_before == before.root && before.size.checked_add(1) == Some(frame.first)
    });
    Ok(frame.map(|frame| to_frame(frame, Place(place.0 + length))))
}

/// The frame at `place`, whatever stands before it.
pub(super) fn whole_frame_at(file: &File, place: Place) -> io::Result<Option<Frame>> {
    let Some(bytes) = bytes_at(file, place)? else {
        return Ok(None);
    };
    let length = u64::try_from(bytes.len()).map_err(io::Error::other)?;
    let frame = format::decode(&bytes).ok();
    Ok(frame.map(|frame| to_frame(frame, Place(place.0 + length))))
}

/// As many bytes from `place` as they say that their frame has, if they are there. One read
/// brings a frame of usual length.
fn bytes_at(file: &File, place: Place) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; USUAL];
    let read = read_up_to(file, &mut bytes, place.0)?;
    bytes.truncate(read);
    let Some(length) = bytes
        .first_chunk::<PREFIX>()
        .copied()
        .and_then(format::length)
    else {
        return Ok(None);
    };
    let end = u64::try_from(length)
        .ok()
        .and_then(|length| place.0.checked_add(length));
    // Held against the file's size before memory is taken for it.
    if end.is_none_or(|end| end > size(file).unwrap_or(0)) {
        return Ok(None);
    }
    bytes.resize(length, 0);
    if let Some(rest) = bytes.get_mut(read..) {
        let from = u64::try_from(read).map_err(io::Error::other)?;
        file.read_exact_at(rest, place.0 + from)?;
    }
    Ok(Some(bytes))
}

/// What stands from `offset` to the end of the file, but for zeros at the end.
pub(super) fn tail(file: &File, offset: Place) -> io::Result<Option<Tail>> {
    let (mut at, mut last) = (offset.0, None);
    let mut bytes = vec![0; LOOKED_AT];
    // A hole reads as zeros: one of a terabyte would be hours to look through.
    while let Some(written) = written_from(file, at)? {
        at = written;
        let read = read_up_to(file, &mut bytes, at)?;
        let part = bytes.get(..read).unwrap_or_default();
        if part.is_empty() {
            break;
        }
        if let Some(found) = last_written(part) {
            last = Some(at + u64::try_from(found).map_err(io::Error::other)?);
        }
        at += u64::try_from(read).map_err(io::Error::other)?;
    }
    Ok(last.map(|last| Tail {
        offset: offset.0,
        length: last + 1 - offset.0,
    }))
}

/// Where the next bytes stand that are on the disk, from `at` on; none where only a hole
/// or nothing follows.
fn written_from(file: &File, at: u64) -> io::Result<Option<u64>> {
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(at)) {
        Ok(written) => Ok(Some(written.max(at))),
        Err(rustix::io::Errno::NXIO) => Ok(None),
        // A file system that knows no holes has none.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOTSUP) => Ok(Some(at)),
        Err(error) => Err(error.into()),
    }
}

/// Where the last byte is that is not zero. There is a quarter of a megabyte to look at each
/// time a ledger is opened, nearly always zeros: whole blocks of them are passed over at once.
fn last_written(bytes: &[u8]) -> Option<usize> {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    if let Some(found) = rest.iter().rposition(|byte| *byte != 0) {
        return Some(blocks.len() * BLOCK + found);
    }
    let written = |block: &[u8; BLOCK]| block.iter().fold(0, |all, byte| all | byte) != 0;
    let number = blocks.iter().rposition(written)?;
    let found = blocks.get(number)?.iter().rposition(|byte| *byte != 0)?;
    Some(number * BLOCK + found)
}

/// Makes sure that `wanted` bytes of written zeros stand behind `end`; makes more than that
/// where it has to make any.
///
/// # Errors
/// What the system says, such as a full disk; then the file is as long as before.
pub(super) fn make(file: &File, end: Place, wanted: u64) -> io::Result<()> {
    let size = size(file)?;
    let needed = end
        .0
        .checked_add(wanted)
        .ok_or(io::ErrorKind::FileTooLarge)?;
    if needed <= size {
        return Ok(());
    }
    let to = needed
        .checked_add(STEP)
        .ok_or(io::ErrorKind::FileTooLarge)?;
    let made = write_zeros(file, size, to).and_then(|()| file.sync_data());
    if made.is_err() {
        // Nothing hangs on it: what is left of the zeros is room too.
        let _longer_than_before = file.set_len(size);
    }
    made
}

/// Writes zeros over the bytes from `from` up to `to`.
pub(super) fn write_zeros(file: &File, mut from: u64, to: u64) -> io::Result<()> {
    let zeros = vec![0; AT_ONCE];
    while from < to {
        let left = usize::try_from(to - from).unwrap_or(AT_ONCE);
        let part = zeros.get(..left).unwrap_or(&zeros);
        file.write_all_at(part, from)?;
        from += u64::try_from(part.len()).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Writes zeros over all room behind `end`. More room than is ever made is cut off: a hole
/// of a terabyte would fill the disk.
pub(super) fn refill(file: &File, end: Place) -> io::Result<()> {
    let mut size = size(file)?;
    if size.saturating_sub(end.0) > MOST_ROOM {
        size = end.0 + STEP;
        file.set_len(size)?;
    }
    write_zeros(file, end.0, size)?;
    file.sync_data()
}

/// Whether all room behind `end` was written once. A copy may have left out the zeros.
pub(super) fn is_written(file: &File, end: Place) -> io::Result<bool> {
    let size = size(file)?;
    if end.0 >= size {
        return Ok(true);
    }
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Hole(end.0)) {
        Ok(hole) => Ok(hole >= size),
        // A file system that knows no holes has none.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOTSUP) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// How long the file is; a device has its length where its end is.
pub(super) fn size(file: &File) -> io::Result<u64> {
    let metadata = file.metadata()?;
    if metadata.is_file() {
        return Ok(metadata.len());
    }
    Ok(rustix::fs::seek(file, rustix::fs::SeekFrom::End(0))?)
}

fn read_up_to(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let at = offset + u64::try_from(done).map_err(io::Error::other)?;
        match file.read_at(rest, at) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

fn to_frame(frame: FrameBytes, next: Place) -> Frame {
    Frame {
        first: frame.first,
        entries: frame.entries,
        after: frame.after,
        next,
    }
}

/// Where the first frame begins: behind the header.
pub(super) const FIRST: Place = Place(64);
/// A frame of two entries of a usual certificate is shorter.
const USUAL: usize = 4096;
/// Room is made in steps, some three hundred certificates long: each costs a sync more.
const STEP: u64 = 256 * 1024;
/// Room that is kept when it must be written again; what is missing is made when it is used.
const MOST_ROOM: u64 = 64 * 1024 * 1024;
/// What is written at once.
const AT_ONCE: usize = 256 * 1024;
/// What is looked at together for a tail: memory that was never used costs a run of one
/// certificate more than the calls for it.
const LOOKED_AT: usize = 32 * 1024;
/// How many bytes are looked at together for one that is not zero.
const BLOCK: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_is_passed_over_and_what_stands_behind_it_is_found() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(&[7; 100], 0).unwrap();
        file.set_len(HOLE).unwrap();
        assert_eq!(tail(&file, Place(100)).unwrap(), None);
        assert_eq!(tail(&file, Place(HOLE)).unwrap(), None);
        file.write_all_at(&[7], HOLE - 1).unwrap();
        let found = tail(&file, Place(100)).unwrap();
        let length = HOLE - 100;
        assert_eq!(
            found,
            Some(Tail {
                offset: 100,
                length
            })
        );
    }

    /// One that can't be read through while a test runs.
    const HOLE: u64 = 1 << 40;

    #[test]
    fn the_last_byte_that_was_written_is_found_wherever_it_stands() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
            assert_eq!(last_written(&vec![0; length]), None);
            for at in 0..length {
                let mut bytes = vec![0; length];
                bytes[..=at / 2].fill(1);
                bytes[at] = 0x80;
                assert_eq!(last_written(&bytes), Some(at), "of {length}");
            }
        }
    }
}
