//! What a file of users may say, and who logs in by it.

use proptest::prelude::*;

use super::*;

/// The beginning of a hash at the least cost.
const CHEAP: &str = "$argon2id$v=19$m=8192,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$";
const PASSWORD: &str = "correct horse battery";

fn name(text: &str) -> RequesterName {
    text.parse().unwrap()
}

/// A file with these users, each with the password, at the least cost.
fn users(names: &[&str]) -> Users {
    let cost = Cost::parse("m=8192,t=1,p=1").unwrap();
    let all = names.iter().map(|name| {
        let hash = Hash::of_new(PASSWORD, [7; 16], cost).unwrap();
        ((*name).to_owned(), hash)
    });
    Users(all.collect())
}

fn check(users: &Users, name: &str, password: &str) -> Option<Login> {
    let method = "start".parse().unwrap();
    users.check(name, password, method, 9).unwrap()
}

#[test]
fn who_knows_the_password_is_who_has_the_name() {
    let users = users(&["erik", "peter"]);
    let login = check(&users, "peter", PASSWORD).unwrap();
    assert_eq!(login.name().as_str(), "peter");
    assert_eq!(
        (login.kind(), login.authenticated_at()),
        (LoginKind::Password, Some(9))
    );
    for (name, password) in [
        ("peter", "correct horse batterz"),
        ("peter", ""),
        ("Peter", PASSWORD),
        ("anna", PASSWORD),
        ("", PASSWORD),
        ("peter\n", PASSWORD),
        ("peter", &"a".repeat(256)),
    ] {
        assert_eq!(check(&users, name, password), None, "{name:?}");
    }
    assert_eq!(check(&Users::default(), "peter", PASSWORD), None);
}

#[test]
fn a_file_is_read_as_it_was_written_and_keeps_its_cost() {
    let mut users = users(&["peter"]);
    users.set(&name("anna"), PASSWORD, [1; 16]).unwrap();
    let text = users.to_text();
    assert!(text.starts_with("punchmark users 1\nanna $argon2id$v=19$m=8192,t=1,p=1$"));
    let again = Users::parse(&text).unwrap();
    assert!(again == users && !text.contains(PASSWORD));
    assert_eq!(again.names().collect::<Vec<_>>(), ["anna", "peter"]);
    assert!(Users::parse("").unwrap() == Users::default());
    let mut new = Users::default();
    new.set(&name("anna"), PASSWORD, [1; 16]).unwrap();
    assert!(new.to_text().contains("$m=19456,t=2,p=1$"));
}

#[test]
fn another_password_has_another_mark_and_nobody_has_none() {
    let mut users = users(&["peter"]);
    let before = users.mark("peter").unwrap();
    users.set(&name("peter"), PASSWORD, [8; 16]).unwrap();
    assert_ne!(users.mark("peter").unwrap(), before);
    assert!(users.remove(&name("peter")) && !users.remove(&name("peter")));
    assert_eq!(users.mark("peter"), None);
}

#[test]
fn a_password_is_long_and_a_name_is_one_in_any_case() {
    let mut users = users(&["peter"]);
    for password in ["", "fourteen chars", &"a".repeat(256)] {
        let short = users.set(&name("anna"), password, [1; 16]);
        assert_eq!(short, Err(AddUserError::Password(PasswordError::Length)));
    }
    let alike = users.set(&name("PETER"), PASSWORD, [1; 16]);
    assert_eq!(alike, Err(AddUserError::Alike("peter".to_owned())));
    assert_eq!(users.names().count(), 1);
}

#[test]
fn what_a_hash_may_ask_for_is_bounded_before_anything_is_computed() {
    let digest = "A".repeat(43);
    let good = format!("{CHEAP}{digest}");
    assert!(Hash::parse(&good).is_ok());
    for (from, to) in [
        ("m=8192", "m=8191"),
        ("m=8192", "m=65537"),
        ("m=8192", "m=4294967295"),
        ("t=1", "t=0"),
        ("t=1", "t=11"),
        ("p=1", "p=0"),
        ("p=1", "p=5"),
        ("MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2Rl"),
    ] {
        let hash = Hash::parse(&good.replace(from, to));
        assert!(matches!(hash, Err(HashError::Bounds)), "{to}");
    }
    for (from, to) in [
        ("argon2id", "argon2i"),
        ("argon2id", "argon2d"),
        ("v=19", "v=16"),
        ("m=8192", "m=+8192"),
        ("m=8192", "m=08192"),
        ("t=1,p=1", "p=1,t=1"),
        ("p=1", "p=1,data=AAAA"),
        ("Zg$", "Zg=$"),
        ("Zg$", "Zh$"),
        ("AAAA", "AAA"),
        ("$v", "$$v"),
    ] {
        let hash = Hash::parse(&good.replacen(from, to, 1));
        assert!(matches!(hash, Err(HashError::Form)), "{to}");
    }
}

#[test]
fn a_file_that_is_none_is_refused_with_its_line() {
    let hash = format!("{CHEAP}{}", "A".repeat(43));
    let dear = hash.replace("t=1", "t=2");
    for (lines, expected) in [
        (format!("peter {hash}"), UsersError::Line { line: 3 }),
        (format!("peter{hash}"), UsersError::Line { line: 2 }),
        (format!("pe,ter {hash}"), UsersError::Line { line: 2 }),
        (String::new(), UsersError::Line { line: 2 }),
    ] {
        let text = format!("{FIRST_LINE}\n{lines}\n\n");
        assert_eq!(Users::parse(&text).err(), Some(expected), "{text}");
    }
    let two = |first: &str, second: &str, hash: &str| {
        Users::parse(&format!("{FIRST_LINE}\n{first} {dear}\n{second} {hash}\n")).err()
    };
    assert_eq!(two("a", "A", &dear), Some(UsersError::Again { line: 3 }));
    assert_eq!(two("a", "b", &hash), Some(UsersError::Costs { line: 3 }));
    let found = Users::parse("punchmark users 2\n").err();
    assert_eq!(found, Some(UsersError::FirstLine));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_is_written_again(text in "(punchmark users 1\n)?([a-zA-Z, ]{0,4} [$a-z0-9=,A-Z]{0,80}\n){0,3}") {
        if let Ok(users) = Users::parse(&text) {
            prop_assert!(Users::parse(&users.to_text()).unwrap() == users);
        }
    }

    #[test]
    fn any_hash_is_read_or_refused_and_what_is_read_is_written_the_same(
        m in any::<u32>(), t in 0_u32..20, p in 0_u32..9, salt in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        use base64ct::{Base64Unpadded, Encoding as _};
        let salt = Base64Unpadded::encode_string(&salt);
        let text = format!("$argon2id$v=19$m={m},t={t},p={p}${salt}${}", "A".repeat(43));
        if let Ok(hash) = Hash::parse(&text) {
            prop_assert_eq!(hash.to_string(), text);
        }
    }
}

/// From the reference implementation's tests: `password`, `somesalt`, 64 MiB, two passes.
#[test]
fn the_function_is_the_one_that_everybody_has() {
    let hash = Hash::read(
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    );
    let hash = hash.unwrap();
    assert!(hash.is_of("password").unwrap());
    assert!(!hash.is_of("Password").unwrap());
}
