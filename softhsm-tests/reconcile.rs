//! What a real sshd's log says against what the ledger says.

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, run_fed};
use crate::harness::punchmark::BINARY;
use crate::harness::sshd::{Configuration, Sshd, own_user};

/// Whoever runs the tests is let in by certificates for peter.
fn reconcile(admin: &Admin, log: &str, flags: &[&str]) -> Ran {
    let account = format!("{}=peter", own_user());
    let flags = [&["--account", &account], flags].concat();
    without_accounts(admin, log, &flags)
}

fn without_accounts(admin: &Admin, log: &str, flags: &[&str]) -> Ran {
    let mut command = crate::harness::process::bounded(BINARY);
    command.args(["ledger", "reconcile"]).args(flags);
    run_fed(&mut admin.punchmark.prepare(command), log.as_bytes())
}

/// Logs in with a certificate that the ledger has.
fn ready() -> (Admin, Sshd) {
    let admin = Admin::ready();
    let sshd = Sshd::start(&Configuration::users(&admin.ca_file("users"), &["peter"]));
    let key = admin.key("peter", ED25519);
    let id = "peter, laptop (serial 7) CA ED25519 SHA256:x";
    let sign = [
        "sign",
        "-s",
        "users",
        "-I",
        id,
        "-n",
        "peter",
        "-V",
        "always:forever",
        "peter.pub",
    ];
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
    ran.says("1 login by certificate, 0 by other CAs; 0 certificates unknown");
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
    let ran = reconcile(&admin, &sshd.log(), &[]).exits(1);
    assert!(ran.stdout.contains("revoked: serial 1 of users"), "{ran}");
    ran.says("1 used when they should not be")
        .says("1 use was within the validity, since its line has no time")
        .says("any local user can write such lines");
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
    let ran = reconcile(&admin, &late, &[]).exits(1);
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
        .says("1 line unreadable");
    let (other, _) = ready();
    reconcile(&other, accepted, &[]).ok().says("1 by other CAs");
}

#[test]
fn a_log_without_one_line_of_sshd_is_no_quiet_log() {
    let admin = Admin::ready();
    for log in [
        "",
        "garbage\n",
        &"x".repeat(100_000),
        "SSHKRL\n\0\0\0\0\u{1}",
    ] {
        reconcile(&admin, log, &[])
            .exits(1)
            .says("no line of sshd was recognised");
        reconcile(&admin, log, &["--may-be-quiet"]).ok();
    }
    reconcile(&admin, "Server listening on 127.0.0.1 port 22.\n", &[]).ok();
}

/// Serial, key and key ID of one that the ledger has, and root among its principals.
#[test]
fn a_twin_with_other_principals_is_told_by_the_account() {
    let admin = Admin::ready();
    let users = Configuration::users(&admin.ca_file("users"), &["root"]);
    let sshd = Sshd::start(&users);
    let key = admin.key("peter", ED25519);
    let sign = [
        "sign",
        "-s",
        "users",
        "-I",
        "peter, laptop",
        "-n",
        "peter",
        "peter.pub",
    ];
    admin.punchmark.pinned(&sign).ok();
    let twin = ["-I", "peter, laptop", "-n", "root", "-z", "1"];
    keygen::sign(&admin.token, &admin.ca_file("users"), &twin, &key).ok();
    sshd.login(&key).ok();
    let ran = without_accounts(&admin, &sshd.log(), &[]).exits(1);
    assert!(
        ran.stdout.contains("the account is none of its principals"),
        "{ran}"
    );
}

/// One that let nobody in is one that somebody made all the same.
#[test]
fn a_certificate_that_sshd_refused_is_named_if_the_ledger_lacks_it() {
    let (admin, sshd) = ready();
    let key = admin.key("mallory", ED25519);
    let other = ["-I", "mallory", "-n", "nobody", "-z", "77"];
    keygen::sign(&admin.token, &admin.ca_file("users"), &other, &key).ok();
    sshd.login(&key).exits(255);
    let ran = reconcile(&admin, &sshd.log(), &[]).exits(1);
    assert!(ran.stdout.contains("unknown: serial 77 of users"), "{ran}");
    assert!(ran.stdout.contains("refused to"), "{ran}");
}

