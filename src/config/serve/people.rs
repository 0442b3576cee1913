//! People whom `[serve]` names.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::request::{Group, LoginFacts, LoginWay, RequesterName};

/// Requesters, by their names, and whoever is in a group by the word of a login method.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct People {
    names: BTreeSet<RequesterName>,
    groups: BTreeSet<Group>,
}

impl People {
    /// Whether somebody who logged in is one of them. A password is guessed or looked over a shoulder, and a typed
    /// code may be a stranger's: neither counts.
    #[must_use]
    pub fn have(&self, name: &RequesterName, login: &LoginFacts) -> bool {
        let counts = matches!(
            login.way,
            LoginWay::EnrolledKey | LoginWay::Browser | LoginWay::Certificate
        );
        let is_in = |group: &Group| self.groups.contains(group);
        counts && (self.names.contains(name) || login.groups.iter().any(is_in))
    }

    /// Those who are named.
    pub fn names(&self) -> impl Iterator<Item = &RequesterName> {
        self.names.iter()
    }

    /// The groups.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter()
    }
}

impl TryFrom<Vec<String>> for People {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Self, String> {
        let mut people = Self::default();
        for text in texts {
            if let Some(group) = text.strip_prefix(GROUP) {
                people.groups.insert(Group::try_from(group.to_owned())?);
            } else {
                let name = text.parse();
                let name =
                    name.map_err(|error| format!("{text:?} is no requester's name: {error}"))?;
                people.names.insert(name);
            }
        }
        Ok(people)
    }
}

/// Before a group, with its method: `group:work:ca-admins`.
const GROUP: &str = "group:";

#[cfg(test)]
mod tests {
    use super::*;

    fn by(way: LoginWay, groups: &[&str]) -> LoginFacts {
        let mut facts = LoginFacts::new("work".parse().unwrap(), way, None);
        facts.groups = groups.iter().map(|group| group.parse().unwrap()).collect();
        facts
    }

    #[test]
    fn a_name_or_a_group_counts_by_a_login_that_nobody_guesses() {
        let texts = ["anna", "group:work:ca-admins"].map(str::to_owned);
        let people = People::try_from(texts.to_vec()).unwrap();
        let (anna, erik) = ("anna".parse().unwrap(), "erik".parse().unwrap());
        for (way, counts) in [
            (LoginWay::EnrolledKey, true),
            (LoginWay::Browser, true),
            (LoginWay::Certificate, true),
            (LoginWay::Password, false),
            (LoginWay::Code, false),
        ] {
            assert_eq!(people.have(&anna, &by(way, &[])), counts, "{way:?}");
            assert!(!people.have(&erik, &by(way, &["work:others"])), "{way:?}");
            let in_group = by(way, &["work:others", "work:ca-admins"]);
            assert_eq!(people.have(&erik, &in_group), counts, "{way:?}");
        }
        assert!(!people.have(&erik, &by(LoginWay::Browser, &["other:ca-admins"])));
    }

    #[test]
    fn a_group_without_its_method_names_nobody() {
        for wrong in ["group:ca-admins", "group:", "group:Work:a", "a b"] {
            assert!(People::try_from(vec![wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
