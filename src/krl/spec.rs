//! The specifications of `ssh-keygen -k`: lines of text that say what to revoke.
//!
//! ```text
//! # comments, and blank lines, count for nothing
//! serial: 7
//! serial: 0x100-0x1ff
//! id: peter, laptop
//! key: ssh-ed25519 AAAA...
//! sha1: ssh-ed25519 AAAA...
//! sha256: ssh-ed25519 AAAA...
//! hash: SHA256:ZmluZ2VycHJpbnQ...
//! ssh-ed25519 AAAA...
//! ssh-ed25519-cert-v01@openssh.com AAAA...
//! ```
//!
//! What a line means is what `ssh-keygen` takes it for (ssh-keygen(1), "Key
//! revocation lists"): a keyword in any case; a plain certificate by its serial, or
//! by its key ID if that is 0, under its own CA; `key:`, `sha1:` and `sha256:` by the
//! key in it. A line ends at `#`, in a key ID too.

mod serial;
#[cfg(test)]
mod tests;

use std::ffi::CString;

use base64ct::{Base64, Encoding};

use super::certificate::{CertificateError, Signatures, Subject};
use super::{Revocations, SerialRangeError};
use crate::wire::{Algorithm, KeyError, PublicKey};

pub use self::serial::SerialError;

/// The CA whose serials and key IDs a specification names: `-s` of `ssh-keygen -k`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ca {
    /// None was named, so serials and key IDs are refused.
    Unnamed,
    /// Every CA: `-s none`.
    Any,
    /// This CA.
    Key(PublicKey),
}

impl Ca {
    fn scope(&self) -> Result<Option<&PublicKey>, Fault> {
        match self {
            Self::Unnamed => Err(Fault::CaMissing),
            Self::Any => Ok(None),
            Self::Key(key) => Ok(Some(key)),
        }
    }
}

/// Adds what the specification `text` revokes to `revocations`.
///
/// # Errors
/// [`SpecError`], with the first line that `ssh-keygen` would refuse. The lines
/// before it are in `revocations` then.
pub fn revoke(text: &[u8], ca: &Ca, revocations: &mut Revocations) -> Result<(), SpecError> {
    // What follows the last line feed is a line only if there is any.
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let mut lines = Lines::new(ca, revocations);
    text.split(|byte| *byte == b'\n')
        .try_for_each(|line| lines.take(line))
}

/// Takes a specification line by line, so that a long one need not be held.
#[derive(Debug)]
pub struct Lines<'a> {
    ca: &'a Ca,
    revocations: &'a mut Revocations,
    taken: usize,
}

impl<'a> Lines<'a> {
    /// Lines that add to `revocations`.
    pub fn new(ca: &'a Ca, revocations: &'a mut Revocations) -> Self {
        Self {
            ca,
            revocations,
            taken: 0,
        }
    }

