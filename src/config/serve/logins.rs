//! How people and programs log in to a server: `[login.NAME]`.

mod error;
mod jwt;
mod keys;
mod tls;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

pub use self::error::{JwtConfigError, LoginConfigError, TlsConfigError};
pub use self::jwt::JwtConfig;
use self::jwt::ProgramTable;
pub use self::tls::ClientCaConfig;
pub(super) use self::tls::first_by_certificate;
use super::People;
use super::directory::{DirectoryConfig, DirectoryTable};
use crate::config::Config;
use crate::login::oidc::{Issuer, PlainHttp};
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
    directory: Option<DirectoryTable>,
    client_ca: Option<PathBuf>,
    client_crl: Option<PathBuf>,
    domains: Option<Vec<String>>,
    below: Option<String>,
}

/// The kinds of logins that a server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LoginKindName {
    Key,
    Password,
    Oidc,
    Jwt,
    Ldap,
    Tls,
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
    /// The directory service that is asked, where it is one.
    pub directory: Option<DirectoryConfig>,
    /// The client CA whose certificates are shown, where they are.
    pub certificates: Option<ClientCaConfig>,
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

impl LoginMethod {
    /// Whose word binds people to names, where somebody's does and the config alone says who that is; a client CA is
    /// known by its key.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        let of_directory = self.directory.as_ref().map(|one| one.issuer.as_str());
        let of_provider = self.provider.as_ref().map(|one| one.issuer.as_str());
        of_provider.or(of_directory)
    }

    /// The methods whose names are the same people's.
    #[must_use]
    pub fn same_as(&self) -> &[MethodName] {
        let of_directory = self.directory.as_ref().map(|one| &one.same_as);
        let of_provider = self.provider.as_ref().map(|one| &one.same_as);
        let of_ca = self.certificates.as_ref().map(|one| &one.same_as);
        let same_as = of_provider.or(of_directory).or(of_ca);
        same_as.map_or(&[], Vec::as_slice)
    }
}

impl LoginTable {
    /// Whether an identity provider stands behind the method, who tells of groups and how somebody
    /// showed who they are.
    pub(in crate::config) fn tells(&self) -> bool {
        match self.kind {
            LoginKindName::Key
            | LoginKindName::Password
            | LoginKindName::Jwt
            | LoginKindName::Tls => false,
            LoginKindName::Oidc => true,
            LoginKindName::Ldap => {
                let directory = self.directory.as_ref();
                directory.is_some_and(DirectoryTable::tells)
            }
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
            LoginKindName::Ldap => LoginKind::Ldap,
            LoginKindName::Tls => LoginKind::Tls,
        };
        if let Some((key, kinds)) = self.foreign_key() {
            let method = name.clone();
            return Err(LoginConfigError::Foreign { method, key, kinds });
        }
        let provider = (kind == LoginKind::Oidc).then(|| self.provider(name, config));
        let platform = (kind == LoginKind::Jwt).then(|| self.platform(name, config));
        let directory = self.directory(name, kind, config)?;
        let certificates = (kind == LoginKind::Tls).then(|| self.certificates(name, config));
        Ok(LoginMethod {
            name: name.clone(),
            kind,
            provider: provider.transpose()?,
            platform: platform.transpose()?.map(Arc::new),
            directory,
            certificates: certificates.transpose()?,
        })
    }

    fn directory(
        &self,
        name: &MethodName,
        kind: LoginKind,
        config: &Config,
    ) -> Result<Option<DirectoryConfig>, LoginConfigError> {
        match (kind, &self.directory) {
            (LoginKind::Ldap, Some(table)) => {
                let read = table.read(config);
                read.map(Some)
                    .map_err(|source| LoginConfigError::Directory {
                        method: name.clone(),
                        source,
                    })
            }
            (LoginKind::Ldap, None) => Err(LoginConfigError::NoDirectory(name.clone())),
            (_, Some(_)) => Err(LoginConfigError::ForeignDirectory(name.clone())),
            (_, None) => Ok(None),
        }
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
        if let Some(platform) = &method.platform {
            platform.is_the_only_one(method, all.iter().take(place))?;
        }
        one_of_its_issuer(method, all.iter().take(place))?;
        all_are_others(method, &all)?;
    }
    Ok(all)
}

/// Each group that people are named by is told by a method.
pub(super) fn all_are_told(
    people: &People,
    logins: &[LoginMethod],
) -> Result<(), LoginConfigError> {
    let has_groups = |method: &&LoginMethod| {
        let directory = method.directory.as_ref();
        method.kind == LoginKind::Oidc || directory.is_some_and(|one| one.groups.is_some())
    };
    let tells = |group: &Group| {
        let mut telling = logins.iter().filter(has_groups);
        telling.any(|method| method.name == *group.method())
    };
    match people.groups().find(|group| !tells(group)) {
        Some(group) => Err(LoginConfigError::Group(group.clone())),
        None => Ok(()),
    }
}

fn one_of_its_issuer<'m>(
    method: &LoginMethod,
    mut others: impl Iterator<Item = &'m LoginMethod>,
) -> Result<(), LoginConfigError> {
    let issuer = method.issuer();
    let is_same = |other: &&LoginMethod| issuer.is_some() && other.issuer() == issuer;
    match others.find(is_same) {
        Some(other) => {
            let (one, other) = (other.name.clone(), method.name.clone());
            Err(LoginConfigError::Issuers(one, other))
        }
        None => Ok(()),
    }
}

fn all_are_others(method: &LoginMethod, all: &[LoginMethod]) -> Result<(), LoginConfigError> {
    let is_other =
        |name: &MethodName| *name != method.name && all.iter().any(|other| other.name == *name);
    match method.same_as().iter().find(|name| !is_other(name)) {
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
