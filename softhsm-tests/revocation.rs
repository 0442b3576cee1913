//! From `revoke` to a real sshd that refuses, by each kind of revocation.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run, wait_until};
use crate::harness::token::Token;
use crate::harness::write;

/// Peter has serial 1, Erik serial 2, both with key ID `id`.
fn ready() -> Admin {
    let admin = Admin::ready();
    for name in ["peter", "erik"] {
        admin.key(name, ED25519);
        admin.sign(&["-n", name, &format!("{name}.pub")]).ok();
    }
    admin
}

fn revoke(admin: &Admin, arguments: &[&str]) -> Ran {
    let all = [&["revoke", "--reason", "lost"], arguments].concat();
    admin.punchmark.run(&all)
}

fn krl(admin: &Admin, arguments: &[&str]) -> PathBuf {
    let all = [&["krl", "--out", "revoked.krl"], arguments].concat();
    admin.punchmark.run(&all).ok();
    admin.punchmark.path("revoked.krl")
}

/// Whether `ssh-keygen -Q` says that the certificate of this name is revoked.
fn is_revoked(admin: &Admin, name: &str) -> bool {
    query(admin, &admin.punchmark.path(&format!("{name}-cert.pub")))
}

fn query(admin: &Admin, file: &Path) -> bool {
    let krl = admin.punchmark.path("revoked.krl");
    let ran = run(bounded("ssh-keygen").arg("-Qf").arg(krl).arg(file));
    let (ok, revoked) = (ran.stdout.contains(": ok"), ran.stdout.contains("REVOKED"));
    assert!(ok != revoked, "{ran}");
    revoked
}

#[test]
fn each_kind_of_revocation_reaches_ssh_keygen_and_hits_no_other() {
    let admin = ready();
    let print = keygen::fingerprint(&admin.punchmark.path("peter.pub"));
    for selector in [
        ["--serial", "1"],
        ["--certificate", "peter-cert.pub"],
        ["--key", "peter.pub"],
        ["--fingerprint", &print],
        ["--principal", "peter"],
    ] {
        let admin = if selector[1] == print {
            &admin
        } else {
            &ready()
        };
        revoke(admin, &selector).ok();
        krl(admin, &[]);
        assert!(is_revoked(admin, "peter"), "{selector:?}");
        assert!(!is_revoked(admin, "erik"), "{selector:?}");
    }
}

#[test]
fn a_revocation_of_many_hits_all_it_says() {
    for selector in [
        &["--key-id", "id"][..],
        &["--role", "operator"],
        &["--requester", "operator"],
        &["--issued-before", "+1h"],
        &["--serial", "1-2"],
    ] {
        let admin = ready();
        revoke(&admin, selector).ok();
        krl(&admin, &[]);
        assert!(is_revoked(&admin, "peter"), "{selector:?}");
        assert!(is_revoked(&admin, "erik"), "{selector:?}");
        admin.punchmark.run(&["ledger", "verify"]).ok();
    }
}

#[test]
fn a_dry_run_says_what_is_caught_and_records_nothing() {
    let admin = ready();
    let ran = revoke(&admin, &["--principal", "peter", "--dry-run", "--json"]).ok();
    let caught: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(caught["certificates"][0]["serial"], 1, "{ran}");
    assert_eq!(caught["certificates"].as_array().unwrap().len(), 1, "{ran}");
    krl(&admin, &[]);
    assert!(!is_revoked(&admin, "peter"));
}

#[test]
fn what_means_nothing_is_refused() {
    let admin = ready();
    revoke(&admin, &[]).exits(2).says("nothing is named");
    revoke(&admin, &["--principal", "nobody"])
        .exits(1)
        .says("nothing is caught");
    revoke(&admin, &["--serial", "0"])
        .exits(1)
        .says("serials run from 1");
    revoke(&admin, &["--serial", "9-3"])
        .exits(1)
        .says("serials run from 1");
    let line = std::fs::read_to_string(admin.punchmark.path("peter-cert.pub")).unwrap();
    let (kind, blob) = line.split_once(' ').unwrap();
    // Within the nonce.
    let other = if &blob[60..61] == "A" { "B" } else { "A" };
    let forged = format!("{kind} {}{other}{}", &blob[..60], &blob[61..]);
    write(&admin.punchmark.path("forged-cert.pub"), forged, 0o644);
    revoke(&admin, &["--certificate", "forged-cert.pub"])
        .exits(1)
        .says("not signed by CA `users`");
    revoke(&admin, &["--serial", "x"])
        .exits(2)
        .says("is no serial");
    revoke(&admin, &["--ca", "hosts", "--serial", "1"])
        .exits(2)
        .says("hosts");
}

#[test]
fn a_revoked_key_is_never_certified_again() {
    let admin = ready();
    revoke(&admin, &["--key", "peter.pub"]).ok();
    let again = admin.sign(&["-n", "peter", "peter.pub"]);
    again.exits(3).says("was revoked");
    admin.sign(&["-n", "erik", "erik.pub"]).ok();
    admin.assert_issued(3);
}

