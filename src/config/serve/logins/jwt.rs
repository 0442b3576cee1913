//! A platform whose programs log in: `[login.NAME]` of kind `jwt`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::error::{JwtConfigError, LoginConfigError, PROGRAMS_MAX};
use super::{LoginMethod, LoginTable, sent_as_it_is};
use crate::config::Config;
use crate::login::MethodName;
use crate::login::jwt::{Program, Programs};
use crate::login::oidc::{Issuer, PlainHttp, ProviderUrl};
use crate::policy::role::Permit;
use crate::policy::{Policy, Role};
use crate::request::RequesterName;

/// One `[[login.NAME.is]]` table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramTable {
    requester: String,
    claims: BTreeMap<String, String>,
}

/// A platform that programs run on, and which of them log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtConfig {
    /// Who it is, letter by letter as its tokens have it.
    pub issuer: Issuer,
    /// Whether it may be asked without TLS, on this machine.
    pub http: PlainHttp,
    /// Whom tokens have to be for.
    pub audience: String,
    /// Where its keys are; without, where it says itself.
    pub keys: Option<ProviderUrl>,
    /// The certificates that it is known by, in PEM; without, those of the web.
    pub ca_file: Option<PathBuf>,
    /// The programs.
    pub programs: Programs,
}

impl LoginTable {
    pub(super) fn platform(
        &self,
        name: &MethodName,
        config: &Config,
    ) -> Result<JwtConfig, LoginConfigError> {
        let (issuer, http) = self.issuer(name)?;
        let wrong = |source| LoginConfigError::Platform {
            method: name.clone(),
            source,
        };
        let keys = self.jwks_uri.as_ref();
        let keys = keys.map(|text| ProviderUrl::parse(text, http)).transpose();
        let serve = config.file.serve.as_ref();
        let url = serve.map(|serve| serve.url.to_string());
        let audience = match &self.audience {
            Some(audience) => sent_as_it_is(name, "audience", audience)?,
            None => url.ok_or_else(|| self.lacks(name, "audience"))?,
        };
        Ok(JwtConfig {
            issuer,
            http,
            audience,
            keys: keys.map_err(|error| wrong(error.into()))?,
            ca_file: self.ca_file.as_ref().map(|file| config.resolve(file)),
            programs: self.programs(config).map_err(wrong)?,
        })
    }

    fn programs(&self, config: &Config) -> Result<Programs, JwtConfigError> {
        let tables = self.is.as_deref().unwrap_or_default();
        if tables.is_empty() {
            return Err(JwtConfigError::NoProgram);
        }
        if tables.len() > PROGRAMS_MAX {
            return Err(JwtConfigError::TooMany);
        }
        let places = tables.iter().zip(1..);
        let programs = places.map(|(table, place)| table.program(place, config));
        let programs = programs.collect::<Result<Vec<_>, _>>()?;
        match same(&programs) {
            Some((one, other)) => Err(JwtConfigError::Same {
                one: one.requester().clone(),
                other: other.requester().clone(),
            }),
            None => Ok(Programs::new(programs)),
        }
    }
}

impl ProgramTable {
    fn program(&self, place: usize, config: &Config) -> Result<Program, JwtConfigError> {
        let requester = &self.requester;
        let name: RequesterName = requester.parse().map_err(|source| JwtConfigError::Name {
            place,
            requester: requester.clone(),
            source,
        })?;
        let suffixes = config.policy().suffixes();
        if let Some(suffix) = suffixes.reserved_end(requester) {
            return Err(JwtConfigError::Suffix {
                place,
                requester: name,
                suffix: suffix.to_string(),
            });
        }
        let program = Program::new(name, self.claims.clone());
        program.map_err(|source| JwtConfigError::Program {
            place,
            requester: requester.clone(),
            source,
        })
    }
}

/// Two programs of other names, of which the one has no token that isn't the other's.
fn same(programs: &[Program]) -> Option<(&Program, &Program)> {
    programs.iter().find_map(|one| {
        let mut others = programs
            .iter()
            .filter(|other| other.requester() != one.requester());
        let other = others.find(|other| other.takes_all_of(one))?;
        Some((one, other))
    })
}

impl JwtConfig {
    /// Tokens of one issuer are of one method.
    pub(super) fn is_the_only_one<'m>(
        &self,
        method: &LoginMethod,
        mut others: impl Iterator<Item = &'m LoginMethod>,
    ) -> Result<(), LoginConfigError> {
        let is_same = |other: &&LoginMethod| {
            let other = other.platform.as_ref();
            other.is_some_and(|other| other.issuer == self.issuer)
        };
        match others.find(is_same) {
            Some(other) => {
                let (one, other) = (other.name.clone(), method.name.clone());
                Err(LoginConfigError::Issuers(one, other))
            }
            None => Ok(()),
        }
    }

    /// The programs that no role is for.
    fn idle<'p>(
        &'p self,
        method: &'p MethodName,
        policy: &'p Policy,
    ) -> impl Iterator<Item = &'p RequesterName> {
        let opens = |role: &Role, name: &RequesterName| {
            let table = role.table();
            let login = table.login.as_ref();
            let by_method = login.is_some_and(|login| login.methods.contains(method));
            let by_name = match role.requesters() {
                Permit::Only(patterns) => patterns.iter().any(|one| one.matches(name)),
                Permit::Anything | Permit::Nothing => false,
            };
            table.automation && by_method && by_name
        };
        let names = self.programs.iter().map(Program::requester);
        names.filter(move |name| !policy.roles().any(|role| opens(role, name)))
    }
}

impl Config {
    /// Programs that could log in, and get nothing.
    pub(in crate::config::serve) fn idle_programs(&self) -> Vec<String> {
        let logins = self.serve().map(|serve| serve.logins).unwrap_or_default();
        let platforms = logins.iter();
        let platforms =
            platforms.filter_map(|method| Some((&method.name, method.platform.as_ref()?)));
        let idle = platforms.flat_map(|(method, platform)| {
            let names = platform.idle(method, self.policy());
            names.map(move |name| {
                format!(
                    "`{name}` of [login.{method}] reaches no role: one with `automation = true` has to name it in \
                     `requesters`, and {method} in login.methods"
                )
            })
        });
        idle.collect()
    }
}

#[cfg(test)]
mod tests;
