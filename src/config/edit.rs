//! A config with one more CA, or one more device. All else stays as it was written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::{CaConfig, CaName, Config, ConfigError, templates};
use crate::ledger::SuffixSet;
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

/// The text of a config with the suffixes that a new user CA begins with, and with roles to begin
/// with where it says nothing of any; as it is where suffixes are reserved already.
pub fn with_suffixes(config: &Config, ca: &CaName, text: String) -> String {
    if !config.policy().suffixes().is_empty() {
        return text;
    }
    let roles = if config.file.has_roles {
        String::new()
    } else {
        templates::of_new_config(ca.as_str())
    };
    text + SUFFIXES + &roles
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

/// The text of a config with the suffixes that the ledger has recorded for a CA that the config
/// lost; as it is where suffixes are reserved already. Ended ones are left out.
pub fn with_recorded_suffixes(config: &Config, text: String, recorded: &[SuffixSet]) -> String {
    let living: Vec<_> = recorded.iter().filter(|set| set.ended == 0).collect();
    if living.is_empty() || !config.policy().suffixes().is_empty() {
        return text;
    }
    let lines = living.into_iter().map(|set| {
        let suffix = quoted(&set.suffix);
        format!(
            "{} = {{ suffix = {suffix}{} }}\n",
            set.class,
            least(&set.proof)
        )
    });
    format!(
        "{text}\n[suffixes] # as the ledger has them\n{}",
        lines.collect::<String>()
    )
}

/// The least proof that the ledger keeps as JSON, in the words of the config.
fn least(proof: &str) -> String {
    let Ok(serde_json::Value::Object(facts)) = serde_json::from_str(proof) else {
        return String::new();
    };
    let words = [("kinds", "proof"), ("touch", "touch"), ("pin", "pin")];
    let words = words.into_iter().filter_map(|(fact, word)| {
        let value = facts.get(fact).filter(|value| !value.is_null())?;
        Some(format!(", {word} = {value}"))
    });
    words.collect()
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
    let keys = ca.keys.with(locator)?;
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
        text.replace_range(place.key.span(), &key(&keys));
    }
    Config::parse(&config.path, text.clone()).map_err(EditError::Form)?;
    Ok(text)
}

/// The text of `config` with one more file among the private roots of attestation.
///
/// # Errors
/// [`EditError::Attestation`] where the table is written in an unusual form.
pub fn with_private_root(config: &Config, file: &str) -> Result<String, EditError> {
    let mut text = config.text.clone();
    let places: RootPlaces = toml::from_str(&text).map_err(|_form| EditError::Attestation)?;
    let known = places.attestation.and_then(|table| table.private_roots);
    let header = text.lines().find(|line| {
        let words = line.split('#').next().unwrap_or_default();
        words.trim() == "[attestation]"
    });
    if let Some(known) = known {
        let files = known.get_ref().iter().map(String::as_str).chain([file]);
        let files: Vec<_> = files.map(quoted).collect();
        text.replace_range(known.span(), &format!("[{}]", files.join(", ")));
    } else if let Some(header) = header.map(str::to_owned) {
        let line = format!("{header}\nprivate-roots = [{}]", quoted(file));
        text = text.replacen(&header, &line, 1);
    } else {
        text.push_str(&format!(
            "\n[attestation]\nprivate-roots = [{}]\n",
            quoted(file)
        ));
    }
    let edited = Config::parse(&config.path, text.clone()).map_err(EditError::Form)?;
    if !edited.file.attestation.has_private(file) {
        return Err(EditError::Attestation);
    }
    Ok(text)
}

fn has_attestation(text: &str) -> bool {
    let places = toml::from_str::<RootPlaces>(text);
    places.is_ok_and(|places| places.attestation.is_some())
}

/// Where the private roots stand in the text.
#[derive(Deserialize)]
struct RootPlaces {
    attestation: Option<AttestationPlaces>,
}

