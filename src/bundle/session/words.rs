//! A certificate in the words of a bundle's table: what was decided, and what came of it, say the same.

use crate::certificate::explain::key_id_in_quotes;
use crate::certificate::{Body, Validity};
use crate::wire::RawCertificate;
use crate::wire::certificate::{OptionValue, RawOption};

/// What a row of the table says of a certificate; how its requester is known stands between the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateWords {
    /// Its principals.
    pub principals: String,
    /// Its key ID, options and times.
    pub rest: String,
}

impl CertificateWords {
    /// Of what was decided.
    pub(super) fn of_body(body: &Body) -> Self {
        let critical = body.options.critical().iter();
        let critical = critical.map(|(name, value)| option(name, value));
        let allowed = body.options.extensions().keys().cloned();
        let rest = (body.key_id.as_str().as_bytes(), &body.validity);
        Self {
            principals: body.principals.to_string(),
            rest: words(rest, critical.chain(allowed).collect()),
        }
    }

    /// Of a certificate; none where it says what no decision of a bundle says.
    #[must_use]
    pub fn of_certificate(certificate: &RawCertificate) -> Option<Self> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let principals = certificate.principals().iter().map(|one| text(one));
        let principals: Option<Vec<_>> = principals.collect();
        let critical = certificate.critical().iter().map(critical);
        let allowed = certificate.extensions().iter().map(|one| text(one.name()));
        let options: Option<Vec<_>> = critical.chain(allowed).collect();
        let validity = Validity::new(certificate.valid_after(), certificate.valid_before());
        Some(Self {
            principals: principals?.join(","),
            rest: words((certificate.key_id(), &validity.ok()?), options?),
        })
    }
}

fn critical(one: &RawOption) -> Option<String> {
    let name = String::from_utf8(one.name().to_vec()).ok()?;
    match one.value() {
        OptionValue::Flag => Some(name),
        OptionValue::Value(value) => Some(option(&name, std::str::from_utf8(value).ok()?)),
        OptionValue::Opaque => None,
    }
}

/// An option that binds whoever has the certificate, with what it binds to.
fn option(name: &str, value: &str) -> String {
    if value.is_empty() {
        return name.to_owned();
    }
    format!("{name}={}", key_id_in_quotes(value.as_bytes()))
}

fn words((key_id, validity): (&[u8], &Validity), options: Vec<String>) -> String {
    let options = if options.is_empty() {
        "no options".to_owned()
    } else {
        options.join(", ")
    };
    format!(
        "key ID {}; {options}; valid {validity}",
        key_id_in_quotes(key_id)
    )
}
