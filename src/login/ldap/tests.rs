//! What an entry must say, whose it is, and which of its groups count.

use proptest::prelude::*;

use super::*;

const GROUPS: &str = "ou=groups,dc=example,dc=org";

fn person(
    typed: &str,
    name: &[u8],
    subject: &[u8],
    groups: &[&str],
) -> Result<Person, PersonError> {
    let base = Dn::parse(GROUPS).unwrap();
    let groups: Vec<_> = groups.iter().map(|name| name.as_bytes().to_vec()).collect();
    let said = Said {
        issuer: "ldaps://ldap.example.org/ou=people",
        subject,
        name,
        groups: &groups,
        group_base: Some(&base),
    };
    Person::of(typed, &said)
}

#[test]
fn an_entry_that_fits_says_who_it_is_and_which_groups_count() {
    let found = person(
        "ANNA",
        b"anna",
        b"b7a1c0de-6d2f-103e-8f3a-5b1d2c3d4e5f",
        &[
            "cn=engineers,ou=groups,dc=example,dc=org",
            "CN=On Call, OU=Groups, DC=Example, DC=Org",
            "cn=Jörg\\, the old,ou=groups,dc=example,dc=org",
            // Elsewhere, deeper, and no name at all.
            "cn=admins,ou=people,dc=example,dc=org",
            "cn=admins,ou=own,ou=groups,dc=example,dc=org",
            "cn=admins\\,ou=groups,dc=example,dc=org",
            "ou=groups,dc=example,dc=org",
            "admins",
        ],
    )
    .unwrap();
    assert_eq!(found.name().as_str(), "anna");
    assert_eq!(found.groups, ["engineers", "On Call", "Jörg, the old"]);
    let login = found.login(&"work".parse().unwrap(), Allowed::Bound, 7);
    assert_eq!(
        (login.kind(), login.authenticated_at()),
        (LoginKind::Ldap, Some(7))
    );
    let groups: Vec<_> = login.groups().iter().map(ToString::to_string).collect();
    assert_eq!(groups[..2], ["work:engineers", "work:On Call"]);
}

#[test]
fn a_subject_is_a_text_or_bytes_and_never_taken_for_one_another() {
    let of = |value: &[u8]| person("anna", b"anna", value, &[]).map(|found| found.subject.subject);
    assert_eq!(of(b"b7a1-c0de").as_deref(), Ok("b7a1-c0de"));
    assert_eq!(of(&[7; 16]).unwrap(), format!("hex:{}", "07".repeat(16)));
    // A GUID whose bytes happen to be letters is one all the same.
    assert_eq!(of(&[b'a'; 16]).unwrap(), format!("hex:{}", "61".repeat(16)));
    assert_eq!(of(b"a b").as_deref(), Ok("hex:612062"));
    assert_eq!(of(b"hex:07").as_deref(), Ok("hex:6865783a3037"));
    assert_eq!(of(b""), Err(PersonError::Subject));
    assert_eq!(of(&[b'a'; 65]), Err(PersonError::Subject));
}

#[test]
fn a_name_is_the_one_that_was_typed_and_one_of_ours() {
    let of = |typed, name: &[u8]| person(typed, name, b"1", &[]).unwrap_err();
    assert!(matches!(
        of("anna", b"\xc3\xa4nna"),
        PersonError::OtherName { .. }
    ));
    assert!(matches!(
        of("anna", b"an na"),
        PersonError::OtherName { .. }
    ));
    assert!(matches!(of("anna", b"\xff"), PersonError::OtherName { .. }));
    for odd in ["an na", "anna,boss", "*", "-anna", "änna", ""] {
        let refused = of(odd, odd.as_bytes());
        assert!(
            matches!(refused, PersonError::Name { .. }),
            "{odd} {refused}"
        );
    }
    assert_eq!(of("Operator", b"operator"), PersonError::Operator);
}

#[test]
fn a_name_of_an_entry_is_taken_apart_as_it_is_written() {
    let base = Dn::parse("dc=x").unwrap();
    for (text, value) in [
        ("cn=a,dc=x", "a"),
        ("cn = a b  ,  dc=x", "a b"),
        ("cn=a\\,b,dc=x", "a,b"),
        ("cn=a\\2cb,dc=x", "a,b"),
        ("cn=\\ a\\ ,dc=x", " a "),
        ("cn=J\\c3\\b6rg,dc=x", "Jörg"),
        ("2.5.4.3=a=b,DC=X", "a=b"),
        ("cn=*)(uid\\=*,dc=x", "*)(uid=*"),
    ] {
        let name = Dn::parse(text).unwrap();
        assert_eq!(name.directly_below(&base), Some(value), "{text}");
    }
    assert_eq!(base.directly_below(&base), None);
    for (text, fault) in [
        ("", DnError::Length),
        ("a", DnError::Part(1)),
        ("cn=a,", DnError::Part(2)),
        ("c n=a", DnError::Part(1)),
        ("=a", DnError::Part(1)),
        ("cn=", DnError::Value(1)),
        ("cn=a,dc= ", DnError::Value(2)),
        ("cn=a\\", DnError::Value(1)),
        ("cn=a\\zz", DnError::Value(1)),
        ("cn=a\\4", DnError::Value(1)),
        ("cn=a\\ff", DnError::Value(1)),
        ("cn=\"a\"", DnError::Value(1)),
        ("cn=a;dc=x", DnError::Value(1)),
        ("cn=a+uid=b,dc=x", DnError::Several(1)),
        ("cn=#0401", DnError::Several(1)),
    ] {
        assert_eq!(Dn::parse(text), Err(fault), "{text}");
    }
    assert_eq!(
        Dn::parse(&format!("cn={}", "a".repeat(4096))),
        Err(DnError::Length)
    );
}

proptest! {
    #[test]
    fn no_text_is_more_than_a_name(text in "\\PC{0,60}") {
        let _any = Dn::parse(&text);
    }

    #[test]
    fn whatever_a_value_is_it_stays_one_part(value in "[ -~]{1,20}") {
        let escaped: String = value.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let name = Dn::parse(&format!("cn={escaped},dc=x")).unwrap();
        let base = Dn::parse("dc=x").unwrap();
        prop_assert_eq!(name.directly_below(&base), Some(value.as_str()));
    }
}
