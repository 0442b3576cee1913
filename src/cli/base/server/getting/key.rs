//! The key that is to be certified, and how it signs its request.

use ssh_key::public::KeyData;

use crate::cli::base::request::key::OwnKey;
use crate::client::place::NewKey;
use crate::request::{
    Challenge, Comment, Content, RequestFile, RoleName, SignRequestError, sign, sign_in_memory,
};
use crate::secret::AskPin;

/// The key that is to be certified.
pub(super) enum Key {
    New(NewKey),
    Own(OwnKey),
}

/// What a request says beside what was typed.
pub(super) struct Asks<'a> {
    pub(super) role: &'a RoleName,
    pub(super) ca: &'a KeyData,
    pub(super) comment: String,
    pub(super) requester: &'a str,
}

impl Key {
    pub(super) fn public(&self) -> KeyData {
        match self {
            Self::New(key) => KeyData::from(key.pair().public),
            Self::Own(own) => own.key.clone(),
        }
    }

    pub(super) fn comment(&self, of_new: &str) -> Comment {
        match self {
            Self::New(_) => Comment::lossy(of_new),
            Self::Own(own) => own.comment.clone(),
        }
    }

    pub(super) fn signed(
        &self,
        content: Content,
        challenge: Challenge,
        ca: &KeyData,
        pins: &mut dyn AskPin,
    ) -> Result<RequestFile, SignRequestError> {
        let content = Content {
            challenge: Some(challenge),
            ..content
        };
        match self {
            Self::Own(own) => sign(content, own.holder(pins), std::slice::from_ref(ca)),
            Self::New(key) => {
                let bytes = content.to_bytes()?;
                let signature = sign_in_memory(&bytes, RequestFile::NAMESPACE, key.pair())?;
                Ok(RequestFile::new(content, signature)?)
            }
        }
    }
}
