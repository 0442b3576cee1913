//! The directory service behind a login of kind `ldap`: `[login.NAME.directory]`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::certificate::length_in_seconds;
use crate::config::Config;
use crate::config::directory_server::{Server, ServerError};
use crate::login::MethodName;
use crate::login::ldap::{Dn, DnError};

/// The table as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DirectoryTable {
    server: String,
    #[serde(default)]
    start_tls: bool,
    ca_file: PathBuf,
    bind_dn: String,
    bind_password_file: PathBuf,
    base: String,
    requester: Option<String>,
    subject: Option<String>,
    filter: Option<String>,
    groups: Option<String>,
    group_base: Option<String>,
    issuer: Option<String>,
    same_as: Option<Vec<MethodName>>,
    timeout: Option<String>,
}

/// A directory service, and what its word counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryConfig {
    /// Where it is; the way there is TLS.
    pub server: Server,
    /// The certificates (PEM) by which it is known, and no others.
    pub ca_file: PathBuf,
    /// As whom people are searched for.
    pub bind_dn: String,
    /// The file with the password of that.
    pub bind_password_file: PathBuf,
    /// Below which entry people are.
    pub base: String,
    /// The attribute that has their name.
    pub requester: String,
    /// The attribute whose value is theirs for good.
    pub subject: String,
    /// What else their entry must be (RFC 4515).
    pub filter: Option<String>,
    /// How their groups are found, if they count at all.
    pub groups: Option<DirectoryGroups>,
    /// The name that its people are bound with.
    pub issuer: String,
    /// The methods whose names are the same people's.
    pub same_as: Vec<MethodName>,
    /// How long each connection may take.
    pub timeout: Duration,
}

/// How groups are found, and where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryGroups {
    /// The attribute: `memberOf` of a person, or what a group has its members in.
    pub attribute: String,
    /// The entry that they count directly below, as it is written.
    pub base: String,
    /// The same, taken apart.
    pub below: Dn,
}

/// Why a `[login.NAME.directory]` is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryConfigError {
    /// Its address.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// People's passwords go by TLS, also on one machine.
    #[error(
        "`server` is {0}: passwords of people go by ldaps://, or ldap:// with `start-tls = true`"
    )]
    Plain(Server),
    /// The name of an entry is none.
    #[error("`{key}` is no name of an entry")]
    Dn {
        /// The key.
        key: &'static str,
        /// Why.
        source: DnError,
    },
    /// An attribute would be something else in a search.
    #[error("{value:?} in `{key}` is no name of an attribute, as uid or sAMAccountName")]
    Attribute {
        /// The key.
        key: &'static str,
        /// What stands there.
        value: String,
    },
    /// A part of a search that would be read as another.
    #[error("`filter` is no filter in brackets, as (objectClass=inetOrgPerson)")]
    Filter,
    /// Groups are looked for in no such way.
    #[error("`groups` is {0:?}, and can be memberOf, member, uniqueMember or memberUid")]
    Groups(String),
    /// Groups of the same name could stand anywhere.
    #[error("`groups` and `group-base` go together: a group counts directly below that entry")]
    GroupBase,
    /// People are bound with it for good.
    #[error(
        "`issuer` is empty, longer than 1000 characters, or has one that is no printable ASCII"
    )]
    Issuer,
    /// It would hold up the server, or nobody could log in.
    #[error("{0:?} is no `timeout` from 1s to 10s")]
    Timeout(String),
}

