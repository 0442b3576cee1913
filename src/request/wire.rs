//! The bytes of a request's content: what its key signs.
//!
//! `docs/formats/request.md` has the fields. There is one encoding of a content, and
//! nothing else is read.

use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;

use ssh_encoding::{Decode, Encode};
use ssh_key::PublicKey;

use super::{Challenge, Content, Span, Target};
use crate::certificate::{Kind, OptionsAsked, Principals, Subject, Validity};

/// Why bytes are no content of a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// Larger than any.
    #[error("request of {bytes} bytes is larger than {LARGEST}")]
    TooLarge {
        /// How many bytes the request has.
        bytes: usize,
    },
    /// Something else, or of a version that is not known.
    #[error("not a request of version 1")]
    Version,
    /// Cut short, or not in the form of SSH's types.
    #[error("request is cut short or malformed")]
    Form(#[from] ssh_encoding::Error),
    /// A field that no request may have.
    #[error("{field} of the request")]
    Field {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A number that stands for nothing.
    #[error("{field} of the request is {value}, which stands for nothing")]
    Unknown {
        /// Which.
        field: &'static str,
        /// The number.
        value: u32,
    },
    /// A list with too many entries.
    #[error("{count} options are more than {MOST_OPTIONS}")]
    TooManyOptions {
        /// How many there are.
        count: usize,
    },
    /// The bytes are not the one encoding that this content has.
    #[error("request is not in its one encoding")]
    NotCanonical,
}

impl Content {
    /// The bytes that its key signs.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`], and the `options` that are none.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ContentError> {
        check_options(&self.options)?;
        let mut out = Vec::with_capacity(1024);
        MAGIC.encode(&mut out)?;
        self.subject.key().encode_prefixed(&mut out)?;
        self.comment.as_str().encode(&mut out)?;
        self.role.as_str().encode(&mut out)?;
        self.kind.code().encode(&mut out)?;
        text(self.principals.as_ref()).encode(&mut out)?;
        encode_validity(self.validity, &mut out)?;
        self.options.encode(&mut out)?;
        text(self.key_id.as_ref()).encode(&mut out)?;
        text(self.claimed.as_ref()).encode(&mut out)?;
        text(self.reason.as_ref()).encode(&mut out)?;
        self.created.encode(&mut out)?;
        self.id.encode(&mut out)?;
        self.target.as_bytes().encode(&mut out)?;
        let challenge = self.challenge.as_ref().map_or(&[][..], |c| c.as_slice());
        challenge.encode(&mut out)?;
        self.evidence.encode(&mut out)?;
        limit(&out)?;
        Ok(out)
    }

    /// Reads [`Self::to_bytes`] back.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContentError> {
        limit(bytes)?;
        let input = &mut &*bytes;
        if !matches!(Vec::<u8>::decode(input).as_deref(), Ok(MAGIC)) {
            return Err(ContentError::Version);
        }
        let subject = subject(&Vec::decode(input)?)?;
        let comment = parsed("comment", &String::decode(input)?)?;
        let role = parsed("role", &String::decode(input)?)?;
        let kind = kind(u32::decode(input)?)?;
        let content = Self {
            subject,
            comment,
            role,
            kind,
            principals: principals(&String::decode(input)?, kind)?,
            validity: decode_validity(input)?,
            options: Vec::decode(input)?,
            key_id: key_id(&String::decode(input)?)?,
            claimed: optional("requester", &String::decode(input)?)?,
            reason: optional("reason", &String::decode(input)?)?,
            created: u64::decode(input)?,
            id: Decode::decode(input)?,
            target: Target::from_bytes(Decode::decode(input)?),
            challenge: challenge(&Vec::decode(input)?)?,
            evidence: Vec::decode(input)?,
        };
        if content.to_bytes()? == bytes {
            Ok(content)
        } else {
            Err(ContentError::NotCanonical)
        }
    }
}

