//! Any bytes as settings of a directory service, as a server, and as the entries that one gives: no
//! panic, and whoever is found stands in the list as one principal with the group's suffix.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use punchmark::server::access::List;
use punchmark::server::directory::{AskError, Directory, Entry, Server, Settings, resolve};

const LIST: &str = "@suffixes _physical _file\n\
    @group g = directory \"g\" attribute a suffix _physical\n@g root *\n";
const SETTINGS: &str = "server = \"ldapi:///x\"\nsasl-external = true\nbase = \"b\"\n";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (Settings::parse(text, Path::new("/")), Server::parse(text, false));
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
});

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
