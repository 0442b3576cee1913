//! The fields of any certificate as words, for people and for programs.
//!
//! What a hostile certificate says is escaped, so that printing it is safe.

use serde::Serialize;
use ssh_key::PublicKey;

use super::Kind;
use super::subject::{describe, fingerprint};
use super::text::escaped;
use super::validity::display::{instant, interval};
use crate::wire::RawCertificate;
use crate::wire::certificate::{OptionValue, RawOption};
use crate::wire::{Cursor, hex};

/// What a certificate says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Fields {
    /// Its type on the wire, such as `ssh-ed25519-cert-v01@openssh.com`.
    pub r#type: String,
    /// `user`, `host`, or the number that is neither.
    pub kind: String,
    /// Type and size of the certified key.
    pub algorithm: String,
    /// Fingerprint of the certified key.
    pub key: String,
    /// Type and size of the CA key.
    pub ca_algorithm: String,
    /// Fingerprint of the CA key.
    pub ca: String,
    /// The algorithm of the CA's signature; none before it is signed.
    pub signature: Option<String>,
    /// The key ID.
    pub key_id: String,
    /// The serial.
    pub serial: u64,
    /// The principals.
    pub principals: Vec<String>,
    /// First second of validity, in Unix seconds.
    pub valid_after: u64,
    /// First second after it, in Unix seconds.
    pub valid_before: u64,
    /// Both, as words.
    pub validity: String,
    /// The critical options.
    pub critical_options: Vec<OptionWords>,
    /// The extensions.
    pub extensions: Vec<OptionWords>,
}

/// An option and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OptionWords {
    /// The name of the option.
    pub name: String,
    /// Its value; none for a flag. Data of another form is in hexadecimal.
    pub value: Option<String>,
}

/// A key ID as it is printed, wherever one is: between quotes, escaped where it isn't plain.
pub fn key_id_in_quotes(key_id: &[u8]) -> String {
    quoted(&escaped(key_id))
}

fn quoted(escaped: &str) -> String {
    format!("\"{escaped}\"")
}

impl Fields {
    /// Its key ID, as [`key_id_in_quotes`] prints it.
    pub fn key_id_in_quotes(&self) -> String {
        quoted(&self.key_id)
    }

    /// What `certificate` says.
    #[must_use]
    pub fn of(certificate: &RawCertificate) -> Self {
        let (algorithm, key) = key_words(certificate.public_key());
        let (ca_algorithm, ca) = key_words(certificate.ca_key());
        let texts = |list: &[Vec<u8>]| list.iter().map(|text| escaped(text)).collect();
        Self {
            r#type: certificate.algorithm().to_owned(),
            kind: kind_words(certificate.kind()),
            algorithm,
            key,
            ca_algorithm,
            ca,
            signature: signature_algorithm(certificate.signature()),
            key_id: escaped(certificate.key_id()),
            serial: certificate.serial(),
            principals: texts(certificate.principals()),
            valid_after: certificate.valid_after(),
            valid_before: certificate.valid_before(),
            validity: interval(certificate.valid_after(), certificate.valid_before()),
            critical_options: certificate.critical().iter().map(option_words).collect(),
            extensions: certificate.extensions().iter().map(option_words).collect(),
        }
    }

    /// What the to-be-signed part of a certificate says; nothing if it is none.
    #[must_use]
    pub fn of_to_be_signed(bytes: &[u8]) -> Self {
        let certificate = RawCertificate::of_to_be_signed(bytes);
        certificate.map_or_else(|_| Self::default(), |raw| Self::of(&raw))
    }

    /// Whether this is the key ID. The field itself has it escaped, for printing.
    #[must_use]
    pub fn has_key_id(&self, key_id: &str) -> bool {
        self.key_id == escaped(key_id.as_bytes())
    }

    /// Whether this is among the principals.
    #[must_use]
    pub fn has_principal(&self, principal: &str) -> bool {
        self.principals.contains(&escaped(principal.as_bytes()))
    }

    /// Label and value of each field, in the order of `ssh-keygen -L`.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            (
                "type",
                format!("{} certificate ({})", self.kind, self.r#type),
            ),
            ("key", format!("{} {}", self.algorithm, self.key)),
            ("signed by", self.signed_by()),
            ("key ID", quoted(&self.key_id)),
            ("serial", self.serial.to_string()),
            ("valid", self.validity.clone()),
            ("principals", listed(&self.principals)),
        ];
        rows.push(("critical", listed_options(&self.critical_options)));
        rows.push(("extensions", listed_options(&self.extensions)));
        rows
    }

    fn signed_by(&self) -> String {
        match &self.signature {
            Some(signature) => format!("{} {} with {signature}", self.ca_algorithm, self.ca),
            None => format!("{} {}", self.ca_algorithm, self.ca),
        }
    }
}

/// A time in UTC, as `2026-11-22 09:55:07 UTC`.
#[must_use]
pub fn utc(seconds: u64) -> String {
    format!("{} UTC", instant(seconds))
}

fn listed(list: &[String]) -> String {
    match list {
        [] => "(none)".to_owned(),
        list => list.join(", "),
    }
}

fn listed_options(options: &[OptionWords]) -> String {
    let words: Vec<_> = options
        .iter()
        .map(|option| match &option.value {
            Some(value) => format!("{}={value}", option.name),
            None => option.name.clone(),
        })
        .collect();
    listed(&words)
}

fn option_words(option: &RawOption) -> OptionWords {
    OptionWords {
        name: escaped(option.name()),
        value: match option.value() {
            OptionValue::Flag => None,
            OptionValue::Value(value) => Some(escaped(value)),
            OptionValue::Opaque => Some(format!("0x{}", hex(option.data()))),
        },
    }
}

fn kind_words(kind: u32) -> String {
    match kind {
        1 => Kind::User.to_string(),
        2 => Kind::Host.to_string(),
        other => format!("type {other}"),
    }
}

fn key_words(blob: &[u8]) -> (String, String) {
    match PublicKey::from_bytes(blob) {
        Ok(key) => (describe(key.key_data()), fingerprint(key.key_data())),
        Err(_) => ("malformed key".to_owned(), String::new()),
    }
}

fn signature_algorithm(blob: &[u8]) -> Option<String> {
    Cursor::new(blob).string().ok().map(escaped)
}
