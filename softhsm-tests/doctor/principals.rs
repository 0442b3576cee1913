//! Who says which principals let in, and the commands and accounts behind it.

use super::ready;
use crate::harness::process::{bounded, run};
use crate::harness::stock::{Server, TestUser};
use crate::harness::write;

/// A command in the server's folder that prints this, as configuration lines.
fn command(server: &Server, printed: &str, mode: u32, user: &str) -> [String; 3] {
    let program = server.path("command");
    write(&program, format!("#!/bin/sh\necho {printed}\n"), mode);
    [
        "AuthorizedPrincipalsFile none".to_owned(),
        format!("AuthorizedPrincipalsCommand {} %u", program.display()),
        format!("AuthorizedPrincipalsCommandUser {user}"),
    ]
}

fn lines(lines: &[String; 3]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

#[test]
fn with_neither_file_nor_command_the_accounts_own_name_lets_in() {
    ready!(server, user, key);
    let own = server.certificate("own", user.name(), &[]);
    let lines = ["AuthorizedPrincipalsFile none"];
    server
        .examine(&lines, &[&user])
        .finds("no-principals", "warning");
    let sshd = server.start(&lines);
    sshd.login_as(user.name(), &own).ok();
    sshd.login_as(user.name(), &key).exits(255);
}

#[test]
fn a_file_that_matches_skips_the_command() {
    ready!(server, user, key);
    let [_, program, by] = command(&server, "somebody-else", 0o755, "sshd");
    let lines = [program.as_str(), &by];
    server
        .examine(&lines, &[&user])
        .finds("file-skips-command", "warning");
    server.start(&lines).login_as(user.name(), &key).ok();
}

#[test]
fn a_file_in_the_accounts_own_hands() {
    ready!(server, user, _key);
    let stranger = server.certificate("stranger", "stranger", &[]);
    user.write(".ssh/principals", "stranger\n");
    let lines = ["AuthorizedPrincipalsFile .ssh/principals"];
    server
        .examine(&lines, &[&user])
        .finds("principals-own", "warning");
    server.start(&lines).login_as(user.name(), &stranger).ok();
}

#[test]
fn a_user_without_a_file_is_entered_by_nobody() {
    ready!(server, user, key);
    std::fs::remove_file(server.path(&format!("principals/{}", user.name()))).unwrap();
    server
        .examine(&[], &[&user])
        .finds("principals-missing", "critical");
    server.start(&[]).login_as(user.name(), &key).exits(255);
}

/// Debian's sshd believes it where the group is one account's own.
#[test]
fn a_file_that_its_group_can_write() {
    ready!(server, user, key);
    let list = server.path(&format!("principals/{}", user.name()));
    write(&list, "peter\n", 0o664);
    run(bounded("chgrp").arg(user.name()).arg(&list)).ok();
    server
        .examine(&[], &[&user])
        .finds("writable-path", "critical");
    let debian = std::path::Path::new("/etc/debian_version").exists();
    let ran = server.start(&[]).login_as(user.name(), &key);
    assert_eq!(ran.code == Some(0), debian, "{ran}");
}

/// What each fault of a command does, though `sshd -t` takes it.
fn broken(server: &Server, user: &TestUser, lines: &[&str], name: &str) {
    let examined = server.examine(lines, &[user]);
    examined.finds(name, "critical");
    let config = server.config_file(lines);
    run(bounded("/usr/sbin/sshd").args(["-t", "-f"]).arg(config)).ok();
    let key = server.path("peter");
    server.start(lines).login_as(user.name(), &key).exits(255);
}

#[test]
fn a_command_that_runs_lets_in() {
    ready!(server, user, key);
    let good = command(&server, "peter", 0o755, "sshd");
    let names = server.examine(&lines(&good), &[&user]);
    assert!(!names.names().iter().any(|name| name.starts_with("command")));
    server.start(&lines(&good)).login_as(user.name(), &key).ok();
}

#[test]
fn a_command_whose_user_is_not_there() {
    ready!(server, user, _key);
    let bad = command(&server, "peter", 0o755, "nosuch-user");
    broken(&server, &user, &lines(&bad), "command-user-missing");
}

#[test]
fn a_command_that_is_not_there() {
    ready!(server, user, _key);
    let bad = command(&server, "peter", 0o755, "sshd");
    std::fs::remove_file(server.path("command")).unwrap();
    broken(&server, &user, &lines(&bad), "command-missing");
}

#[test]
fn a_command_that_everybody_can_write() {
    ready!(server, user, _key);
    let bad = command(&server, "peter", 0o777, "sshd");
    broken(&server, &user, &lines(&bad), "writable-path");
}

#[test]
fn a_token_that_sshd_does_not_know_drops_the_connection() {
    ready!(server, user, _key);
    let [none, program, by] = command(&server, "peter", 0o755, "sshd");
    let program = format!("{program} %q");
    broken(&server, &user, &[&none, &program, &by], "token");
    let lines = ["AuthorizedPrincipalsFile /nosuch/%q"];
    broken(&server, &user, &lines, "token");
}

/// Debian's sshd runs it, so its group's members are asked who may come in.
#[test]
fn a_command_that_its_group_can_write() {
    ready!(server, user, key);
    let bad = command(&server, "peter", 0o775, "sshd");
    server
        .examine(&lines(&bad), &[&user])
        .finds("writable-path", "critical");
    let debian = std::path::Path::new("/etc/debian_version").exists();
    let ran = server.start(&lines(&bad)).login_as(user.name(), &key);
    assert_eq!(ran.code == Some(0), debian, "{ran}");
}

#[test]
fn a_command_that_runs_as_nobody_or_root_runs_and_is_warned_of() {
    ready!(server, user, key);
    for by in ["nobody", "root"] {
        let lines_of = command(&server, "peter", 0o755, by);
        server
            .examine(&lines(&lines_of), &[&user])
            .finds("command-user", "warning");
        server
            .start(&lines(&lines_of))
            .login_as(user.name(), &key)
            .ok();
    }
}

#[test]
fn an_account_that_sshd_turns_away() {
    ready!(server, user, key);
    let sshd = server.start(&[]);
    for (broken, healed) in [
        (["-p", "!"], ["-p", "*"]),
        (["-s", "/nosuch"], ["-s", "/bin/sh"]),
    ] {
        user.modify(&broken);
        server
            .examine(&[], &[&user])
            .finds("account-shut", "critical");
        sshd.login_as(user.name(), &key).exits(255);
        user.modify(&healed);
        sshd.login_as(user.name(), &key).ok();
    }
    let lines = [&*format!("DenyUsers {}", user.name())];
    server
        .examine(&lines, &[&user])
        .finds("account-shut", "critical");
    server.start(&lines).login_as(user.name(), &key).exits(255);
    let lines = ["AllowGroups nosuch"];
    server
        .examine(&lines, &[&user])
        .finds("account-shut", "critical");
    server.start(&lines).login_as(user.name(), &key).exits(255);
}

#[test]
fn root_is_refused_by_its_own_setting() {
    let server = Server::new();
    write(&server.path("principals/root"), "peter\n", 0o644);
    let key = server.certificate("peter", "peter", &[]);
    let forced = server.certificate("forced", "peter", &["-O", "force-command=echo welcome"]);
    for (line, severity) in [
        ("PermitRootLogin no", "critical"),
        ("PermitRootLogin forced-commands-only", "warning"),
    ] {
        let config = server.config_file(&[line]).display().to_string();
        let arguments = ["doctor", "sshd", "--user", "root", "--sshd-config", &config];
        let ran = crate::harness::stock::punchmark(&arguments);
        let words = format!("{} root-refused", severity.to_uppercase());
        assert!(ran.stdout.contains(&words), "{ran}");
        server.start(&[line]).login_as("root", &key).exits(255);
    }
    server
        .start(&["PermitRootLogin forced-commands-only"])
        .login_as("root", &forced)
        .ok();
    server.start(&[]).login_as("root", &key).ok();
}