/// The lines of a real sshd, as common loggers pass them on.
#[test]
fn the_lines_of_a_real_sshd_are_read_in_every_envelope() {
    let (admin, sshd) = ready();
    login_unknown(&admin, &sshd, "mallory", "mallory", "77");
    let log = sshd.log();
    let accepted = log
        .lines()
        .rfind(|line| line.starts_with("Accepted publickey"))
        .unwrap();
    for envelope in ENVELOPES {
        let line = envelope.replace("LINE", accepted);
        let ran = reconcile(&admin, &line, &[]).exits(1);
        assert!(ran.stdout.contains("serial 77 of users"), "{line}: {ran}");
    }
}

const ENVELOPES: [&str; 10] = [
    "<86>1 2026-11-25T22:59:00.123Z web1 sshd 77 - - LINE",
    r#"{"SYSLOG_IDENTIFIER":"sshd","_PID":"77","MESSAGE":"LINE"}"#,
    "2026-11-25T22:59:00.123456789Z stdout F LINE",
    "Nov 25 22:59:00 web1 sshd[77]: message repeated 2 times: [ LINE]",
    "Nov 25 22:59:00 web1 sshd[77]: [ID 800047 auth.info] LINE",
    "Nov 25 22:59:00 web1 sshd: LINE",
    "2026-11-25T22:59:00+00:00\tweb1\tsshd[77]:\tLINE",
    "Nov 25 22:59:00 web1 sshd@3-10.0.0.1:22-10.0.0.7:50022[77]: LINE",
    r#"{"log":"LINE\n","stream":"stdout","time":"2026-11-25T22:59:00Z"}"#,
    "__CURSOR=s=1\nSYSLOG_IDENTIFIER=sshd\nMESSAGE=LINE\n\n",
];

#[test]
fn logs_are_files_also_packed_by_gzip_and_named_with_what_is_in_them() {
    let (admin, sshd) = ready();
    login_unknown(&admin, &sshd, "mallory", "mallory", "77");
    let path = |name| admin.punchmark.path(name);
    std::fs::write(path("auth.log"), sshd.log()).unwrap();
    crate::harness::process::run(
        crate::harness::process::bounded("gzip")
            .arg("-k")
            .arg(path("auth.log")),
    )
    .ok();
    let ran = reconcile(&admin, "", &["auth.log", "auth.log.gz"]).exits(1);
    assert!(ran.stdout.contains("auth.log line "), "{ran}");
    let ran = reconcile(&admin, "", &["auth.log.gz", "--json"]).exits(1);
    let found: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    assert_eq!(found["serial"], 77);
    assert_eq!(found["written-by-sshd"], false);
    std::fs::write(path("auth.log.xz"), b"\xfd7zXZ\0").unwrap();
    reconcile(&admin, "", &["auth.log.xz"])
        .exits(1)
        .says("xzcat FILE");
    reconcile(&admin, "", &["/dev/zero"])
        .exits(1)
        .says("a line is longer than 16 MiB");
    reconcile(&admin, "", &["missing.log"])
        .exits(1)
        .says("missing.log");
}

/// The journal's own fields say who wrote a line.
#[test]
fn the_journal_tells_sshd_from_whoever_writes_in_its_name() {
    let (admin, sshd) = ready();
    login_unknown(&admin, &sshd, "mallory", "mallory", "77");
    let log = sshd.log();
    let accepted = log
        .lines()
        .rfind(|line| line.starts_with("Accepted publickey"))
        .unwrap();
    let journal = |uid: &str, exe: &str| {
        serde_json::json!({ "SYSLOG_IDENTIFIER": "sshd", "_UID": uid, "_EXE": exe,
            "__REALTIME_TIMESTAMP": "1795400000000000", "MESSAGE": accepted })
        .to_string()
    };
    let ran = reconcile(&admin, &journal("0", "/usr/sbin/sshd"), &["--json"]).exits(1);
    assert!(ran.stdout.contains("\"written-by-sshd\":true"), "{ran}");
    let imitated = journal("1000", "/usr/bin/logger");
    let ran = reconcile(&admin, &imitated, &["--may-be-quiet"]).ok();
    ran.says("1 line in sshd's name is not sshd's");
}
