//! The answer to a bundle: a certificate or a refusal for each item, the signed head of the ledger, and
//! the frames that lead to it.
//!
//! Nothing of it is believed for itself: the head is signed by a ledger key, the frames lead to the
//! head, and what an item got stands in an entry of these frames. A checksum tells what was spoilt on the
//! way. `docs/formats/answer.md` has the layout.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use sha2::{Digest, Sha256};
use ssh_encoding::{Decode, Encode};

use super::limit::{limit, string};
use super::{BundleId, MOST_ITEMS};
use crate::ledger::MirrorError;
use crate::ledger::file::format::{self, FrameBytes};

/// Why bytes are no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The file could not be read or written.
    #[error("the answer cannot be read or written")]
    File(#[from] io::Error),
    /// Something else, or of a version that is not known.
    #[error("not an answer of version 2")]
    Version,
    /// A part that is larger than any.
    #[error(transparent)]
    TooLarge(#[from] super::BundleError),
    /// The header is not in the form of SSH's types.
    #[error("the header of the answer is malformed")]
    Header(#[from] ssh_encoding::Error),
    /// The file is shorter or longer than its header says.
    #[error("the answer has {found} bytes, and its header says {said}")]
    Length {
        /// What the file has behind the header.
        found: u64,
        /// What the header says.
        said: u64,
    },
    /// It was spoilt on the way.
    #[error("the answer is not as it was written")]
    Checksum,
    /// An item that is neither a certificate nor a refusal.
    #[error("item {0} of the answer is malformed")]
    Item(u64),
    /// A frame that is none.
    #[error("frame {number} of the answer: {what}")]
    Frame {
        /// Which, from 1.
        number: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The frames could not be had of the ledger, or lead to no head.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
}

/// What an answer says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerHeader {
    /// The bundle that it answers.
    pub id: BundleId,
    /// SHA-256 of that bundle's header.
    pub sha256: [u8; 32],
    /// The head of the ledger that it leads to, as a signed note.
    pub head: String,
    /// How many items it has: as many as the bundle.
    pub items: u64,
    /// How many frames follow them.
    pub frames: u64,
    /// How many bytes items and frames take, each with its length before it.
    pub bytes: u64,
    /// SHA-256 over these bytes.
    pub checksum: [u8; 32],
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Its certificate, as a blob.
    Certificate(Vec<u8>),
    /// Every reason against it.
    Refused(String),
}

/// The [base of lists](crate::krl::ListBase) with its signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedBase {
    /// What was signed.
    pub bytes: Vec<u8>,
    /// The signature, as `ssh-keygen -Y sign` prints one.
    pub signature: String,
}

/// An answer in a file of our own, which was read once and is as it was written.
#[derive(Debug)]
pub struct Answer {
    header: AnswerHeader,
    /// Items and frames, from its first byte on.
    file: File,
    /// Where the base of lists begins, once that is known.
    base_at: Cell<Option<u64>>,
}

impl AnswerHeader {
    fn to_bytes(&self) -> Result<Vec<u8>, AnswerError> {
        let mut out = Vec::with_capacity(1024);
        MAGIC.encode(&mut out)?;
        self.id.encode(&mut out)?;
        self.sha256.encode(&mut out)?;
        self.head.as_str().encode(&mut out)?;
        self.items.encode(&mut out)?;
        self.frames.encode(&mut out)?;
        self.bytes.encode(&mut out)?;
        self.checksum.encode(&mut out)?;
        Ok(out)
    }

    /// Reads the bytes of a header, without its length.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AnswerError> {
        let input = &mut &*bytes;
        if !matches!(Vec::<u8>::decode(input).as_deref(), Ok(MAGIC)) {
            return Err(AnswerError::Version);
        }
        let header = Self {
            id: Decode::decode(input)?,
            sha256: Decode::decode(input)?,
            head: String::decode(input)?,
            items: u64::decode(input)?,
            frames: u64::decode(input)?,
            bytes: u64::decode(input)?,
            checksum: Decode::decode(input)?,
        };
        limit("the number of items", header.items, MOST_ITEMS)?;
        limit("the answer", header.bytes, LARGEST)?;
        if input.is_empty() {
            Ok(header)
        } else {
            Err(ssh_encoding::Error::Length.into())
        }
    }
}

