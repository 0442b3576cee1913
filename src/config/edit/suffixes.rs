//! The suffixes that a config gets: those to begin with, or those that the ledger has.

use super::quoted;
use crate::config::{CaName, Config, templates};
use crate::ledger::SuffixSet;

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

const SUFFIXES: &str = "
[suffixes] # the CA alone writes these; each is a class with its least proof
physical  = { suffix = \"_physical\", proof = [\"piv\", \"fido\"], touch = \"cached\", pin = \"once\" }
witnessed = { suffix = \"_witnessed\", proof = [\"witnessed\"] }
file      = { suffix = \"_file\" }
";
