//! Whose certificates count, and which of them sshd takes.

use super::ready;
use crate::harness::keygen::{self, ED25519};
use crate::harness::stock::{Server, TestUser, punchmark};
use crate::harness::write;

/// The finding is there, and nobody gets in.
fn refuses(server: &Server, user: &TestUser, lines: &[&str], name: &str) {
    server.examine(lines, &[user]).finds(name, "critical");
    let key = server.path("peter");
    server.start(lines).login_as(user.name(), &key).exits(255);
}

#[test]
fn without_a_ca_no_certificate_counts() {
    ready!(server, user, _key);
    write(&server.path("empty.pub"), "# none\n", 0o644);
    let empty = format!("TrustedUserCAKeys {}", server.path("empty.pub").display());
    let missing = "TrustedUserCAKeys /nosuch/ca.pub";
    for line in ["TrustedUserCAKeys none", missing, &empty] {
        refuses(&server, &user, &[line], "no-trusted-ca");
    }
}

#[test]
fn algorithms_that_sshd_does_not_take() {
    ready!(server, user, _key);
    for (lines, name) in [
        (
            &["CASignatureAlgorithms ecdsa-sha2-nistp256"][..],
            "ca-algorithm",
        ),
        (
            &["PubkeyAcceptedAlgorithms ssh-ed25519"],
            "no-certificate-algorithm",
        ),
        (
            &["PubkeyAuthentication no", "AuthenticationMethods any"],
            "public-keys-off",
        ),
    ] {
        refuses(&server, &user, lines, name);
    }
}

#[test]
fn a_second_ca_writes_the_same_principal() {
    ready!(server, user, _key);
    keygen::make(server.folder(), "second", ED25519);
    let stranger = keygen::make(server.folder(), "stranger", ED25519);
    server.keygen(&[
        "-q",
        "-s",
        "second",
        "-I",
        "x",
        "-n",
        "peter",
        "stranger.pub",
    ]);
    let read = |name| std::fs::read_to_string(server.path(name)).unwrap();
    write(
        &server.path("both.pub"),
        read("ca.pub") + &read("second.pub"),
        0o644,
    );
    let line = format!("TrustedUserCAKeys {}", server.path("both.pub").display());
    let examined = server.examine(&[&line], &[&user]);
    examined.finds("several-cas", "warning");
    assert_eq!(examined.report["cas"].as_array().unwrap().len(), 2);
    server.start(&[&line]).login_as(user.name(), &stranger).ok();
    server
        .start(&[])
        .login_as(user.name(), &stranger)
        .exits(255);
    // Whoever says what is expected hears of any other.
    let config = server.config_file(&[&line]).display().to_string();
    let ca = server.path("ca.pub").display().to_string();
    let arguments = [
        "doctor",
        "sshd",
        "--sshd-config",
        &config,
        "--expect-ca",
        &ca,
    ];
    let ran = punchmark(&arguments).exits(2);
    assert!(ran.stdout.contains("CRITICAL unknown-ca"), "{ran}");
    let second = server.path("second.pub").display().to_string();
    let ran = punchmark(&[&arguments[..], &["--expect-ca", &second]].concat());
    assert!(!ran.stdout.contains("-ca:"), "{ran}");
}

#[test]
fn a_ca_file_that_others_can_write_trusts_whom_they_like() {
    ready!(server, user, _key);
    keygen::make(server.folder(), "second", ED25519);
    let stranger = keygen::make(server.folder(), "stranger", ED25519);
    server.keygen(&[
        "-q",
        "-s",
        "second",
        "-I",
        "x",
        "-n",
        "peter",
        "stranger.pub",
    ]);
    let theirs = std::fs::read_to_string(server.path("second.pub")).unwrap();
    write(&server.path("ca.pub"), theirs, 0o666);
    server
        .examine(&[], &[&user])
        .finds("writable-path", "critical");
    server.start(&[]).login_as(user.name(), &stranger).ok();
}
