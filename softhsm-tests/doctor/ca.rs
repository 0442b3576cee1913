//! `punchmark doctor` on the CA's machine.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use crate::harness::admin::Admin;
use crate::harness::faketime::faketime;
use crate::harness::keygen::ED25519;
use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::BINARY;
use crate::harness::write;

/// The line of a point, by its name.
#[track_caller]
fn point<'r>(ran: &'r Ran, name: &str) -> &'r str {
    let marked = format!(" {name}: ");
    let mut lines = ran.stdout.lines().skip(1);
    let found = lines.find(|line| line.contains(&marked));
    found.unwrap_or_else(|| panic!("no {name} in {ran}"))
}

#[test]
fn what_was_never_published_is_a_warning_and_what_is_old_is_worse() {
    let admin = Admin::ready();
    let ran = admin.punchmark.run(&["doctor"]).exits(1);
    assert!(ran.stdout.starts_with("WARNING: "), "{ran}");
    assert!(point(&ran, "krl").contains("no KRL was ever made"), "{ran}");
    assert!(point(&ran, "head").contains("WARNING"), "{ran}");
    for name in ["config", "roots", "modes", "ledger", "ca"] {
        assert!(point(&ran, name).contains("OK"), "{ran}");
    }
    assert!(ran.stdout.contains("not checked: "), "{ran}");
    admin.key("ledger_key", ED25519);
    let out = admin.punchmark.path("users.krl").display().to_string();
    admin
        .punchmark
        .run(&["krl", "--ca", "users", "--out", &out])
        .ok();
    admin
        .punchmark
        .run(&["ledger", "checkpoint", "--key", "ledger_key"])
        .ok();
    let ran = admin.punchmark.run(&["doctor"]).exits(0);
    assert!(ran.stdout.starts_with("OK: "), "{ran}");
    for (time, code) in [("+3 days", 1), ("+9 days", 2)] {
        let mut later = admin.punchmark.prepare(bounded(faketime()));
        let ran = run(later.args([time, BINARY, "doctor"])).exits(code);
        assert!(ran.stdout.contains("the last KRL was made "), "{ran}");
    }
}

#[test]
fn what_is_wrong_with_the_ca_is_critical() {
    let admin = Admin::ready();
    let doctor = || admin.punchmark.run(&["doctor"]).exits(2);
    let mode = |mode| {
        let file = admin.ca_file("users");
        std::fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
    };
    mode(0o666);
    let ran = doctor();
    assert!(point(&ran, "modes").contains("users.pub"), "{ran}");
    assert!(ran.stdout.contains("chmod o-w"), "{ran}");
    mode(0o644);
    // Another key in the public key file.
    let own = std::fs::read(admin.ca_file("users")).unwrap();
    admin.key("other", ED25519);
    std::fs::copy(admin.punchmark.path("other.pub"), admin.ca_file("users")).unwrap();
    assert!(point(&doctor(), "ca").contains("CRITICAL"));
    write(&admin.ca_file("users"), own, 0o644);
    // An older ledger than the one whose head was kept.
    let ledger = admin.ledger_file();
    let old = std::fs::read(&ledger).unwrap();
    admin.key("user", ED25519);
    admin.sign(&["-n", "peter", "user.pub"]).ok();
    write(&ledger, old, 0o600);
    assert!(point(&doctor(), "ledger").contains("CRITICAL"));
}

#[test]
fn a_clock_behind_the_ledger_and_a_config_that_is_none_are_critical() {
    let admin = Admin::ready();
    let mut past = admin.punchmark.prepare(bounded(faketime()));
    let ran = run(past.args(["-2 days", BINARY, "doctor"])).exits(2);
    assert!(point(&ran, "ledger").contains("CRITICAL"), "{ran}");
    admin.configure("nonsense = 1\n---\n");
    let ran = admin.punchmark.run(&["doctor"]).exits(2);
    assert!(point(&ran, "config").contains("nonsense"), "{ran}");
    let ran = admin.punchmark.run(&["doctor", "--json"]).exits(2);
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["points"][0]["state"], "critical");
    admin.punchmark.run(&["doctor", "--nosuch"]).exits(3);
}
