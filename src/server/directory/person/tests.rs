//! A directory that answers from memory: what it is asked, in which order, and what becomes of its answers.

use super::super::entry::tests::entry_at as entry;
use super::*;

/// What is answered, and what was asked.
#[derive(Default)]
struct Recorded {
    people: Vec<Entry>,
    groups: Vec<Entry>,
    asked: Vec<String>,
}

impl Directory for Recorded {
    fn read(&mut self, names: &[&str], _: &[&str]) -> Result<Vec<Option<Entry>>, AskError> {
        panic!("nobody reads {names:?}");
    }

    fn search(&mut self, base: &str, filter: &str, _: &[&str]) -> Result<Vec<Entry>, AskError> {
        self.asked.push(format!("{base} {filter}"));
        let is_people = base.starts_with("ou=people");
        Ok(if is_people {
            &self.people
        } else {
            &self.groups
        }
        .clone())
    }
}

fn anna() -> Entry {
    entry(
        "cn=Müller\\, Anna,ou=people",
        &[
            ("uid", &["anna"]),
            ("entryUUID", &["1-2"]),
            ("memberOf", &["cn=a,ou=groups", "cn=b,ou=groups"]),
        ],
    )
}

const WANTED: WantedPerson<'static> = WantedPerson {
    base: "ou=people",
    requester: "uid",
    filter: None,
    subject: "entryUUID",
    groups: None,
};

/// What is found, and as whom a bind was tried.
fn found(
    directory: &mut Recorded,
    wanted: &WantedPerson<'_>,
    name: &str,
    is_right: bool,
) -> (Result<Option<FoundPerson>, String>, Vec<String>) {
    let mut bound = Vec::new();
    let mut takes = |dn: &str| {
        bound.push(dn.to_owned());
        Ok(is_right)
    };
    let found = person(directory, wanted, name, &mut takes);
    (found.map_err(|error| error.to_string()), bound)
}

#[test]
fn the_one_entry_of_a_name_is_bound_to_and_then_read() {
    let mut directory = Recorded {
        people: vec![anna()],
        groups: vec![
            entry("cn=c,ou=groups", &[("objectClass", &["groupOfNames"])]),
            entry("cn=d,ou=groups", &[("objectClass", &["person"])]),
        ],
        ..Recorded::default()
    };
    let groups = |by| WantedPerson {
        groups: Some(by),
        ..WANTED
    };
    for (by, expected) in [
        (
            GroupsOf::Own("memberOf"),
            &["cn=a,ou=groups", "cn=b,ou=groups"][..],
        ),
        (GroupsOf::Member("ou=groups", "member"), &["cn=c,ou=groups"]),
        (GroupsOf::MemberUid("ou=groups"), &["cn=c,ou=groups"]),
    ] {
        let (found, bound) = found(&mut directory, &groups(by), "anna", true);
        let found = found.unwrap().unwrap();
        assert_eq!(
            (&found.name[..], &found.subject[..]),
            (&b"anna"[..], &b"1-2"[..])
        );
        let expected: Vec<_> = expected
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        assert_eq!(found.groups, expected);
        assert_eq!(bound, ["cn=Müller\\, Anna,ou=people"]);
    }
    assert_eq!(
        directory.asked,
        [
            "ou=people (uid=anna)",
            "ou=people (uid=anna)",
            "ou=groups (member=cn=M\\c3\\bcller\\5c, Anna,ou=people)",
            "ou=people (uid=anna)",
            "ou=groups (memberUid=anna)",
        ]
    );
}

#[test]
fn what_is_typed_stays_one_comparison_beside_the_configs_filter() {
    let mut directory = Recorded::default();
    let wanted = WantedPerson {
        filter: Some("(objectClass=inetOrgPerson)"),
        ..WANTED
    };
    let (nobody, bound) = found(&mut directory, &wanted, "*)(uid=*", true);
    assert_eq!(nobody, Ok(None));
    assert_eq!(
        directory.asked,
        ["ou=people (&(uid=\\2a\\29\\28uid=\\2a)(objectClass=inetOrgPerson))"]
    );
    // As many questions as for somebody, and the right password of nobody opens nothing.
    assert_eq!(bound, ["cn=nobody-has-this-name,ou=people"]);
}

#[test]
fn a_wrong_password_an_account_that_is_off_and_two_entries_are_nobody() {
    let mut directory = Recorded {
        people: vec![anna()],
        ..Recorded::default()
    };
    let (wrong, bound) = found(&mut directory, &WANTED, "anna", false);
    assert_eq!((wrong, bound.len()), (Ok(None), 1));
    directory.people[0]
        .attributes
        .push(("userAccountControl".to_owned(), vec![b"514".to_vec()]));
    assert_eq!(found(&mut directory, &WANTED, "anna", true).0, Ok(None));
    directory.people = vec![anna(), entry("uid=anna,ou=other,ou=people", &[])];
    let (several, bound) = found(&mut directory, &WANTED, "anna", true);
    assert!(several.unwrap_err().starts_with("2 entries have that name"));
    assert_eq!(bound, ["cn=nobody-has-this-name,ou=people"]);
    // An entry without a name is nobody's: a bind by it would be taken without a password.
    directory.people = vec![entry("", &[("uid", &["anna"])])];
    let (nameless, bound) = found(&mut directory, &WANTED, "anna", true);
    assert_eq!(
        (nameless, &bound[0][..]),
        (Ok(None), "cn=nobody-has-this-name,ou=people")
    );
}

#[test]
fn an_entry_that_does_not_say_who_it_is_is_a_fault_behind_the_password() {
    let mut directory = Recorded {
        people: vec![entry("uid=anna,ou=people", &[("uid", &["anna", "anne"])])],
        ..Recorded::default()
    };
    let told = |directory: &mut Recorded| found(directory, &WANTED, "anna", true).0.unwrap_err();
    assert_eq!(told(&mut directory), "entry \"uid=anna,ou=people\"");
    assert_eq!(found(&mut directory, &WANTED, "anna", false).0, Ok(None));
    let wanted = WantedPerson {
        groups: Some(GroupsOf::Own("memberOf")),
        ..WANTED
    };
    directory.people = vec![anna()];
    directory.people[0].attributes[2] = ("memberOf;range=0-0".to_owned(), vec![b"cn=a".to_vec()]);
    let part = found(&mut directory, &wanted, "anna", true).0.unwrap_err();
    assert!(part.contains("more groups than are read"), "{part}");
}
