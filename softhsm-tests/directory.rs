//! Groups of a list that a real `slapd` holds.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use serde_json::Value;

use crate::harness::process::{Ran, run};
use crate::harness::punchmark::BINARY;
use crate::harness::slapd::{Slapd, Then};
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
fn publish_puts_the_members_of_groups_within_groups_into_the_list() {
    let entries = people(&["ole", "anna", "peter", "hugo"])
        + &group("ops", &["uid=ole", "cn=inner", "uid=anna"])
        + &group("inner", &["uid=peter", "uid=anna", "cn=ops"]);
    let slapd = Slapd::start(&entries, "");
    let folder = folder(&slapd.settings(""));
    let ran = publish(&folder, &[]).ok();
    assert!(
        ran.stderr.contains(
            "@ops: 3 principals out of cn=ops,ou=groups,dc=example,dc=org, 2 groups looked through\n"
        ),
        "{ran}"
    );
    let published = text(&folder, "out.list");
    let server = slapd.plain();
    let expected = LIST.replace("@group ops", "# @group ops")
        + &format!(
            "# @ops: 3 out of \"cn=ops,ou=groups,dc=example,dc=org\" of {server}\n\
             @group ops = anna_physical ole_physical peter_physical\n@version "
        );
    assert!(published.starts_with(&expected), "{published}");
    // The same directory gives the same bytes, whatever order it gives members in.
    let once = resolve(&folder).ok().stdout;
    slapd.modify(
        "dn: cn=ops,ou=groups,dc=example,dc=org\nchangetype: modify\nreplace: member\n\
         member: cn=inner,ou=groups,dc=example,dc=org\nmember: uid=anna,ou=people,dc=example,dc=org\n\
         member: uid=ole,ou=people,dc=example,dc=org\n",
    );
    assert_eq!(resolve(&folder).ok().stdout, once);
    let who = [
        "access", "who", "--list", "out.list", "--user", "root", "--host", "db1",
    ];
    let who = folder.punchmark(&who).ok().stdout;
    for name in ["anna", "ole", "peter"] {
        assert!(who.contains(&format!("{name}_physical")), "{who}");
    }
    assert!(!who.contains("hugo"), "{who}");
}

#[test]
fn groups_of_each_kind_name_their_members() {
    let posix = "dn: cn=ops,ou=groups,dc=example,dc=org\nobjectClass: posixGroup\ncn: ops\n\
        gidNumber: 100\nmemberUid: ole\nmemberUid: anna\n\n";
    let unique = "dn: cn=ops,ou=groups,dc=example,dc=org\nobjectClass: groupOfUniqueNames\ncn: ops\n\
        uniqueMember: uid=anna,ou=people,dc=example,dc=org\n\
        uniqueMember: uid=ole,ou=people,dc=example,dc=org\n\n";
    let base = "base = \"ou=people,dc=example,dc=org\"\n";
    for (ldif, lines) in [(posix, base), (unique, "")] {
        let slapd = Slapd::start(&(people(&["anna", "ole"]) + ldif), "");
        let folder = folder(&slapd.settings(lines));
        let ran = resolve(&folder).ok();
        assert_eq!(members(&ran.stdout), "anna_physical ole_physical");
        // Those of a posixGroup are searched for, and somebody has to say where.
        if ldif == posix {
            folder.write("directory.toml", slapd.settings(""));
            resolve(&folder)
                .fails()
                .says("names its members by uid")
                .says("base = ");
        }
    }
}

#[test]
fn members_that_say_their_groups_are_found_a_page_at_a_time() {
    let names: Vec<_> = (0..57).map(|number| format!("user{number:02}")).collect();
    let of = "memberOf: cn=ops,ou=groups,dc=example,dc=org\n";
    let everybody: String = names.iter().map(|name| person(name, of)).collect();
    let first = format!("uid={}", names[0]);
    let slapd = Slapd::start(&(everybody + &group("ops", &[&first])), "");
    let lines = "members = \"member-of\"\nbase = \"dc=example,dc=org\"\npage-size = 10\n";
    let folder = folder(&slapd.settings(lines));
    let ran = resolve(&folder).ok();
    let expected: Vec<_> = names
        .iter()
        .map(|name| format!("{name}_physical"))
        .collect();
    assert_eq!(members(&ran.stdout), expected.join(" "));
}

