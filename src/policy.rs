//! Decides whether what is asked may be signed, and does nothing else.
//!
//! Pure: no clock, no file, no token. What it lets through is a [`Decided`], which
//! nothing else can make, and nothing else can be reserved and signed.
//!
//! - [`role`]: the template of a certificate, and the types that its fields are made of;
//! - [`suffix`]: what the CA alone writes at the end of a principal, and by which proof;
//! - [`decide()`]: both, applied to one request: the whole body, or every [`Refusal`];
//! - [`lint`]: what in a config is allowed, and hardly meant;
//! - [`text`]: the rules in one text, whose digest the ledger keeps.

mod decide;
mod description;
mod foresee;
pub mod key_id;
pub mod key_types;
pub mod least_proof;
pub mod lifetime;
pub mod lint;
pub mod option_sets;
pub mod pattern;
mod refusal;
pub mod role;
mod role_login;
#[cfg(test)]
pub(crate) mod sample;
pub mod suffix;
#[cfg(test)]
mod tests;
pub mod text;

use std::collections::BTreeMap;

use ssh_key::public::KeyData;

pub use decide::{Decided, StorageShown, Warning, decide};
pub use description::Description;
pub use foresee::{Foreseen, foresee, sample_key};
pub use refusal::{Refusal, Refusals};
pub use role::{Enrol, Role, RoleError, RoleTable};
pub use role_login::RoleLogin;
pub use suffix::Suffixes;

use crate::request::RoleName;

/// What policy needs to know of the CA that shall sign.
#[derive(Clone, Debug)]
pub struct CaFacts<'a> {
    /// Its name in the config.
    pub name: &'a str,
    /// Its public key, which what is decided for it is bound to.
    pub public_key: &'a KeyData,
    /// Whether it signs user certificates.
    pub signs_users: bool,
    /// Whether it signs host certificates.
    pub signs_hosts: bool,
    /// Every key that is a CA, by name: none of them is ever certified.
    pub ca_keys: &'a [(String, KeyData)],
}

/// What is the same for every request of a run.
#[derive(Clone, Debug)]
pub struct Rules<'a> {
    /// The role that is asked by.
    pub role: &'a Role,
    /// The suffixes that are reserved.
    pub suffixes: &'a Suffixes,
    /// The CA that shall sign.
    pub ca: CaFacts<'a>,
}

/// Suffixes and roles, as the config has them.
#[derive(Clone, Debug)]
pub struct Policy {
    suffixes: Suffixes,
    roles: BTreeMap<RoleName, Role>,
}

impl Policy {
    /// Takes what was parsed; the role `operator` is added where it is not named.
    pub fn new(suffixes: Suffixes, roles: impl IntoIterator<Item = Role>) -> Self {
        let built_in = std::iter::once(Role::operator());
        let roles = built_in.chain(roles);
        Self {
            suffixes,
            roles: roles.map(|role| (role.name().clone(), role)).collect(),
        }
    }

    /// The suffixes that are reserved.
    pub fn suffixes(&self) -> &Suffixes {
        &self.suffixes
    }

    /// The role of this name.
    pub fn role(&self, name: &RoleName) -> Option<&Role> {
        self.roles.get(name)
    }

    /// Every role by name, `operator` among them.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }
}
