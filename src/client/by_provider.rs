//! Logging in at the provider that the server asks: by a browser here, or by a code that is typed in one
//! elsewhere.
//!
//! The server is the provider's client, and this program the server's: it never sees a token, a code or a
//! password of the provider's. What opens the session is a verifier, which stays here, and whose hash went
//! along with the question (RFC 7636, S256).

use std::thread;
use std::time::{Duration, Instant};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};

use super::exchange::Shown;
use super::log_in::{LogInError, other_kind, token_path};
use super::loopback::{Back, Loopback};
use super::{Exchange, ExchangeError, KeptSession};
use crate::api::Secret;
use crate::api::login::{LoginBegun, NewLogin, ProviderShown, SessionOpened};
use crate::api::path;
use crate::login::LoginKind;
use crate::login::dpop::SessionKey;

/// Where the person is who logs in.
pub enum Browser<'b> {
    /// At this machine: is told the page to open.
    Here(&'b mut dyn FnMut(&str)),
    /// Elsewhere: is told the page to open, and the code to type there.
    Elsewhere {
        /// What this machine is called, which the page shows.
        host: &'b str,
        /// Tells the person page and code.
        tell: &'b mut dyn FnMut(&str, &str),
    },
}

/// Logs in by a method of kind `oidc`, within ten minutes.
///
/// # Errors
/// [`LogInError`]; a login that began at the server ends there by itself.
pub fn log_in_by_provider(
    exchange: &mut Exchange,
    method: &str,
    key: &SessionKey,
    browser: Browser<'_>,
) -> Result<KeptSession, LogInError> {
    let verifier = random()?;
    let asked = NewLogin {
        challenge: Some(s256(&verifier)),
        ..NewLogin::by(method)
    };
    let opened = match browser {
        Browser::Here(open) => here(exchange, key, (asked, &verifier), open)?,
        Browser::Elsewhere { host, tell } => {
            let asked = NewLogin {
                host: Some(host.to_owned()),
                ..asked
            };
            elsewhere(exchange, key, (asked, &verifier), tell)?
        }
    };
    Ok(KeptSession::new(opened.token, key, opened.session))
}

/// The browser comes back to a listener of ours with a code.
fn here(
    exchange: &mut Exchange,
    key: &SessionKey,
    (asked, verifier): (NewLogin, &Secret),
    open: &mut dyn FnMut(&str),
) -> Result<SessionOpened, LogInError> {
    let state = random()?;
    let loopback = Loopback::listen(state.expose()).map_err(LogInError::Loopback)?;
    let asked = NewLogin {
        way: Some("browser".to_owned()),
        redirect: Some(loopback.redirect()),
        state: Some(state.expose().to_owned()),
        ..asked
    };
    let begun = begin(exchange, &asked)?;
    open(&page(exchange, &begun)?);
    let back = loopback.wait(PATIENCE).map_err(LogInError::Loopback)?;
    let code = match back.ok_or(LogInError::TooLate)? {
        Back::Code(code) => Some(code),
        // The server says why to whoever has the verifier.
        Back::Refused => None,
    };
    let shown = ProviderShown {
        code,
        verifier: verifier.clone(),
    };
    show(exchange, key, &begun, &shown).map_err(LogInError::ByProvider)
}

/// The server is asked until the code was typed.
fn elsewhere(
    exchange: &mut Exchange,
    key: &SessionKey,
    (asked, verifier): (NewLogin, &Secret),
    tell: &mut dyn FnMut(&str, &str),
) -> Result<SessionOpened, LogInError> {
    let asked = NewLogin {
        way: Some("code".to_owned()),
        ..asked
    };
    let begun = begin(exchange, &asked)?;
    let code = begun.code.as_deref().filter(|code| is_code(code));
    let code = code.ok_or_else(|| exchange.strange("a code that nobody could type"))?;
    tell(&page(exchange, &begun)?, code);
    let shown = ProviderShown {
        code: None,
        verifier: verifier.clone(),
    };
    let started = Instant::now();
    let mut in_vain = 0;
    while started.elapsed() < PATIENCE {
        in_vain = match show(exchange, key, &begun, &shown) {
            Err(error) if error.is_pending() => 0,
            // Whoever types a code meanwhile need not begin again.
            Err(error) if error.is_passing() && in_vain < IN_VAIN_MAX => in_vain + 1,
            opened => return opened.map_err(LogInError::ByProvider),
        };
        thread::sleep(BETWEEN);
    }
    Err(LogInError::TooLate)
}

fn begin(exchange: &mut Exchange, asked: &NewLogin) -> Result<LoginBegun, LogInError> {
    let begun: LoginBegun = exchange.post(path::LOGINS, None, asked)?;
    if begun.kind == LoginKind::Oidc.as_str() {
        Ok(begun)
    } else {
        Err(other_kind(exchange, &asked.method, &begun))
    }
}

fn show(
    exchange: &mut Exchange,
    key: &SessionKey,
    begun: &LoginBegun,
    shown: &ProviderShown,
) -> Result<SessionOpened, ExchangeError> {
    let token = token_path(exchange, begun)?;
    exchange.post(&token, Some(Shown { key, token: None }), shown)
}

/// The server's own page of this login: a browser is led nowhere else.
fn page(exchange: &Exchange, begun: &LoginBegun) -> Result<String, ExchangeError> {
    token_path(exchange, begun)?;
    let page = format!("{}/login/{}", exchange.server().url(), begun.login);
    if begun.open.as_deref() == Some(page.as_str()) {
        Ok(page)
    } else {
        Err(exchange.strange("a page of the login that is not its own"))
    }
}

/// `ABCD-EFGH`
fn is_code(code: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    (4..=CODE_MAX).contains(&code.len()) && code.bytes().all(is_sign)
}

/// 32 random bytes in unpadded Base64 for URLs.
fn random() -> Result<Secret, ExchangeError> {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(ExchangeError::Random)?;
    Ok(Secret::new(Base64UrlUnpadded::encode_string(&*bytes)))
}

fn s256(verifier: &Secret) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(verifier.expose()))
}

/// As long as the server's own patience.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two questions, as the server asks for.
const BETWEEN: Duration = Duration::from_secs(2);
const CODE_MAX: usize = 16;
/// Questions behind one another that a server doesn't answer.
const IN_VAIN_MAX: u32 = 5;
