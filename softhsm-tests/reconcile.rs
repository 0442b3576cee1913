//! What a real sshd's log says against what the ledger says.

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, run_fed};
use crate::harness::punchmark::BINARY;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::token::Token;

fn reconcile(admin: &Admin, log: &str, flags: &[&str]) -> Ran {
    let mut command = crate::harness::process::bounded(BINARY);
    command.args(["ledger", "reconcile"]).args(flags);
    run_fed(&mut admin.punchmark.prepare(command), log.as_bytes())
}

/// Logs in with a certificate that the ledger has.
fn ready() -> (Admin, Sshd) {
    let admin = Admin::with_users_ca(Token::softhsm(), "p256");
    let sshd = Sshd::start(&Configuration::users(&admin.ca_file("users"), &["peter"]));
    let key = admin.key("peter", ED25519);
    let id = "peter, laptop (serial 7) CA ED25519 SHA256:x";
    let sign = ["sign", "-s", "users", "-I", id, "-n", "peter", "peter.pub"];
    admin.punchmark.pinned(&sign).ok();
    sshd.login(&key).ok();
    (admin, sshd)
}

/// Signs with the token behind the ledger's back, as whoever has the PIN can.
fn login_unknown(admin: &Admin, sshd: &Sshd, name: &str, id: &str, serial: &str) {
    let key = admin.key(name, ED25519);
    let arguments = ["-I", id, "-n", "peter", "-z", serial];
    keygen::sign(&admin.token, &admin.ca_file("users"), &arguments, &key).ok();
    sshd.login(&key).ok();
}

#[test]
fn a_log_of_certificates_that_the_ledger_has_is_in_order() {
    let (admin, sshd) = ready();
    let ran = reconcile(&admin, &sshd.log(), &[]).ok();
    assert_eq!(ran.stdout, "");
    ran.says("1 logins by certificate, 0 by other CAs; 0 certificates unknown");
}

#[test]
fn a_certificate_that_was_made_behind_the_ledgers_back_is_named() {
    let (admin, sshd) = ready();
    login_unknown(&admin, &sshd, "mallory", "pétér\\ ID", "77");
    login_unknown(&admin, &sshd, "eve", "eve", "1");
    login_unknown(&admin, &sshd, "zero", "zero", "0");
    let ran = reconcile(&admin, &sshd.log(), &["--json"]).exits(1);
    let objects = ran.stdout.lines().map(serde_json::from_str);
    let found: Vec<serde_json::Value> = objects.collect::<Result<_, _>>().unwrap();
    let key = keygen::fingerprint(&admin.punchmark.path("mallory.pub"));
    assert_eq!(found.len(), 3, "{ran}");
    assert_eq!(found[0]["serial"], 77);
    assert_eq!(found[0]["key-id"], "pétér\\ ID");
    assert_eq!(found[0]["key"], key.as_str());
    assert_eq!(
        found[1]["why"],
        "its serial is that of a certificate for another key"
    );
    assert_eq!(found[2]["serial"], 0);
    assert!(
        found.iter().all(|found| found["finding"] == "unknown"),
        "{ran}"
    );
    let words = reconcile(&admin, &sshd.log(), &[]).exits(1);
    assert!(
        words.stdout.contains("unknown: serial 77 of users"),
        "{words}"
    );
}

#[test]
fn a_use_after_revocation_or_expiry_is_said() {
    let (admin, sshd) = ready();
    admin.punchmark.run(&["revoke", "--serial", "1"]).ok();
    let ran = reconcile(&admin, &sshd.log(), &[]).ok();
    assert!(ran.stdout.contains("revoked: serial 1 of users"), "{ran}");
    // With a time before it, it was good then.
    let before = "2026-11-21T20:00:00+00:00 web1 sshd[7]: ";
    let accepted = sshd
        .log()
        .lines()
        .find(|line| line.starts_with("Accepted publickey"))
        .unwrap()
        .to_owned();
    let ran = reconcile(&admin, &format!("{before}{accepted}\n"), &[]).ok();
    assert_eq!(ran.stdout, "");

    admin.key("erik", ED25519);
    let sign = ["-n", "peter", "-V", "20200101:20300101", "erik.pub"];
    admin.sign(&sign).ok();
    let erik = sshd.login(&admin.punchmark.path("erik")).ok();
    let accepted = erik
        .stderr
        .lines()
        .rfind(|line| line.starts_with("Accepted publickey"))
        .unwrap();
    let late = format!("2031-01-01T00:00:00+0000 web1 sshd-session[7]: {accepted}\n");
    let ran = reconcile(&admin, &late, &[]).ok();
    assert!(ran.stdout.contains("expired: serial 2 of users"), "{ran}");
}

#[test]
fn a_line_that_was_cut_is_told_and_one_of_another_ca_passed_over() {
    let (admin, sshd) = ready();
    let log = sshd.log();
    let accepted = log
        .lines()
        .find(|line| line.starts_with("Accepted publickey"))
        .unwrap();
    let cut = accepted.split_at(accepted.len() - 3).0;
    reconcile(&admin, cut, &[])
        .exits(1)
        .says("1 lines unreadable");
    let (other, _) = ready();
    reconcile(&other, accepted, &[]).ok().says("1 by other CAs");
    reconcile(&admin, &"x".repeat(100_000), &[]).ok();
}
