//! Groups of a list that a real `slapd` holds.

mod groups;
mod open_groups;
mod unwhole;

use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::harness::process::{Ran, run};
use crate::harness::punchmark::BINARY;
use crate::harness::slapd::Slapd;
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
