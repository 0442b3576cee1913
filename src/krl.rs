//! Key revocation lists (KRL), the files that `RevokedKeys` of sshd names.
//!
//! [`Revocations`] gathers what is to be revoked, [`Krl::new`] makes a KRL of it,
//! [`Krl::to_bytes`] the file, [`Krl::from_bytes`] reads one that anybody made,
//! [`Krl::revokes`] says whether it revokes a key or certificate, and [`Krl::show`]
//! prints it. [`spec`] reads the specifications of `ssh-keygen -k`, [`KeyFile`] its
//! key files.
//!
//! The format is PROTOCOL.krl of OpenSSH; where it says little, OpenSSH's own
//! reading counts. This module stands for itself: it uses nothing of the crate but the
//! ground ([`crate::wire`]), reads no file and no clock.
//!
//! ```
//! use punchmark::krl::{Header, Krl, Revocations, SerialRange};
//!
//! let mut revocations = Revocations::default();
//! revocations.revoke_serials(None, SerialRange::new(7, 9)?);
//! revocations.revoke_key_id(None, c"peter, laptop");
//! let header = Header { version: 4, generated: 1_795_000_000, ..Header::default() };
//! let bytes = Krl::new(header, revocations).to_bytes()?;
//! assert_eq!(Krl::from_bytes(&bytes)?.header().version, 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base;
mod certificate;
mod check;
mod delegation;
mod key_file;
mod lines;
mod list_name;
mod read;
mod receipts_delegation;
mod revocations;
pub mod rollover;
mod sections;
mod serials;
mod show;
mod signature;
pub mod spec;
mod strings;
#[cfg(test)]
mod tests;
mod word;
mod write;

use std::ffi::CString;

pub use self::base::{
    BASE_BYTES_MAX, BASE_NAMESPACE, BaseReadError, HeldSerials, ListBase, OutsideBase, has_all,
};
pub use self::certificate::{Certificate, CertificateError, Signatures, Subject};
pub use self::check::{KeyMatch, Reason, Scope};
pub use self::delegation::{
    DELEGATION_BYTES_MAX, DELEGATION_NAMESPACE, Delegation, DelegationError, DelegationStatement,
};
pub use self::key_file::{KeyFile, KeyFileError};
pub use self::list_name::{ListHead, ListName};
pub use self::read::ReadError;
pub use self::receipts_delegation::{RECEIPTS_NAMESPACE, ReceiptsDelegation, ReceiptsStatement};
pub use self::revocations::{Authority, Revocations};
pub use self::serials::{SerialRange, SerialRangeError, Serials};
pub use self::show::{Fingerprint, Harmless};
pub use self::signature::{
    KRL_NAMESPACE, LIST_SIGNATURE_BYTES_MAX, ListSignature, ListSignatureError,
};
pub use self::strings::Strings;
pub use self::write::{Encoding, WriteError};
#[cfg(test)]
pub(crate) use self::{base::tests as tests_of_bases, delegation::tests as tests_of_delegations};
pub use crate::wire::{KeyError, PublicKey, WireError};

/// A key revocation list: sorted, without repeats, quick to search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Krl {
    header: Header,
    revocations: Revocations,
}

impl Krl {
    /// A KRL of what was gathered.
    pub fn new(header: Header, mut revocations: Revocations) -> Self {
        revocations.settle();
        Self {
            header,
            revocations,
        }
    }

    /// What the KRL says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What is revoked by CA, in the file's order.
    pub fn authorities(&self) -> impl Iterator<Item = &Authority> {
        let mut authorities: Vec<_> = self.revocations.authorities.values().collect();
        authorities.sort_unstable_by_key(|authority| authority.place);
        authorities.into_iter()
    }

    /// The wire forms of the revoked keys, sorted by their bytes. Read from a file,
    /// they are what somebody put there, and need not be keys.
    pub fn keys(&self) -> &Strings {
        &self.revocations.keys
    }

    /// The SHA-1 fingerprints of revoked keys, in ascending order.
    pub fn sha1s(&self) -> &[[u8; 20]] {
        &self.revocations.sha1s
    }

    /// The SHA-256 fingerprints of revoked keys, in ascending order.
    pub fn sha256s(&self) -> &[[u8; 32]] {
        &self.revocations.sha256s
    }

    /// Takes the KRL apart, to add to it.
    pub fn into_parts(self) -> (Header, Revocations) {
        (self.header, self.revocations)
    }
}

/// What a KRL says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// A number that grows with each KRL of a series.
    pub version: u64,
    /// When it was made, in seconds since 1970-01-01 00:00:00 UTC.
    pub generated: u64,
    /// None are defined; an update keeps them as they were.
    pub flags: u64,
    /// Anything, for people.
    pub comment: CString,
}

/// The longest KRL that OpenSSH reads, in bytes.
pub const KRL_BYTES_MAX: usize = 0x800_0000;

const MAGIC: &[u8; 8] = b"SSHKRL\n\0";
const FORMAT_VERSION: u32 = 1;

/// The types of sections.
mod section {
    pub(super) const CERTIFICATES: u8 = 1;
    pub(super) const EXPLICIT_KEY: u8 = 2;
    pub(super) const SHA1: u8 = 3;
    pub(super) const SIGNATURE: u8 = 4;
    pub(super) const SHA256: u8 = 5;
    pub(super) const EXTENSION: u8 = 255;
    pub(super) const SERIAL_LIST: u8 = 0x20;
    pub(super) const SERIAL_RANGE: u8 = 0x21;
    pub(super) const SERIAL_BITMAP: u8 = 0x22;
    pub(super) const KEY_ID: u8 = 0x23;
    pub(super) const CERTIFICATE_EXTENSION: u8 = 0x39;
}