impl DirectoryTable {
    pub(super) fn read(&self, config: &Config) -> Result<DirectoryConfig, DirectoryConfigError> {
        let server = Server::parse(&self.server, self.start_tls)?;
        if !matches!(server, Server::Tls { .. }) {
            return Err(DirectoryConfigError::Plain(server));
        }
        entry("bind-dn", &self.bind_dn)?;
        entry("base", &self.base)?;
        let issuer = match &self.issuer {
            Some(issuer) => issuer.clone(),
            None => by_itself(&server, &self.base),
        };
        if !(1..=ISSUER_MAX).contains(&issuer.len())
            || !issuer.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(DirectoryConfigError::Issuer);
        }
        if self
            .filter
            .as_deref()
            .is_some_and(|filter| !is_filter(filter))
        {
            return Err(DirectoryConfigError::Filter);
        }
        Ok(DirectoryConfig {
            ca_file: config.resolve(&self.ca_file),
            bind_dn: self.bind_dn.clone(),
            bind_password_file: config.resolve(&self.bind_password_file),
            base: self.base.clone(),
            requester: attribute("requester", self.requester.as_deref().unwrap_or("uid"))?,
            subject: attribute("subject", self.subject.as_deref().unwrap_or("entryUUID"))?,
            filter: self.filter.clone(),
            groups: self.groups()?,
            issuer,
            same_as: self.same_as.clone().unwrap_or_default(),
            timeout: self.timeout()?,
            server,
        })
    }

    /// Whether it says who is in a group.
    pub(super) fn tells(&self) -> bool {
        self.groups.is_some()
    }

    fn groups(&self) -> Result<Option<DirectoryGroups>, DirectoryConfigError> {
        let (attribute, base) = match (&self.groups, &self.group_base) {
            (Some(attribute), Some(base)) => (attribute, base),
            (None, None) => return Ok(None),
            _ => return Err(DirectoryConfigError::GroupBase),
        };
        if !GROUPS.iter().any(|known| known == attribute) {
            return Err(DirectoryConfigError::Groups(attribute.clone()));
        }
        Ok(Some(DirectoryGroups {
            attribute: attribute.clone(),
            below: entry("group-base", base)?,
            base: base.clone(),
        }))
    }

    fn timeout(&self) -> Result<Duration, DirectoryConfigError> {
        let text = self.timeout.as_deref().unwrap_or("5s");
        let seconds = length_in_seconds(text).filter(|seconds| (1..=10).contains(seconds));
        let wrong = || DirectoryConfigError::Timeout(text.to_owned());
        seconds.map(Duration::from_secs).ok_or_else(wrong)
    }
}

fn entry(key: &'static str, text: &str) -> Result<Dn, DirectoryConfigError> {
    Dn::parse(text).map_err(|source| DirectoryConfigError::Dn { key, source })
}

fn attribute(key: &'static str, value: &str) -> Result<String, DirectoryConfigError> {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !(1..=64).contains(&value.len()) || !value.bytes().all(is_usual) {
        let value = value.to_owned();
        return Err(DirectoryConfigError::Attribute { key, value });
    }
    Ok(value.to_owned())
}

/// One filter in brackets, which ends where its first bracket does.
fn is_filter(text: &str) -> bool {
    let mut depth = 0_u32;
    let last = text.len().saturating_sub(1);
    text.len() <= 1000
        && text.starts_with('(')
        && text.bytes().enumerate().all(|(place, byte)| {
            match byte {
                b'(' => depth += 1,
                b')' if depth == 0 => return false,
                b')' => depth -= 1,
                _ => {}
            }
            (depth > 0) == (place < last)
        })
}

/// The URL of the entry below which people are (RFC 4516).
fn by_itself(server: &Server, base: &str) -> String {
    let mut issuer = format!("{server}/");
    for byte in base.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~=,".contains(&byte) {
            issuer.push(char::from(byte));
        } else {
            issuer.push_str(&format!("%{byte:02X}"));
        }
    }
    issuer
}

const ISSUER_MAX: usize = 1000;
/// Of a person, and of a group.
const GROUPS: [&str; 4] = ["memberOf", "member", "uniqueMember", "memberUid"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_one_and_ends_at_its_end() {
        for fits in ["(a=b)", "(&(a=b)(c=\\29))", "(|(a=b)(!(c=d)))"] {
            assert!(is_filter(fits), "{fits}");
        }
        for other in [
            "",
            "a=b",
            "(a=b",
            "(a=b))",
            "(a=b)(c=d)",
            ")(",
            "(a=b) ",
            "()x()",
        ] {
            assert!(!is_filter(other), "{other}");
        }
    }

    #[test]
    fn a_directory_is_called_by_its_address_and_its_base() {
        let server = Server::parse("ldap://ldap.example.org", true).unwrap();
        assert_eq!(
            by_itself(&server, "ou=our people,dc=ex\u{e4}mple"),
            "ldap://ldap.example.org/ou=our%20people,dc=ex%C3%A4mple"
        );
    }
}
