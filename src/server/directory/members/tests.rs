//! Groups of a directory that is none: answers as servers of several kinds give them.

use std::collections::BTreeMap;

use super::super::entry::tests::entry_at as entry;
use super::*;

/// Entries by their names, and searches by their filters. What was asked is kept.
#[derive(Default)]
struct Recorded {
    entries: BTreeMap<String, Vec<Entry>>,
    searches: BTreeMap<String, Vec<Entry>>,
    asked: Vec<String>,
}

impl Directory for Recorded {
    fn read(
        &mut self,
        names: &[&str],
        attributes: &[&str],
    ) -> Result<Vec<Option<Entry>>, AskError> {
        let mut found = Vec::new();
        for name in names {
            let range = attributes.iter().find(|name| name.contains(';'));
            let key = range.map_or((*name).to_owned(), |range| format!("{name} {range}"));
            self.asked.push(key.clone());
            found.push(self.entries.get(&key).and_then(|all| all.first()).cloned());
        }
        Ok(found)
    }

    fn search(&mut self, base: &str, filter: &str, _: &[&str]) -> Result<Vec<Entry>, AskError> {
        let key = format!("{base} {filter}");
        self.asked.push(key.clone());
        self.searches
            .get(&key)
            .cloned()
            .ok_or(AskError::TooMany { limit: 0 })
    }
}

fn group(dn: &str, members: &[&str]) -> Entry {
    entry(
        dn,
        &[("objectClass", &["groupOfNames"]), ("member", members)],
    )
}

fn person(uid: &str) -> Entry {
    entry(
        &format!("uid={uid}"),
        &[("objectClass", &["account"]), ("uid", &[uid])],
    )
}

impl Recorded {
    fn of(entries: &[Entry]) -> Self {
        let mut recorded = Self::default();
        for entry in entries {
            recorded.also(&entry.dn, entry.clone());
        }
        recorded
    }

    fn also(&mut self, key: &str, entry: Entry) {
        self.entries.entry(key.to_owned()).or_default().push(entry);
    }

    fn finds(mut self, filter: &str, entries: &[Entry]) -> Self {
        self.searches
            .insert(format!("dc=x {filter}"), entries.to_vec());
        self
    }

    fn members(&mut self, how: How, attribute: &str) -> Result<Found, String> {
        let wanted = Wanted {
            dn: "cn=ops",
            how,
            base: Some("dc=x"),
            attribute,
            suffix: "_physical",
            reserved: &["_physical".to_owned(), "_file".to_owned()],
        };
        members(self, &wanted, &mut |_| {}).map_err(|error| {
            let source = std::error::Error::source(&error);
            source.map_or(error.to_string(), |source| format!("{error}: {source}"))
        })
    }

    fn walk(&mut self) -> Result<Vec<String>, String> {
        let found = self.members(How::Walk, "uid");
        found.map(|found| found.principals.into_iter().collect())
    }
}

#[test]
fn groups_within_groups_are_looked_through_once_and_hold_one_another() {
    let mut recorded = Recorded::of(&[
        group("cn=ops", &["uid=ole", "cn=inner", "cn=OPS", "cn=outer"]),
        group("cn=inner", &["uid=anna", "cn=outer", "uid=ole"]),
        group("cn=outer", &["cn=ops", "uid=peter"]),
        person("anna"),
        person("ole"),
        person("peter"),
    ]);
    // The same group by another spelling, as the server then writes it.
    recorded.also("cn=OPS", group("cn=ops", &["uid=ole"]));
    assert_eq!(
        recorded.walk().unwrap(),
        ["anna_physical", "ole_physical", "peter_physical"]
    );
    let asked = |name: &str| recorded.asked.iter().filter(|key| *key == name).count();
    assert_eq!(
        (asked("uid=ole"), asked("cn=outer"), asked("cn=ops")),
        (1, 1, 1)
    );
}

#[test]
fn the_order_of_members_changes_nothing() {
    let people = [person("anna"), person("ole")];
    let first = Recorded::of(&[&[group("cn=ops", &["uid=ole", "uid=anna"])], &people[..]].concat());
    let second =
        Recorded::of(&[&[group("cn=ops", &["uid=anna", "uid=ole"])], &people[..]].concat());
    let [first, second] = [first, second].map(|mut recorded| recorded.walk().unwrap());
    assert_eq!(first, second);
}

#[test]
fn a_group_of_active_directory_is_read_a_range_at_a_time() {
    // Answers as MS-ADTS 3.1.1.3.1.3.3 has them: an empty attribute beside the range of it.
    let mut recorded = Recorded::of(&[person("a"), person("b"), person("c")]);
    recorded.also(
        "cn=ops",
        entry(
            "cn=ops",
            &[
                ("objectClass", &["top", "group"]),
                ("member", &[]),
                ("member;range=0-1", &["uid=a", "uid=b"]),
            ],
        ),
    );
    recorded.also(
        "cn=ops member;range=2-*",
        entry("cn=ops", &[("member;range=2-*", &["uid=c"])]),
    );
    assert_eq!(
        recorded.walk().unwrap(),
        ["a_physical", "b_physical", "c_physical"]
    );
    // A server that begins anew or stops there gives no half of a group.
    for rest in [&[][..], &[("member;range=0-1", &["uid=a", "uid=b"][..])]] {
        recorded.entries.remove("cn=ops member;range=2-*");
        recorded.also("cn=ops member;range=2-*", entry("cn=ops", rest));
        assert!(recorded.walk().unwrap_err().contains("range"), "{rest:?}");
    }
}

