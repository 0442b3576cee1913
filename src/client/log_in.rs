//! Logging in by an enrolled key.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ssh_key::{LineEnding, SshSig};

use super::exchange::Shown;
use super::{Exchange, ExchangeError, KeptSession};
use crate::api::login::{KeyShown, LoginBegun, NewLogin, SessionOpened};
use crate::api::path;
use crate::login::dpop::SessionKey;
use crate::login::key::{KeyChallenge, KeyChallengeError};
use crate::request::SignRequestError;

/// Why nobody was logged in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogInError {
    /// The server said no, or nothing.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// A method of another kind.
    #[error(
        "login method {method} of {server} is of kind {kind:?}, which this program doesn't know"
    )]
    Kind {
        /// Which method.
        method: String,
        /// Of which server.
        server: super::ServerAddress,
        /// What kind it is.
        kind: String,
    },
    /// The server's challenge is none.
    #[error(transparent)]
    Challenge(#[from] KeyChallengeError),
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignRequestError),
    /// What it made can't be written.
    #[error("the signature of the login")]
    Signature(#[source] ssh_key::Error),
}

/// Logs in by a method of kind `key`: `sign` has the enrolled key sign the challenge, and what is opened
/// belongs to the session's key.
///
/// # Errors
/// [`LogInError`].
pub fn log_in(
    exchange: &mut Exchange,
    method: &str,
    key: &SessionKey,
    sign: &mut dyn FnMut(&KeyChallenge) -> Result<SshSig, SignRequestError>,
) -> Result<KeptSession, LogInError> {
    let asked = NewLogin {
        method: method.to_owned(),
    };
    let begun: LoginBegun = exchange.post(path::LOGINS, None, &asked)?;
    let challenge = challenge(exchange, method, &begun, key)?;
    let signature = sign(&challenge)?;
    let signature = signature.to_pem(LineEnding::LF);
    let shown = KeyShown {
        signature: signature.map_err(LogInError::Signature)?,
    };
    let by = Shown { key, token: None };
    let opened: SessionOpened = exchange.post(&path::token(&begun.login), Some(by), &shown)?;
    Ok(KeptSession::new(opened.token, key, opened.session))
}

fn challenge(
    exchange: &Exchange,
    method: &str,
    begun: &LoginBegun,
    key: &SessionKey,
) -> Result<KeyChallenge, LogInError> {
    let server = exchange.server();
    if begun.kind != "key" {
        return Err(LogInError::Kind {
            method: method.to_owned(),
            server: server.clone(),
            kind: begun
                .kind
                .chars()
                .filter(|char| !char.is_control())
                .collect(),
        });
    }
    let challenge = begun.challenge.as_deref().unwrap_or_default();
    let challenge = Base64UrlUnpadded::decode_vec(challenge).ok();
    let challenge: Option<[u8; 32]> = challenge.and_then(|bytes| bytes.try_into().ok());
    let challenge = challenge.ok_or_else(|| exchange.strange("a challenge of another length"))?;
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !begun.login.bytes().all(is_id) {
        return Err(exchange.strange("the id of the login").into());
    }
    Ok(KeyChallenge::new(
        &server.url(),
        &begun.login,
        &challenge,
        &key.thumbprint(),
    )?)
}

impl Exchange {
    /// What the server says of a session now.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub fn look_at(
        &mut self,
        kept: &KeptSession,
        key: &SessionKey,
    ) -> Result<crate::api::login::Session, ExchangeError> {
        self.read(path::SESSION, Some(by(kept, key)))
    }

    /// Ends a session at the server.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub fn end(&mut self, kept: &KeptSession, key: &SessionKey) -> Result<(), ExchangeError> {
        self.delete(path::SESSION, by(kept, key))
    }
}

pub(super) fn by<'a>(kept: &'a KeptSession, key: &'a SessionKey) -> Shown<'a> {
    Shown {
        key,
        token: Some(&kept.token),
    }
}