#[test]
fn the_version_only_grows_and_stands_in_the_ledger() {
    let admin = ready();
    let version = || {
        let made = admin
            .punchmark
            .run(&["krl", "--out", "revoked.krl", "--json"])
            .ok();
        let made: Value = serde_json::from_str(&made.stdout).unwrap();
        made["version"].as_u64().unwrap()
    };
    let first = version();
    assert!(version() > first);
    admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn no_list_is_made_of_a_ledger_that_was_cut() {
    let admin = ready();
    let whole = std::fs::read(admin.ledger_file()).unwrap();
    let key = admin.public_keys(9).pop().unwrap();
    admin.sign(&["-n", "erik", key.to_str().unwrap()]).ok();
    std::fs::write(admin.ledger_file(), whole).unwrap();
    admin
        .punchmark
        .run(&["krl", "--out", "revoked.krl"])
        .exits(1)
        .says("knows");
    assert!(!admin.punchmark.path("revoked.krl").exists());
}

/// Signs 200 keys by a slow CA, and kills the run when the first certificate is there.
fn killed() -> Admin {
    let admin = Admin::with_users_ca(Token::softhsm(), "rsa3072");
    let keys = admin.public_keys(200);
    let mut command = admin.punchmark.background();
    command.args(["sign", "-s", "users", "-I", "id", "-n", "peter"]);
    let mut child = command.args(&keys).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the first certificate is there", || {
        !admin.certificates().is_empty()
    });
    let list = ["krl", "--out", "revoked.krl"];
    let beside = admin.punchmark.run(&list);
    let running = matches!(child.try_wait(), Ok(None));
    child.kill().unwrap();
    child.wait().unwrap();
    // What a run has reserved is not given up while it may still sign it.
    assert!(!running || beside.code == Some(1), "{beside}");
    admin
}

fn serials(admin: &Admin, state: &str) -> Vec<u64> {
    let in_state = admin.ledger().into_iter();
    let in_state = in_state.filter(|record| record["state"] == state);
    in_state
        .map(|record| record["serial"].as_u64().unwrap())
        .collect()
}

#[test]
fn what_a_killed_run_had_reserved_is_closed_and_revoked_and_nothing_else_is() {
    let admin = (0..5)
        .map(|_| killed())
        .find(|admin| !serials(admin, "reserved").is_empty())
        .expect("a run that is killed in the middle leaves reservations");
    let (open, issued) = (serials(&admin, "reserved"), serials(&admin, "issued"));
    krl(&admin, &[]);
    assert_eq!(serials(&admin, "reserved"), [0; 0]);
    assert_eq!(serials(&admin, "failed"), open);
    let shown = ["krl", "show", "--json", "revoked.krl"];
    let shown: Value = serde_json::from_str(&admin.punchmark.run(&shown).ok().stdout).unwrap();
    let ranges = shown["certificates"][0]["serials"].as_array().unwrap();
    let revoked = |serial: &u64| {
        ranges
            .iter()
            .any(|range| (range[0].as_u64().unwrap()..=range[1].as_u64().unwrap()).contains(serial))
    };
    assert!(open.iter().all(revoked), "{open:?} {ranges:?}");
    assert!(!issued.iter().any(revoked), "{issued:?} {ranges:?}");
    admin
        .punchmark
        .run(&["ledger", "verify", "--signatures"])
        .ok();
}

#[test]
fn pruning_leaves_out_what_has_expired() {
    let admin = Admin::ready();
    for (name, validity) in [("peter", "20200101:20200102"), ("erik", "-1h:+1h")] {
        admin.key(name, ED25519);
        admin
            .sign(&["-n", name, "-V", validity, &format!("{name}.pub")])
            .ok();
    }
    revoke(&admin, &["--serial", "1-2"]).ok();
    krl(&admin, &[]);
    assert!(is_revoked(&admin, "peter") && is_revoked(&admin, "erik"));
    krl(&admin, &["--prune"]);
    assert!(!is_revoked(&admin, "peter") && is_revoked(&admin, "erik"));
}

#[test]
fn a_certificate_of_another_ca_is_not_revoked_by_this_one() {
    let admin = ready();
    admin.init("hosts", "p256", "host").ok();
    let ran = revoke(
        &admin,
        &["--ca", "hosts", "--certificate", "peter-cert.pub"],
    );
    ran.exits(1).says("not by CA `hosts`");
    revoke(&admin, &["--serial", "1"])
        .exits(2)
        .says("several CAs");
}

#[test]
fn a_requester_who_is_revoked_stands_in_the_ledger_and_the_operator_is_none() {
    let admin = ready();
    let barred = || {
        let ran = admin.punchmark.run(&["ledger", "export"]).ok();
        let kind = r#""kind":"barred""#;
        ran.stdout
            .lines()
            .filter(|line| line.contains(kind))
            .count()
    };
    revoke(&admin, &["--requester", "operator"]).ok();
    assert_eq!(barred(), 0);
    // Nobody has a certificate by them, and none shall get one.
    revoke(&admin, &["--requester", "mallory", "--card", "12345678"]).ok();
    assert_eq!(barred(), 1);
    admin.key("zoe", ED25519);
    admin.sign(&["-n", "zoe", "zoe.pub"]).ok();
    admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn pruning_keeps_a_day_for_clocks_that_are_wrong() {
    let admin = Admin::ready();
    for (name, validity) in [("peter", "-3d:-25h"), ("erik", "-3d:-23h")] {
        admin.key(name, ED25519);
        let arguments = ["-n", name, "-V", validity, &format!("{name}.pub")];
        admin.sign(&arguments).ok();
    }
    revoke(&admin, &["--serial", "1-2"]).ok();
    krl(&admin, &["--prune"]);
    assert!(!is_revoked(&admin, "peter") && is_revoked(&admin, "erik"));
}