#[test]
fn accounts_that_are_switched_off_are_left_out_and_counted() {
    let account = |name: &str, control: &str| {
        entry(
            &format!("uid={name}"),
            &[
                ("objectClass", &["user"]),
                ("sAMAccountName", &[name]),
                ("userAccountControl", &[control]),
            ],
        )
    };
    let ops = group("cn=ops", &["uid=anna", "uid=gone"]);
    let mut recorded = Recorded::of(&[ops.clone(), account("anna", "512"), account("gone", "514")]);
    let found = recorded.members(How::Walk, "samaccountname").unwrap();
    assert_eq!((found.principals.len(), found.disabled), (1, 1));
    assert!(found.principals.contains("anna_physical"));
    let mut recorded = Recorded::of(&[
        ops.clone(),
        account("anna", "66050"),
        account("gone", "514"),
    ]);
    let refused = recorded.members(How::Walk, "sAMAccountName").unwrap_err();
    assert_eq!(refused, "all 2 accounts of \"cn=ops\" are switched off");
    let mut recorded = Recorded::of(&[ops, account("anna", "many"), account("gone", "514")]);
    let refused = recorded.members(How::Walk, "sAMAccountName").unwrap_err();
    assert!(
        refused.ends_with("userAccountControl is no number"),
        "{refused}"
    );
}

#[test]
fn whatever_is_not_whole_ends_it() {
    let refused = |entries: &[Entry]| Recorded::of(entries).walk().unwrap_err();
    assert_eq!(refused(&[]), "no entry \"cn=ops\"");
    assert_eq!(
        refused(&[entry(
            "cn=ops",
            &[("objectClass", &["person"]), ("uid", &["ops"])]
        )]),
        "\"cn=ops\" is no group"
    );
    assert_eq!(refused(&[group("cn=ops", &[])]), "\"cn=ops\" is empty");
    let outer = group("cn=ops", &["uid=anna", "cn=inner"]);
    assert_eq!(
        refused(&[outer.clone(), person("anna"), group("cn=inner", &[])]),
        "\"cn=inner\" is empty"
    );
    assert_eq!(
        refused(&[outer, person("anna")]),
        "\"cn=ops\" has the member \"cn=inner\", and there is no such entry"
    );
    let one = group("cn=ops", &["uid=x"]);
    let named = |names: &[&str]| entry("uid=x", &[("uid", names)]);
    for (names, words) in [
        (&[][..], "no attribute uid to name it by"),
        (&["a", "b"], "2 values of attribute uid"),
        (&["a_file"], "ends in `_file`"),
        (&["a b"], "can't be a principal"),
        (&["*"], "can't be a principal"),
    ] {
        let refused = refused(&[one.clone(), named(names)]);
        assert!(
            refused.starts_with("entry \"uid=x\": ") && refused.contains(words),
            "{refused}"
        );
    }
}

#[test]
fn those_whom_a_posix_group_names_are_each_one_entry() {
    let posix = entry(
        "cn=ops",
        &[
            ("objectClass", &["posixGroup"]),
            ("memberUid", &["anna", "ole"]),
        ],
    );
    let filter = "(|(uid=anna)(uid=ole))";
    let all = [person("anna"), person("OLE")];
    let mut recorded = Recorded::of(std::slice::from_ref(&posix)).finds(filter, &all);
    assert_eq!(recorded.walk().unwrap(), ["OLE_physical", "anna_physical"]);
    let mut recorded = Recorded::of(std::slice::from_ref(&posix)).finds(filter, &all[..1]);
    assert_eq!(
        recorded.walk().unwrap_err(),
        "\"cn=ops\" has the member \"ole\", and there is no such entry"
    );
    let two = [person("anna"), person("ole"), person("ole")];
    let mut recorded = Recorded::of(std::slice::from_ref(&posix)).finds(filter, &two);
    assert_eq!(
        recorded.walk().unwrap_err(),
        "\"cn=ops\" has the member \"ole\", and 2 entries have that uid"
    );
}

#[test]
fn members_that_say_their_groups_are_searched_for() {
    let inner = entry("cn=inner", &[("objectClass", &["groupOfNames"])]);
    let ops = entry("cn=ops", &[("objectClass", &["groupOfNames"])]);
    let mut recorded = Recorded::of(std::slice::from_ref(&ops))
        .finds(
            "(memberOf=cn=ops)",
            &[person("anna"), inner.clone(), ops.clone()],
        )
        .finds("(memberOf=cn=inner)", &[person("ole"), ops.clone()]);
    let found = recorded.members(How::MemberOf, "uid").unwrap();
    assert_eq!(found.principals.len(), 2);
    assert_eq!(found.groups, 2);
    let chain = "(memberOf:1.2.840.113556.1.4.1941:=cn=ops)";
    let mut recorded = Recorded::of(std::slice::from_ref(&ops))
        .finds(chain, &[person("anna"), inner, person("ole")]);
    let found = recorded.members(How::InChain, "uid").unwrap();
    assert_eq!(found.principals.len(), 2);
    let mut recorded = Recorded::of(std::slice::from_ref(&ops)).finds(chain, &[]);
    let refused = recorded.members(How::InChain, "uid").unwrap_err();
    assert_eq!(refused, "\"cn=ops\" is empty");
    // A group that isn't there is another fault than one that is empty.
    let refused = Recorded::default()
        .members(How::InChain, "uid")
        .unwrap_err();
    assert_eq!(refused, "no entry \"cn=ops\"");
}
