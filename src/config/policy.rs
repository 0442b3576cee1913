//! `[suffixes]` and `[role.NAME]`: what may be signed, for whom.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use crate::policy::{Policy, Role, RoleError, RoleTable, Suffixes};
use crate::request::{Group, MethodName, RoleName};

/// A role whose table makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("role `{name}`: {}", in_full(.source))]
pub(super) struct BadRole {
    name: RoleName,
    source: RoleFault,
    /// Where its table begins.
    pub(super) span: Range<usize>,
}

/// What is wrong with the table, or beside it.
#[derive(Debug, thiserror::Error)]
enum RoleFault {
    #[error(transparent)]
    Role(#[from] RoleError),
    #[error("group `{0}` is of a login method that the config doesn't have: write [login.{method}]", method = .0.method())]
    NoMethod(Group),
}

/// The tables of a config, put together; `logins` are the login methods that it has.
pub(super) fn policy<L>(
    suffixes: Suffixes,
    tables: BTreeMap<RoleName, Spanned<RoleTable>>,
    logins: &BTreeMap<MethodName, L>,
) -> Result<Policy, BadRole> {
    let role = |(name, table): (RoleName, Spanned<RoleTable>)| {
        let span = table.span();
        let role = Role::new(name.clone(), table.into_inner(), &suffixes);
        let role = role.map_err(RoleFault::from).and_then(|role| {
            let is_gone = |group: &&Group| !logins.contains_key(group.method());
            match role.groups().iter().find(is_gone).cloned() {
                Some(group) => Err(RoleFault::NoMethod(group)),
                None => Ok(role),
            }
        });
        role.map_err(|source| BadRole { name, source, span })
    };
    let roles = tables
        .into_iter()
        .map(role)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Policy::new(suffixes, roles))
}

fn in_full(error: &RoleFault) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
