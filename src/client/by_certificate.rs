//! Logging in by a client certificate.
//!
//! It goes to the login alone: what the session is asked for later is shown by its token and its key.

use super::exchange::Shown;
use super::log_in::{LogInError, other_kind, token_path};
use super::{Exchange, KeptSession};
use crate::api::login::{CertificateShown, LoginBegun, NewLogin, SessionOpened};
use crate::api::path;
use crate::login::LoginKind;
use crate::login::dpop::SessionKey;

/// Logs in by a method of kind `tls`, by a way to the server on which a certificate is shown.
///
/// # Errors
/// [`LogInError`].
pub fn log_in_by_certificate(
    exchange: &mut Exchange,
    method: &str,
    key: &SessionKey,
) -> Result<KeptSession, LogInError> {
    let begun: LoginBegun = exchange.post(path::LOGINS, None, &NewLogin::by(method))?;
    if begun.kind != LoginKind::Tls.as_str() {
        return Err(other_kind(exchange, method, &begun));
    }
    let at = token_path(exchange, &begun)?;
    let shown_by = Some(Shown { key, token: None });
    let opened: Result<SessionOpened, _> = exchange.post(&at, shown_by, &CertificateShown {});
    let opened = opened.map_err(LogInError::ByCertificate)?;
    Ok(KeptSession::new(opened.token, key, opened.session))
}
