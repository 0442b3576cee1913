//! Answers that are none, or not whole: nothing half is published.

use std::time::Instant;

use super::*;
use crate::harness::false_directory::{BOUND, Begins, FalseDirectory, NO_ANSWERS};
use crate::harness::slapd::Then;

/// What a run says that publishes nothing: the list that is there stays.
#[track_caller]
fn refused(folder: &Folder, words: &[&str]) {
    let before = ["out.list", "out.list.sig", "out.list.idx"].map(|name| folder.read(name));
    let ran = words
        .iter()
        .fold(publish(folder, &[]).fails(), |ran, words| ran.says(words));
    assert!(ran.stderr.contains("hint: "), "{ran}");
    let after = ["out.list", "out.list.sig", "out.list.idx"].map(|name| folder.read(name));
    assert_eq!(before, after);
}

/// The crate for LDAP panics at most of them; none comes to it.
#[test]
fn bytes_that_are_no_ldap_are_a_refusal_by_their_reason() {
    let server = FalseDirectory::start(Begins::InClear);
    let settings = format!(
        "server = \"ldap://127.0.0.1:{}\"\nbind-dn = \"cn=reader\"\n\
         bind-password-file = \"password\"\ntimeout = \"20s\"\n",
        server.port()
    );
    let folder = folder(&settings);
    write(&folder.path().join("password"), "none", 0o600);
    let told = |words: &str| {
        let ran = resolve(&folder).fails().says(words).says("hint: ");
        assert!(!ran.stderr.contains("panicked"), "{ran}");
        assert!(!ran.stderr.contains("RUST_BACKTRACE"), "{ran}");
        let begins = |line: &&str| line.starts_with("punchmark: ");
        assert_eq!(ran.stderr.lines().filter(begins).count(), 1, "{ran}");
    };
    for (bytes, words) in NO_ANSWERS {
        server.says(&[BOUND, bytes]);
        told(words);
    }
    server.says(&[b"\x30\x00"]);
    told("something else where a message's number should be");
    server.says(&[BOUND, b"\x30\x0c\x02\x01", b""]);
    told("the connection ended in the middle: the server closed it within a message");
}

#[test]
fn whatever_is_not_whole_publishes_nothing() {
    let far = "dn: ou=far,dc=example,dc=org\nobjectClass: referral\nobjectClass: extensibleObject\nou: far\n\
        ref: ldap://elsewhere.example.org/ou=far,dc=example,dc=org\n\n";
    let of = "memberOf: cn=ops,ou=groups,dc=example,dc=org\n";
    let entries = people(&["ole"])
        + &person("anna", of)
        + &person("hugo", of)
        + &person("iris", of)
        + &person("two", "uid: another\n")
        + far
        + &group("ops", &["uid=ole", "uid=anna"])
        + &group("none", &["uid=nobody"])
        + &group("two", &["uid=two"])
        + "dn: cn=posix,ou=groups,dc=example,dc=org\nobjectClass: posixGroup\ncn: posix\ngidNumber: 7\n\n";
    let far_group = "dn: cn=far,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\ncn: far\n\
        member: uid=x,ou=far,dc=example,dc=org\n\n";
    let slapd = Slapd::start(&(entries + far_group), "sizelimit 2\n");
    let folder = folder(&slapd.settings(""));
    publish(&folder, &[]).ok();
    let ops = "cn=ops,ou=groups,dc=example,dc=org";
    for (dn, words) in [
        ("cn=missing,ou=groups,dc=example,dc=org", "no entry"),
        ("cn=posix,ou=groups,dc=example,dc=org", "is empty"),
        (
            "cn=none,ou=groups,dc=example,dc=org",
            "there is no such entry",
        ),
        ("uid=ole,ou=people,dc=example,dc=org", "is no group"),
        (
            "cn=two,ou=groups,dc=example,dc=org",
            "2 values of attribute uid",
        ),
        (
            "cn=far,ou=groups,dc=example,dc=org",
            "refers to another one: ldap://elsewhere",
        ),
        (
            "ou=far,dc=example,dc=org",
            "refers to another one: ldap://elsewhere",
        ),
    ] {
        folder.write("access.list", LIST.replace(ops, dn));
        refused(&folder, &[words, "group `@ops`"]);
    }
    // A search that meets a limit or a referral gives a part, which is none.
    folder.write("access.list", LIST);
    for page in [1, 500] {
        let lines = format!(
            "members = \"member-of\"\nbase = \"ou=people,dc=example,dc=org\"\npage-size = {page}\n"
        );
        folder.write("directory.toml", slapd.settings(&lines));
        refused(
            &folder,
            &["only a part of the answer: sizeLimitExceeded (4)"],
        );
    }
    slapd_with_referral(&folder);
}

fn slapd_with_referral(folder: &Folder) {
    let far = "dn: ou=far,dc=example,dc=org\nobjectClass: referral\nobjectClass: extensibleObject\nou: far\n\
        ref: ldap://elsewhere.example.org/ou=far,dc=example,dc=org\n\n";
    let of = "memberOf: cn=ops,ou=groups,dc=example,dc=org\n";
    let entries = person("anna", of) + far + &group("ops", &["uid=anna"]);
    let slapd = Slapd::start(&entries, "");
    let lines = |base: &str| format!("members = \"member-of\"\nbase = \"{base}\"\n");
    folder.write(
        "directory.toml",
        slapd.settings(&lines("dc=example,dc=org")),
    );
    refused(
        folder,
        &[
            "refers to another one: ldap://elsewhere",
            "set `base` so low",
        ],
    );
    folder.write(
        "directory.toml",
        slapd.settings(&lines("ou=people,dc=example,dc=org")),
    );
    assert_eq!(members(&resolve(folder).ok().stdout), "anna_physical");
}

#[test]
fn a_server_that_dies_or_falls_silent_in_the_middle_publishes_nothing() {
    let names: Vec<_> = (0..400).map(|number| format!("user{number:03}")).collect();
    let everybody: String = names.iter().map(|name| person(name, "")).collect();
    let members: Vec<_> = names.iter().map(|name| format!("uid={name}")).collect();
    let members: Vec<_> = members.iter().map(String::as_str).collect();
    let entries = everybody + &group("ops", &members);
    let slapd = Slapd::start(&entries, "");
    let folder = folder(&slapd.settings(""));
    publish(&folder, &[]).ok();
    let through = |url: &str| slapd.settings_of(url, &(slapd.reader() + "timeout = \"3s\"\n"));
    let relay = slapd.relay(60_000, Then::Silence);
    folder.write("directory.toml", through(&relay.url()));
    let start = Instant::now();
    refused(&folder, &["took longer than 3 s"]);
    assert!(start.elapsed().as_secs() < 15 && relay.passed() >= 60_000);
    let relay = slapd.relay(60_000, Then::Kill);
    folder.write("directory.toml", through(&relay.url()));
    refused(&folder, &["the connection ended in the middle"]);
    assert!(relay.passed() >= 60_000);
    folder.write("directory.toml", through(&slapd.plain()));
    refused(
        &folder,
        &["no connection to ldap://127.0.0.1:", "Connection refused"],
    );
}
