//! What a role asks of a login at a server.

use serde::{Deserialize, Serialize};

use super::lifetime::Span;
use super::refusal::Refusal;
use crate::request::{LoginFacts, LoginWay, MethodName};

/// The field `login` of a role. What stands beside `methods` asks for more, and absent asks for
/// nothing; but for `code`, without which no code opens the role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RoleLogin {
    /// The methods that open the role, by their names in the config.
    pub methods: Vec<MethodName>,
    /// How long ago the person may have shown who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Span>,
    /// By what they must have shown it, all of it (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// How well they must have shown it: one of these words of an identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Vec<String>>,
    /// Whether a login counts that somebody began elsewhere, and typed a code for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub code: bool,
}

/// Whom a role is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoleIsFor {
    /// People.
    People,
    /// Programs (`automation = true`).
    Programs,
}

/// Why a login opens no role that asks this of it; no reason where it does. A role that asks
/// nothing is open to enrolled keys alone, and one for programs to nobody: a method that somebody adds
/// to the server opens no role that doesn't name it.
pub(super) fn against(
    asked: Option<&RoleLogin>,
    is_for: RoleIsFor,
    login: &LoginFacts,
    now: u64,
) -> Vec<Refusal> {
    let method = || login.method.to_string();
    if login.way == LoginWay::Program && is_for == RoleIsFor::People {
        return vec![Refusal::LoginOfProgram { method: method() }];
    }
    let Some(asked) = asked else {
        if is_for == RoleIsFor::Programs {
            return vec![Refusal::LoginUnnamed { method: method() }];
        }
        let is_key = login.way == LoginWay::EnrolledKey;
        let refusal = Refusal::Login {
            method: method(),
            allowed: None,
        };
        return (!is_key).then_some(refusal).into_iter().collect();
    };
    if !asked.methods.contains(&login.method) {
        let methods = asked.methods.iter().map(ToString::to_string);
        // What another login would have to be is no matter of this one.
        return vec![Refusal::Login {
            method: method(),
            allowed: Some(methods.collect()),
        }];
    }
    let by_code = (login.way == LoginWay::Code && !asked.code)
        .then(|| Refusal::LoginCode { method: method() });
    let found = [
        by_code,
        age(asked, login, now),
        amr(asked, login),
        acr(asked, login),
    ];
    found.into_iter().flatten().collect()
}

fn age(asked: &RoleLogin, login: &LoginFacts, now: u64) -> Option<Refusal> {
    let allowed = asked.max_age.as_ref()?.seconds();
    let found = login.authenticated_at.map(|then| now.saturating_sub(then));
    let is_young = found.is_some_and(|found| found <= allowed);
    (!is_young).then_some(Refusal::LoginAge { found, allowed })
}

fn amr(asked: &RoleLogin, login: &LoginFacts) -> Option<Refusal> {
    let missing: Vec<_> = asked
        .amr
        .iter()
        .filter(|word| !login.amr.contains(word))
        .collect();
    (!missing.is_empty()).then(|| Refusal::LoginAmr {
        found: login.amr.clone(),
        missing: missing.into_iter().cloned().collect(),
    })
}

fn acr(asked: &RoleLogin, login: &LoginFacts) -> Option<Refusal> {
    let allowed = asked.acr.as_ref()?;
    let is_enough = login.acr.as_ref().is_some_and(|acr| allowed.contains(acr));
    (!is_enough).then(|| Refusal::LoginAcr {
        found: login.acr.clone(),
        allowed: allowed.clone(),
    })
}
