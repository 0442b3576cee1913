//! Groups of a list that a real `slapd` holds.

mod groups;
mod open_groups;

use std::fmt::Write as _;
use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use serde_json::Value;

use crate::harness::process::{Ran, run};
use crate::harness::punchmark::BINARY;
use crate::harness::slapd::{Slapd, Then};
use crate::harness::write;
use crate::krl::folder::Folder;

const LIST: &str = "@suffixes _physical _file\n\
    @ca users SHA256:ke2F1NEnbv3fpr7q7jUBZVBVCi0drVlGRHWlWZZbHNU\n\
    @group ops = directory \"cn=ops,ou=groups,dc=example,dc=org\" suffix _physical  # the night shift\n\
    peter_physical www web*\n@ops root *\n";

fn person(uid: &str, more: &str) -> String {
    format!(
        "dn: uid={uid},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: {uid}\n\
         cn: {uid}\nsn: {uid}\n{more}\n"
    )
}

fn group(cn: &str, members: &[&str]) -> String {
    let mut ldif =
        format!("dn: cn={cn},ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\ncn: {cn}\n");
    for member in members {
        let unit = if member.starts_with("uid=") {
            "people"
        } else {
            "groups"
        };
        writeln!(ldif, "member: {member},ou={unit},dc=example,dc=org").unwrap();
    }
    ldif + "\n"
}

fn people(names: &[&str]) -> String {
    names.iter().map(|name| person(name, "")).collect()
}

/// A folder with a list, an admin's key, and settings that ask this server.
fn folder(settings: &str) -> Folder {
    let folder = Folder::new();
    folder.key("anna", "ed25519");
    folder.write("access.list", LIST);
    folder.write("directory.toml", settings);
    folder
}

fn resolve(folder: &Folder) -> Ran {
    folder.punchmark(&[
        "access",
        "resolve",
        "access.list",
        "--directory",
        "directory.toml",
    ])
}

fn publish(folder: &Folder, more: &[&str]) -> Ran {
    let args = [
        "access",
        "publish",
        "access.list",
        "--out",
        "out.list",
        "--key",
        "anna",
    ];
    let directory = ["--directory", "directory.toml"];
    folder.punchmark(&[&args[..], &directory, more].concat())
}

fn text(folder: &Folder, file: &str) -> String {
    String::from_utf8(folder.read(file)).unwrap()
}

/// The line of the group, of a resolved list.
fn members(list: &str) -> &str {
    let line = list.lines().rfind(|line| line.starts_with("@group ops ="));
    line.unwrap().strip_prefix("@group ops = ").unwrap()
}

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

/// The crate for LDAP panics at them; nobody shall read that.
#[test]
fn bytes_that_are_no_ldap_are_a_refusal_of_one_line() {
    for bytes in [
        &b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"[..],
        &[0xff; 64],
        b"\x30\x03\x02\x01\x01",
        b"\x30\x05\x04\x03abc",
        b"\x30\x08\x02\x01\x01\x04\x03abc",
        b"\x30\x00",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 512];
            let _read = stream.read(&mut asked).unwrap();
            stream.write_all(bytes).unwrap();
            // Until the client goes, so that the bytes are what ends it.
            let _end = stream.read(&mut asked);
        });
        let settings = format!(
            "server = \"ldap://127.0.0.1:{port}\"\nbind-dn = \"cn=reader\"\n\
             bind-password-file = \"password\"\ntimeout = \"3s\"\n"
        );
        let folder = folder(&settings);
        write(&folder.path().join("password"), "none", 0o600);
        let ran = resolve(&folder).fails();
        assert!(!ran.stderr.contains("panicked"), "{bytes:?}\n{ran}");
        assert!(!ran.stderr.contains("RUST_BACKTRACE"), "{bytes:?}\n{ran}");
        let lines = ran
            .stderr
            .lines()
            .filter(|line| line.starts_with("punchmark: "));
        assert_eq!(lines.count(), 1, "{ran}");
        server.join().unwrap();
    }
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

