//! The names that a certificate is valid for.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;

use super::Kind;

/// The names a certificate is valid for: 1 to 256, no repeats.
///
/// Servers before OpenSSH 10.3 could read an empty list as "any name" (PROTOCOL.certkeys,
/// "valid principals"), so it cannot be expressed here. More than 256 are refused by OpenSSH.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Principals(Vec<Principal>);

impl Principals {
    /// Takes a list as `ssh-keygen -n` does: names with commas between them.
    ///
    /// # Errors
    /// If there are none or too many, a name comes twice, or one is no principal.
    pub fn parse(list: &str, kind: Kind) -> Result<Self, PrincipalError> {
        if list.is_empty() {
            return Err(PrincipalError::None);
        }
        let count = list.split(',').take(MAX_COUNT.saturating_add(1)).count();
        if count > MAX_COUNT {
            return Err(PrincipalError::TooMany);
        }
        let names = list.split(',').zip(1..).map(|(name, position)| {
            if name.is_empty() {
                return Err(PrincipalError::Empty { position, count });
            }
            Principal::parse(name, kind)
        });
        Self::try_from(names.collect::<Result<Vec<_>, _>>()?)
    }

    /// The names in the order in which they were given.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Principal> {
        self.0.iter()
    }

    /// The first name with a wildcard, if there is one.
    pub(super) fn wildcard(&self) -> Option<&Principal> {
        self.iter().find(|principal| principal.has_wildcard())
    }
}

impl TryFrom<Vec<Principal>> for Principals {
    type Error = PrincipalError;

    fn try_from(names: Vec<Principal>) -> Result<Self, PrincipalError> {
        if names.is_empty() {
            return Err(PrincipalError::None);
        }
        if names.len() > MAX_COUNT {
            return Err(PrincipalError::TooMany);
        }
        let mut seen = HashSet::new();
        match names.iter().find(|name| !seen.insert(*name)) {
            Some(name) => Err(PrincipalError::Repeated(name.to_string())),
            None => Ok(Self(names)),
        }
    }
}

impl fmt::Display for Principals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, principal) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{principal}")?;
        }
        Ok(())
    }
}

/// One name: 1 to 255 bytes of printable ASCII without space, comma or quote, and no `-` first.
///
/// `*` and `?` stand in names of host certificates only, where clients read them as wildcards.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Principal(String);

