//! `punchmark doctor sshd`: one broken server a finding, and a real `sshd` that then behaves
//! as the finding says. They run as root, with users of their own.

mod beside;
mod ca;
mod doors;
mod fleet;
mod listed;
mod lists;
mod login;
mod principals;
mod survey;
mod trust;

use crate::harness::stock::{Server, punchmark};

/// A server, a user whom `peter` may enter, and peter's certificate.
macro_rules! ready {
    ($server:ident, $user:ident, $key:ident) => {
        let $server = crate::harness::stock::Server::new();
        let $user = $server.user("peter\n");
        let $key = $server.certificate("peter", "peter", &[]);
    };
}
pub(crate) use ready;

#[test]
fn a_server_as_it_should_be_has_no_finding_and_lets_in_by_a_listed_principal_alone() {
    ready!(server, user, key);
    let other = server.certificate("erik", "erik", &[]);
    let examined = server.examine(&[], &[&user]);
    let findings: Vec<_> = examined
        .names()
        .into_iter()
        .filter(|name| *name != "old-sshd")
        .collect();
    assert_eq!(findings, [""; 0], "{:#}", examined.report);
    assert_eq!(examined.report["doors"].as_array().unwrap().len(), 0);
    let sshd = server.start(&[]);
    assert_eq!(sshd.login_as(user.name(), &key).ok().stdout, "welcome\n");
    sshd.login_as(user.name(), &other).exits(255);
}

#[test]
fn what_cannot_be_looked_at_is_unknown_and_never_ok() {
    let server = Server::new();
    let config = server.config_file(&["NoSuchKeyword yes"]);
    let config = config.display().to_string();
    let ran = punchmark(&["doctor", "sshd", "--sshd-config", &config]).exits(3);
    assert!(ran.stdout.starts_with("UNKNOWN: "), "{ran}");
    assert!(ran.stdout.contains("NoSuchKeyword"), "{ran}");
    for arguments in [
        &["doctor", "sshd", "--sshd", "/nosuch"][..],
        &["doctor", "sshd", "--user", "nosuch-account"],
        &["doctor", "sshd", "--nosuch"],
        &["doctor", "sshd", "--from", "nowhere"],
    ] {
        punchmark(arguments).exits(3);
    }
    let ran = punchmark(&["doctor", "sshd", "--json", "--sshd", "/nosuch"]).exits(3);
    assert!(ran.stdout.contains("\"unknown\""), "{ran}");
}

#[test]
fn an_sshd_with_a_known_fault_is_named_unless_the_changelog_says_that_it_is_mended() {
    ready!(server, user, _key);
    let old = server.path("old-sshd");
    let script = "#!/bin/sh\n[ \"$1\" = -V ] && { echo OpenSSH_9.2p1 >&2; exit 1; }\n\
                  exec /usr/sbin/sshd \"$@\"\n";
    crate::harness::write(&old, script, 0o755);
    let config = server.config_file(&[]).display().to_string();
    let sshd = old.display().to_string();
    let arguments = [
        "doctor",
        "sshd",
        "--sshd-config",
        &config,
        "--user",
        user.name(),
    ];
    let ran = punchmark(&[&arguments[..], &["--sshd", &sshd]].concat()).exits(1);
    assert!(ran.stdout.contains("WARNING old-sshd"), "{ran}");
    assert!(ran.stdout.contains("CVE-2024-6387"), "{ran}");
    // Debian's own says what it mended.
    let ran = punchmark(&arguments);
    if std::path::Path::new("/usr/share/doc/openssh-server/changelog.Debian.gz").exists() {
        assert!(!ran.stdout.contains("CVE-2024-6387"), "{ran}");
    }
}

#[test]
fn a_finding_has_its_line_its_users_and_the_way_out() {
    ready!(server, user, _key);
    let config = server
        .config_file(&["RevokedKeys none"])
        .display()
        .to_string();
    let ran = punchmark(&[
        "doctor",
        "sshd",
        "--sshd-config",
        &config,
        "--user",
        user.name(),
    ])
    .exits(1);
    assert!(ran.stdout.starts_with("WARNING: sshd "), "{ran}");
    let at = format!("\n  at {config} line 1\n");
    assert!(ran.stdout.contains(&at), "{ran}");
    assert!(ran.stdout.contains("\n  for "), "{ran}");
    assert!(ran.stdout.contains(user.name()), "{ran}");
    assert!(ran.stdout.contains("\n  mend: "), "{ran}");
}

#[test]
fn what_depends_on_the_address_is_said_and_asked_for() {
    ready!(server, user, key);
    let lines = [
        "Match Address 127.0.0.1",
        "AuthorizedPrincipalsFile none",
        "Match all",
    ];
    let examined = server.examine(&lines, &[&user]);
    examined.finding("one-address");
    assert!(!examined.names().contains(&"no-principals"));
    let config = server.config_file(&lines).display().to_string();
    let from = [
        "doctor",
        "sshd",
        "--sshd-config",
        &config,
        "--from",
        "127.0.0.1",
    ];
    let ran = punchmark(&from);
    assert!(ran.stdout.contains("no-principals"), "{ran}");
    // So sshd does: by the list from elsewhere, by the account's own name from here.
    server.start(&lines).login_as(user.name(), &key).exits(255);
}
