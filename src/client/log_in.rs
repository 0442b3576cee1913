//! Logging in, by an enrolled key or a password; and what a login is begun and answered with.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ssh_key::{LineEnding, SshSig};

use super::exchange::Shown;
use super::{Exchange, ExchangeError, KeptSession};
use crate::api::Secret;
use crate::api::login::{KeyShown, LoginBegun, NewLogin, PasswordShown, SessionOpened};
use crate::api::path;
use crate::login::LoginKind;
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
    /// The login at the provider opened nothing.
    #[error(transparent)]
    ByProvider(ExchangeError),
    /// The token of a program opened nothing.
    #[error(transparent)]
    ByToken(ExchangeError),
    /// The certificate that was shown opened nothing.
    #[error(transparent)]
    ByCertificate(ExchangeError),
    /// A method of another kind.
    #[error(
        "login method {method} of {server} is of kind {kind:?}, which is not what it said before, or none that this program knows"
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
    /// No browser could come back.
    #[error("the listener that a browser comes back to")]
    Loopback(#[source] std::io::Error),
    /// Nobody logged in in a browser.
    #[error("nobody logged in in a browser within ten minutes")]
    TooLate,
    /// What it made can't be written.
    #[error("the signature of the login")]
    Signature(#[source] ssh_key::Error),
}

/// What somebody logs in with.
pub enum LogInBy<'a> {
    /// Has the enrolled key sign the challenge.
    Key(&'a mut dyn FnMut(&KeyChallenge) -> Result<SshSig, SignRequestError>),
    /// A name and its password.
    Password {
        /// The name.
        name: &'a str,
        /// The password.
        password: Secret,
    },
}

/// Whether a name and a password are what a method of this kind takes.
#[must_use]
pub fn takes_password(kind: &str) -> bool {
    let kinds = [LoginKind::Password, LoginKind::Ldap];
    kinds.iter().any(|one| one.as_str() == kind)
}

/// Logs in by a method; what is opened belongs to the session's key.
///
/// # Errors
/// [`LogInError`].
pub fn log_in(
    exchange: &mut Exchange,
    method: &str,
    key: &SessionKey,
    by: LogInBy<'_>,
) -> Result<KeptSession, LogInError> {
    let begun: LoginBegun = exchange.post(path::LOGINS, None, &NewLogin::by(method))?;
    let is_meant = match by {
        LogInBy::Key(_) => begun.kind == LoginKind::Key.as_str(),
        LogInBy::Password { .. } => takes_password(&begun.kind),
    };
    if !is_meant {
        return Err(other_kind(exchange, method, &begun));
    }
    let token = token_path(exchange, &begun)?;
    let shown_by = Some(Shown { key, token: None });
    let opened: SessionOpened = match by {
        LogInBy::Key(sign) => {
            let signature = sign(&challenge(exchange, &begun, key)?)?;
            let signature = signature.to_pem(LineEnding::LF);
            let signature = signature.map_err(LogInError::Signature)?;
            exchange.post(&token, shown_by, &KeyShown { signature })?
        }
        LogInBy::Password { name, password } => {
            let name = name.to_owned();
            exchange.post(&token, shown_by, &PasswordShown { name, password })?
        }
    };
    Ok(KeptSession::new(opened.token, key, opened.session))
}

pub(super) fn other_kind(exchange: &Exchange, method: &str, begun: &LoginBegun) -> LogInError {
    LogInError::Kind {
        method: method.to_owned(),
        server: exchange.server().clone(),
        kind: begun
            .kind
            .chars()
            .filter(|char| !char.is_control())
            .collect(),
    }
}

/// Where the login is answered; its id becomes a part of a path.
pub(super) fn token_path(exchange: &Exchange, begun: &LoginBegun) -> Result<String, ExchangeError> {
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !begun.login.bytes().all(is_id) {
        return Err(exchange.strange("the id of the login"));
    }
    Ok(path::token(&begun.login))
}

fn challenge(
    exchange: &Exchange,
    begun: &LoginBegun,
    key: &SessionKey,
) -> Result<KeyChallenge, LogInError> {
    let challenge = begun.challenge.as_deref().unwrap_or_default();
    let challenge = Base64UrlUnpadded::decode_vec(challenge).ok();
    let challenge: Option<[u8; 32]> = challenge.and_then(|bytes| bytes.try_into().ok());
    let challenge = challenge.ok_or_else(|| exchange.strange("a challenge of another length"))?;
    Ok(KeyChallenge::new(
        &exchange.server().url(),
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
