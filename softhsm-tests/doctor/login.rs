//! `punchmark doctor login`: the step that it names, and a real login that ends the same way.

use std::path::Path;

use serde_json::Value;

use super::ready;
use crate::harness::keygen::{self, ED25519};

use crate::harness::stock::{Server, TestUser, punchmark};
use crate::harness::write;

/// Walks through a login from loopback, and tries it: both must end alike. Gives the last step.
pub(super) fn both(server: &Server, lines: &[&str], user: &str, key: &Path) -> Value {
    let config = server.config_file(lines).display().to_string();
    let certificate = keygen::certificate(key).display().to_string();
    let ran = punchmark(&[
        "doctor",
        "login",
        "--json",
        "--user",
        user,
        "--certificate",
        &certificate,
        "--from",
        "127.0.0.1",
        "--sshd-config",
        &config,
    ]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"));
    let login = server.start(lines).login_as(user, key);
    let refused = report["refused"].as_bool().unwrap();
    assert_eq!(refused, login.code != Some(0), "{ran}\n{login}");
    assert_eq!(ran.code, Some(if refused { 2 } else { 0 }), "{ran}");
    report["steps"].as_array().unwrap().last().unwrap().clone()
}

/// The login is refused by this step, which has a way out.
#[track_caller]
fn refused_by(server: &Server, lines: &[&str], user: &TestUser, key: &Path, name: &str) -> Value {
    let step = both(server, lines, user.name(), key);
    assert_eq!(step["name"], name, "{step:#}");
    assert_eq!(step["verdict"], "refused", "{step:#}");
    assert!(step["remedy"].is_string(), "{step:#}");
    step
}

#[test]
fn a_login_that_nothing_refuses_says_what_was_not_tried() {
    ready!(server, user, key);
    let step = both(&server, &[], user.name(), &key);
    assert_eq!(step["name"], "possession", "{step:#}");
    assert_eq!(step["verdict"], "unknown", "{step:#}");
}

#[test]
fn what_the_servers_settings_refuse_is_named_with_file_and_line() {
    ready!(server, user, key);
    let deny = format!("DenyUsers {}", user.name());
    for (line, name) in [
        (deny.as_str(), "account"),
        ("PubkeyAcceptedAlgorithms ssh-ed25519", "algorithm"),
        ("CASignatureAlgorithms ecdsa-sha2-nistp256", "ca-algorithm"),
        ("RevokedKeys /nosuch", "revoked"),
        ("AuthorizedPrincipalsFile none", "principal"),
    ] {
        let step = refused_by(&server, &[line], &user, &key, name);
        assert_eq!(step["line"], 1, "{step:#}");
        let file = step["file"].as_str().unwrap();
        assert!(file.ends_with("sshd_config"), "{step:#}");
    }
    let off = ["PubkeyAuthentication no", "AuthenticationMethods any"];
    refused_by(&server, &off, &user, &key, "public-keys");
    let config = server.config_file(&[]).display().to_string();
    let certificate = keygen::certificate(&key).display().to_string();
    let arguments = ["--user", "nosuch-account", "--certificate", &certificate];
    let all = ["doctor", "login", "--sshd-config", &config];
    let ran = punchmark(&[&all[..], &arguments].concat()).exits(2);
    assert!(ran.stdout.contains("there is no account"), "{ran}");
}

#[test]
fn what_is_wrong_with_the_certificate_is_named() {
    ready!(server, user, _key);
    keygen::make(server.folder(), "other", ED25519);
    let certificate = |name: &str, options: &[&str]| server.certificate(name, "peter", options);
    let cases = [
        (certificate("expired", &["-V", "-2h:-1h"]), "certificate"),
        (certificate("early", &["-V", "+1h:+2h"]), "certificate"),
        (certificate("hosts", &["-h"]), "certificate"),
        (
            certificate("far", &["-O", "source-address=10.0.0.0/8"]),
            "certificate-options",
        ),
        (
            certificate("odd", &["-O", "critical:x@example.org=1"]),
            "certificate-options",
        ),
    ];
    for (key, name) in &cases {
        refused_by(&server, &[], &user, key, name);
    }
    let stranger = keygen::make(server.folder(), "stranger", ED25519);
    server.keygen(&[
        "-q",
        "-s",
        "other",
        "-I",
        "x",
        "-n",
        "peter",
        "stranger.pub",
    ]);
    refused_by(&server, &[], &user, &stranger, "trusted-ca");
    let erik = server.certificate("erik", "erik", &[]);
    let step = refused_by(&server, &[], &user, &erik, "principals-file");
    assert!(step["words"].as_str().unwrap().contains("erik"), "{step:#}");
}

#[test]
fn what_is_revoked_is_named_by_what() {
    ready!(server, user, key);
    for (spec, words) in [
        ("serial: 1-18446744073709551615\n", None),
        ("id: peter\n", Some("by its key ID")),
    ] {
        write(&server.path("spec"), spec, 0o644);
        server.keygen(&["-k", "-f", "revoked.krl", "-s", "ca.pub", "spec"]);
        match words {
            Some(words) => {
                let step = refused_by(&server, &[], &user, &key, "revoked");
                assert!(step["words"].as_str().unwrap().contains(words), "{step:#}");
            }
            // A certificate of serial 0 can't be revoked by it.
            None => assert_eq!(both(&server, &[], user.name(), &key)["name"], "possession"),
        }
    }
    server.keygen(&["-k", "-f", "revoked.krl", "ca.pub"]);
    let step = refused_by(&server, &[], &user, &key, "revoked");
    assert!(
        step["words"].as_str().unwrap().contains("by its CA"),
        "{step:#}"
    );
    let text = std::fs::read(keygen::public(&key)).unwrap();
    write(&server.path("revoked.krl"), text, 0o644);
    refused_by(&server, &[], &user, &key, "revoked");
}

#[test]
fn the_options_of_the_line_are_asked() {
    let server = Server::new();
    let user = server.user("");
    let key = server.certificate("peter", "peter", &[]);
    let forced = server.certificate("forced", "peter", &["-O", "force-command=echo welcome"]);
    let list = server.path(&format!("principals/{}", user.name()));
    for (line, key, refused) in [
        ("from=\"10.0.0.0/8\" peter", &key, Some("line-options")),
        ("from=\"127.0.0.0/8\" peter", &key, None),
        ("expiry-time=\"20200101\" peter", &key, Some("line-options")),
        ("expiry-time=\"20990101Z\" peter", &key, None),
        (
            "command=\"echo other\" peter",
            &forced,
            Some("line-options"),
        ),
        ("command=\"echo welcome\" peter", &forced, None),
        ("form=\"x\" peter", &key, Some("principals-file")),
        // The first that fits decides, also where the next would let in.
        (
            "from=\"10.0.0.0/8\" peter\npeter",
            &key,
            Some("line-options"),
        ),
        ("form=\"x\" peter\npeter", &key, None),
    ] {
        write(&list, format!("{line}\n"), 0o644);
        match refused {
            Some(name) => {
                let step = refused_by(&server, &[], &user, key, name);
                if name == "line-options" {
                    assert_eq!(step["file"], list.display().to_string(), "{step:#}");
                    assert_eq!(step["line"], 1, "{step:#}");
                }
            }
            None => {
                let step = both(&server, &[], user.name(), key);
                assert_eq!(step["name"], "possession", "{line}: {step:#}");
            }
        }
    }
}

#[test]
fn the_command_is_asked_as_sshd_asks_it() {
    ready!(server, user, key);
    let program = server.path("command");
    let lines = |text: &str, by: &str| {
        [
            "AuthorizedPrincipalsFile none".to_owned(),
            format!("AuthorizedPrincipalsCommand {text}"),
            format!("AuthorizedPrincipalsCommandUser {by}"),
        ]
    };
    let name = program.display().to_string();
    let good = format!("{name} %u '%i' %s");
    let id = "#!/bin/sh\n[ \"$(id -un) $1 $2 $3 $PWD\" = \"sshd USER peter 0 /\" ] && echo peter\n";
    let id = id.replace("USER", user.name());
    for (script, text, by, refused) in [
        (id.as_str(), good.as_str(), "sshd", false),
        (&id, &good, "nosuch-user", true),
        (&id, &good, "nobody", true),
        ("#!/bin/sh\necho erik\n", &name, "sshd", true),
        ("#!/bin/sh\necho peter; exit 1\n", &name, "sshd", true),
        ("#!/bin/sh\necho peter\n", "/nosuch", "sshd", true),
        (
            "#!/bin/sh\necho peter\n",
            &format!("{name} %q"),
            "sshd",
            true,
        ),
    ] {
        write(&program, script, 0o755);
        let lines = lines(text, by);
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        if refused {
            refused_by(&server, &lines, &user, &key, "principals-command");
        } else {
            let step = both(&server, &lines, user.name(), &key);
            assert_eq!(step["name"], "possession", "{step:#}");
        }
    }
}

#[test]
fn a_line_of_authorized_keys_that_trusts_the_ca_lets_in_before_the_list() {
    let server = Server::new();
    let user = server.user("somebody-else\n");
    let key = server.certificate("peter", "peter", &[]);
    let ca = std::fs::read_to_string(server.path("ca.pub")).unwrap();
    let lines = ["AuthorizedKeysFile .ssh/authorized_keys"];
    let trusts = |principals: &str| format!("cert-authority,principals=\"{principals}\" {ca}");
    user.write(".ssh/authorized_keys", &trusts("erik"));
    refused_by(&server, &lines, &user, &key, "principals-file");
    user.write(".ssh/authorized_keys", &trusts("erik,peter"));
    // sshd's StrictModes ends at the home, which is the user's.
    let step = both(&server, &lines, user.name(), &key);
    assert_eq!(step["name"], "possession", "{step:#}");
}

#[test]
fn root_is_asked_last() {
    let server = Server::new();
    write(&server.path("principals/root"), "peter\n", 0o644);
    let key = server.certificate("peter", "peter", &[]);
    let forced = server.certificate("forced", "peter", &["-O", "force-command=echo welcome"]);
    for (line, key, verdict) in [
        ("PermitRootLogin no", &key, "refused"),
        ("PermitRootLogin forced-commands-only", &key, "refused"),
        ("PermitRootLogin forced-commands-only", &forced, "passed"),
        ("PermitRootLogin prohibit-password", &key, "passed"),
    ] {
        let step = both(&server, &[line], "root", key);
        assert_eq!(step["name"], "root", "{step:#}");
        let verdict = if verdict == "passed" { "ok" } else { verdict };
        assert_eq!(step["verdict"], verdict, "{step:#}");
    }
}

#[test]
fn people_read_the_line_that_refuses_first() {
    ready!(server, user, _key);
    let erik = server.certificate("erik", "erik", &[]);
    let config = server.config_file(&[]).display().to_string();
    let certificate = keygen::certificate(&erik).display().to_string();
    let arguments = ["--user", user.name(), "--certificate", &certificate];
    let all = ["doctor", "login", "--sshd-config", &config];
    let ran = punchmark(&[&all[..], &arguments].concat()).exits(2);
    let first = ran.stdout.lines().next().unwrap();
    assert!(
        first.starts_with("CRITICAL: ") && first.contains("is refused: "),
        "{ran}"
    );
    assert!(ran.stdout.contains("\n  ok      trusted-ca: "), "{ran}");
    assert!(ran.stdout.contains("\n          mend: "), "{ran}");
    // Without a certificate there is nothing to walk through.
    let key = keygen::public(&erik).display().to_string();
    let arguments = ["--user", user.name(), "--certificate", &key];
    punchmark(&[&all[..], &arguments].concat()).exits(3);
}