impl Answered {
    /// Reads one item, without its length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (&CERTIFICATE, blob) => Some(Self::Certificate(blob.to_vec())),
            (&REFUSED, why) => Some(Self::Refused(String::from_utf8(why.to_vec()).ok()?)),
            _ => None,
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Certificate(blob) => [&[CERTIFICATE], blob.as_slice()].concat(),
            Self::Refused(why) => [&[REFUSED], why.as_bytes()].concat(),
        }
    }
}

/// Writes an answer into an empty file: header, items, base and frames, one after the other. How many there
/// are and what they hash to is filled in at the end.
///
/// # Errors
/// [`AnswerError`], or that of an item or a frame.
pub fn write_answer<E: From<AnswerError>>(
    file: &mut File,
    mut header: AnswerHeader,
    items: impl Iterator<Item = Result<Answered, E>>,
    base: Option<&SignedBase>,
    frames: impl FnOnce(&mut dyn FnMut(Vec<u8>) -> Result<(), AnswerError>) -> Result<(), E>,
) -> Result<AnswerHeader, E> {
    let failed = |error: io::Error| AnswerError::from(error);
    (header.items, header.frames, header.bytes) = (0, 0, 0);
    let place = header.to_bytes()?;
    let length = u32::try_from(place.len()).map_err(|_long| AnswerError::Version)?;
    let mut out = BufWriter::new(&mut *file);
    out.write_all(&length.to_be_bytes()).map_err(failed)?;
    out.write_all(&place).map_err(failed)?;
    let mut body = Body {
        out,
        hash: Sha256::new(),
        bytes: 0,
    };
    for item in items {
        body.part(&item?.to_bytes())?;
        header.items += 1;
    }
    let none = SignedBase::default();
    let base = base.unwrap_or(&none);
    body.part(&base.bytes)?;
    body.part(base.signature.as_bytes())?;
    frames(&mut |frame| {
        header.frames += 1;
        body.part(&frame)
    })?;
    body.out.flush().map_err(failed)?;
    (header.bytes, header.checksum) = (body.bytes, body.hash.clone().finalize().into());
    drop(body);
    file.seek(SeekFrom::Start(4)).map_err(failed)?;
    file.write_all(&header.to_bytes()?).map_err(failed)?;
    Ok(header)
}

/// What stands behind the header, as it is written.
struct Body<W> {
    out: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Body<W> {
    fn part(&mut self, part: &[u8]) -> Result<(), AnswerError> {
        let length = u32::try_from(part.len()).map_err(|_long| ssh_encoding::Error::Length)?;
        for bytes in [&length.to_be_bytes()[..], part] {
            self.hash.update(bytes);
            self.out.write_all(bytes)?;
        }
        self.bytes = self.bytes.saturating_add(u64::from(length) + 4);
        Ok(())
    }
}

impl Answer {
    /// Copies an answer of `length` bytes from a medium into a file of our own, and looks whether it is as it
    /// was written: what is read later can't be another.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn copy(mut input: impl Read, length: u64, mut file: File) -> Result<Self, AnswerError> {
        let bytes = string::<AnswerError>(&mut input, "the header", LARGEST_HEADER)?;
        let header = AnswerHeader::from_bytes(&bytes)?;
        let begin = u64::try_from(bytes.len())
            .unwrap_or(u64::MAX)
            .saturating_add(4);
        let found = length.saturating_sub(begin);
        if found != header.bytes {
            let said = header.bytes;
            return Err(AnswerError::Length { found, said });
        }
        let mut hash = Sha256::new();
        let mut left = input.take(header.bytes);
        let mut part = vec![0; AT_ONCE];
        let mut copied = 0_u64;
        loop {
            let read = left.read(&mut part)?;
            let part = part.get(..read).unwrap_or_default();
            if part.is_empty() {
                break;
            }
            hash.update(part);
            file.write_all(part)?;
            copied = copied.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        }
        if copied != header.bytes || header.checksum != *hash.finalize() {
            return Err(AnswerError::Checksum);
        }
        Ok(Self {
            header,
            file,
            base_at: Cell::new(None),
        })
    }