#[derive(Deserialize)]
struct AttestationPlaces {
    #[serde(rename = "private-roots")]
    private_roots: Option<Spanned<Vec<String>>>,
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

const SUFFIXES: &str = "
[suffixes] # the CA alone writes these; each is a class with its least proof
physical  = { suffix = \"_physical\", proof = [\"piv\", \"fido\"], touch = \"cached\", pin = \"once\" }
witnessed = { suffix = \"_witnessed\", proof = [\"witnessed\"] }
file      = { suffix = \"_file\" }
";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ledger::Purpose;

    #[test]
    fn a_private_root_is_added_whether_the_table_is_there_or_not() {
        let config = |text: &str| Config::parse(Path::new("/c/p.toml"), text.to_owned()).unwrap();
        for (before, after) in [
            ("", "\n[attestation]\nprivate-roots = [\"b\"]\n"),
            (
                "[attestation] # whose\nroots = [\"yubico\"]\n",
                "[attestation] # whose\nprivate-roots = [\"b\"]\nroots = [\"yubico\"]\n",
            ),
            (
                "[attestation]\nprivate-roots = [ \"a\" ] # ours\n",
                "[attestation]\nprivate-roots = [\"a\", \"b\"] # ours\n",
            ),
        ] {
            assert_eq!(with_private_root(&config(before), "b").unwrap(), after);
        }
        let inline = config("attestation = { roots = [\"yubico\"] }\n");
        let refused = with_private_root(&inline, "b").unwrap_err();
        assert!(matches!(refused, EditError::Form(_)), "{refused}");
    }

    #[test]
    fn the_ledger_key_is_named_before_the_first_table() {
        let config = |text: &str| Config::parse(Path::new("/c/p.toml"), text.to_owned()).unwrap();
        let line = "ledger-key = \"pkcs11:object=l\"\n\n";
        for (before, after) in [
            ("", line.to_owned()),
            (
                "# a\n\n[attestation]\nroots = []\n",
                format!("# a\n\n{line}[attestation]\nroots = []\n"),
            ),
            ("modules = []", format!("modules = []\n{line}")),
            ("ledger-key = \"k\"\n", "ledger-key = \"k\"\n".to_owned()),
        ] {
            assert_eq!(
                with_ledger_key(&config(before), "pkcs11:object=l").unwrap(),
                after
            );
        }
    }

    #[test]
    fn recorded_suffixes_read_back_as_they_were() {
        let path = Path::new("punchmark.toml");
        let with = Config::parse(
            path,
            with_suffixes(&Config::empty(path), &"a".parse().unwrap(), String::new()),
        )
        .unwrap();
        let recorded = crate::ledger::recorded_form(with.policy().suffixes()).unwrap();
        let text = with_recorded_suffixes(&Config::empty(path), String::new(), &recorded);
        let back = Config::parse(path, text).unwrap();
        assert_eq!(back.policy().suffixes(), with.policy().suffixes());
        let ended = recorded
            .into_iter()
            .map(|set| SuffixSet { ended: 1, ..set });
        let ended: Vec<_> = ended.collect();
        assert_eq!(with_recorded_suffixes(&with, "x".into(), &ended), "x");
    }

    fn locator(text: &str) -> Locator {
        text.parse().unwrap()
    }

    fn hosts() -> (CaName, CaConfig) {
        let ca = CaConfig {
            certificates: Purpose::Host,
            keys: locator("pkcs11:token=T;object=hosts").into(),
            public_key: "hosts.pub".into(),
            description: None,
        };
        ("hosts".parse().unwrap(), ca)
    }

    #[test]
    fn keeps_comments_and_order() {
        let text = "# mine\nmodules = [ '/a' ] # why\n\n[ca]\n# none";
        let config = Config::parse(Path::new("c"), text.to_owned()).unwrap();
        let (name, ca) = hosts();
        let edited = with_ca(&config, &name, &ca).unwrap();
        assert!(edited.starts_with(text), "{edited}");
        let read = Config::parse(Path::new("c"), edited).unwrap();
        assert_eq!(read.ca("hosts").unwrap().keys, ca.keys);
    }

    #[test]
    fn several_devices_are_written_as_a_list_and_read_back() {
        let (name, mut ca) = hosts();
        ca.keys = ca.keys.with(locator("yubikey:slot-id=9c")).unwrap();
        let text = with_ca(&Config::empty(Path::new("c")), &name, &ca).unwrap();
        let read = Config::parse(Path::new("c"), text).unwrap();
        assert_eq!(read.ca("hosts").unwrap().keys, ca.keys);
    }

    #[test]
    fn a_device_is_added_where_the_key_stands() {
        let text = "[ca.a]\ncertificates = 'user'\nkey = 'yubikey:serial=1;slot-id=9c' # one\n\
            public-key = 'a.pub'\n\n[ca.b]\ncertificates = 'host'\n\
            key = 'yubikey:serial=9;slot-id=9c'\npublic-key = 'b.pub' # last\n";
        let config = Config::parse(Path::new("c"), text.to_owned()).unwrap();
        let name = "a".parse().unwrap();
        let spare = locator("yubikey:serial=2;slot-id=9c");
        let edited = with_key(&config, &name, spare.clone()).unwrap();
        assert_eq!(
            edited,
            text.replace(
                "'yubikey:serial=1;slot-id=9c'",
                "[\n    \"yubikey:serial=1;slot-id=9c\",\n    \"yubikey:serial=2;slot-id=9c\",\n]"
            )
        );
        let config = Config::parse(Path::new("c"), edited).unwrap();
        assert_eq!(config.ca("a").unwrap().keys.iter().last(), Some(&spare));
        assert!(matches!(
            with_key(&config, &name, spare),
            Err(EditError::Locators(LocatorsError::Overlap { .. }))
        ));
        assert!(matches!(
            with_key(
                &config,
                &"c".parse().unwrap(),
                locator("yubikey:slot-id=9a")
            ),
            Err(EditError::NoCa(_))
        ));
    }

    #[test]
    fn refuses_a_name_that_is_taken() {
        let (name, ca) = hosts();
        let text = with_ca(&Config::empty(Path::new("c")), &name, &ca).unwrap();
        let config = Config::parse(Path::new("c"), text).unwrap();
        assert!(matches!(
            with_ca(&config, &name, &ca),
            Err(EditError::Taken(_))
        ));
    }

    #[test]
    fn refuses_an_inline_table_that_it_cannot_add_to() {
        let config = Config::parse(Path::new("c"), "ca = {}\n".to_owned()).unwrap();
        let (name, ca) = hosts();
        assert!(matches!(
            with_ca(&config, &name, &ca),
            Err(EditError::Form(_))
        ));
    }
}