#[test]
fn every_safe_way_to_a_server_and_every_bind_is_taken() {
    let entries = people(&["anna"]) + &group("ops", &["uid=anna"]);
    let slapd = Slapd::start(&entries, "");
    let file = |name: &str| slapd.path().join(name).display().to_string();
    let ca = format!("ca-file = \"{}\"\n", file("roots.pem"));
    let client = format!(
        "client-certificate = \"{}\"\nclient-key = \"{}\"\n",
        file("reader.pem"),
        file("reader.key")
    );
    let folder = folder("");
    for (server, lines) in [
        (slapd.tls(), slapd.reader() + &ca),
        (slapd.plain(), slapd.reader() + &ca + "start-tls = true\n"),
        (slapd.tls(), ca.clone() + &client + "sasl-external = true\n"),
        (
            slapd.plain(),
            ca.clone() + &client + "sasl-external = true\nstart-tls = true\n",
        ),
        (slapd.socket(), "sasl-external = true\n".to_owned()),
        (
            slapd.socket().replace("ldapi:///", "ldapi://%2F"),
            slapd.reader(),
        ),
        (slapd.plain(), slapd.reader()),
    ] {
        folder.write("directory.toml", slapd.settings_of(&server, &lines));
        let ran = resolve(&folder).ok();
        assert_eq!(members(&ran.stdout), "anna_physical", "{server} {lines}");
    }
}

#[test]
fn a_server_or_a_file_that_is_not_believed_is_told_nothing() {
    let entries = people(&["anna"]) + &group("ops", &["uid=anna"]);
    let slapd = Slapd::start(&entries, "");
    let file = |name: &str| slapd.path().join(name).display().to_string();
    let (roots, others) = (file("roots.pem"), file("others.pem"));
    let folder = folder("");
    let by_name = slapd.tls().replace("127.0.0.1", "localhost");
    let plain = slapd.plain().replace("127.0.0.1", "ldap.example.org");
    for (server, lines, words) in [
        (
            slapd.tls(),
            slapd.reader() + &format!("ca-file = \"{others}\"\n"),
            "UnknownIssuer",
        ),
        (
            by_name,
            slapd.reader() + &format!("ca-file = \"{roots}\"\n"),
            "not valid for name",
        ),
        (
            slapd.plain(),
            slapd.reader().replace("cn=reader", "cn=writer"),
            "invalidCredentials (49)",
        ),
        (plain, slapd.reader(), "without TLS"),
        (
            slapd.plain(),
            format!("{}ca-file = \"{roots}\"\n", slapd.reader()),
            "makes no sense",
        ),
        // No TLS where it should begin at once, and none to be had.
        (
            slapd.plain().replace("ldap:", "ldaps:"),
            slapd.reader() + &format!("ca-file = \"{roots}\"\n"),
            "no TLS with",
        ),
        (
            slapd.tls(),
            slapd.reader() + &format!("ca-file = \"{}\"\n", file("roots.key")),
            "no certificate",
        ),
    ] {
        folder.write("directory.toml", slapd.settings_of(&server, &lines));
        let ran = resolve(&folder).fails().says(words).says("hint: ");
        assert!(
            !ran.stderr.contains(crate::harness::slapd::PASSWORD),
            "{ran}"
        );
        assert_eq!(ran.stdout, "", "{ran}");
    }
    folder.write("directory.toml", slapd.settings(""));
    let mode = |name: &str, mode| {
        let path = match name {
            "password" => slapd.path().join(name),
            name => folder.path().join(name),
        };
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    mode("password", 0o644);
    resolve(&folder)
        .fails()
        .says("can be read by others (mode 0644)")
        .says("chmod 0600");
    mode("password", 0o600);
    mode("directory.toml", 0o666);
    resolve(&folder)
        .fails()
        .says("directory.toml")
        .says("hint: ");
    std::fs::remove_file(folder.path().join("directory.toml")).unwrap();
    resolve(&folder)
        .fails()
        .says("directory.toml: ")
        .says("--directory");
}

#[test]
fn the_password_is_in_no_argument_and_no_file_that_is_written() {
    let slapd = Slapd::start(&(people(&["anna"]) + &group("ops", &["uid=anna"])), "");
    let folder = folder(&slapd.settings(""));
    let mut publish = folder.command(
        "strace",
        &[
            "-f",
            "-qq",
            "-s",
            "4096",
            "-e",
            "trace=execve,write,openat",
            "-o",
            "trace",
            BINARY,
            "access",
            "publish",
            "access.list",
            "--out",
            "out.list",
            "--key",
            "anna",
            "--directory",
            "directory.toml",
        ],
    );
    run(&mut publish).ok();
    let trace = text(&folder, "trace");
    let secret = crate::harness::slapd::PASSWORD;
    let calls = trace.lines().filter(|line| line.contains(secret));
    assert_eq!(calls.count(), 0);
    for name in folder.names() {
        let bytes = folder.read(&name);
        let held = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!held, "{name}");
    }
}
