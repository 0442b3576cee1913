//! The access list that a server asks by `punchmark-principals`: each fault of it is found, and
//! the real program then lets nobody in.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::harness::process::{bounded, run};
use crate::harness::punchmark::BINARY;
use crate::harness::server::PRINCIPALS;
use crate::harness::stock::{Examined, Server, TestUser, punchmark};
use crate::harness::{keygen, write};

/// A server that asks a list, and an account for the command.
pub(super) struct Listed {
    pub(super) server: Server,
    pub(super) user: TestUser,
    command: TestUser,
    pub(super) key: std::path::PathBuf,
}

impl Listed {
    pub(super) fn new() -> Self {
        let server = Server::new();
        let (user, command) = (server.user(""), server.user(""));
        let program = server.path("punchmark-principals");
        std::fs::copy(PRINCIPALS, &program).unwrap();
        std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let key = server.certificate("peter", "peter_physical", &[]);
        let listed = Self {
            server,
            user,
            command,
            key,
        };
        let ca = keygen::fingerprint(&listed.server.path("ca.pub"));
        listed.put(&format!(
            "@suffixes _physical _file\n@ca users {ca}\npeter_physical USER web*\n"
        ));
        listed
    }

    pub(super) fn put(&self, list: &str) {
        let list = list.replace("USER", self.user.name());
        write(&self.server.path("access.list"), list, 0o644);
    }

    pub(super) fn lines(&self, arguments: &str) -> [String; 3] {
        let path = |name: &str| self.server.path(name).display().to_string();
        let arguments = arguments.replace("LIST", &path("access.list"));
        [
            "AuthorizedPrincipalsFile none".to_owned(),
            format!(
                "AuthorizedPrincipalsCommand {} {arguments}",
                path("punchmark-principals")
            ),
            format!("AuthorizedPrincipalsCommandUser {}", self.command.name()),
        ]
    }

    pub(super) fn examine(&self, arguments: &str) -> Examined {
        let lines = self.lines(arguments);
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        self.server.examine(&lines, &[])
    }

    pub(super) fn lets_in(&self, arguments: &str) -> bool {
        let lines = self.lines(arguments);
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let login = self
            .server
            .start(&lines)
            .login_as(self.user.name(), &self.key);
        login.code == Some(0)
    }

    /// The finding is there, and nobody gets in.
    #[track_caller]
    pub(super) fn shut_by(&self, arguments: &str, name: &str) {
        self.examine(arguments).finds(name, "critical");
        assert!(!self.lets_in(arguments), "{name}");
    }
}

pub(super) const GOOD: &str = "LIST web1+production %u %k";

#[test]
fn a_list_that_asks_for_hardware_alone_is_said_to_and_another_is_not() {
    let listed = Listed::new();
    let examined = listed.examine(GOOD);
    assert_eq!(
        examined.report["hardware-only"], true,
        "{:#}",
        examined.report
    );
    assert!(listed.lets_in(GOOD));
    let list = &examined.report["list"];
    assert_eq!(list["host"], "web1+production");
    assert_eq!(list["accounts"], serde_json::json!([listed.user.name()]));
    for (list, reason) in [
        (
            "@suffixes _physical _file\npeter_file,peter_physical USER web*\n",
            "peter_file",
        ),
        (
            "@suffixes _physical\n@group g = peter_physical erik\n@g USER *\n",
            "erik",
        ),
        ("@suffixes _physical\n* USER *\n", "lets in *"),
        ("peter_physical USER *\n", "doesn't reserve"),
    ] {
        listed.put(list);
        let report = listed.examine(GOOD).report;
        assert_eq!(report["hardware-only"], false, "{list}");
        assert!(
            report["beside-hardware"].to_string().contains(reason),
            "{report:#}"
        );
    }
    // What is not about this host opens nothing here.
    listed.put("@suffixes _physical\npeter_physical USER *\nerik USER db*\n");
    assert_eq!(listed.examine(GOOD).report["hardware-only"], true);
    // An open door is more than any list.
    let lines = listed.lines(GOOD);
    let mut lines: Vec<_> = lines.iter().map(String::as_str).collect();
    lines.push("AuthorizedKeysFile .ssh/authorized_keys");
    let report = listed.server.examine(&lines, &[]).report;
    assert_eq!(report["hardware-only"], false);
}

#[test]
fn a_list_that_is_missing_broken_or_not_roots_alone_lets_nobody_in() {
    let listed = Listed::new();
    let list = listed.server.path("access.list");
    let good = std::fs::read(&list).unwrap();
    std::fs::remove_file(&list).unwrap();
    listed.shut_by(GOOD, "list-missing");
    listed.put("peter_physical USER web1 form=\"x\"\n");
    listed.shut_by(GOOD, "list-invalid");
    listed.put("peter_physical USER web1");
    listed.shut_by(GOOD, "list-invalid");
    write(&list, &good, 0o666);
    listed.shut_by(GOOD, "writable-path");
    write(&list, &good, 0o600);
    listed.shut_by(GOOD, "list-unreadable");
    write(&list, &good, 0o644);
    assert!(listed.lets_in(GOOD));
}

