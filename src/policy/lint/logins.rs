//! What is odd about who can ask for a role by a login.

use std::collections::{BTreeMap, BTreeSet};

use super::Oddity;
use crate::policy::role::Permit;
use crate::policy::{Policy, Role, RoleLogin};
use crate::request::{Group, MethodName};

/// A login method that the config has.
#[derive(Clone, Copy, Debug)]
pub struct KnownLogin<'a> {
    /// The name of the method.
    pub name: &'a str,
    /// Whether an identity provider stands behind it, who tells of groups and how somebody
    /// showed who they are.
    pub tells: bool,
    /// Whether programs log in by it, and no people.
    pub is_of_programs: bool,
}

/// The methods that say who is in a group, by the name of the group.
pub(super) type Givers<'p> = BTreeMap<&'p str, BTreeSet<&'p MethodName>>;

/// Which methods the roles of a policy name for each group.
pub(super) fn givers(policy: &Policy) -> Givers<'_> {
    let mut givers = Givers::new();
    for group in policy.roles().flat_map(Role::groups) {
        givers
            .entry(group.name())
            .or_default()
            .insert(group.method());
    }
    givers
}

pub(super) fn odd_logins(
    role: &Role,
    logins: &[KnownLogin<'_>],
    givers: &Givers<'_>,
) -> Vec<Oddity> {
    let login = role.table().login.as_ref();
    let mut found: Vec<_> = login
        .map(|login| odd_methods(login, logins))
        .unwrap_or_default();
    found.extend(odd_programs(role, logins));
    let opening = |group: &&Group| opens(login, logins, group);
    let is_by_name = !matches!(role.requesters(), Permit::Nothing | Permit::Only([]));
    found.extend(
        role.groups()
            .iter()
            .filter(|group| !opening(group))
            .map(|group| Oddity::DeadGroup(group.to_string())),
    );
    if !role.groups().is_empty()
        && !is_by_name
        && !role.groups().iter().any(|group| opening(&group))
    {
        found.push(Oddity::Unreachable);
    }
    found.extend(
        role.groups()
            .iter()
            .filter_map(|group| of_two(group, givers)),
    );
    found.extend(role.enrols_by_login().then_some(Oddity::EnrolsByLogin));
    found
}

fn odd_methods(login: &RoleLogin, logins: &[KnownLogin<'_>]) -> Vec<Oddity> {
    if login.methods.is_empty() {
        return vec![Oddity::NoMethods];
    }
    let known = |method: &MethodName| logins.iter().find(|login| login.name == method.as_str());
    let unknown = login
        .methods
        .iter()
        .filter(|method| known(method).is_none());
    let mut found: Vec<_> = unknown
        .map(|method| Oddity::NoLogin(method.to_string()))
        .collect();
    let mut told = login.methods.iter().filter_map(known);
    let asks = [(!login.amr.is_empty(), "amr"), (login.acr.is_some(), "acr")];
    let is_told = told.any(|method| method.tells) || !found.is_empty();
    found.extend(
        asks.into_iter()
            .filter(|(asked, _)| *asked && !is_told)
            .map(|(_, field)| Oddity::UntoldLogin(field)),
    );
    found
}

/// Of a server that no program logs in to, nobody expects that it opens a role for them.
fn odd_programs(role: &Role, logins: &[KnownLogin<'_>]) -> Vec<Oddity> {
    let mut of_programs = logins.iter().filter(|login| login.is_of_programs);
    match (&role.table().login, role.table().automation) {
        (None, true) if of_programs.next().is_some() => vec![Oddity::UnnamedPrograms],
        (Some(login), false) => {
            let is_named = |known: &&KnownLogin<'_>| {
                let mut methods = login.methods.iter();
                methods.any(|method| method.as_str() == known.name)
            };
            let named = of_programs.filter(is_named);
            named
                .map(|known| Oddity::NotForPrograms(known.name.to_owned()))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Whether somebody could be in the group, and come in by it.
fn opens(login: Option<&RoleLogin>, logins: &[KnownLogin<'_>], group: &Group) -> bool {
    let is_taken = login.is_some_and(|login| login.methods.contains(group.method()));
    let of_config = logins
        .iter()
        .find(|login| login.name == group.method().as_str());
    is_taken && of_config.is_some_and(|login| login.tells)
}

fn of_two(group: &Group, givers: &Givers<'_>) -> Option<Oddity> {
    let mut others = givers.get(group.name())?.iter();
    let other = others.find(|method| **method != group.method())?;
    Some(Oddity::GroupOfTwo {
        group: group.to_string(),
        other: other.to_string(),
    })
}
