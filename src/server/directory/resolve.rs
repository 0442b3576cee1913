//! All groups of a list that a directory service holds, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use super::super::access::{Fault, LIST_BYTES_MAX, List, Members};
use super::ask::Directory;
use super::members::{Found, GroupError, Wanted, members};
use super::settings::Settings;
use super::text::with_members;

/// A list in which all members stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Its text.
    pub text: String,
    /// What was found, by the groups' names.
    pub groups: Vec<ResolvedGroup>,
}

/// A group that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedGroup {
    /// Its name in the list.
    pub name: String,
    /// Its distinguished name.
    pub dn: String,
    /// Who is in it.
    pub found: Found,
}

/// Why a list has no members.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// A group, for which the directory service gives no members.
    #[error("group `@{group}`")]
    Group {
        /// Its name in the list.
        group: String,
        /// Why.
        #[source]
        error: GroupError,
    },
    /// Principals that the CA doesn't write would be let in.
    #[error("group `@{group}` puts `{suffix}` behind its members, and `@suffixes` doesn't name it")]
    Suffix {
        /// Its name in the list.
        group: String,
        /// The suffix.
        suffix: String,
    },
    /// More than a list may be.
    #[error("the list with its members has more than {LIST_BYTES_MAX} bytes")]
    TooLong,
    /// The members make no list.
    #[error("the list with its members")]
    Invalid(#[from] Fault),
}

/// Asks for every directory group of a list; `told` hears a group's name, and how many members are
/// known so far.
///
/// # Errors
/// [`ResolveError`]: all groups or none.
pub fn resolve(
    text: &str,
    list: &List<'_>,
    directory: &mut dyn Directory,
    settings: &Settings,
    told: &mut dyn FnMut(&str, usize),
) -> Result<Resolution, ResolveError> {
    let reserved = list.header().suffixes();
    let mut groups = Vec::new();
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, group) in list.header().groups() {
        let Members::Directory {
            dn,
            attribute,
            suffix,
        } = group.members()
        else {
            continue;
        };
        if !reserved.is_empty() && !reserved.contains(suffix) {
            return Err(ResolveError::Suffix {
                group: name.clone(),
                suffix: suffix.clone(),
            });
        }
        let wanted = Wanted {
            dn,
            how: settings.how,
            base: settings.base.as_deref(),
            attribute: attribute.as_deref().unwrap_or(&settings.attribute),
            suffix,
            reserved,
        };
        let found = members(directory, &wanted, &mut |count| told(name, count));
        let found = found.map_err(|error| ResolveError::Group {
            group: name.clone(),
            error,
        })?;
        all.insert(name.clone(), found.principals.clone());
        let (name, dn) = (name.clone(), dn.clone());
        groups.push(ResolvedGroup { name, dn, found });
    }
    let text = with_members(text, list, &all, &settings.server.to_string());
    if u64::try_from(text.len()).map_or(true, |length| length > LIST_BYTES_MAX) {
        return Err(ResolveError::TooLong);
    }
    List::parse(text.as_bytes())?;
    Ok(Resolution { text, groups })
}

#[cfg(test)]
mod tests {
    use super::super::ask::AskError;
    use super::super::entry::Entry;
    use super::*;

    /// A service in which everybody is `anna`, and `ops` is her group.
    struct One;

    impl Directory for One {
        fn read(&mut self, names: &[&str], _: &[&str]) -> Result<Vec<Option<Entry>>, AskError> {
            let entry = |name: &&str| {
                let (class, attribute, value) = match *name {
                    "cn=ops" => ("group", "member", "cn=anna"),
                    _ => ("person", "uid", "anna"),
                };
                let values = |value: &str| vec![value.as_bytes().to_vec()];
                Some(Entry {
                    dn: (*name).to_owned(),
                    attributes: vec![
                        ("objectClass".to_owned(), values(class)),
                        (attribute.to_owned(), values(value)),
                    ],
                })
            };
            Ok(names.iter().map(entry).collect())
        }

        fn search(&mut self, _: &str, _: &str, _: &[&str]) -> Result<Vec<Entry>, AskError> {
            Ok(Vec::new())
        }
    }

    fn resolved(text: &str) -> Result<Resolution, String> {
        let settings = Settings::parse(
            "server = \"ldapi:///x\"\nsasl-external = true\n",
            std::path::Path::new(""),
        )
        .unwrap();
        let list = List::parse(text.as_bytes()).unwrap();
        resolve(text, &list, &mut One, &settings, &mut |_, _| {}).map_err(|error| error.to_string())
    }

    #[test]
    fn every_group_of_a_directory_is_asked_for_and_no_other_changes() {
        let text = "@suffixes _physical _file\n@group a = directory \"cn=ops\" suffix _physical\n\
                    @group b = directory \"cn=ops\" suffix _file\n@group c = ole\n@a,@b,@c www *\n";
        let found = resolved(text).unwrap();
        let list = List::parse(found.text.as_bytes()).unwrap();
        let members = |name: &str| {
            list.header()
                .groups()
                .get(name)
                .unwrap()
                .members()
                .named()
                .to_vec()
        };
        assert_eq!(members("a"), ["anna_physical".into()]);
        assert_eq!(members("b"), ["anna_file".into()]);
        assert_eq!(members("c"), ["ole".into()]);
        assert_eq!(found.groups.len(), 2);
    }

    #[test]
    fn a_suffix_that_the_ca_does_not_write_is_refused() {
        let text = "@suffixes _physical\n@group a = directory \"cn=ops\" suffix _phys\n@a www *\n";
        assert_eq!(
            resolved(text),
            Err(
                "group `@a` puts `_phys` behind its members, and `@suffixes` doesn't name it"
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_part_that_a_person_wrote_is_no_part_of_a_group() {
        let text =
            "@group a = directory \"cn=ops\" suffix _file\n@group a..1 = ole\n@a,@a..1 www *\n";
        assert!(resolved(text).is_ok());
    }
}
