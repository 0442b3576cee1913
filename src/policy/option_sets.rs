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
/// `name=value`, or as a table.
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

    /// Refuses what no certificate could hold.
    ///
    /// # Errors
    /// [`OptionError`] of the first that is at fault.
    pub fn check(&self, place: Place) -> Result<(), OptionError> {
        for (name, value) in self.forced.iter().chain(self.default.iter()) {
            Options::check_entry(place, name, value)?;
        }
        for Allowed { name, value } in &self.allowed {
            let value = match value {
                AllowedValue::Exactly(value) => value,
                AllowedValue::Any => ANY_ADDRESS,
            };
            Options::check_entry(place, name, value)?;
        }
        Ok(())
    }
}

impl Entries {
    /// The value of an option.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Every option with its value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
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
        &self.name
    }

    fn takes(&self, name: &str, value: &str) -> bool {
        self.name == name
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

/// Has the form of any value that OpenSSH knows of.
const ANY_ADDRESS: &str = "192.0.2.1";
