//! `punchmark.toml`: which CAs there are, where their keys and the ledger lie.
//!
//! Holds no secret. Strict: an unknown key is an error with line and column. This
//! module alone reads the environment, and the files that the others are about.

mod attestation;
mod ca_name;
pub mod directory_server;
mod edit;
mod enrolment;
mod error;
mod faults;
mod given;
mod ledger_key;
mod own_ledger_key;
mod place;
mod policy;
mod requests;
#[cfg(feature = "service")]
mod serve;
mod subject;
mod surroundings;
mod templates;
#[cfg(not(feature = "service"))]
mod unread;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;
use toml::Spanned;

pub use attestation::{roots_from, trial_root_name};
pub use ca_name::{CaName, CaNameError};
pub use edit::{
    EditError, with_ca, with_key, with_key_moved, with_ledger_key, with_private_root,
    with_recorded_suffixes, with_role, with_suffixes,
};
pub use enrolment::{NobodysError, refuse_reserved, refuse_worthless};
pub use error::ConfigError;
pub use faults::{FAULTS_MAX, Reading, TextFault, faults_of};
pub use given::{Given, certificate_beside};
pub use ledger_key::LedgerKeyPlace;
pub use own_ledger_key::{OwnLedgerKeyError, ledger_key_in_file};
pub use place::{Place, PlaceError};
#[cfg(feature = "service")]
pub use serve::{
    ClientCaConfig, DirectoryConfig, DirectoryConfigError, DirectoryGroups, JwtConfig,
    JwtConfigError, LoginConfigError, LoginMethod, OidcConfig, People, ReceiptsBy, ServeConfig,
    ServeConfigError, ServeLimits, ServeLists, ServeTls, ServerUrl, ServerUrlError, TlsConfigError,
};
pub use subject::{SubjectFile, SubjectFileError, read_stdin};
pub use templates::RoleTemplate;

pub use crate::file::{read_bytes, read_limited};
pub use surroundings::{home_folder, keyboard, now, state_folder, time_zone, working_folder};

use self::attestation::AttestationConfig;
use self::requests::RequestAge;
#[cfg(feature = "service")]
use self::serve::{LoginTable, ServeTable};
#[cfg(not(feature = "service"))]
use self::unread::{LoginTable, ServeTable};
use crate::file::{Untrusted, Writers};
use crate::issue::LedgerPlace;
use crate::ledger::settings::FileSettings;
use crate::ledger::{LEAP_DAYS, Purpose};
use crate::login::MethodName;
use crate::policy::lint::{Finding, KnownLogin, lint};
use crate::policy::{Description, Policy, Role, RoleTable, Suffixes};
use crate::request::RoleName;
use crate::signer::Locators;

/// The config, read and understood.
#[derive(Clone, Debug)]
pub struct Config {
    folder: PathBuf,
    path: PathBuf,
    text: String,
    file: ConfigFile,
    policy: Policy,
}

/// The file's own structure.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ConfigFile {
    ledger: Option<PathBuf>,
    group: Option<String>,
    #[serde(default)]
    modules: Vec<PathBuf>,
    clock_leap_days: Option<u64>,
    #[serde(default)]
    kept_heads: Vec<PathBuf>,
    kept_heads_only: Option<Vec<PathBuf>>,
    #[serde(default)]
    ledger_allow: Vec<String>,
    request_age: Option<RequestAge>,
    bundle_age: Option<RequestAge>,
    allowed_signers: Option<PathBuf>,
    #[serde(default, deserialize_with = "parsed_if_there")]
    ledger_key: Option<LedgerKeyPlace>,
    #[serde(default)]
    attestation: AttestationConfig,
    #[serde(default)]
    ca: BTreeMap<CaName, CaConfig>,
    #[serde(default)]
    suffixes: Suffixes,
    #[serde(default)]
    #[cfg_attr(
        not(feature = "service"),
        expect(dead_code, reason = "it is a server's alone")
    )]
    serve: Option<ServeTable>,
    #[serde(default)]
    login: BTreeMap<MethodName, LoginTable>,
    #[serde(default)]
    role: BTreeMap<RoleName, Spanned<RoleTable>>,
    /// Whether a table of a role stood there; the tables themselves are the policy's.
    #[serde(skip)]
    has_roles: bool,
}

