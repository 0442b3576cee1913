//! How people and programs log in to a server: `[login.NAME]`.

mod jwt;
mod keys;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use self::jwt::ProgramTable;
pub use self::jwt::{JwtConfig, JwtConfigError};
use super::People;
use crate::config::Config;
use crate::login::oidc::{Issuer, PlainHttp, ProviderUrlError};
use crate::login::{Group, LoginKind, MethodName};

/// One `[login.NAME]` table. What is for some kinds alone is wanted there, and refused elsewhere.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct LoginTable {
    kind: LoginKindName,
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret_file: Option<PathBuf>,
    scopes: Option<Vec<String>>,
    requester: Option<String>,
    groups: Option<String>,
    code: Option<bool>,
    same_as: Option<Vec<MethodName>>,
    ca_file: Option<PathBuf>,
    allow_http: Option<bool>,
    audience: Option<String>,
    jwks_uri: Option<String>,
    is: Option<Vec<ProgramTable>>,
}

/// The kinds of logins that a server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LoginKindName {
    Key,
    Password,
    Oidc,
    Jwt,
}

/// A way to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginMethod {
    /// Its name.
    pub name: MethodName,
    /// What is shown.
    pub kind: LoginKind,
    /// The identity provider that is asked, where it is one.
    pub provider: Option<OidcConfig>,
    /// The platform whose programs log in, where they do.
    pub platform: Option<Arc<JwtConfig>>,
}

/// An identity provider (OpenID Connect), and what its word counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcConfig {
    /// Who it is, letter by letter as it calls itself.
    pub issuer: Issuer,
    /// Whether it may be asked without TLS, on this machine.
    pub http: PlainHttp,
    /// Our name there.
    pub client_id: String,
    /// The file with the secret that goes with the name.
    pub client_secret_file: PathBuf,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that names the requester.
    pub requester: String,
    /// The claim that lists groups, if one does.
    pub groups: Option<String>,
    /// Whether somebody may log in elsewhere than where the program runs, by a code that is typed.
    pub code: bool,
    /// The methods whose names are the same people's.
    pub same_as: Vec<MethodName>,
    /// The certificates that the provider is known by, in PEM; without, those of the web.
    pub ca_file: Option<PathBuf>,
    /// How long ago the provider may have seen the person, in seconds, where a role asks.
    pub max_age: Option<u64>,
}

/// Why a `[login.NAME]` is no way to log in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginConfigError {
    /// All passwords stand in one file.
    #[error(
        "[login.{0}] and [login.{1}] are both of kind \"password\", and there is one file of users"
    )]
    Passwords(MethodName, MethodName),
    /// Tokens of one issuer are of one method.
    #[error("[login.{0}] and [login.{1}] have the same `issuer`")]
    Issuers(MethodName, MethodName),
    /// It can't be asked.
    #[error("[login.{method}] is of kind \"{kind}\" and has no `{key}`")]
    Lacks {
        /// The method.
        method: MethodName,
        /// The kind.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// It would mean nothing.
    #[error("[login.{method}] has `{key}`, which is for kind {kinds} alone")]
    Foreign {
        /// The method.
        method: MethodName,
        /// The key.
        key: &'static str,
        /// What it is for.
        kinds: &'static str,
    },
    /// It is no platform whose programs log in.
    #[error("[login.{method}]")]
    Platform {
        /// The method.
        method: MethodName,
        /// Why.
        source: JwtConfigError,
    },
    /// It is no address of a provider.
    #[error("[login.{method}]: `issuer` is no address of a provider: {source}")]
    Issuer {
        /// The method.
        method: MethodName,
        /// Why.
        source: ProviderUrlError,
    },
    /// It would be sent as something else.
    #[error(
        "[login.{method}]: {word:?} in `{key}` is empty, longer than 200 characters, or has one that is no printable ASCII or a space"
    )]
    Word {
        /// The method.
        method: MethodName,
        /// The key.
        key: &'static str,
        /// What stands there.
        word: String,
    },
    /// Nobody would be in it.
    #[error("[serve] names group:{0}, which no login method of kind \"oidc\" tells")]
    Group(Group),
    /// It is the same as none.
    #[error(
        "[login.{method}]: `same-as` names {other}, which is no other login method of the config"
    )]
    SameAs {
        /// The method.
        method: MethodName,
        /// What it names.
        other: MethodName,
    },
}

impl LoginTable {
    /// Whether an identity provider stands behind the method, who tells of groups and how somebody
    /// showed who they are.
    pub(in crate::config) fn tells(&self) -> bool {
        match self.kind {
            LoginKindName::Key | LoginKindName::Password | LoginKindName::Jwt => false,
            LoginKindName::Oidc => true,
        }
    }

    /// Whether programs log in by it, and no people.
    pub(in crate::config) fn is_of_programs(&self) -> bool {
        self.kind == LoginKindName::Jwt
    }

    fn method(&self, name: &MethodName, config: &Config) -> Result<LoginMethod, LoginConfigError> {
        let kind = match self.kind {
            LoginKindName::Key => LoginKind::Key,
            LoginKindName::Password => LoginKind::Password,
            LoginKindName::Oidc => LoginKind::Oidc,
            LoginKindName::Jwt => LoginKind::Jwt,
        };
        if let Some((key, kinds)) = self.foreign_key() {
            let method = name.clone();
            return Err(LoginConfigError::Foreign { method, key, kinds });
        }
        let provider = (kind == LoginKind::Oidc).then(|| self.provider(name, config));
        let platform = (kind == LoginKind::Jwt).then(|| self.platform(name, config));
        Ok(LoginMethod {
            name: name.clone(),
            kind,
            provider: provider.transpose()?,
            platform: platform.transpose()?.map(Arc::new),
        })
    }

