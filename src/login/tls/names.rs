//! Which name in a certificate says who it is, and which name that is here.
//!
//! A certificate may have several names, of several kinds. One of the kind that the config says has to be there, and no
//! second: which of two would count is nobody's to guess. What stands around the requester's name, the domain of an
//! address or the whole path of an id, is the config's word, so that one name has one way to be written.

use x509_cert::ext::pkix::name::GeneralName;

use crate::certificate::PrincipalError;
use crate::request::RequesterName;

/// Where in a certificate the requester's name stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateNames(NamedBy);

#[derive(Clone, Debug, PartialEq, Eq)]
enum NamedBy {
    /// An e-mail address in one of these domains, which are in lower case.
    Email(Vec<String>),
    /// A SPIFFE id that has this before the name.
    Spiffe(String),
}

/// Why names in certificates can't be gone by so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateNamesError {
    /// Every address would be somebody's.
    #[error("`domains` is empty: list those whose addresses name people, as \"example.org\"")]
    NoDomain,
    /// It is no domain.
    #[error("{0:?} in `domains` is no domain, as \"example.org\"")]
    Domain(String),
    /// Ids would be anybody's.
    #[error(
        "{0:?} is no `below`: write what stands before the names, from spiffe:// to a slash, as \
         \"spiffe://example.org/people/\""
    )]
    Below(String),
}

/// Why the names of a certificate are nobody's here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// None of the kind is there.
    #[error("the client certificate has no {0} among its alternative names")]
    None(&'static str),
    /// Each of them would be somebody's.
    #[error(
        "the client certificate has {count} alternative names of the kind `{kind}`, and one is taken"
    )]
    Several {
        /// Of which kind.
        kind: &'static str,
        /// How many.
        count: usize,
    },
    /// The address is somewhere else's.
    #[error("the address {0:?} in the client certificate is of no domain that the server takes")]
    Domain(String),
    /// The id is somewhere else's.
    #[error("the id {0:?} in the client certificate is not directly below what the server takes")]
    Elsewhere(String),
    /// It would be bound with more than the ledger keeps.
    #[error("the {kind} in the client certificate is longer than {LONGEST} bytes")]
    TooLong {
        /// Of which kind.
        kind: &'static str,
    },
    /// The name can't be a requester's.
    #[error("{name:?} in the client certificate is no name for a requester")]
    Requester {
        /// What stands there.
        name: String,
        /// Why.
        source: PrincipalError,
    },
}

impl CertificateNames {
    /// By the part of an e-mail address before its `@`, where the address is in one of these domains.
    ///
    /// # Errors
    /// [`CertificateNamesError`].
    pub fn email(domains: &[String]) -> Result<Self, CertificateNamesError> {
        if domains.is_empty() {
            return Err(CertificateNamesError::NoDomain);
        }
        if let Some(other) = domains.iter().find(|domain| !is_domain(domain)) {
            return Err(CertificateNamesError::Domain(other.clone()));
        }
        let domains = domains.iter().map(|domain| domain.to_ascii_lowercase());
        Ok(Self(NamedBy::Email(domains.collect())))
    }

    /// By the last part of a SPIFFE id's path, where all before it is this (SPIFFE-ID, section 2).
    ///
    /// # Errors
    /// [`CertificateNamesError::Below`].
    pub fn spiffe(below: &str) -> Result<Self, CertificateNamesError> {
        let wrong = || CertificateNamesError::Below(below.to_owned());
        let rest = below.strip_prefix(SPIFFE).ok_or_else(wrong)?;
        let rest = rest.strip_suffix('/').ok_or_else(wrong)?;
        let mut parts = rest.split('/');
        let domain = parts.next().unwrap_or_default();
        if domain.is_empty() || !domain.bytes().all(is_of_domain) || !parts.all(is_segment) {
            return Err(wrong());
        }
        Ok(Self(NamedBy::Spiffe(below.to_owned())))
    }

    /// Whom these names mean: what they are bound with, and the requester's name.
    pub(super) fn of(&self, names: &[GeneralName]) -> Result<(String, RequesterName), NameError> {
        let kind = self.kind();
        let of_kind = names.iter().filter_map(|name| match (&self.0, name) {
            (NamedBy::Email(_), GeneralName::Rfc822Name(name)) => Some(name.as_str()),
            (NamedBy::Spiffe(_), GeneralName::UniformResourceIdentifier(name)) => {
                Some(name.as_str())
            }
            _ => None,
        });
        let found: Vec<_> = of_kind.collect();
        let text = match found.as_slice() {
            [only] => *only,
            [] => return Err(NameError::None(kind)),
            several => {
                let count = several.len();
                return Err(NameError::Several { kind, count });
            }
        };
        if text.len() > LONGEST {
            return Err(NameError::TooLong { kind });
        }
        let (subject, name) = match &self.0 {
            NamedBy::Email(domains) => of_address(text, domains)?,
            NamedBy::Spiffe(below) => (text.to_owned(), below_it(text, below)?),
        };
        let name = name.parse().map_err(|source| NameError::Requester {
            name: name.to_owned(),
            source,
        })?;
        Ok((subject, name))
    }

    fn kind(&self) -> &'static str {
        match self.0 {
            NamedBy::Email(_) => "e-mail address",
            NamedBy::Spiffe(_) => "URI",
        }
    }
}

/// The address, its domain in lower case, which says nothing there (RFC 5280, 4.2.1.6); and the part before it.
fn of_address<'t>(text: &'t str, domains: &[String]) -> Result<(String, &'t str), NameError> {
    let elsewhere = || NameError::Domain(text.to_owned());
    let (name, domain) = text.split_once('@').ok_or_else(elsewhere)?;
    let domain = domain.to_ascii_lowercase();
    if !domains.contains(&domain) {
        return Err(elsewhere());
    }
    Ok((format!("{name}@{domain}"), name))
}

fn below_it<'t>(text: &'t str, below: &str) -> Result<&'t str, NameError> {
    let name = text.strip_prefix(below).filter(|name| is_segment(name));
    name.ok_or_else(|| NameError::Elsewhere(text.to_owned()))
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= LONGEST && text.split('.').all(is_label)
}

/// Of a trust domain (SPIFFE-ID, section 2.1).
fn is_of_domain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte)
}

/// Of a path (SPIFFE-ID, section 2.2): no other way to write it, and none to climb.
fn is_segment(text: &str) -> bool {
    let is_of_path = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !matches!(text, "" | "." | "..") && text.bytes().all(is_of_path)
}

const SPIFFE: &str = "spiffe://";
/// In bytes; more the ledger binds nobody with.
const LONGEST: usize = 255;
