//! Bundles: what the online side asks for in one file, which is carried to where the CA's key is.
//!
//! A bundle has a header, the registrar's signature of it, and items. The header says how many
//! items there are, how long they are and what they hash to; it is read, held against its limits and
//! verified before a byte of an item is looked at. `docs/formats/bundle.md` has the layout.

mod accept;
mod answer;
mod header;
mod item;
mod limit;
mod made;
mod read;
mod session;
#[cfg(test)]
pub(crate) mod tests;
mod write;

use std::io;

use crate::request::{ContentError, DetachedError, RequestFileError, RequesterName};

pub use accept::{AcceptError, check as check_answer, check_again, check_entries, fits};
pub use answer::{Answer, AnswerError, AnswerHeader, Answered, SignedBase, write_answer};
pub use header::{BundleId, Enrolment, Header, SignedRevocation};
pub use item::{Item, Wish};
pub use made::{Became, Made, MadeBundle, MadeError};
pub use read::{Items, Opened};
pub use session::{
    BroughtEnrolmentError, BundleSession, BundleSessionError, CUT_OFF, Carried, CertificateWords,
    ItemVerdict, LeftOut, Offer, OfferedBase, SessionGoal, ShowItem, WhyLeftOut, number, only_ca,
    own_file, signed_base,
};
pub use write::Draft;

/// Why bytes are no bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The file could not be read.
    #[error("the bundle cannot be read")]
    Read(#[from] io::Error),
    /// Something else, or of a version that is not known.
    #[error("not a bundle of version 3")]
    Version,
    /// A part that is larger than any.
    #[error("{part} of {bytes} bytes is larger than {most}")]
    TooLarge {
        /// Which.
        part: &'static str,
        /// How large it says to be.
        bytes: u64,
        /// How large it may be.
        most: u64,
    },
    /// More items than a bundle has.
    #[error("{0} items are more than {MOST_ITEMS}")]
    TooMany(u64),
    /// The header is not in the form of SSH's types.
    #[error("the header of the bundle is malformed")]
    Header(#[from] ssh_encoding::Error),
    /// A field that no header may have.
    #[error("{0} of the bundle")]
    Field(&'static str),
    /// The file is shorter or longer than the header says.
    #[error("the items are {found} bytes, and the header says {said}")]
    Length {
        /// What the file has.
        found: u64,
        /// What the header says.
        said: u64,
    },
    /// It is not signed by the key that it names.
    #[error("the bundle is not signed by its registrar")]
    Signature(#[from] DetachedError),
    /// The items are not those that were signed.
    #[error("the items are not those that the registrar signed")]
    Items,
    /// An item that nothing is asked by.
    #[error("item {number}")]
    Item {
        /// Which, from 1.
        number: u64,
        /// What is wrong with it.
        source: ItemError,
    },
}

/// Why bytes are no item of a bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ItemError {
    /// Cut short, or something stands behind its end.
    #[error("it is cut short, or something stands behind it")]
    Form,
    /// A kind that this version doesn't know.
    #[error("it is of kind {0}, which stands for nothing")]
    Kind(u8),
    /// The place of its certificate.
    #[error("the place of its certificate is no path")]
    Place,
    /// The request.
    #[error(transparent)]
    Request(#[from] RequestFileError),
    /// What is asked for a plain key.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// A plain key that is nobody's.
    #[error("it says of no one whose key it is")]
    Nobody,
    /// It is longer than the wire allows.
    #[error("it cannot be encoded")]
    Encode(#[from] ssh_encoding::Error),
}

/// A registrar, as a bundle names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registrar {
    /// The name that the key is enrolled under.
    pub name: RequesterName,
    /// The blob of the key that signs the bundle.
    pub key: Vec<u8>,
}

/// What the signature of a header is for: `ssh-keygen -Y sign -n bundle@punchmark`.
pub const NAMESPACE: &str = "bundle@punchmark";
/// Serials and names of so many are still looked at by people.
pub const MOST_ITEMS: u64 = 100_000;
/// No bundle is longer, in bytes.
pub const LARGEST_BUNDLE: u64 = LARGEST_ITEMS + LARGEST_HEADER + LARGEST_SIGNATURE + 8;
/// The largest header, in bytes: a key of 16384 bits takes 2 KiB, a pending revocation some hundred
/// bytes.
const LARGEST_HEADER: u64 = 1024 * 1024;
/// More pending revocations than anybody waits with.
const MOST_PENDING: u32 = 1000;
/// The largest signature, in bytes.
const LARGEST_SIGNATURE: u64 = 16 * 1024;
/// The largest item: a request takes up to 96 KiB, its signature 6, a path 4.
const LARGEST_ITEM: u64 = 128 * 1024;
/// The largest sum of items: more than any medium is read in a while.
const LARGEST_ITEMS: u64 = 1 << 30;
