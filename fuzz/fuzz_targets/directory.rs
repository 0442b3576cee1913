//! Any bytes as settings of a directory service, as a server, and as the entries that one gives: no
//! panic, whoever is found stands in the list as one principal with the group's suffix, and who logs in has the
//! name that was typed.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use punchmark::login::ldap::{Dn, Person, Said};
use punchmark::server::access::List;
use punchmark::server::directory::{
    AskError, Directory, Entry, GroupsOf, Server, Settings, WantedPerson, person, resolve,
};

const LIST: &str = "@suffixes _physical _file\n\
    @group g = directory \"g\" attribute a suffix _physical\n@g root *\n";
const SETTINGS: &str = "server = \"ldapi:///x\"\nsasl-external = true\nbase = \"b\"\n";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (Settings::parse(text, Path::new("/")), Server::parse(text, false));
        let _ = Dn::parse(text);
    }
    for how in ["walk", "member-of", "in-chain"] {
        let settings = format!("{SETTINGS}members = \"{how}\"\n");
        let settings = Settings::parse(&settings, Path::new("/")).unwrap();
        let list = List::parse(LIST.as_bytes()).unwrap();
        let mut entries = Entries::of(bytes);
        let found = resolve(LIST, &list, &mut entries, &settings, &mut |_, _| {});
        let Ok(found) = found else { continue };
        let list = List::parse(found.text.as_bytes()).unwrap();
        assert!(list.header().unresolved().is_none());
        for name in found.groups.iter().flat_map(|group| &group.found.principals) {
            assert!(name.ends_with("_physical") && !name.contains(['*', '?', ' ', ',']));
        }
    }
    log_in(bytes);
});

/// Whoever knows every password logs in.
fn log_in(bytes: &[u8]) {
    let wanted = WantedPerson {
        base: "b",
        requester: "a",
        filter: None,
        subject: "uid",
        groups: Some(GroupsOf::Own("memberOf")),
    };
    let mut entries = Entries::of(bytes);
    let found = person(&mut entries, &wanted, "anna", &mut |_| Ok(true));
    let (Ok(Some(found)), Ok(below)) = (found, Dn::parse("ou=g")) else {
        return;
    };
    let said = Said {
        issuer: "ldaps://ldap.example.org/b",
        subject: &found.subject,
        name: &found.name,
        groups: &found.groups,
        group_base: Some(&below),
    };
    if let Ok(person) = Person::of("anna", &said) {
        assert!(person.name().as_str().eq_ignore_ascii_case("anna"));
        assert!(!person.subject().subject.is_empty());
    }
}

/// Lines `DN<TAB>ATTRIBUTE<TAB>VALUE`; every search finds all.
struct Entries(Vec<Entry>);

impl Entries {
    fn of(bytes: &[u8]) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n').take(64) {
            let mut parts = line.splitn(3, |byte| *byte == b'\t');
            let (Some(dn), Some(name), Some(value)) = (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let dn = String::from_utf8_lossy(dn).into_owned();
            let attribute = (String::from_utf8_lossy(name).into_owned(), vec![value.to_vec()]);
            match entries.iter_mut().find(|entry| entry.dn == dn) {
                Some(entry) => entry.attributes.push(attribute),
                None => entries.push(Entry { dn, attributes: vec![attribute] }),
            }
        }
        Self(entries)
    }
}

impl Directory for Entries {
    fn read(&mut self, names: &[&str], _: &[&str]) -> Result<Vec<Option<Entry>>, AskError> {
        let entry = |name: &&str| self.0.iter().find(|entry| entry.dn == *name).cloned();
        Ok(names.iter().map(entry).collect())
    }

    fn search(&mut self, _: &str, _: &str, _: &[&str]) -> Result<Vec<Entry>, AskError> {
        Ok(self.0.clone())
    }
}
