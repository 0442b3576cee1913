//! The index beside a list, `access.list.idx`: which lines may fit, without reading the others.
//!
//! It is made of a valid list, and never trusted where the list changed since: then the text is
//! read whole. It names lines, and says nothing of what stands in them: each is read back from
//! the list. So a stale or wrong index costs time at worst, or nobody gets in; it lets nobody in
//! whom the list doesn't.
//!
//! A file of blocks of 4,096 bytes, each with its CRC-32 at the end: the header; the places of
//! the directives; where each bucket begins; and the places of lines by the hashes of their
//! keys, in order. Numbers are big-endian. docs/formats/access-list.md, "The index".

mod block;
mod keys;
mod read;
mod stamp;
mod write;

pub(super) use self::read::find;
pub use self::read::{HEADER_BYTES, sha256_of_list};
pub use self::stamp::Stamp;
pub use self::write::{MakeError, make};
