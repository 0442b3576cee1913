//! A request as a file: content, and the signature of the key that it is about.

use ssh_encoding::{Decode, Encode};
use ssh_key::{HashAlg, SshSig};

use super::Content;
use super::wire::{self, ContentError};
use crate::wire::armour::{self, ArmourError};
use crate::wire::verify::{SecurityKeyUse, SignatureError, verify_possession};

/// A request file, read and not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFile {
    content: Content,
    signed: Vec<u8>,
    signature: SshSig,
}

/// Why a text is no request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFileError {
    /// Longer than any.
    #[error("request file of {bytes} bytes is longer than {LONGEST_TEXT}")]
    TooLong {
        /// How many bytes the file has.
        bytes: usize,
    },
    /// There is no block of ours in it.
    #[error(transparent)]
    Armour(#[from] ArmourError),
    /// Several in one file.
    #[error("{0} requests in one file")]
    Several(usize),
    /// The block is cut short, or there is something behind its end.
    #[error("request is cut short, or something stands behind it")]
    Form,
    /// What it says can't be read.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The signature of the request can't be read.
    #[error("signature of the request")]
    Signature(#[source] ssh_key::Error),
    /// The signature has another encoding, which is the right one.
    #[error("signature of the request is not in its one encoding")]
    NotCanonical,
}

/// Why the requester has not shown to hold the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PossessionError {
    /// Somebody else's signature.
    #[error("the request is signed by another key")]
    OtherKey,
    /// A signature that was made for something else.
    #[error("the signature is for {0:?}, not for a request")]
    Namespace(String),
    /// A form that nobody makes.
    #[error("the signature is not in the form that ssh-keygen makes")]
    Form,
    /// It is not the key's signature of this request.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl RequestFile {
    /// Content and what its key made of [`Content::to_bytes`] in [`Self::NAMESPACE`].
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn new(content: Content, signature: SshSig) -> Result<Self, ContentError> {
        let signed = content.to_bytes()?;
        Ok(Self {
            content,
            signed,
            signature,
        })
    }

    /// What it says, which nobody has to believe.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    pub(super) fn into_content(self) -> Content {
        self.content
    }

    /// Checks that the key of the request signed all of it. A security key's signature also
    /// says how it was used.
    ///
    /// # Errors
    /// [`PossessionError`].
    pub fn possession(&self) -> Result<Option<SecurityKeyUse>, PossessionError> {
        let signature = &self.signature;
        let key = self.content.subject.key();
        if signature.public_key() != key {
            return Err(PossessionError::OtherKey);
        }
        if signature.namespace() != Self::NAMESPACE {
            let namespace = signature.namespace().chars().take(64).collect();
            return Err(PossessionError::Namespace(namespace));
        }
        if signature.version() != SshSig::VERSION || !signature.reserved().is_empty() {
            return Err(PossessionError::Form);
        }
        let hash = signature.hash_alg();
        let message = SshSig::signed_data(Self::NAMESPACE, hash, &self.signed)
            .map_err(|_never| PossessionError::Form)?;
        Ok(verify_possession(&message, signature.signature(), key)?)
    }

    /// Reads the one block of [`Self::to_text`] in a file. What stands around it is passed
    /// over, whatever its encoding, and what mail does to a block is undone.
    ///
    /// # Errors
    /// [`RequestFileError`].
    pub fn from_text<T: AsRef<[u8]> + ?Sized>(file: &T) -> Result<Self, RequestFileError> {
        let file = file.as_ref();
        if file.len() > LONGEST_TEXT {
            return Err(RequestFileError::TooLong { bytes: file.len() });
        }
        match armour::blocks(file, LABEL)?.as_slice() {
            [one] => Self::from_bytes(one),
            several => Err(RequestFileError::Several(several.len())),
        }
    }

    /// Whether a file has a line that begins a request.
    #[must_use]
    pub fn begins<T: AsRef<[u8]> + ?Sized>(file: &T) -> bool {
        armour::begins(file.as_ref(), LABEL)
    }

    /// A block of text that survives mail.
    ///
    /// # Errors
    /// [`ssh_encoding::Error`] if a part is longer than the wire allows.
    pub fn to_text(&self) -> Result<String, ssh_encoding::Error> {
        Ok(armour::armoured(LABEL, &self.to_bytes()?))
    }

    /// Reads [`Self::to_bytes`] back.
    ///
    /// # Errors
    /// [`RequestFileError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RequestFileError> {
        let mut input = bytes;
        let mut string = || Vec::<u8>::decode(&mut input).map_err(|_form| RequestFileError::Form);
        let (signed, signature) = (string()?, string()?);
        if !input.is_empty() {
            return Err(RequestFileError::Form);
        }
        let content = Content::from_bytes(&signed)?;
        let file = Self {
            content,
            signed,
            signature: read_signature(&signature)?,
        };
        Ok(file)
    }

    /// The content, then its signature as an SSHSIG blob (PROTOCOL.sshsig); both as strings.
    ///
    /// # Errors
    /// For the same reasons as [`Self::to_text`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, ssh_encoding::Error> {
        let mut out = Vec::new();
        self.signed.encode(&mut out)?;
        self.signature.encode_prefixed(&mut out)?;
        Ok(out)
    }

    /// What an SSHSIG says it is for: `ssh-keygen -Y sign -n request@punchmark`.
    pub const NAMESPACE: &'static str = "request@punchmark";
    /// The hash within such a signature, which ssh-keygen takes where nobody says otherwise.
    pub const HASH: HashAlg = HashAlg::Sha512;
}

fn read_signature(mut bytes: &[u8]) -> Result<SshSig, RequestFileError> {
    let all = bytes;
    let signature = SshSig::decode(&mut bytes).map_err(RequestFileError::Signature)?;
    if signature.encode_vec().as_deref() == Ok(all) {
        Ok(signature)
    } else {
        Err(RequestFileError::NotCanonical)
    }
}

const LABEL: &str = "PUNCHMARK REQUEST";
/// The largest content and signature in Base64, and some words around.
const LONGEST_TEXT: usize = 2 * wire::LARGEST;