    /// Adds what the next line revokes, which comes without its line feed.
    ///
    /// # Errors
    /// [`SpecError`], if `ssh-keygen` would refuse it; nothing was added then.
    pub fn take(&mut self, line: &[u8]) -> Result<(), SpecError> {
        self.taken = self.taken.saturating_add(1);
        revoke_line(line, self.ca, self.revocations).map_err(|fault| SpecError {
            line: self.taken,
            fault,
        })
    }
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the specification")]
pub struct SpecError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub fault: Fault,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A serial or key ID means nothing without its CA.
    #[error("revoking by serial or key ID needs a CA")]
    CaMissing,
    /// No serial or range of serials.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// Serial 0, which no KRL can name.
    #[error(transparent)]
    Range(#[from] SerialRangeError),
    /// `hash:` takes fingerprints as in `SHA256:…` alone.
    #[error("a hash that is not SHA256:")]
    HashAlgorithm,
    /// A key or hash is not base64.
    #[error("invalid base64")]
    Base64,
    /// A fingerprint of the wrong length.
    #[error("a SHA-256 hash of {bytes} bytes, not 32")]
    HashLength {
        /// Its length.
        bytes: usize,
    },
    /// Neither a keyword, nor a key's algorithm and its base64 form.
    #[error("neither a keyword nor a key")]
    NoKey,
    /// The key or certificate cannot be read.
    #[error("invalid key")]
    Key(#[source] CertificateError),
    /// The algorithm before the key is not the key's.
    #[error("the line says {said}, the key is {found}")]
    OtherAlgorithm {
        /// The algorithm that the line starts with.
        said: &'static str,
        /// The algorithm in the key.
        found: &'static str,
    },
}

fn revoke_line(line: &[u8], ca: &Ca, revocations: &mut Revocations) -> Result<(), Fault> {
    let (keyword, content) = Keyword::split(trim(line));
    match keyword {
        Keyword::None if content.is_empty() => {}
        Keyword::None => revocations.revoke(&read_signed(content)?),
        Keyword::Serial => {
            let ca = ca.scope()?;
            revocations.revoke_serials(ca, serial::range(content)?);
        }
        Keyword::Id => {
            let ca = ca.scope()?;
            // A line ends at its first NUL.
            let key_id = CString::new(content).unwrap_or_default();
            revocations.revoke_key_id(ca, &key_id);
        }
        Keyword::Hash => revocations.revoke_sha256(read_hash(content)?),
        Keyword::Key => revocations.revoke_key(read_signed(content)?.key()),
        Keyword::Sha1 => revocations.revoke_sha1(read_signed(content)?.key().sha1()),
        Keyword::Sha256 => revocations.revoke_sha256(read_signed(content)?.key().sha256()),
    }
    Ok(())
}

/// What a line names its revocation by.
#[derive(Clone, Copy)]
enum Keyword {
    Serial,
    Id,
    Hash,
    Key,
    Sha1,
    Sha256,
    /// A key or certificate stands alone.
    None,
}

impl Keyword {
    /// The keyword of a trimmed line, and what follows it.
    fn split(line: &[u8]) -> (Self, &[u8]) {
        for (name, keyword) in Self::NAMES {
            if let Some((start, content)) = line.split_at_checked(name.len())
                && start.eq_ignore_ascii_case(name)
            {
                return (keyword, trim_start(content));
            }
        }
        (Self::None, line)
    }

    const NAMES: [(&[u8], Self); 6] = [
        (b"serial:", Self::Serial),
        (b"id:", Self::Id),
        (b"hash:", Self::Hash),
        (b"key:", Self::Key),
        (b"sha1:", Self::Sha1),
        (b"sha256:", Self::Sha256),
    ];
}

/// Drops a comment, and blanks at both ends. A NUL ends a line too, as in C.
fn trim(line: &[u8]) -> &[u8] {
    let ends = |byte: &u8| matches!(byte, b'#' | b'\0');
    let mut line = trim_start(line.split(ends).next().unwrap_or_default());
    while let [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

pub(super) fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

/// A key, or a certificate that its CA signed.
fn read_signed(text: &[u8]) -> Result<Subject, Fault> {
    Ok(read_key(text, Signatures::default())?.0)
}

/// Reads an algorithm and a base64 key, and gives the comment behind them.
pub(super) fn read_key(text: &[u8], signatures: Signatures) -> Result<(Subject, &[u8]), Fault> {
    let (name, rest) = split_word(text);
    let (base64, rest) = split_word(trim_start(rest));
    if base64.is_empty() {
        return Err(Fault::NoKey);
    }
    // An unknown name may be a misspelt keyword as well.
    let (algorithm, form, _) = Algorithm::named(name).map_err(|_: KeyError| Fault::NoKey)?;
    let blob = decode(base64.to_vec())?;
    let subject = Subject::from_blob(&blob, signatures).map_err(Fault::Key)?;
    let (said, found) = (algorithm.name(form), subject.algorithm());
    if said == found {
        Ok((subject, trim_start(rest)))
    } else {
        Err(Fault::OtherAlgorithm { said, found })
    }
}

/// Reads a fingerprint as `ssh-keygen -l` prints it.
fn read_hash(text: &[u8]) -> Result<[u8; 32], Fault> {
    let base64 = text.strip_prefix(b"SHA256:").ok_or(Fault::HashAlgorithm)?;
    let mut padded = base64.to_vec();
    while padded.len() % 4 != 0 {
        padded.push(b'=');
    }
    let hash = decode(padded)?;
    <[u8; 32]>::try_from(hash).map_err(|hash| Fault::HashLength { bytes: hash.len() })
}

/// Decodes padded base64. White space counts for nothing, as in `b64_pton`.
fn decode(mut base64: Vec<u8>) -> Result<Vec<u8>, Fault> {
    base64.retain(|byte| !matches!(byte, b' ' | b'\t'..=b'\r'));
    // The errors tell characters and length apart, which helps nobody here.
    let text = std::str::from_utf8(&base64).map_err(|_| Fault::Base64)?;
    Base64::decode_vec(text).map_err(|_| Fault::Base64)
}

/// A word up to a blank, and what follows it.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    text.split_at(text.iter().position(blank).unwrap_or(text.len()))
}
