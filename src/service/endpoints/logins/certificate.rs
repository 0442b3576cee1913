//! A client certificate, which was shown on the connection of the login.

use rustls::{CertificateError, Error};

use super::{Opener, no_login};
use crate::api::login::CertificateShown;
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::authorities::NotCertified;
use crate::service::logins::Begun;
use crate::service::problem::{ProblemKind, Refused};
use crate::wire::chain;

/// Whose certificate it is.
///
/// # Errors
/// [`Refused`].
pub(super) fn opener(service: &Service, asked: &Asked, begun: &Begun) -> Result<Opener, Refused> {
    let CertificateShown {} = asked.json()?;
    let method = &begun.method.name;
    let authority = service.authorities.of(method).ok_or_else(no_login)?;
    let shown = asked.shown.as_ref();
    let shown = shown.ok_or_else(|| refused(&NotCertified::Nothing))?;
    let person = authority.person(shown, service.now());
    let person = person.map_err(|error| refused(&error))?;
    service.named_by_certificate(method, person)
}

fn refused(error: &NotCertified) -> Refused {
    match error {
        NotCertified::Nothing => Refused::new(ProblemKind::Login, NOTHING),
        NotCertified::Certificate(_) | NotCertified::CaOver => {
            Refused::new(ProblemKind::LoginRefused, chain(error))
        }
        NotCertified::Lists { .. } => away(error),
        NotCertified::Chain(source) => match source {
            Error::InvalidCertificate(certificate) => in_words(certificate, error),
            Error::InvalidCertRevocationList(_) => away(error),
            _ => Refused::new(ProblemKind::LoginRefused, chain(error)),
        },
    }
}

/// What whoever logs in can do something about, in our words.
fn in_words(found: &CertificateError, error: &NotCertified) -> Refused {
    let words = match found {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => OTHER_CA,
        CertificateError::Revoked => REVOKED,
        CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. }
        | CertificateError::UnknownRevocationStatus => return away(error),
        _ => return Refused::new(ProblemKind::LoginRefused, chain(error)),
    };
    Refused::new(ProblemKind::LoginRefused, words).noting(chain(error))
}

fn away(error: &NotCertified) -> Refused {
    Refused::away(AWAY, error).retry_after(60)
}

const NOTHING: &str =
    "no client certificate was shown in TLS: name one, with its key, to the program that logs in";
const OTHER_CA: &str = "the client certificate is not by the client CA of this login method, or certificates between the two were not sent along";
const REVOKED: &str = "the client certificate is revoked";
const AWAY: &str = "whether the client certificate is revoked can't be known now; the server's log says why, and somebody who runs it can tell";
