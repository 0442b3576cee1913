//! A config with one more CA, or one more device. All else stays as it was written.

mod roots;
mod suffixes;

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

pub use roots::with_private_root;
pub use suffixes::{with_recorded_suffixes, with_suffixes};

use self::roots::has_attestation;
use super::{CaConfig, CaName, Config, ConfigError};
use crate::policy::Role;
use crate::request::RoleName;
use crate::signer::{Locator, Locators, LocatorsError};

/// Why the config cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The name is taken.
    #[error("the config has a CA `{0}` already")]
    Taken(CaName),
    /// The name is a role's.
    #[error("the config has a role `{0}` already")]
    RoleTaken(RoleName),
    /// A path that is no text cannot stand in TOML.
    #[error("path {0:?} is not valid UTF-8")]
    NotText(std::path::PathBuf),
    /// `ca` stands there in a form that a table cannot be added to.
    #[error("a table cannot be added to this config")]
    Form(#[source] ConfigError),
    /// The table of attestation stands there in a form that nothing can be added to.
    #[error("`private-roots` of [attestation] can't be added to in this config")]
    Attestation,
    /// What stands before the first table is no place for a line.
    #[error("`ledger-key` can't be added to this config")]
    LedgerKey,
    /// There is no such CA to add a device to.
    #[error(transparent)]
    NoCa(ConfigError),
    /// The device cannot stand beside those that are there.
    #[error(transparent)]
    Locators(#[from] LocatorsError),
}

/// The text of `config` with a table for `ca` at its end.
///
/// # Errors
/// [`EditError`].
pub fn with_ca(config: &Config, name: &CaName, ca: &CaConfig) -> Result<String, EditError> {
    if config.ca(name.as_str()).is_ok() {
        return Err(EditError::Taken(name.clone()));
    }
    let public_key = ca
        .public_key
        .to_str()
        .ok_or_else(|| EditError::NotText(ca.public_key.clone()))?;
    let mut text = if config.text.is_empty() {
        HEADING.to_owned()
    } else {
        config.text.clone()
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    // With its first CA a config begins to mean something; one that has a CA means what it meant.
    if config.cas().next().is_none() && !has_attestation(&text) {
        text.push_str(ATTESTATION);
    }
    text.push_str(&format!(
        "\n[ca.{name}]\ncertificates = {}\nkey          = {}\npublic-key   = {}\n",
        quoted(&ca.certificates.to_string()),
        key(&ca.keys),
        quoted(public_key),
    ));
    Config::parse(&config.path, text.clone()).map_err(EditError::Form)?;
    Ok(text)
}

/// The text of `config` with a table for a role at its end, of these fields, a line each.
///
/// # Errors
/// [`EditError::RoleTaken`], or [`EditError::Form`] if the fields make no role.
pub fn with_role(config: &Config, name: &RoleName, fields: &str) -> Result<String, EditError> {
    let is_there = |role: &Role| role.name() == name;
    if config.policy().roles().any(is_there) {
        return Err(EditError::RoleTaken(name.clone()));
    }
    let ended = config.text.trim_end_matches('\n');
    let text = format!("{ended}\n\n[role.{name}]\n{fields}");
    Config::parse(&config.path, text.clone()).map_err(EditError::Form)?;
    Ok(text)
}

/// The text of `config` with the place of the ledger key before its first table; as it is where it
/// names one already.
///
/// # Errors
/// [`EditError::Form`].
pub fn with_ledger_key(config: &Config, place: &str) -> Result<String, EditError> {
    if config.file.ledger_key.is_some() {
        return Ok(config.text.clone());
    }
    let line = format!("ledger-key = {}\n", quoted(place));
    let is_table = |line: &str| line.trim_start().starts_with('[');
    let lines = config.text.split_inclusive('\n');
    let (before, tables): (Vec<_>, Vec<_>) = {
        let first = lines.clone().position(is_table).unwrap_or(usize::MAX);
        lines.enumerate().partition(|(number, _)| *number < first)
    };
    let whole =
        |part: Vec<(usize, &str)>| part.into_iter().map(|(_, line)| line).collect::<String>();
    let text = format!("{}{line}\n{}", ended(&whole(before)), whole(tables));
    let edited = Config::parse(&config.path, text.clone()).map_err(EditError::Form)?;
    if edited.file.ledger_key.is_none() {
        return Err(EditError::LedgerKey);
    }
    Ok(text)
}

/// A text whose last line has an end.
fn ended(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{end}")
}

/// The text of `config` with one more device for the key of CA `name`. A comment within the
/// list is lost.
///
/// # Errors
/// [`EditError`].
pub fn with_key(config: &Config, name: &CaName, locator: Locator) -> Result<String, EditError> {
    let ca = config.ca(name.as_str()).map_err(EditError::NoCa)?;
    with_keys(config, name, &ca.keys.with(locator)?)
}

/// The text of `config` in which the key of CA `name` is in `locator`, and in none of the places that
/// one of `lost` may mean. A comment within the list is lost.
///
/// # Errors
/// [`EditError`].
pub fn with_key_moved(
    config: &Config,
    name: &CaName,
    lost: &[Locator],
    locator: Locator,
) -> Result<String, EditError> {
    let ca = config.ca(name.as_str()).map_err(EditError::NoCa)?;
    let is_same = |one: &Locator, other: &Locator| one.covers(other) || other.covers(one);
    let is_lost = |key: &Locator| lost.iter().any(|lost| is_same(key, lost));
    let left = ca.keys.iter().filter(|key| !is_lost(key)).cloned();
    let mut keys: Vec<_> = left.collect();
    if !keys.iter().any(|key| is_same(key, &locator)) {
        keys.push(locator);
    }
    with_keys(config, name, &keys.try_into()?)
}

fn with_keys(config: &Config, name: &CaName, keys: &Locators) -> Result<String, EditError> {
    let mut text = config.text.clone();
    let places: Places = toml::from_str(&text).map_err(|error| {
        EditError::Form(super::syntax(
            &config.path,
            &text,
            error.span(),
            error.message(),
        ))
    })?;
    if let Some(place) = places.ca.get(name.as_str()) {
        text.replace_range(place.key.span(), &key(keys));
    }
    Config::parse(&config.path, text.clone()).map_err(EditError::Form)?;
    Ok(text)
}

/// Where each CA's `key` stands in the text.
#[derive(Deserialize)]
struct Places {
    ca: BTreeMap<String, Place>,
}

#[derive(Deserialize)]
struct Place {
    key: Spanned<Value>,
}

/// One locator is a string; several are a list, a line each.
fn key(keys: &Locators) -> String {
    let quoted = keys.iter().map(|key| quoted(&key.to_string()));
    match keys.len() {
        1 => quoted.collect(),
        _ => {
            let lines: String = quoted.map(|key| format!("    {key},\n")).collect();
            format!("[\n{lines}]")
        }
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

const HEADING: &str = "\
# punchmark.toml: holds no secret; paths are relative to this file; an unknown key is an error.
";

const ATTESTATION: &str = "
[attestation] # whose word is taken for how a key is stored
roots = [\"yubico\"]
";

#[cfg(test)]
mod tests;
