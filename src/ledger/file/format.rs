//! The bytes of a ledger file: its header, and frames behind it.
//!
//! Pure. `docs/formats/ledger.md` gives the layout, and a program in Python that reads it.
//! All numbers are big-endian, as in the entries (RFC 4251, section 5).

use sha2::{Digest, Sha256};

use crate::ledger::merkle::Hash;
use crate::ledger::store::Head;

/// Who extends a file of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The ledger itself, which is written where the keys of its CAs are.
    Ledger,
    /// Revocations beside a mirror, which are no ledger of their own.
    Pending,
    /// A copy elsewhere, which takes what the ledger's side sends and nothing else.
    Mirror,
}

/// What the first bytes of a file say that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// Frames of this format.
    Ours(Role),
    /// A database of SQLite, as ledgers were up to format 3.
    Sqlite,
    /// A ledger of a later format.
    Newer(u32),
    /// Something else.
    Other,
}

/// A frame, read from bytes that were checked against its checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameBytes {
    /// The position of its first entry.
    pub first: u64,
    /// The root over all entries before.
    pub root_before: Hash,
    /// The canonical bytes of each entry.
    pub entries: Vec<Vec<u8>>,
    /// Size and root after them.
    pub after: Head,
}

/// The header of a file in this role.
pub(super) fn header(role: Role) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..16].copy_from_slice(NAME);
    header[16..20].copy_from_slice(&FORMAT.to_be_bytes());
    let code: u32 = match role {
        Role::Ledger => 0,
        Role::Mirror => 1,
        Role::Pending => 2,
    };
    header[20..24].copy_from_slice(&code.to_be_bytes());
    header
}

/// Reads what a file begins with.
pub(super) fn read_header(bytes: &[u8]) -> Header {
    let mut roles = [Role::Ledger, Role::Mirror, Role::Pending].into_iter();
    if let Some(role) = roles.find(|role| bytes == header(*role)) {
        return Header::Ours(role);
    }
    if bytes.starts_with(SQLITE) {
        return Header::Sqlite;
    }
    let rest = bytes.strip_prefix(NAME);
    match rest.and_then(|rest| rest.first_chunk()) {
        Some(format) if u32::from_be_bytes(*format) > FORMAT => {
            Header::Newer(u32::from_be_bytes(*format))
        }
        _ => Header::Other,
    }
}

/// Encodes one frame; none if it would be longer than [`LONGEST`].
pub(in crate::ledger) fn encode(
    before: &Head,
    entries: &[Vec<u8>],
    after: &Head,
) -> Option<Vec<u8>> {
    let length = entries
        .iter()
        .try_fold(AROUND, |sum, entry| sum.checked_add(entry.len() + 4))?;
    let count = u32::try_from(entries.len()).ok()?;
    let behind_length = u32::try_from(length - PREFIX).ok()?;
    if length > LONGEST {
        return None;
    }
    let mut frame = Vec::with_capacity(length);
    frame.extend(MARK);
    frame.extend(behind_length.to_be_bytes());
    frame.extend((before.size + 1).to_be_bytes());
    frame.extend(before.root);
    frame.extend(count.to_be_bytes());
    for entry in entries {
        frame.extend(u32::try_from(entry.len()).ok()?.to_be_bytes());
        frame.extend(entry);
    }
    frame.extend(after.size.to_be_bytes());
    frame.extend(after.root);
    let checksum = Sha256::digest(&frame);
    frame.extend(checksum);
    Some(frame)
}

/// How long the frame is that begins with these bytes; none if no frame begins so.
pub(super) fn length(prefix: [u8; PREFIX]) -> Option<usize> {
    let [mark @ .., a, b, c, d] = prefix;
    let behind = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
    let length = behind.checked_add(PREFIX)?;
    (mark == MARK && (AROUND..=LONGEST).contains(&length)).then_some(length)
}

/// Reads exactly one frame.
///
/// # Errors
/// What is wrong with it, in a few words.
pub fn decode(frame: &[u8]) -> Result<FrameBytes, &'static str> {
    let (content, checksum) = frame.split_last_chunk::<32>().ok_or(CUT)?;
    if Sha256::digest(content)[..] != checksum[..] {
        return Err("the checksum of the frame is not that of its bytes");
    }
    let (_prefix, rest) = content.split_first_chunk::<PREFIX>().ok_or(CUT)?;
    let (first, rest) = rest.split_first_chunk::<8>().ok_or(CUT)?;
    let (root_before, rest) = rest.split_first_chunk::<32>().ok_or(CUT)?;
    let (count, rest) = rest.split_first_chunk::<4>().ok_or(CUT)?;
    let (rest, root_after) = rest.split_last_chunk::<32>().ok_or(CUT)?;
    let (rest, size_after) = rest.split_last_chunk::<8>().ok_or(CUT)?;
    let (first, count) = (u64::from_be_bytes(*first), u32::from_be_bytes(*count));
    let after = Head {
        size: u64::from_be_bytes(*size_after),
        root: *root_after,
    };
    if count == 0 || first == 0 || (first - 1).checked_add(u64::from(count)) != Some(after.size) {
        return Err("the positions in the frame do not agree with each other");
    }
    Ok(FrameBytes {
        first,
        root_before: *root_before,
        entries: entries(rest, count)?,
        after,
    })
}

