//! The entries of people who log in to a server, and what a reservation says of a server.

use ssh_encoding::{Decode, Encode, Reader};

use super::EntryError;

/// Somebody logged in to a server, and has a session from here on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginSeen {
    /// The name of the requester.
    pub name: String,
    /// The login method, as the config names it.
    pub method: String,
    /// The public key blob of the enrolled key that signed; empty where the server knew them by something else,
    /// a password.
    pub key: Vec<u8>,
    /// The session's own key: the SHA-256 thumbprint of RFC 7638.
    pub session_key: [u8; 32],
    /// The first second in which the session is over, in Unix seconds.
    pub until: u64,
    /// The server, by the URL that its sessions are bound to.
    pub server: String,
    /// The address that it was asked from.
    pub peer: String,
    /// The account of the server, by the system's word.
    pub keyboard: String,
}

/// Somebody whom an identity provider knows became a requester, or is one no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginBound {
    /// The name of the requester.
    pub name: String,
    /// The provider, by its URL.
    pub issuer: String,
    /// Whom the provider means, for good.
    pub subject: String,
    /// What became of it.
    pub became: Binding,
    /// Who was at the keyboard, by the system's word: at a first login, the account of the server.
    pub keyboard: String,
}

/// How somebody was bound to a name, or that they are no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// They logged in for the first time, and the name was nobody's.
    FirstLogin,
    /// An admin said whose the name is.
    ByAdmin,
    /// An admin ended it.
    Ended,
}

/// The way by which a server was asked for what it reserved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// The position of the [`LoginSeen`] entry of the session.
    pub login: u64,
    /// The server, by the URL that its sessions are bound to.
    pub server: String,
    /// The address that it was asked from.
    pub peer: String,
    /// The server's own challenge that the request answered, which no entry made.
    pub challenge: [u8; 32],
}

impl Served {
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        FRONT.encode(out)?;
        self.login.encode(out)?;
        self.server.encode(out)?;
        self.peer.encode(out)?;
        Ok(self.challenge.encode(out)?)
    }

    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        match u8::decode(input)? {
            FRONT => {}
            value => {
                let field = "front";
                return Err(EntryError::Unknown { field, value });
            }
        }
        Ok(Self {
            login: u64::decode(input)?,
            server: String::decode(input)?,
            peer: String::decode(input)?,
            challenge: Decode::decode(input)?,
        })
    }
}

codes!(Binding, "binding", FirstLogin = 1, ByAdmin = 2, Ended = 3);

wire!(LoginBound: name, issuer, subject, became, keyboard);
wire!(LoginSeen: name, method, key, session_key, until, server, peer, keyboard);

/// A service over HTTP; another front that takes requests from others gets another number.
const FRONT: u8 = 1;
