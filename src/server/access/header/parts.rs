//! Directives of one line.

use super::super::pattern;
use super::super::query::Host;

/// A CA whose certificates count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ca {
    pub(super) name: String,
    pub(super) fingerprint: [u8; 32],
    pub(super) line: u64,
}

impl Ca {
    /// Its name in the list, by which files about its certificates are named.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SHA-256 of its public key in wire form.
    #[must_use]
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The line that names it.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }
}

/// From which age on a list counts for some alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    pub(super) seconds: u64,
    pub(super) except: Vec<String>,
}

impl Stale {
    /// The greatest age, in seconds.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.seconds
    }

    /// The principals, patterns and groups that get in all the same.
    #[must_use]
    pub fn except(&self) -> &[String] {
        &self.except
    }
}

/// Accounts for which only certificates count that a ledger knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLine {
    pub(super) users: Vec<String>,
    pub(super) seconds: u64,
}

impl KnownLine {
    /// The users and patterns of users.
    #[must_use]
    pub fn users(&self) -> &[String] {
        &self.users
    }

    /// The greatest age of what is known, in seconds.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.seconds
    }

    /// Whether it is about this user. It keeps out, and so its wildcards match root too.
    #[must_use]
    pub fn covers(&self, user: &str) -> bool {
        self.users
            .iter()
            .any(|pattern| pattern::matches(pattern, user))
    }
}

/// The hosts that take a list before all others do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    pub(super) seconds: u64,
    pub(super) hosts: Vec<String>,
}

impl Canary {
    /// How long the others wait behind the list's `@version`, in seconds.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.seconds
    }

    /// Whether the host waits for nobody.
    #[must_use]
    pub fn is(&self, host: &Host<'_>) -> bool {
        self.hosts.iter().any(|item| host.fits(item))
    }
}

/// A key that may sign the lists behind this one, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextSigner {
    pub(super) person: String,
    pub(super) algorithm: String,
    /// The public key in wire form, in base64.
    pub(super) key: String,
}

impl NextSigner {
    /// Whose key it is.
    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    /// The type of the key and its wire form in base64, as in a line of allowed signers.
    #[must_use]
    pub fn key(&self) -> (&str, &str) {
        (&self.algorithm, &self.key)
    }
}