#[test]
fn other_arguments_than_four_let_nobody_in() {
    let listed = Listed::new();
    for arguments in [
        "LIST web1 %u",
        "LIST web1 %u %k %s",
        "LIST web1 %k %u",
        "LIST Web1 %u %k",
    ] {
        listed.shut_by(arguments, "command-arguments");
    }
}

#[test]
fn accounts_of_the_list_are_looked_at_and_a_wildcard_that_reaches_root_is_told() {
    let listed = Listed::new();
    listed.user.modify(&["-p", "!"]);
    // Nobody named the account; the list does.
    listed.shut_by(GOOD, "account-shut");
    listed.user.modify(&["-p", "*"]);
    assert!(
        !listed
            .examine(GOOD)
            .names()
            .contains(&"wildcard-reaches-root")
    );
    listed.user.modify(&["-a", "-G", "disk"]);
    listed.put("@suffixes _physical\npeter_physical * web*\n");
    listed
        .examine(GOOD)
        .finds("wildcard-reaches-root", "warning");
    assert!(listed.lets_in(GOOD));
}

#[test]
fn a_second_ca_counts_for_nothing_where_the_list_names_its_own() {
    let listed = Listed::new();
    let server = &listed.server;
    keygen::make(server.folder(), "second", keygen::ED25519);
    let read = |name| std::fs::read_to_string(server.path(name)).unwrap();
    write(
        &server.path("both.pub"),
        read("ca.pub") + &read("second.pub"),
        0o644,
    );
    let both = format!("TrustedUserCAKeys {}", server.path("both.pub").display());
    let lines = listed.lines(GOOD);
    let mut lines: Vec<_> = lines.iter().map(String::as_str).collect();
    lines.push(&both);
    assert!(!server.examine(&lines, &[]).names().contains(&"several-cas"));
    let stranger = keygen::make(server.folder(), "stranger", keygen::ED25519);
    server.keygen(&[
        "-q",
        "-s",
        "second",
        "-I",
        "x",
        "-n",
        "peter_physical",
        "stranger.pub",
    ]);
    let sshd = server.start(&lines);
    sshd.login_as(listed.user.name(), &stranger).exits(255);
    listed.put("@suffixes _physical\npeter_physical USER web*\n");
    server.examine(&lines, &[]).finds("several-cas", "warning");
    sshd.login_as(listed.user.name(), &stranger).ok();
}

#[test]
fn an_index_of_another_list_is_told_and_costs_nobody_their_login() {
    let listed = Listed::new();
    let list = listed.server.path("access.list");
    run(bounded(BINARY).args(["access", "compile"]).arg(&list)).ok();
    assert!(!listed.examine(GOOD).names().contains(&"index-stale"));
    let text = std::fs::read_to_string(&list).unwrap();
    write(&list, format!("{text}# more\n"), 0o644);
    listed.examine(GOOD).finds("index-stale", "warning");
    assert!(listed.lets_in(GOOD));
}

#[test]
fn a_login_by_the_list_is_walked_through_as_sshd_goes() {
    let listed = Listed::new();
    let lines = listed.lines(GOOD);
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let config = listed.server.config_file(&lines).display().to_string();
    let certificate = keygen::certificate(&listed.key).display().to_string();
    let walk = || -> Value {
        let ran = punchmark(&[
            "doctor",
            "login",
            "--json",
            "--user",
            listed.user.name(),
            "--certificate",
            &certificate,
            "--from",
            "127.0.0.1",
            "--sshd-config",
            &config,
        ]);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"))
    };
    assert_eq!(walk()["refused"], false);
    for list in [
        "erik_physical USER *\n",
        "peter_physical USER db*\n",
        "!peter_* * *\n",
    ] {
        listed.put(list);
        let report = walk();
        assert_eq!(report["refused"], true, "{list}");
        let last = report["steps"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["name"], "principals-command", "{last:#}");
        let words = last["words"].as_str().unwrap();
        assert!(words.contains("nobody let in"), "{last:#}");
        assert!(!listed.lets_in(GOOD), "{list}");
    }
    listed.put("peter_physical USER web1 from=\"10.0.0.0/8\"\n");
    let report = walk();
    assert_eq!(
        report["steps"].as_array().unwrap().last().unwrap()["name"],
        "line-options"
    );
    assert!(!listed.lets_in(GOOD));
}
