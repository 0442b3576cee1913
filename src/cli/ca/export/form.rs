//! The forms in which CAs' public keys go out.

use base64ct::{Base64, Encoding};
use clap::ValueEnum;
use serde_json::{Value, json};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::known::Known;
use super::patterns::HostPatterns;
use crate::ca;
use crate::certificate::subject::{describe, fingerprint};
use crate::cli::base::failure::{At, Failure};
use crate::ledger::Purpose;

/// A form of a public key, as others read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// A line each, as in users.pub
    #[default]
    Ssh,
    /// SubjectPublicKeyInfo in PEM, one after the other
    Pem,
    /// SubjectPublicKeyInfo in DER, of one CA
    Der,
    /// A JSON Web Key; of several CAs a key set
    Jwk,
    /// The file that TrustedUserCAKeys of sshd_config names
    TrustedUserCaKeys,
    /// Lines of known_hosts: @cert-authority, or @revoked for a key that was revoked
    KnownHosts,
}

/// What goes out.
pub(super) enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

impl Content {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The text; of bytes their base64.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Bytes(bytes) => Base64::encode_string(bytes),
        }
    }
}

impl Form {
    /// What `--format` calls it.
    pub(super) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// These CAs in this form, none left out.
    pub(super) fn content(self, all: &[Known], hosts: &HostPatterns) -> Result<Content, Failure> {
        let each = |form: fn(&Known) -> Result<String, Failure>| {
            let texts = all.iter().map(form);
            texts.collect::<Result<String, _>>().map(Content::Text)
        };
        match self {
            Self::Ssh => each(ssh),
            Self::Pem => each(|known| Ok(ca::pem(known.ca.public_key())?)),
            Self::Der => der(all),
            Self::Jwk => jwk(all),
            Self::TrustedUserCaKeys => each(trusted_user_ca_key),
            Self::KnownHosts => {
                let lines = all.iter().map(|known| known_host(known, hosts));
                lines.collect::<Result<String, _>>().map(Content::Text)
            }
        }
    }
}

fn ssh(known: &Known) -> Result<String, Failure> {
    line(known.ca.public_key(), known.ca.name())
}

/// A line of a file in OpenSSH's form, whose comment is the CA's name.
fn line(key: &KeyData, name: &str) -> Result<String, Failure> {
    let line = PublicKey::new(key.clone(), name).to_openssh()?;
    Ok(format!("{line}\n"))
}

fn der(all: &[Known]) -> Result<Content, Failure> {
    let [known] = all else {
        let failure = Failure::usage("DER holds one key, and several CAs are named");
        return Err(failure.hint("name one CA, or take --format pem"));
    };
    Ok(Content::Bytes(ca::der(known.ca.public_key())?))
}

fn jwk(all: &[Known]) -> Result<Content, Failure> {
    let keys = all.iter().map(|known| ca::jwk(known.ca.public_key()));
    let mut keys: Vec<Value> = keys.collect::<Result<_, _>>()?;
    let value = match keys.pop() {
        Some(only) if keys.is_empty() => only,
        last => {
            keys.extend(last);
            json!({ "keys": keys })
        }
    };
    Ok(Content::Text(format!("{value}\n")))
}

/// A comment and a line for `TrustedUserCAKeys` (sshd_config(5)): empty lines and those that begin
/// with `#` are skipped there.
fn trusted_user_ca_key(known: &Known) -> Result<String, Failure> {
    let name = known.ca.name();
    if known.ca.added().purpose == Purpose::Host {
        let words = format!("CA `{name}` signs hosts alone: no server should let users in by it");
        return Err(Failure::usage(words).hint("take --format known-hosts, or name a user CA"));
    }
    if known.is_revoked {
        let failure = Failure::new(format!("the key of CA `{name}` was revoked"));
        return Err(failure.hint("leave it out: servers that still name it learn that by the KRL"));
    }
    Ok(format!("{}{}", comment(known), ssh(known)?))
}

/// A comment and a line of known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). What was revoked is
/// so for every host.
fn known_host(known: &Known, hosts: &HostPatterns) -> Result<String, Failure> {
    let name = known.ca.name();
    if known.ca.added().purpose == Purpose::User {
        let words = format!("CA `{name}` signs users alone: no client should know hosts by it");
        let failure = Failure::usage(words);
        return Err(failure.hint("take --format trusted-user-ca-keys, or name a host CA"));
    }
    let marked = if known.is_revoked {
        "@revoked *".to_owned()
    } else {
        format!("@cert-authority {hosts}")
    };
    let line = ssh(known).at(format!("CA `{name}`"))?;
    Ok(format!("{}{marked} {line}", comment(known)))
}

fn comment(known: &Known) -> String {
    let (ca, key) = (&known.ca, known.ca.public_key());
    let purpose = ca.added().purpose;
    format!(
        "# {}: {purpose} CA, {} {}\n",
        ca.name(),
        describe(key),
        fingerprint(key)
    )
}