    fn issuer(&self, name: &MethodName) -> Result<(Issuer, PlainHttp), LoginConfigError> {
        let http = match self.allow_http {
            Some(true) => PlainHttp::OnLoopback,
            _ => PlainHttp::Refused,
        };
        let issuer = self.issuer.as_ref();
        let issuer = issuer.ok_or_else(|| self.lacks(name, "issuer"))?;
        let issuer = Issuer::parse(issuer, http).map_err(|source| LoginConfigError::Issuer {
            method: name.clone(),
            source,
        })?;
        Ok((issuer, http))
    }

    fn lacks(&self, method: &MethodName, key: &'static str) -> LoginConfigError {
        LoginConfigError::Lacks {
            method: method.clone(),
            kind: self.kind.as_str(),
            key,
        }
    }

    fn provider(&self, name: &MethodName, config: &Config) -> Result<OidcConfig, LoginConfigError> {
        let (issuer, http) = self.issuer(name)?;
        let word = |key, word: &str| sent_as_it_is(name, key, word);
        let client_id = self.client_id.as_ref();
        let client_id = client_id.ok_or_else(|| self.lacks(name, "client-id"))?;
        let secret = self.client_secret_file.as_ref();
        let secret = secret.ok_or_else(|| self.lacks(name, "client-secret-file"))?;
        let scopes = match &self.scopes {
            Some(scopes) => scopes
                .iter()
                .map(|one| word("scopes", one))
                .collect::<Result<_, _>>()?,
            None => vec![PROFILE.to_owned()],
        };
        let groups = self.groups.as_ref().map(|claim| word("groups", claim));
        let requester = self.requester.as_deref().unwrap_or(PREFERRED);
        Ok(OidcConfig {
            issuer,
            http,
            client_id: word("client-id", client_id)?,
            client_secret_file: config.resolve(secret),
            scopes,
            requester: word("requester", requester)?,
            groups: groups.transpose()?,
            code: self.code.unwrap_or(false),
            same_as: self.same_as.clone().unwrap_or_default(),
            ca_file: self.ca_file.as_ref().map(|file| config.resolve(file)),
            max_age: max_age(name, config),
        })
    }
}

/// The shortest that a role which names the method asks for: a provider is asked for it at each login, since
/// another login would find the same session there, as old as before.
fn max_age(name: &MethodName, config: &Config) -> Option<u64> {
    let roles = config.policy().roles().filter(|role| role.is_on());
    let logins = roles.filter_map(|role| role.table().login.as_ref());
    let asking = logins.filter(|login| login.methods.contains(name));
    asking
        .filter_map(|login| Some(login.max_age.as_ref()?.seconds()))
        .min()
}

fn sent_as_it_is(
    method: &MethodName,
    key: &'static str,
    word: &str,
) -> Result<String, LoginConfigError> {
    if (1..=200).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(word.to_owned());
    }
    Err(LoginConfigError::Word {
        method: method.clone(),
        key,
        word: word.to_owned(),
    })
}

/// All ways to log in, held against one another.
pub(super) fn methods(
    logins: &BTreeMap<MethodName, LoginTable>,
    config: &Config,
) -> Result<Vec<LoginMethod>, LoginConfigError> {
    let all = logins
        .iter()
        .map(|(name, table)| table.method(name, config));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    for (place, method) in all.iter().enumerate() {
        let mut others = all.iter().take(place);
        if method.kind == LoginKind::Password
            && let Some(other) = others.find(|other| other.kind == LoginKind::Password)
        {
            let (one, other) = (other.name.clone(), method.name.clone());
            return Err(LoginConfigError::Passwords(one, other));
        }
        if let Some(provider) = &method.provider {
            one_of_its_issuer(method, provider, all.iter().take(place))?;
            all_are_others(method, provider, &all)?;
        }
        if let Some(platform) = &method.platform {
            platform.is_the_only_one(method, all.iter().take(place))?;
        }
    }
    Ok(all)
}

/// Each group that people are named by is told by a method.
pub(super) fn all_are_told(
    people: &People,
    logins: &[LoginMethod],
) -> Result<(), LoginConfigError> {
    let tells = |group: &Group| {
        let mut providers = logins
            .iter()
            .filter(|method| method.kind == LoginKind::Oidc);
        providers.any(|method| method.name == *group.method())
    };
    match people.groups().find(|group| !tells(group)) {
        Some(group) => Err(LoginConfigError::Group(group.clone())),
        None => Ok(()),
    }
}

fn one_of_its_issuer<'m>(
    method: &LoginMethod,
    provider: &OidcConfig,
    mut others: impl Iterator<Item = &'m LoginMethod>,
) -> Result<(), LoginConfigError> {
    let is_same = |other: &&LoginMethod| {
        let other = other.provider.as_ref();
        other.is_some_and(|other| other.issuer == provider.issuer)
    };
    match others.find(is_same) {
        Some(other) => {
            let (one, other) = (other.name.clone(), method.name.clone());
            Err(LoginConfigError::Issuers(one, other))
        }
        None => Ok(()),
    }
}

fn all_are_others(
    method: &LoginMethod,
    provider: &OidcConfig,
    all: &[LoginMethod],
) -> Result<(), LoginConfigError> {
    let is_other =
        |name: &MethodName| *name != method.name && all.iter().any(|other| other.name == *name);
    match provider.same_as.iter().find(|name| !is_other(name)) {
        Some(other) => Err(LoginConfigError::SameAs {
            method: method.name.clone(),
            other: other.clone(),
        }),
        None => Ok(()),
    }
}

const PROFILE: &str = "profile";
const PREFERRED: &str = "preferred_username";

#[cfg(test)]
mod tests;
