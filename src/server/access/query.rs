//! What a list is asked: these principals, as this user, on this host.

use super::name::{NAME_BYTES_MAX, is_host_byte, is_principal_byte};
use super::pattern;

/// Who wants to be what, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<'q> {
    principals: Vec<&'q str>,
    user: &'q str,
    host: Host<'q>,
}

/// A server: its name, and its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host<'q> {
    name: &'q str,
    tags: Vec<&'q str>,
}

/// Why arguments name no server or user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// No name of a user.
    #[error("{0:?} is no user")]
    User(String),
    /// No name of a host, or a tag that isn't one.
    #[error("{0:?} is no host: NAME or NAME+TAG..., in lower case")]
    Host(String),
}

impl<'q> Query<'q> {
    /// Asks about principals, which are in the order of their bytes and none twice.
    ///
    /// # Errors
    /// [`QueryError::User`].
    pub fn new(
        principals: impl IntoIterator<Item = &'q str>,
        user: &'q str,
        host: Host<'q>,
    ) -> Result<Self, QueryError> {
        let length = 1..=NAME_BYTES_MAX;
        if !length.contains(&user.len()) || !user.bytes().all(is_principal_byte) {
            return Err(QueryError::User(user.chars().take(64).collect()));
        }
        let mut principals: Vec<_> = principals.into_iter().collect();
        principals.sort_unstable();
        principals.dedup();
        Ok(Self {
            principals,
            user,
            host,
        })
    }

    /// The same user and host for these principals.
    #[must_use]
    pub fn with<'p>(&self, principals: impl IntoIterator<Item = &'p str>) -> Query<'p>
    where
        'q: 'p,
    {
        let mut query: Query<'p> = self.clone();
        query.principals = principals.into_iter().collect();
        query.principals.sort_unstable();
        query.principals.dedup();
        query
    }

    /// The principals in the order of their bytes.
    #[must_use]
    pub fn principals(&self) -> &[&'q str] {
        &self.principals
    }

    /// The user of the host.
    #[must_use]
    pub fn user(&self) -> &'q str {
        self.user
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host<'q> {
        &self.host
    }

    /// The same for some of the principals alone.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        let mut query = self.clone();
        query.principals.retain(|principal| keep(principal));
        query
    }
}

impl<'q> Host<'q> {
    /// Reads `web1+production`: a name, and tags behind `+`.
    ///
    /// # Errors
    /// [`QueryError::Host`].
    pub fn parse(text: &'q str) -> Result<Self, QueryError> {
        let mut parts = text.split('+');
        let name = parts.next().unwrap_or_default();
        let tags: Vec<_> = parts.collect();
        let is_one = |part: &&str| {
            (1..=NAME_BYTES_MAX).contains(&part.len()) && part.bytes().all(is_host_byte)
        };
        if is_one(&name) && tags.iter().all(is_one) {
            return Ok(Self { name, tags });
        }
        Err(QueryError::Host(text.chars().take(64).collect()))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'q str {
        self.name
    }

    /// Whether a pattern of hosts, or a tag with `+` before it, is about this host.
    #[must_use]
    pub fn fits(&self, item: &str) -> bool {
        match item.strip_prefix('+') {
            Some(tag) => self.tags.contains(&tag),
            None => pattern::matches(item, self.name),
        }
    }
}
