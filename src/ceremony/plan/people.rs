//! Who takes part in a ceremony, and as what.

use std::collections::BTreeSet;

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::reader::{Reader, Table};

/// The people of a ceremony, at least as many as the plan wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// Whether one of them may hold two roles.
    pub two_roles: bool,
    /// Each of them, in the order of the plan.
    pub all: Vec<Person>,
}

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name, as it is typed and written.
    pub name: String,
    /// What they are there for; at least one.
    pub roles: BTreeSet<Role>,
    /// The key that they sign the transcript with, where they have one.
    pub key: Option<KeyData>,
}

impl Person {
    /// The file of their signature, beside the transcript.
    #[must_use]
    pub fn signature_file(&self) -> String {
        format!("transcript.jsonl.{}.sig", self.name)
    }

    /// What they do when the words were shown, if they have a key.
    #[must_use]
    pub fn signs(&self) -> Option<String> {
        self.key.as_ref().map(|_key| {
            format!(
                "{} signs transcript.jsonl with their own key, on a machine of their own (ssh-keygen -Y sign -n \
                 ceremony@punchmark -f KEY < transcript.jsonl), and the signature goes beside it as {:?}.",
                self.name,
                self.signature_file()
            )
        })
    }
}

/// What somebody is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Types at the machine.
    Administrator,
    /// Keeps a device, or what opens it.
    Custodian,
    /// Looks on, compares, and types the words before what can't be undone.
    Witness,
}

impl People {
    /// The first who has a role, which the plan's reader saw to that there is.
    #[must_use]
    pub fn first(&self, role: Role) -> Option<&Person> {
        self.all.iter().find(|person| person.roles.contains(&role))
    }
}

impl Role {
    /// All of them, as a plan names them.
    pub const ALL: [Self; 3] = [Self::Administrator, Self::Custodian, Self::Witness];

    /// Its name in a plan.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Custodian => "custodian",
            Self::Witness => "witness",
        }
    }

    /// The key of the plan that says how many there are at least.
    fn minimum(self) -> &'static str {
        match self {
            Self::Administrator => "administrators",
            Self::Custodian => "custodians",
            Self::Witness => "witnesses",
        }
    }
}

/// Reads `[people]` and `[[person]]`.
pub(super) fn read(reader: &mut Reader, top: &mut Table) -> Option<People> {
    let table = &mut top.table(reader, "people");
    let minimums = Role::ALL.map(|role| (role, table.count(reader, role.minimum())));
    let two_roles = table.truth(reader, "two-roles");
    table.end(reader);
    let mut tables = top.tables(reader, "person");
    let all: Vec<_> = tables
        .iter_mut()
        .filter_map(|table| person(reader, table))
        .collect();
    let people = People {
        two_roles: two_roles?,
        all,
    };
    // Whoever couldn't be read would be missed here too.
    if tables.len() == people.all.len() {
        people.check_numbers(reader, &minimums);
    }
    Some(people)
}

impl People {
    fn check_numbers(&self, reader: &mut Reader, minimums: &[(Role, Option<usize>)]) {
        for (role, least) in minimums {
            let there = self
                .all
                .iter()
                .filter(|person| person.roles.contains(role))
                .count();
            let least = least.unwrap_or_default().max(1);
            if there < least {
                let words = format!(
                    "{there} with role {}, at least {least} wanted",
                    role.as_str()
                );
                reader.add("person", words);
            }
        }
        let mut names = BTreeSet::new();
        for (at, person) in self.all.iter().enumerate() {
            let same = |other: &&Person| person.key.is_some() && other.key == person.key;
            if let Some(other) = self.all.iter().take(at).find(same) {
                let words = format!("{} has the key of {}", person.name, other.name);
                reader.add("person", words);
            }
            let name = &person.name;
            if !names.insert(name.to_lowercase()) {
                reader.add("person", format!("{name} is there twice"));
            }
            if person.roles.len() > 1 && !self.two_roles {
                reader.add(
                    "person",
                    format!("{name} has two roles, which `two-roles` doesn't allow"),
                );
            }
            let has = |role| person.roles.contains(&role);
            if has(Role::Administrator) && has(Role::Witness) {
                reader.add("person", format!("{name} can't witness what {name} types"));
            }
        }
    }
}

fn person(reader: &mut Reader, table: &mut Table) -> Option<Person> {
    let name = table.words(reader, "name");
    let roles = table.list(reader, "roles");
    let mut held = BTreeSet::new();
    for name in &roles {
        match Role::ALL.into_iter().find(|role| role.as_str() == name) {
            Some(role) => drop(held.insert(role)),
            None => table.fault(reader, "roles", format!("{name:?} is no role")),
        }
    }
    if roles.is_empty() {
        table.fault(reader, "roles", "names none");
    }
    let key = table.words_if_there(reader, "key").map(|line| {
        line.parse::<PublicKey>().map_err(|error| {
            table.fault(
                reader,
                "key",
                format!("is no public key in OpenSSH's form: {error}"),
            );
        })
    });
    table.end(reader);
    if let Some(words) = name.as_deref().and_then(why_no_name) {
        table.fault(reader, "name", words);
    }
    if key.is_some()
        && let Some(name) = &name
        && (name.contains('/') || name.len() > NAME_BYTES_MAX)
    {
        let words = format!(
            "names the file of a signature: without a slash, and in at most {NAME_BYTES_MAX} bytes"
        );
        table.fault(reader, "name", words);
    }
    let key = key.transpose().ok()?.map(|key| key.key_data().clone());
    (held.len() == roles.len() && !roles.is_empty()).then_some(())?;
    Some(Person {
        name: name?,
        roles: held,
        key,
    })
}

/// Why nobody can be called so: the name is typed, and what else is typed in its place means something.
fn why_no_name(name: &str) -> Option<&'static str> {
    let is_typed = name.starts_with(char::is_alphanumeric) && name.trim() == name;
    if !is_typed {
        return Some("begins with a letter or a digit, and ends without a blank");
    }
    let mut pairs = name.chars().zip(name.chars().skip(1));
    if pairs.any(|(letter, next)| letter.is_ascii_alphabetic() && ACCENTS.contains(&next)) {
        return Some("has an accent as a character of its own: another name could look the same");
    }
    let has = |is: fn(&char) -> bool| name.chars().any(|c| is(&c));
    let looks_alike = has(char::is_ascii_alphabetic) && has(|c| GREEK_AND_CYRILLIC.contains(c));
    looks_alike.then_some("mixes letters of two scripts that look alike")
}

/// Combining diacritical marks (Unicode, U+0300 to U+036F): a letter with one looks like the letter that has it.
const ACCENTS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36f}';
/// The blocks whose letters look like Latin ones (Unicode, Greek and Coptic, Cyrillic and its supplement).
const GREEK_AND_CYRILLIC: std::ops::RangeInclusive<char> = '\u{370}'..='\u{52f}';
/// A file's name has room for 255 bytes, and says what it is the signature of.
const NAME_BYTES_MAX: usize = 200;