/// One `[ca.NAME]` table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CaConfig {
    /// What it may sign.
    pub certificates: Purpose,
    /// Where its key is: each of these devices holds the same one.
    #[serde(rename = "key")]
    pub keys: Locators,
    /// Its public key file, as it stands in the config.
    pub public_key: PathBuf,
    /// What it is for, in the admin's words.
    pub description: Option<Description>,
}

impl Config {
    /// Reads the config at `path`.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = read_limited(path, LARGEST).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => ConfigError::Missing(path.to_path_buf()),
            _ => ConfigError::File {
                path: path.to_path_buf(),
                source,
            },
        })?;
        let config = Self::parse(path, text)?;
        config.trusted(path)?;
        Ok(config)
    }

    /// Who may have written what is believed: this account, root, and the `group` that the
    /// config names.
    ///
    /// # Errors
    /// [`Untrusted::NoGroup`].
    pub fn writers(&self) -> Result<Writers, Untrusted> {
        let writers = Writers::of_this_account();
        match &self.file.group {
            Some(group) => writers.with_group(group),
            None => Ok(writers),
        }
    }

    fn trusted(&self, path: &Path) -> Result<(), ConfigError> {
        match self.writers()?.check(path) {
            Err(Untrusted::File { path, source }) => Err(ConfigError::File { path, source }),
            checked => Ok(checked?),
        }
    }

    /// An empty config that would lie at `path`.
    pub fn empty(path: &Path) -> Self {
        Self {
            folder: folder(path),
            path: path.to_path_buf(),
            text: String::new(),
            file: ConfigFile::default(),
            policy: Policy::new(Suffixes::default(), []),
        }
    }

    pub(crate) fn parse(path: &Path, text: String) -> Result<Self, ConfigError> {
        let mut file: ConfigFile = toml::from_str(&text)
            .map_err(|error| syntax(path, &text, error.span(), error.message()))?;
        let (suffixes, roles) = (
            std::mem::take(&mut file.suffixes),
            std::mem::take(&mut file.role),
        );
        file.has_roles = !roles.is_empty();
        let policy = policy::policy(suffixes, roles, &file.login)
            .map_err(|error| syntax(path, &text, Some(error.span.clone()), &error.to_string()))?;
        Ok(Self {
            folder: folder(path),
            path: path.to_path_buf(),
            text,
            file,
            policy,
        })
    }

    /// Reads a text as if it lay at `path`.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn of_text(path: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::parse(path, text.to_owned())
    }

    /// Suffixes and roles.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What is odd about suffixes and roles, beside the CAs and login methods that there are.
    pub fn oddities(&self) -> Vec<Finding> {
        let cas: Vec<_> = self.cas().map(|(name, _)| name.as_str()).collect();
        let logins = self.file.login.iter().map(|(name, table)| KnownLogin {
            name: name.as_str(),
            tells: table.tells(),
            is_of_programs: table.is_of_programs(),
        });
        let logins: Vec<_> = logins.collect();
        lint(&self.policy, &cas, &logins)
    }

    /// The role of this name; `operator` is always there.
    ///
    /// # Errors
    /// [`ConfigError::NoRole`], with the names there are.
    pub fn role(&self, name: &RoleName) -> Result<&Role, ConfigError> {
        let roles = self.policy.roles();
        self.policy.role(name).ok_or_else(|| ConfigError::NoRole {
            path: self.path.clone(),
            name: name.to_string(),
            known_names: roles.map(|role| role.name().to_string()).collect(),
        })
    }

    /// The file itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the ledger lies: what the config says, else beside it with the same name.
    pub fn ledger(&self) -> PathBuf {
        match &self.file.ledger {
            Some(ledger) => self.folder.join(ledger),
            None => self.path.with_extension("ledger"),
        }
    }

    /// Where the ledger's head is kept, and what is allowed of the ledger's place.
    pub fn ledger_settings(&self) -> FileSettings {
        let resolved = |folders: &[PathBuf]| -> Vec<PathBuf> {
            let whole = |folder: PathBuf| std::path::absolute(&folder).unwrap_or(folder);
            let resolved = folders.iter().map(|folder| self.resolve(folder));
            resolved.map(whole).collect()
        };
        FileSettings {
            kept_heads: resolved(&self.file.kept_heads),
            kept_heads_only: self.file.kept_heads_only.as_deref().map(resolved),
            old_heads: surroundings::state_folder().into_iter().collect(),
            keyboard: keyboard(),
            allow: self.file.ledger_allow.clone(),
        }
    }

    /// The ledger, as the spine opens it.
    pub fn ledger_place(&self) -> LedgerPlace {
        LedgerPlace {
            path: self.ledger(),
            settings: self.ledger_settings(),
            leap_days: self.clock_leap_days(),
            clock: now,
            borrows: false,
        }
    }

    /// Where the key that signs heads and KRLs is.
    pub fn ledger_key(&self) -> Option<LedgerKeyPlace> {
        let place = self.file.ledger_key.clone()?;
        Some(place.from_folder(&self.folder))
    }

    /// The PKCS#11 modules that `punchmark tokens` looks at.
    pub fn modules(&self) -> &[PathBuf] {
        &self.file.modules
    }

    /// How many days may lie between two entries before somebody is asked.
    pub fn clock_leap_days(&self) -> u64 {
        self.file.clock_leap_days.unwrap_or(LEAP_DAYS)
    }

    /// Every CA, by name.
    pub fn cas(&self) -> impl Iterator<Item = (&CaName, &CaConfig)> {
        self.file.ca.iter()
    }

    /// The CA of this name.
    ///
    /// # Errors
    /// [`ConfigError::NoCa`], with the names there are.
    pub fn ca(&self, name: &str) -> Result<&CaConfig, ConfigError> {
        let found = self.cas().find(|(known, _)| known.as_str() == name);
        found.map(|(_, ca)| ca).ok_or_else(|| ConfigError::NoCa {
            path: self.path.clone(),
            name: name.to_owned(),
            known_names: self.cas().map(|(name, _)| name.to_string()).collect(),
        })
    }

    /// The recorded public key of a CA.
    ///
    /// # Errors
    /// [`ConfigError::File`] or [`ConfigError::PublicKey`].
    pub fn public_key(&self, ca: &CaConfig) -> Result<PublicKey, ConfigError> {
        let path = self.folder.join(&ca.public_key);
        let file = read_bytes(&path, LARGEST_KEY).map_err(|source| ConfigError::File {
            path: path.clone(),
            source,
        })?;
        // Its comment may be in any encoding.
        PublicKey::from_openssh(&String::from_utf8_lossy(&file))
            .map_err(|source| ConfigError::PublicKey { path, source })
    }

    /// The recorded public keys of all its CAs.
    ///
    /// # Errors
    /// As [`Self::public_key`]: a CA whose file is damaged is an error, not unknown.
    pub fn public_keys(&self) -> Result<Vec<KeyData>, ConfigError> {
        let keys = self.cas().map(|(_, ca)| self.public_key(ca));
        keys.map(|key| Ok(key?.key_data().clone())).collect()
    }

    /// A path of the config, made from where the config lies.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }
}

/// A value that is written as a string, parsed by its own rules.
fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

/// The same for a key that may be left out.
fn parsed_if_there<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    parsed(deserializer).map(Some)
}

fn syntax(path: &Path, text: &str, span: Option<Range<usize>>, message: &str) -> ConfigError {
    let before = span.and_then(|span| text.get(..span.start));
    let before = before.unwrap_or_default();
    let last_line = before.rsplit('\n').next().unwrap_or_default();
    ConfigError::Syntax {
        path: path.to_path_buf(),
        line: before.matches('\n').count() + 1,
        column: last_line.chars().count() + 1,
        message: message.replace('\n', " "),
    }
}

fn folder(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_path_buf()
}

/// The largest config that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// The largest public key file, in bytes: a line.
const LARGEST_KEY: usize = 128 * 1024;

#[cfg(test)]
mod tests;