impl Principal {
    /// Takes one name.
    ///
    /// # Errors
    /// If it is empty, too long, begins with `-`, or holds a character that may not be in it.
    pub fn parse(name: &str, kind: Kind) -> Result<Self, PrincipalError> {
        if name.is_empty() {
            return Err(PrincipalError::Empty {
                position: 1,
                count: 1,
            });
        }
        if name.len() > MAX_LEN {
            return Err(PrincipalError::TooLong { length: name.len() });
        }
        if name.starts_with('-') {
            return Err(PrincipalError::LeadingDash(quotable(name)));
        }
        match name.chars().find(|c| !is_allowed(*c)) {
            Some(character) => Err(PrincipalError::Character {
                name: quotable(name),
                character,
            }),
            None => Self(name.to_owned()).refusing_wildcards(kind),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn refusing_wildcards(self, kind: Kind) -> Result<Self, PrincipalError> {
        match kind {
            Kind::User if self.has_wildcard() => Err(PrincipalError::Wildcard(self.0)),
            Kind::User | Kind::Host => Ok(self),
        }
    }

    fn has_wildcard(&self) -> bool {
        self.0.contains(['*', '?'])
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no list of principals.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PrincipalError {
    /// An empty list would be valid for anybody on some servers.
    #[error("no principal was named")]
    None,
    /// A name of no length within a list.
    #[error("principal {position} of {count} is empty")]
    Empty {
        /// Which one, counted from 1.
        position: usize,
        /// How many there are.
        count: usize,
    },
    /// More names than OpenSSH reads.
    #[error("more than {MAX_COUNT} principals")]
    TooMany,
    /// A name longer than the limit.
    #[error("principal of {length} bytes is longer than {MAX_LEN}")]
    TooLong {
        /// How many bytes the principal has.
        length: usize,
    },
    /// It would be read as an option where it reaches a command line.
    #[error("principal {0} begins with -")]
    LeadingDash(String),
    /// A character that a principal may not hold.
    #[error("principal {name} holds {character:?}, which a principal may not hold")]
    Character {
        /// The name, escaped.
        name: String,
        /// The character.
        character: char,
    },
    /// `*` or `?` in a user certificate.
    #[error("principal {0} has a wildcard, which only a host certificate may have")]
    Wildcard(String),
    /// One name stands twice in the list.
    #[error("principal {0} is named twice")]
    Repeated(String),
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, ',' | '\'' | '"' | '`')
}

/// A refused name as it may be shown: escaped where it is not plain.
fn quotable(name: &str) -> String {
    name.escape_debug().to_string()
}

/// The most principals in a certificate (`SSHKEY_CERT_MAX_PRINCIPALS` of OpenSSH).
const MAX_COUNT: usize = 256;

/// The longest principal, in bytes.
const MAX_LEN: usize = 255;

#[cfg(test)]
mod tests {
    use super::{Principal, PrincipalError, Principals};
    use crate::certificate::Kind;

    fn user(list: &str) -> Result<Principals, PrincipalError> {
        Principals::parse(list, Kind::User)
    }

    #[test]
    fn keeps_the_order_that_was_given() {
        let principals = user("peter_physical,anna,DOMAIN\\erik").unwrap();
        assert_eq!(principals.to_string(), "peter_physical,anna,DOMAIN\\erik");
        assert_eq!(principals.iter().len(), 3);
    }

    #[test]
    fn says_which_principal_is_empty() {
        assert_eq!(user(""), Err(PrincipalError::None));
        for (list, position, count) in [("a,,b", 2, 3), (",a", 1, 2), ("a,", 2, 2), (",", 1, 2)] {
            let fault = PrincipalError::Empty { position, count };
            assert_eq!(user(list), Err(fault), "{list}");
        }
        assert_eq!(
            user("peter,,erik").unwrap_err().to_string(),
            "principal 2 of 3 is empty"
        );
    }

    #[test]
    fn takes_256_principals_and_refuses_257() {
        let names = |n: usize| {
            (0..n)
                .map(|i| format!("u{i}"))
                .collect::<Vec<_>>()
                .join(",")
        };
        assert_eq!(user(&names(256)).unwrap().iter().len(), 256);
        assert_eq!(user(&names(257)), Err(PrincipalError::TooMany));
        assert_eq!(user(&",".repeat(100_000)), Err(PrincipalError::TooMany));
    }

    #[test]
    fn takes_255_bytes_and_refuses_256() {
        assert!(user(&"x".repeat(255)).is_ok());
        assert_eq!(
            user(&"x".repeat(256)),
            Err(PrincipalError::TooLong { length: 256 })
        );
    }

    #[test]
    fn refuses_white_space_quotes_controls_and_other_scripts() {
        for c in [' ', '\t', '\n', '\0', '\'', '"', '`', '\u{7f}', 'é'] {
            let found = Principal::parse(&format!("a{c}b"), Kind::User);
            match found {
                Err(PrincipalError::Character { character, .. }) => assert_eq!(character, c),
                other => panic!("{c:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn refuses_a_leading_dash_but_not_one_within() {
        assert_eq!(
            user("-rf"),
            Err(PrincipalError::LeadingDash("-rf".to_owned()))
        );
        assert!(user("a-b").is_ok());
    }

    #[test]
    fn takes_wildcards_for_hosts_only() {
        assert!(Principals::parse("*.example.org,h?", Kind::Host).is_ok());
        for name in ["*", "web?"] {
            assert_eq!(user(name), Err(PrincipalError::Wildcard(name.to_owned())));
        }
    }

    #[test]
    fn refuses_a_repeated_name() {
        assert_eq!(user("a,b,a"), Err(PrincipalError::Repeated("a".to_owned())));
    }
}
