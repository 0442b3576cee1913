//! Asking for a certificate, and believing it.

use serde_json::Value;
use ssh_key::public::KeyData;

use super::log_in::by;
use super::{Exchange, ExchangeError, KeptSession, NewReceipt, ReceiptsBefore};
use crate::api::about::Roles;
use crate::api::issue::{ChallengeMade, DeviceShown, Issued, RequestShown};
use crate::api::path;
use crate::certificate::Kind;
use crate::certificate::key_line::{KeyLineError, read_certificate_line};
use crate::config;
use crate::ledger::receipt::ReceiptError;
use crate::login::dpop::SessionKey;
use crate::request::{Challenge, RequestFile, challenge_from_hex};
use crate::wire::PublicKey;
use crate::wire::RawCertificate;
use crate::wire::verify::{SignatureError, verify_by_any};

/// A role that a session may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleOffered {
    /// Its name.
    pub name: String,
    /// Its CA's name.
    pub ca: String,
}

/// Who asks for what; the request answers a challenge of the session.
pub struct Order<'a> {
    /// The session.
    pub session: &'a KeptSession,
    /// Its key.
    pub key: &'a SessionKey,
    /// The key of the CA that is to sign.
    pub ca: &'a KeyData,
    /// The key that is to be certified.
    pub subject: &'a KeyData,
    /// What a receipt is held against.
    pub receipts: &'a ReceiptsBefore,
}

/// A certificate that was checked.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// The certificate.
    pub certificate: RawCertificate,
    /// Its line.
    pub line: String,
    /// What else the server says of it.
    pub issued: Issued,
    /// The receipt, checked; none where the server gives none.
    pub receipt: Option<NewReceipt>,
}

/// Why there is no certificate, or none that is believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError<E: std::error::Error + 'static> {
    /// The server said no, or nothing.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The request was not made.
    #[error(transparent)]
    Request(E),
    /// The request can't be written.
    #[error("the request cannot be encoded")]
    Encode(#[source] ssh_encoding::Error),
    /// The answer is no certificate.
    #[error("the server's answer is no certificate")]
    Line(#[from] KeyLineError),
    /// It is one, of something else.
    #[error("the server's certificate has another {0} than was asked for")]
    Other(&'static str),
    /// Its receipt shows something else than it should.
    #[error("the certificate is left alone, since its receipt is not believed")]
    Receipt(#[from] ReceiptError),
    /// It is not signed by the CA.
    #[error("the server's certificate is not signed by its CA")]
    Signature(#[from] SignatureError),
}

/// The roles that the server offers to a session.
///
/// # Errors
/// [`ExchangeError`].
pub fn roles(
    exchange: &mut Exchange,
    session: &KeptSession,
    key: &SessionKey,
) -> Result<Vec<RoleOffered>, ExchangeError> {
    let roles: Roles = exchange.read(path::ROLES, Some(by(session, key)))?;
    let offered = roles.roles.into_iter().filter_map(|role| {
        Some(RoleOffered {
            ca: role.table.get("ca").and_then(Value::as_str)?.to_owned(),
            name: role.role,
        })
    });
    Ok(offered.collect())
}

/// A request that was signed, and what a device says for the one in it.
pub struct Signed {
    /// The request.
    pub file: RequestFile,
    /// What an enrolled device says for its key's.
    pub device: Option<DeviceShown>,
}

/// Asks for a certificate: `request` makes the request that answers this challenge. One whose answer is lost
/// is sent once more, which costs no second serial.
///
/// # Errors
/// [`OrderError`].
pub fn order<E: std::error::Error + 'static>(
    exchange: &mut Exchange,
    order: &Order<'_>,
    request: impl FnOnce(Challenge) -> Result<Signed, E>,
) -> Result<Ordered, OrderError<E>> {
    let by = by(order.session, order.key);
    let made: ChallengeMade = exchange.post(path::CHALLENGES, Some(by), &serde_json::json!({}))?;
    let challenge = challenge_from_hex(&made.challenge);
    let challenge = challenge.ok_or_else(|| exchange.strange("a challenge that is none"))?;
    let signed = request(challenge).map_err(OrderError::Request)?;
    let shown = RequestShown {
        since: order.receipts.since(),
        request: signed.file.to_text().map_err(OrderError::Encode)?,
        device: signed.device,
    };
    let issued: Result<Issued, _> = exchange.post(path::CERTIFICATES, Some(by), &shown);
    let issued = match issued {
        Err(ExchangeError::Unreachable { .. }) => {
            exchange.post(path::CERTIFICATES, Some(by), &shown)?
        }
        answered => answered?,
    };
    let certificate = checked(&issued, order)?;
    let line = issued.certificate.trim().to_owned();
    let receipt = order.receipts.hold(&issued, &certificate, config::now())?;
    Ok(Ordered {
        certificate,
        line,
        issued,
        receipt,
    })
}

fn checked<E: std::error::Error + 'static>(
    issued: &Issued,
    order: &Order<'_>,
) -> Result<RawCertificate, OrderError<E>> {
    let (certificate, _comment) = read_certificate_line(&issued.certificate)?;
    if certificate.subject_key().as_ref() != Some(order.subject) {
        return Err(OrderError::Other("key"));
    }
    if certificate.kind() != Kind::User.code() {
        return Err(OrderError::Other("kind"));
    }
    if certificate.principals().is_empty() {
        return Err(OrderError::Other("list of principals"));
    }
    if certificate.serial() != issued.serial {
        return Err(OrderError::Other("serial"));
    }
    if certificate.signing_key().as_ref() != Some(order.ca) {
        return Err(OrderError::Other("CA"));
    }
    let ca = PublicKey::from_blob(certificate.ca_key());
    let ca = ca.map_err(|_form| OrderError::Other("CA"))?;
    verify_by_any(certificate.signed(), certificate.signature(), &ca)?;
    Ok(certificate)
}
