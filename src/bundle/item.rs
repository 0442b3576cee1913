//! One item of a bundle: what is asked for a key, and where its certificate goes.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use ssh_encoding::{Decode, Encode};

use super::ItemError;
use crate::request::{Content, RequestFile};

/// What is asked for one key.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where the certificate goes on the side that made the bundle.
    pub place: PathBuf,
    /// What is asked.
    pub wish: Wish,
}

/// How it is asked.
#[derive(Clone, Debug)]
pub enum Wish {
    /// By a request, which its key signed.
    Request(Box<RequestFile>),
    /// By the registrar, for a key that signed nothing; `claimed` is the name that the registrar
    /// gives.
    Key(Box<Content>),
}

impl Item {
    /// All that is asked, whoever said it.
    #[must_use]
    pub fn content(&self) -> &Content {
        match &self.wish {
            Wish::Request(file) => file.content(),
            Wish::Key(content) => content,
        }
    }

    /// The bytes of an item, as they stand behind their length.
    ///
    /// # Errors
    /// [`ItemError`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, ItemError> {
        let mut out = Vec::with_capacity(1024);
        let (kind, bytes) = match &self.wish {
            Wish::Request(file) => (REQUEST, file.to_bytes()?),
            Wish::Key(content) => (KEY, content.to_bytes()?),
        };
        kind.encode(&mut out)?;
        self.place.as_os_str().as_bytes().encode(&mut out)?;
        bytes.encode(&mut out)?;
        Ok(out)
    }

    /// Reads [`Self::to_bytes`] back.
    ///
    /// # Errors
    /// [`ItemError`].
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, ItemError> {
        let input = &mut bytes;
        let kind = u8::decode(input).map_err(|_form| ItemError::Form)?;
        let mut string = || Vec::<u8>::decode(input).map_err(|_form| ItemError::Form);
        let (place, wish) = (string()?, string()?);
        if !bytes.is_empty() {
            return Err(ItemError::Form);
        }
        if place.is_empty() || place.len() > LONGEST_PATH || place.contains(&0) {
            return Err(ItemError::Place);
        }
        let wish = match kind {
            REQUEST => Wish::Request(Box::new(RequestFile::from_bytes(&wish)?)),
            KEY => Wish::Key(Box::new(plain(Content::from_bytes(&wish)?)?)),
            kind => return Err(ItemError::Kind(kind)),
        };
        let place = OsString::from_vec(place).into();
        Ok(Self { place, wish })
    }
}

/// A plain key brings no proof, and its registrar says whose it is.
fn plain(content: Content) -> Result<Content, ItemError> {
    if !content.evidence.is_empty() || content.challenge.is_some() {
        return Err(ItemError::Form);
    }
    match content.claimed {
        Some(_) => Ok(content),
        None => Err(ItemError::Nobody),
    }
}

const REQUEST: u8 = 1;
const KEY: u8 = 2;
/// `PATH_MAX` of Linux.
const LONGEST_PATH: usize = 4096;