fn subject(blob: &[u8]) -> Result<Subject, ContentError> {
    let key = PublicKey::from_bytes(blob).map_err(field("key"))?;
    Subject::try_from(key.key_data().clone()).map_err(field("key"))
}

fn kind(code: u32) -> Result<Kind, ContentError> {
    [Kind::User, Kind::Host]
        .into_iter()
        .find(|kind| kind.code() == code)
        .ok_or(ContentError::Unknown {
            field: "kind",
            value: code,
        })
}

fn principals(list: &str, kind: Kind) -> Result<Option<Principals>, ContentError> {
    match list {
        "" => Ok(None),
        list => Principals::parse(list, kind)
            .map(Some)
            .map_err(field("list of principals")),
    }
}

fn key_id(text: &str) -> Result<Option<crate::certificate::KeyId>, ContentError> {
    match text {
        "" => Ok(None),
        text => crate::certificate::KeyId::parse(text)
            .map(Some)
            .map_err(field("key ID")),
    }
}

fn challenge(bytes: &[u8]) -> Result<Option<Challenge>, ContentError> {
    match bytes {
        [] => Ok(None),
        bytes => Challenge::try_from(bytes)
            .map(Some)
            .map_err(field("challenge")),
    }
}

/// The grammar of `ssh-keygen -O`, whatever may come of it.
fn check_options(options: &[String]) -> Result<(), ContentError> {
    if options.len() > MOST_OPTIONS {
        let count = options.len();
        return Err(ContentError::TooManyOptions { count });
    }
    match OptionsAsked::parse(options) {
        Ok(_) => Ok(()),
        Err(error) => Err(field("options")(error)),
    }
}

fn encode_validity(asked: Option<Span>, out: &mut Vec<u8>) -> Result<(), ssh_encoding::Error> {
    match asked {
        None => NO_VALIDITY.encode(out),
        Some(Span::Length(seconds)) => {
            LENGTH.encode(out)?;
            seconds.encode(out)
        }
        Some(Span::Interval(interval)) => {
            INTERVAL.encode(out)?;
            interval.valid_after().encode(out)?;
            interval.valid_before().encode(out)
        }
    }
}

fn decode_validity(input: &mut &[u8]) -> Result<Option<Span>, ContentError> {
    Ok(match u8::decode(input)? {
        NO_VALIDITY => None,
        LENGTH => Some(Span::Length(u64::decode(input)?)),
        INTERVAL => {
            let interval = Validity::new(u64::decode(input)?, u64::decode(input)?);
            Some(Span::Interval(interval.map_err(field("validity"))?))
        }
        form => {
            return Err(ContentError::Unknown {
                field: "validity",
                value: form.into(),
            });
        }
    })
}

fn parsed<T>(name: &'static str, text: &str) -> Result<T, ContentError>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    text.parse().map_err(field(name))
}

/// Nothing that can be asked is empty, so empty is what was not said.
fn optional<T>(name: &'static str, text: &str) -> Result<Option<T>, ContentError>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    match text {
        "" => Ok(None),
        text => parsed(name, text).map(Some),
    }
}

fn text(asked: Option<&impl Display>) -> String {
    asked.map(ToString::to_string).unwrap_or_default()
}

fn field<E: Error + Send + Sync + 'static>(field: &'static str) -> impl FnOnce(E) -> ContentError {
    move |source| ContentError::Field {
        field,
        source: Box::new(source),
    }
}

fn limit(bytes: &[u8]) -> Result<(), ContentError> {
    match bytes.len() {
        fits if fits <= LARGEST => Ok(()),
        bytes => Err(ContentError::TooLarge { bytes }),
    }
}

const MAGIC: &[u8] = b"punchmark-request-v1";
const NO_VALIDITY: u8 = 0;
const LENGTH: u8 = 1;
const INTERVAL: u8 = 2;
/// In bytes: evidence takes up to 64 KiB, and the rest is smaller.
pub(super) const LARGEST: usize = 96 * 1024;
const MOST_OPTIONS: usize = 64;
