//! Ways in beside the list: each is found, and each lets in.

use std::path::Path;

use super::ready;
use crate::harness::keygen::{self, ED25519};
use crate::harness::stock::Server;
use crate::harness::write;

fn public(key: &Path) -> String {
    std::fs::read_to_string(keygen::public(key)).unwrap()
}

#[test]
fn a_key_in_a_file() {
    ready!(server, user, _key);
    let plain = keygen::make(server.folder(), "plain", ED25519);
    user.write(".ssh/authorized_keys", &public(&plain));
    let lines = ["AuthorizedKeysFile .ssh/authorized_keys"];
    let examined = server.examine(&lines, &[&user]);
    examined.finds("authorized-keys", "warning");
    let fault = examined.finding("authorized-keys").to_string();
    assert!(
        fault.contains("lets in 1 keys") || fault.contains("there is none"),
        "{fault}"
    );
    assert_eq!(examined.report["doors"][0], "authorized-keys");
    server.start(&lines).login_as(user.name(), &plain).ok();
    server.start(&[]).login_as(user.name(), &plain).exits(255);
}

#[test]
fn a_file_that_is_not_there_yet() {
    ready!(server, user, _key);
    let lines = ["AuthorizedKeysFile .ssh/authorized_keys"];
    let examined = server.examine(&lines, &[&user]);
    examined.finds("authorized-keys", "warning");
}

#[test]
fn a_line_that_trusts_another_ca() {
    ready!(server, user, _key);
    let other = keygen::make(server.folder(), "other-ca", ED25519);
    let stranger = keygen::make(server.folder(), "stranger", ED25519);
    let sign = [
        "-q",
        "-s",
        "other-ca",
        "-I",
        "x",
        "-n",
        "anybody",
        "stranger.pub",
    ];
    server.keygen(&sign);
    let line = format!("cert-authority,principals=\"anybody\" {}", public(&other));
    user.write(".ssh/authorized_keys", &line);
    let lines = ["AuthorizedKeysFile .ssh/authorized_keys"];
    let examined = server.examine(&lines, &[&user]);
    examined.finds("cert-authority", "warning");
    server.start(&lines).login_as(user.name(), &stranger).ok();
}

#[test]
fn a_command_that_prints_keys() {
    ready!(server, user, _key);
    let plain = keygen::make(server.folder(), "plain", ED25519);
    let command = server.path("keys");
    let script = format!("#!/bin/sh\necho '{}'\n", public(&plain).trim());
    write(&command, script, 0o755);
    let command = format!("AuthorizedKeysCommand {}", command.display());
    let lines = [command.as_str(), "AuthorizedKeysCommandUser sshd"];
    let examined = server.examine(&lines, &[&user]);
    examined.finds("authorized-keys-command", "warning");
    server.start(&lines).login_as(user.name(), &plain).ok();
}

#[test]
fn a_password() {
    ready!(server, user, _key);
    user.modify(&["-p", PASSWORD_HASH]);
    let lines = ["AuthenticationMethods any", "PasswordAuthentication yes"];
    let examined = server.examine(&lines, &[&user]);
    examined.finds("password", "warning");
    let sshd = server.start(&lines);
    sshd.login_by_password(user.name(), "password", "stamp")
        .ok();
    // AuthenticationMethods shuts it, whatever else is said.
    let lines = ["PasswordAuthentication yes"];
    assert!(
        !server
            .examine(&lines, &[&user])
            .names()
            .contains(&"password")
    );
    let sshd = server.start(&lines);
    sshd.login_by_password(user.name(), "password", "stamp")
        .exits(255);
}

#[test]
fn what_pam_asks() {
    ready!(server, user, _key);
    user.modify(&["-p", PASSWORD_HASH]);
    let lines = [
        "UsePAM yes",
        "AuthenticationMethods any",
        "KbdInteractiveAuthentication yes",
    ];
    let examined = server.examine(&lines, &[&user]);
    examined.finds("keyboard-interactive", "warning");
    let sshd = server.start(&lines);
    sshd.login_by_password(user.name(), "keyboard-interactive", "stamp")
        .ok();
}

#[test]
fn no_password_at_all() {
    ready!(server, user, _key);
    user.modify(&["-p", ""]);
    let lines = [
        "AuthenticationMethods any",
        "PasswordAuthentication yes",
        "PermitEmptyPasswords yes",
    ];
    let examined = server.examine(&lines, &[&user]);
    examined.finds("empty-password", "critical");
    let sshd = server.start(&lines);
    sshd.login_by_password(user.name(), "none", "").ok();
}

/// What sshd offers is what it would take: a host's word and a ticket want a realm of their own.
#[test]
fn another_hosts_word_and_a_ticket() {
    ready!(server, user, _key);
    for (line, name, method) in [
        ("HostbasedAuthentication yes", "host-based", "hostbased"),
        ("GSSAPIAuthentication yes", "gssapi", "gssapi-with-mic"),
    ] {
        let lines = [line, "AuthenticationMethods any"];
        let examined = server.examine(&lines, &[&user]);
        examined.finds(name, "warning");
        let sshd = server.start(&lines);
        let offered = sshd.login_by_password(user.name(), "none", "");
        let offered = offered.exits(255).says("permission denied").stderr;
        assert!(offered.contains(method), "{offered}");
        assert!(!server.examine(&[line], &[&user]).names().contains(&name));
    }
}

#[test]
fn files_that_others_write_are_believed_without_strict_modes() {
    let server = Server::new();
    let user = server.user("nobody-yet\n");
    let key = server.certificate("peter", "peter", &[]);
    let list = server.path(&format!("principals/{}", user.name()));
    write(&list, "peter\n", 0o666);
    let lines = ["StrictModes no"];
    server
        .examine(&lines, &[&user])
        .finds("strict-modes", "warning");
    server.start(&lines).login_as(user.name(), &key).ok();
    server
        .examine(&[], &[&user])
        .finds("writable-path", "critical");
    server.start(&[]).login_as(user.name(), &key).exits(255);
}

/// Of the word `stamp`, by `openssl passwd -6 -salt punchmark stamp`.
const PASSWORD_HASH: &str = "$6$punchmark$6ubvx44xz7PAZ/mb9BPvzx8W7NQlKtBVZqeoqD766aUVSCX7Wi9BQWhUrJvcWMcd2QPQvjJTEv0AY76QJd3YS0";
