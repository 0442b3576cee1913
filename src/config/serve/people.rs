//! People whom `[serve]` names.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::request::RequesterName;

/// Requesters, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct People(BTreeSet<RequesterName>);

impl People {
    /// All of them.
    pub fn names(&self) -> impl Iterator<Item = &RequesterName> {
        self.0.iter()
    }

    /// Whether somebody is one of them.
    #[must_use]
    pub fn have(&self, name: &RequesterName) -> bool {
        self.0.contains(name)
    }
}

impl TryFrom<Vec<String>> for People {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        let names = names.into_iter().map(|name| {
            // One that is never somebody's name would be read as a rule that holds.
            if name.starts_with("group:") {
                return Err(format!("{name:?}: a group is not known here, name people"));
            }
            let parsed = name.parse();
            parsed.map_err(|error| format!("{name:?} is no requester's name: {error}"))
        });
        Ok(Self(names.collect::<Result<_, String>>()?))
    }
}