    /// What it says of itself.
    pub fn header(&self) -> &AnswerHeader {
        &self.header
    }

    /// Calls `each` with every item in order.
    ///
    /// # Errors
    /// [`AnswerError`], or that of `each`.
    pub fn each_item<E: From<AnswerError>>(
        &self,
        each: &mut dyn FnMut(u64, Answered) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut input = self.parts()?;
        for number in 1..=self.header.items {
            let bytes = string::<AnswerError>(&mut input, "an item", LARGEST_ITEM)?;
            let item = Answered::from_bytes(&bytes).ok_or(AnswerError::Item(number))?;
            each(number, item)?;
        }
        Ok(())
    }

    /// The frames in order.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn frames(
        &self,
    ) -> Result<impl Iterator<Item = Result<FrameBytes, AnswerError>>, AnswerError> {
        let (_, mut input) = self.base_and_rest()?;
        let most = self.header.bytes;
        Ok((1..=self.header.frames).map(move |number| {
            let bytes = string::<AnswerError>(&mut input, "a frame", most.min(LARGEST_FRAME))?;
            format::decode(&bytes).map_err(|what| AnswerError::Frame { number, what })
        }))
    }

    /// The base of lists; none where no key may sign lists outside.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn base(&self) -> Result<Option<SignedBase>, AnswerError> {
        let (base, _) = self.base_and_rest()?;
        Ok(base)
    }

    fn base_and_rest(&self) -> Result<(Option<SignedBase>, BufReader<File>), AnswerError> {
        let mut input = self.behind_items()?;
        let bytes = string::<AnswerError>(&mut input, "the base of lists", LARGEST_BASE)?;
        let signature = string::<AnswerError>(&mut input, "its signature", LARGEST_SIGNATURE)?;
        let signature =
            String::from_utf8(signature).map_err(|_utf8| ssh_encoding::Error::Length)?;
        let base = SignedBase { bytes, signature };
        Ok(((base != SignedBase::default()).then_some(base), input))
    }

    /// Reads past the items, once.
    fn behind_items(&self) -> Result<BufReader<File>, AnswerError> {
        let mut input = self.parts()?;
        if let Some(place) = self.base_at.get() {
            input.seek(SeekFrom::Start(place))?;
            return Ok(input);
        }
        for _ in 0..self.header.items {
            string::<AnswerError>(&mut input, "an item", LARGEST_ITEM)?;
        }
        self.base_at.set(Some(input.stream_position()?));
        Ok(input)
    }

    fn parts(&self) -> Result<BufReader<File>, AnswerError> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(BufReader::new(file))
    }
}

const MAGIC: &[u8] = b"punchmark-answer-v2";
const CERTIFICATE: u8 = 1;
const REFUSED: u8 = 2;
/// A signed note takes at most 64 KiB.
const LARGEST_HEADER: u64 = 128 * 1024;
/// A certificate takes at most 64 KiB, the reasons of a refusal some hundred bytes each.
const LARGEST_ITEM: u64 = 128 * 1024;
/// As the ledger's own limit.
const LARGEST_FRAME: u64 = 256 * 1024 * 1024;
/// As [`crate::krl::BASE_BYTES_MAX`] and [`crate::krl::LIST_SIGNATURE_BYTES_MAX`] have it.
const LARGEST_BASE: u64 = 144 << 20;
const LARGEST_SIGNATURE: u64 = 64 * 1024;
/// Certificates and entries of the most items, with room for what else the ledger took meanwhile.
const LARGEST: u64 = 8 << 30;
/// What is copied at once.
const AT_ONCE: usize = 256 * 1024;
