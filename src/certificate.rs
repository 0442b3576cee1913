//! What a certificate says: [`Body`], and the types its fields are made of.
//!
//! The second step of the way of a request. Every field is parsed once, at the edge, into a
//! type that cannot hold a wrong value; nothing here reads a file, a clock or a token.
//!
//! - [`Body::to_be_signed`] gives the one message that a CA key may sign;
//! - [`verify()`] reads the signed certificate back and compares it with the body;
//! - [`alarm`] says what is alarming about it;
//! - [`key_line`] reads the line of an OpenSSH public key file.

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::key_id::{KeyId, KeyIdError};
pub use self::line::certificate_line;
pub use self::options::{OptionError, Options, OptionsAsked, Place};
pub use self::principal::{Principal, PrincipalError, Principals};
pub use self::serial::{Serial, SerialError};
pub use self::subject::{Subject, SubjectError};
pub(crate) use self::text::is_plain;
pub use self::to_be_signed::{EncodeError, ToBeSigned};
pub use self::trial::tried;
pub use self::validity::{Validity, ValidityError, length, length_in_seconds};
pub use self::verify::{Certificate, VerifyError, verify};

pub mod alarm;
pub mod explain;
mod key_id;
pub mod key_line;
mod line;
mod options;
mod principal;
mod serial;
pub mod subject;
#[cfg(test)]
mod tests;
mod text;
mod to_be_signed;
mod trial;
mod validity;
mod verify;

/// All that a certificate says before serial, nonce, CA key and signature.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Body {
    /// Whether it names users or hosts.
    pub kind: Kind,
    /// The key that is certified.
    #[serde(serialize_with = "subject::as_fingerprint")]
    pub subject: Subject,
    /// The free text that servers log with each use.
    pub key_id: KeyId,
    /// The names it is valid for.
    pub principals: Principals,
    /// When it is valid.
    pub validity: Validity,
    /// The critical options and extensions.
    pub options: Options,
}

/// Whether a certificate is for users or for hosts.
///
/// PROTOCOL.certkeys, field "type".
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Names users; a server believes it.
    User,
    /// Names hosts; a client believes it.
    Host,
}

impl Kind {
    /// The number on the wire: 1 or 2.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::User => 1,
            Self::Host => 2,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Host => "host",
        })
    }
}
