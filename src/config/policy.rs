//! `[suffixes]` and `[role.NAME]`: what may be signed, for whom.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use crate::policy::{Policy, Role, RoleError, RoleTable, Suffixes};
use crate::request::RoleName;

/// A role whose table makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("role `{name}`: {}", in_full(.source))]
pub(super) struct BadRole {
    name: RoleName,
    source: RoleError,
    /// Where its table begins.
    pub(super) span: Range<usize>,
}

/// The tables of a config, put together.
pub(super) fn policy(
    suffixes: Suffixes,
    tables: BTreeMap<RoleName, Spanned<RoleTable>>,
) -> Result<Policy, BadRole> {
    let role = |(name, table): (RoleName, Spanned<RoleTable>)| {
        let span = table.span();
        Role::new(name.clone(), table.into_inner(), &suffixes).map_err(|source| BadRole {
            name,
            source,
            span,
        })
    };
    let roles = tables
        .into_iter()
        .map(role)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Policy::new(suffixes, roles))
}

fn in_full(error: &RoleError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