/// Reads `count` entries, each behind its length, and nothing else.
fn entries(mut rest: &[u8], count: u32) -> Result<Vec<Vec<u8>>, &'static str> {
    let mut entries = Vec::new();
    for _ in 0..count {
        let (length, behind) = rest.split_first_chunk::<4>().ok_or(CUT)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| CUT)?;
        let (entry, behind) = behind.split_at_checked(length).ok_or(CUT)?;
        entries.push(entry.to_vec());
        rest = behind;
    }
    if rest.is_empty() {
        Ok(entries)
    } else {
        Err("the frame has more bytes than its entries")
    }
}

/// The length of the header; the first frame begins behind it.
pub(super) const HEADER: usize = 64;
/// The bytes of a frame that tell its length.
pub(super) const PREFIX: usize = 8;
/// No frame is longer: whoever reads one knows how much memory it can take.
pub(super) const LONGEST: usize = 256 * 1024 * 1024;
/// The bytes of a frame beside its entries and their lengths.
const AROUND: usize = PREFIX + 8 + 32 + 4 + 8 + 32 + 32;
/// The number of this format; 1 to 3 were databases.
const FORMAT: u32 = 4;
const NAME: &[u8; 16] = b"punchmark.ledger";
const MARK: [u8; 4] = *b"fram";
const SQLITE: &[u8] = b"SQLite format 3\0";
const CUT: &str = "the frame ends within a field";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn heads(count: u64) -> (Head, Head) {
        let head = |size, byte| Head {
            size,
            root: [byte; 32],
        };
        (head(41, 1), head(41 + count, 2))
    }

    #[test]
    fn knows_what_a_file_begins_with() {
        for role in [Role::Ledger, Role::Mirror, Role::Pending] {
            assert_eq!(read_header(&header(role)), Header::Ours(role));
        }
        assert_eq!(read_header(b"SQLite format 3\0 and more"), Header::Sqlite);
        assert_eq!(read_header(b"something else"), Header::Other);
        assert_eq!(read_header(b""), Header::Other);
        let mut later = header(Role::Ledger);
        later[19] = 5;
        assert_eq!(read_header(&later), Header::Newer(5));
        let mut strange = header(Role::Ledger);
        strange[HEADER - 1] = 1;
        assert_eq!(read_header(&strange), Header::Other);
    }

    #[test]
    fn a_frame_without_entries_is_none() {
        let (before, _) = heads(0);
        let frame = encode(&before, &[], &before).unwrap();
        let refused = decode(&frame).unwrap_err();
        assert!(refused.starts_with("the positions"), "{refused}");
    }

    proptest! {
        #[test]
        fn reads_back_what_it_writes_and_nothing_that_was_changed(
            entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..6),
            at in any::<prop::sample::Index>(), bit in 0_u32..8
        ) {
            let (before, after) = heads(u64::try_from(entries.len()).unwrap());
            let mut frame = encode(&before, &entries, &after).unwrap();
            prop_assert_eq!(length(*frame.first_chunk().unwrap()), Some(frame.len()));
            let read = decode(&frame).unwrap();
            let expected = FrameBytes { first: 42, root_before: before.root, entries, after };
            prop_assert_eq!(read, expected);
            let of_checksum = Err("the checksum of the frame is not that of its bytes");
            prop_assert_eq!(decode(&frame[..frame.len() - 1]), of_checksum.clone());
            let at = at.index(frame.len());
            frame[at] ^= 1 << bit;
            prop_assert_eq!(decode(&frame), of_checksum);
        }

        #[test]
        fn takes_no_bytes_for_a_frame_that_lie_behind_a_right_checksum(
            content in prop::collection::vec(any::<u8>(), 0..300)
        ) {
            // Whatever stands before the checksum: an answer, no panic.
            let frame = [&content[..], &Sha256::digest(&content)].concat();
            let _an_answer = decode(&frame);
        }
    }
}
