//! Login by a password, of which a file keeps an argon2id hash (RFC 9106) in PHC form.
//!
//! For a start, where no identity provider is there. What a hash of the file asks for is bounded before
//! anything is computed, and all hashes of one file ask for the same: a name that nobody has costs as much
//! work as a wrong password, so that no clock tells who is a user.

mod hash;

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use self::hash::{Cost, Hash};
use super::{Login, LoginKind, MethodName};
use crate::request::RequesterName;

pub use self::hash::{HashError, PasswordError};

/// The users of a file, and the hash of each one's password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Users(BTreeMap<String, Hash>);

/// Tells one password of one user from every other: a session that was opened by it is over once it changed.
pub type PasswordMark = [u8; 32];

/// Why a text is no file of users.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsersError {
    /// Another file, or one of a later version.
    #[error("its first line is not `{FIRST_LINE}`")]
    FirstLine,
    /// A line that is no user.
    #[error("line {line}: a user is a name, a space and a hash")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// A hash that is not taken.
    #[error("line {line}")]
    Hash {
        /// Which, from 1.
        line: usize,
        /// Why.
        source: HashError,
    },
    /// One name twice, or two that differ in case alone.
    #[error("line {line}: the name is there already, or one that differs in case alone")]
    Again {
        /// Which, from 1.
        line: usize,
    },
    /// Hashes that cost more or less than others tell who is a user.
    #[error("line {line}: its hash asks for another cost than the first; set all passwords anew")]
    Costs {
        /// Which, from 1.
        line: usize,
    },
    /// More than one file is for.
    #[error("more than {USERS_MAX} users")]
    TooMany,
}

/// Why a user was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddUserError {
    /// Names that differ in case alone would be taken for one another.
    #[error("there is a user `{0}`, whose name differs in case alone")]
    Alike(String),
    /// More than one file is for.
    #[error("there are {USERS_MAX} users, and there can be no more")]
    TooMany,
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

impl Users {
    /// Reads the text of a file; an empty one has no users.
    ///
    /// # Errors
    /// [`UsersError`].
    pub fn parse(text: &str) -> Result<Self, UsersError> {
        let mut users = Self::default();
        let mut lines = text.lines().zip(1..);
        match lines.next() {
            None => return Ok(users),
            Some((FIRST_LINE, _)) => {}
            Some(_) => return Err(UsersError::FirstLine),
        }
        for (text, line) in lines {
            let (name, hash) = text.split_once(' ').ok_or(UsersError::Line { line })?;
            let name = name.parse::<RequesterName>();
            let name = name.map_err(|_form| UsersError::Line { line })?;
            let hash = Hash::parse(hash).map_err(|source| UsersError::Hash { line, source })?;
            if users.alike(&name).is_some() {
                return Err(UsersError::Again { line });
            }
            if !users.0.is_empty() && users.cost() != hash.cost() {
                return Err(UsersError::Costs { line });
            }
            if users.0.len() >= USERS_MAX {
                return Err(UsersError::TooMany);
            }
            users.0.insert(name.to_string(), hash);
        }
        Ok(users)
    }

    /// The text of the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let lines = self.0.iter().map(|(name, hash)| format!("{name} {hash}\n"));
        std::iter::once(format!("{FIRST_LINE}\n"))
            .chain(lines)
            .collect()
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Gives somebody a password, in place of the one before; `salt` is 16 random bytes.
    ///
    /// # Errors
    /// [`AddUserError`], and then nothing has changed.
    pub fn set(
        &mut self,
        name: &RequesterName,
        password: &str,
        salt: [u8; 16],
    ) -> Result<(), AddUserError> {
        match self.alike(name) {
            Some(other) if other != name.as_str() => {
                return Err(AddUserError::Alike(other.to_owned()));
            }
            None if self.0.len() >= USERS_MAX => return Err(AddUserError::TooMany),
            _ => {}
        }
        let hash = Hash::of_new(password, salt, self.cost())?;
        self.0.insert(name.to_string(), hash);
        Ok(())
    }

    /// Takes somebody's password away; whether there was one.
    pub fn remove(&mut self, name: &RequesterName) -> bool {
        self.0.remove(name.as_str()).is_some()
    }

    /// The mark of the password that somebody has now.
    #[must_use]
    pub fn mark(&self, name: &str) -> Option<PasswordMark> {
        let hash = self.0.get(name)?;
        Some(Sha256::digest(format!("{FIRST_LINE}\n{name} {hash}")).into())
    }

    /// The login of whoever has this name and password. The work is the same where nobody has the name.
    ///
    /// # Errors
    /// [`PasswordError::Memory`]: nothing was compared.
    pub fn check(
        &self,
        name: &str,
        password: &str,
        method: MethodName,
        now: u64,
    ) -> Result<Option<Login>, PasswordError> {
        let nobodys = Hash::nobodys(self.cost());
        let known = self.0.get(name);
        let is_right = known.unwrap_or(&nobodys).is_of(password)?;
        let name = name.parse::<RequesterName>().ok();
        let name = name.filter(|_| is_right && known.is_some());
        Ok(name.map(|name| Login {
            method,
            kind: LoginKind::Password,
            name,
            subject: None,
            groups: Vec::new(),
            authenticated_at: Some(now),
            amr: vec!["pwd".to_owned()],
            acr: None,
        }))
    }

    /// What all hashes of the file ask for, those to come too.
    fn cost(&self) -> Cost {
        let first = self.0.values().next();
        first.map_or(Cost::NEW, Hash::cost)
    }

    /// The user with this name, or with one that differs in case alone.
    fn alike(&self, name: &RequesterName) -> Option<&str> {
        let mut names = self.names();
        names.find(|one| one.eq_ignore_ascii_case(name.as_str()))
    }
}

const FIRST_LINE: &str = "punchmark users 1";
/// For a start; whoever has more has an identity provider.
const USERS_MAX: usize = 4096;

#[cfg(test)]
mod tests;