#[test]
fn accounts_that_are_switched_off_are_left_out() {
    let account = |name: &str, control: &str| {
        format!(
            "dn: uid={name},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nobjectClass: extensibleObject\ncn: {name}\nuid: {name}\n\
             sn: {name}\nsAMAccountName: {name}\nuserAccountControl: {control}\n\n"
        )
    };
    let entries =
        account("anna", "512") + &account("gone", "514") + &group("ops", &["uid=anna", "uid=gone"]);
    let slapd = Slapd::start(&entries, "");
    let folder = folder(&slapd.settings("attribute = \"sAMAccountName\"\n"));
    let ran = resolve(&folder)
        .ok()
        .says("1 account switched off and left out");
    assert_eq!(members(&ran.stdout), "anna_physical");
    let json = folder.punchmark(&[
        "--json",
        "access",
        "resolve",
        "access.list",
        "--directory",
        "directory.toml",
    ]);
    let json: Value = serde_json::from_str(&json.ok().stdout).unwrap();
    assert_eq!(json["groups"][0]["principals"][0], "anna_physical");
    assert_eq!(json["groups"][0]["disabled"], 1);
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

#[test]
fn a_large_group_is_published_and_its_members_get_in() {
    let names: Vec<_> = (0..1_500)
        .map(|number| format!("user{number:04}"))
        .collect();
    let everybody: String = names.iter().map(|name| person(name, "")).collect();
    let members: Vec<_> = names.iter().map(|name| format!("uid={name}")).collect();
    let members: Vec<_> = members.iter().map(String::as_str).collect();
    let slapd = Slapd::start(&(everybody + &group("ops", &members)), "");
    let folder = folder(&slapd.settings(""));
    publish(&folder, &[]).ok();
    let explain = [
        "access", "explain", "--list", "out.list", "--user", "root", "--host", "db1",
    ];
    for name in ["user0000_physical", "user1499_physical"] {
        folder
            .punchmark(&[&explain[..], &[name]].concat())
            .ok()
            .says("");
    }
    let json = [
        "--json",
        "access",
        "publish",
        "access.list",
        "--out",
        "out.list",
        "--key",
        "anna",
    ];
    let json = folder.punchmark(&[&json[..], &["--directory", "directory.toml"]].concat());
    let json: Value = serde_json::from_str(&json.ok().stdout).unwrap();
    assert_eq!(json["groups"][0]["principals"][1_499], "user1499_physical");
    // Fewer members make fewer parts, which is no loss of a group.
    let few: String = members[..3].iter().fold(String::new(), |mut ldif, member| {
        writeln!(ldif, "member: {member},ou=people,dc=example,dc=org").unwrap();
        ldif
    });
    slapd.modify(&format!(
        "dn: cn=ops,ou=groups,dc=example,dc=org\nchangetype: modify\nreplace: member\n{few}"
    ));
    publish(&folder, &[]).ok();
    assert_eq!(
        text(&folder, "out.list")
            .lines()
            .filter(|line| line.contains(".."))
            .count(),
        0
    );
}

#[test]
fn a_list_that_leaves_groups_to_servers_is_two_files_there() {
    let slapd = Slapd::start(
        &(people(&["anna", "ole"]) + &group("ops", &["uid=anna", "uid=ole"])),
        "",
    );
    let folder = folder(&slapd.settings(""));
    let signer = format!("anna {}", text(&folder, "anna.pub"));
    folder.write("signers", signer);
    publish(&folder, &["--unresolved"]).ok();
    let signed = folder.read("out.list");
    assert!(signed.starts_with(LIST.as_bytes()));
    let sync = |more: &[&str]| {
        let args = [
            "access",
            "sync",
            "out.list",
            "--out",
            "here.list",
            "--signers",
            "signers",
        ];
        folder.punchmark(&[&args[..], &["--directory", "directory.toml"], more].concat())
    };
    // Who doesn't ask takes no such list.
    let ran = sync(&[]).exits(2);
    assert!(ran.stdout.contains("is not resolved"), "{ran}");
    let ran = sync(&["--resolve"]).exits(0);
    assert!(ran.stdout.contains("replaced, signed by anna"), "{ran}");
    assert_eq!(folder.read("here.list.signed"), signed);
    assert_eq!(
        members(&text(&folder, "here.list")),
        "anna_physical ole_physical"
    );
    let ran = sync(&["--resolve"]).exits(0);
    assert!(ran.stdout.trim_end().ends_with(": unchanged"), "{ran}");
    // Who left gets in no longer, though nobody published anything, nor the source can be reached.
    slapd.modify(
        "dn: cn=ops,ou=groups,dc=example,dc=org\nchangetype: modify\ndelete: member\n\
         member: uid=anna,ou=people,dc=example,dc=org\n",
    );
    let ran = sync(&["--resolve"]).exits(0);
    assert!(
        ran.stdout.contains("the members of its groups replaced"),
        "{ran}"
    );
    assert_eq!(members(&text(&folder, "here.list")), "ole_physical");
    slapd.modify(
        "dn: cn=ops,ou=groups,dc=example,dc=org\nchangetype: modify\nreplace: member\n\
         member: uid=anna,ou=people,dc=example,dc=org\n",
    );
    std::fs::rename(
        folder.path().join("out.list.sig"),
        folder.path().join("away"),
    )
    .unwrap();
    sync(&["--resolve"]).exits(1);
    assert_eq!(members(&text(&folder, "here.list")), "anna_physical");
    std::fs::rename(
        folder.path().join("away"),
        folder.path().join("out.list.sig"),
    )
    .unwrap();
    // A directory that can't be asked leaves all as it is, and says so.
    drop(slapd);
    let before = folder.read("here.list");
    let ran = sync(&["--resolve"]).exits(1);
    assert!(
        ran.stdout.starts_with("WARNING: here.list: version "),
        "{ran}"
    );
    assert!(
        ran.stdout.contains("no connection to ldap://127.0.0.1:"),
        "{ran}"
    );
    assert_eq!(folder.read("here.list"), before);
}

#[test]
fn a_list_with_open_groups_is_reviewed_and_asked_about_by_its_members_alone() {
    let folder = folder("");
    folder
        .punchmark(&["access", "lint", "--list", "access.list"])
        .ok();
    folder.write("new.list", format!("{LIST}@ops postgres db1\n"));
    let diff = folder
        .punchmark(&["access", "diff", "access.list", "new.list"])
        .exits(1);
    assert!(diff.stdout.contains("someone-in-ops_physical"), "{diff}");
    for args in [
        &[
            "who",
            "--list",
            "access.list",
            "--user",
            "root",
            "--host",
            "db1",
        ][..],
        &["can", "--list", "access.list", "anna_physical"],
        &["explain", "--list", "access.list", "anna_physical"],
    ] {
        let ran = folder.punchmark(&[&["access"], args].concat()).fails();
        ran.says("group `@ops` of a directory service is not resolved")
            .says("access resolve");
    }
}
