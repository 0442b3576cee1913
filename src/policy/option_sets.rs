//! Which options a role forces, gives, and allows.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::certificate::{OptionError, Options, Place};

/// Three sets for one of the two maps of a certificate. What is in none is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OptionSets {
    /// Always there, whatever is asked.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub forced: Entries,
    /// There where nobody says otherwise.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub default: Entries,
    /// There where somebody asks for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Allowed>,
}

/// Options with their values, `""` for a flag. Written as a list of `name` or
/// `name=value`, or as a table. A name that OpenSSH doesn't know is written as on the command
/// line, `extension:NAME` or `critical:NAME`, unless it names its domain (`team@example.org`): so
/// that a misspelt one is not taken for a name of somebody's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries(BTreeMap<String, String>);

/// An option that may be asked for: `name` is the flag, `name=value` this value,
/// `name=*` any value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Allowed {
    name: String,
    value: AllowedValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum AllowedValue {
    Any,
    Exactly(String),
}

impl OptionSets {
    /// Whether this option may be asked for: it is in one of the sets with this value.
    pub fn allows(&self, name: &str, value: &str) -> bool {
        let same = |entries: &Entries| entries.get(name).is_some_and(|own| own == value);
        same(&self.forced)
            || same(&self.default)
            || self
                .allowed
                .iter()
                .any(|allowed| allowed.takes(name, value))
    }

    /// Refuses what no certificate could hold, and names that nobody knows.
    ///
    /// # Errors
    /// [`OptionError`] of the first that is at fault.
    pub fn check(&self, place: Place) -> Result<(), OptionError> {
        for entries in [&self.forced, &self.default] {
            for (written, value) in &entries.0 {
                check_entry(place, written, value)?;
            }
            if let Some(twice) = entries.twice() {
                return Err(OptionError::Twice(twice.to_owned()));
            }
        }
        for Allowed { name, value } in &self.allowed {
            let value = match value {
                AllowedValue::Exactly(value) => value,
                AllowedValue::Any => ANY_ADDRESS,
            };
            check_entry(place, name, value)?;
        }
        Ok(())
    }
}

fn check_entry(place: Place, written: &str, value: &str) -> Result<(), OptionError> {
    let prefix = prefix(place);
    let name = written.strip_prefix(prefix);
    if name.is_none() && !written.contains('@') && !Options::is_known(written) {
        return Err(OptionError::Misspelt {
            name: written.to_owned(),
            prefix,
        });
    }
    Options::check_entry(place, name.unwrap_or(written), value)
}

fn prefix(place: Place) -> &'static str {
    match place {
        Place::Critical => CRITICAL,
        Place::Extension => EXTENSION,
    }
}

/// The name as it stands in a certificate.
fn bare(written: &str) -> &str {
    let bare = [CRITICAL, EXTENSION].map(|prefix| written.strip_prefix(prefix));
    bare.into_iter().flatten().next().unwrap_or(written)
}

impl Entries {
    /// The value of an option.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut entries = self.iter();
        entries
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value)
    }

    /// Every option with its value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (bare(name), value.as_str()))
    }

    /// A name that stands there with and without its prefix.
    fn twice(&self) -> Option<&str> {
        let mut names: Vec<_> = self.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let mut pairs = names.windows(2);
        pairs.find_map(|pair| match pair {
            [one, other] if one == other => Some(*one),
            _ => None,
        })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, String)> for Entries {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl Allowed {
    /// The option's name.
    pub fn name(&self) -> &str {
        bare(&self.name)
    }

    fn takes(&self, name: &str, value: &str) -> bool {
        self.name() == name
            && match &self.value {
                AllowedValue::Any => !value.is_empty(),
                AllowedValue::Exactly(own) => own == value,
            }
    }
}

impl From<String> for Allowed {
    fn from(text: String) -> Self {
        let (name, value) = split(&text);
        let value = match value {
            "*" => AllowedValue::Any,
            value => AllowedValue::Exactly(value.to_owned()),
        };
        Self {
            name: name.to_owned(),
            value,
        }
    }
}

impl From<Allowed> for String {
    fn from(allowed: Allowed) -> Self {
        match allowed.value {
            AllowedValue::Any => format!("{}=*", allowed.name),
            AllowedValue::Exactly(value) if value.is_empty() => allowed.name,
            AllowedValue::Exactly(value) => format!("{}={value}", allowed.name),
        }
    }
}

/// Flags alone as a list, else a table: each reads back as what it was.
impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_flag = |(name, value): (&str, &str)| value.is_empty() && !name.contains('=');
        if self.iter().all(is_flag) {
            serializer.collect_seq(self.0.keys())
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of options, or a table of options and their values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(text) = list.next_element::<String>()? {
            let (name, value) = split(&text);
            if entries.insert(name.to_owned(), value.to_owned()).is_some() {
                let words = format!("option {name} is named twice");
                return Err(serde::de::Error::custom(words));
            }
        }
        Ok(Entries(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Entries, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((name, value)) = table.next_entry::<String, String>()? {
            entries.insert(name, value);
        }
        Ok(Entries(entries))
    }
}

/// Name and value; a flag has the value `""`.
fn split(text: &str) -> (&str, &str) {
    text.split_once('=').unwrap_or((text, ""))
}

const CRITICAL: &str = "critical:";
const EXTENSION: &str = "extension:";
/// Has the form of any value that OpenSSH knows of.
const ANY_ADDRESS: &str = "192.0.2.1";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, place: Place) -> Result<OptionSets, OptionError> {
        let sets: OptionSets = toml::from_str(text).unwrap();
        sets.check(place).map(|()| sets)
    }

    #[test]
    fn a_misspelt_name_is_refused_and_ones_own_is_written_with_its_map() {
        for text in [
            "default = [\"permit-ptty\"]",
            "forced = [\"foo\"]",
            "allowed = [\"critical:foo\"]",
            "allowed = [\"permit-pty\", \"foo=*\"]",
        ] {
            let refused = check(text, Place::Extension);
            let misspelt = matches!(refused, Err(OptionError::Misspelt { .. }));
            assert!(misspelt, "{text}: {refused:?}");
        }
        let text = "default = [\"extension:foo=1\"]\nallowed = [\"extension:bar\", \"team@x=*\"]";
        let sets = check(text, Place::Extension).unwrap();
        assert_eq!(sets.default.get("foo"), Some("1"));
        assert!(sets.allows("bar", "") && sets.allows("team@x", "any"));
        let written: OptionSets = toml::from_str(&toml::to_string(&sets).unwrap()).unwrap();
        assert_eq!(written, sets);
    }

    #[test]
    fn an_option_stands_once_whatever_stands_before_its_name() {
        let text = "forced = [\"extension:permit-pty\", \"permit-pty\"]";
        let twice = check(text, Place::Extension);
        assert_eq!(twice, Err(OptionError::Twice("permit-pty".to_owned())));
    }
}
