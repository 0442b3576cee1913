//! A CA that was retired reserves no serial, and its key goes into the KRL when nobody is locked out.

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::process::{Ran, bounded, run};
use crate::harness::sshd::{Configuration, Sshd};

fn retire(admin: &Admin, more: &[&str]) -> Ran {
    let all = [&["ca", "retire", "users"], more].concat();
    admin.punchmark.run(&all)
}

/// Whether the KRL that is made now lists the key of the CA.
fn krl_lists_the_ca(admin: &Admin) -> bool {
    admin.punchmark.run(&["krl", "--out", "revoked.krl"]).ok();
    let mut query = bounded("ssh-keygen");
    query
        .args(["-Q", "-f"])
        .arg(admin.punchmark.path("revoked.krl"));
    let told = run(query.arg(admin.ca_file("users")));
    told.stdout.contains("REVOKED")
}

#[test]
fn a_retired_ca_reserves_no_serial_and_what_it_signed_holds_until_it_ends() {
    let admin = Admin::ready().and_key("peter").and_key("erik");
    admin.sign(&["-n", "peter", "-V", "+1h", "peter.pub"]).ok();
    let sshd = Sshd::start(&Configuration::users(&admin.ca_file("users"), &["peter"]));
    let peter = admin.punchmark.path("peter");
    sshd.login(&peter).ok();
    retire(&admin, &["--dry-run"])
        .ok()
        .says("no serial of CA users would be reserved any more");
    admin.sign(&["-n", "erik", "erik.pub"]).ok();
    let ran = retire(&admin, &["--reason", "users2 took over"]).ok();
    assert!(ran.stdout.contains("users: 2 certificates valid"), "{ran}");
    ran.says("CA users is retired");
    let serials = admin.ledger().len();
    let refused = admin.sign(&["-n", "erik", "erik.pub"]).exits(3);
    refused.says("CA `users` was retired, and signs no more");
    assert_eq!(admin.ledger().len(), serials);
    sshd.login(&peter).ok();
    assert!(!krl_lists_the_ca(&admin));
    let shown = admin.punchmark.run(&["ca", "show", "users"]).ok();
    assert!(shown.stdout.contains("none: it is retired"), "{shown}");
    // A second time, nothing is left to do while somebody would be locked out.
    let size = |admin: &Admin| std::fs::read(admin.ledger_file()).unwrap();
    let before = size(&admin);
    retire(&admin, &[])
        .ok()
        .says("can be revoked by the same command");
    assert_eq!(size(&admin), before);
    // In full words, and in no others.
    retire(&admin, &["--yes-lock"]).exits(2);
    retire(&admin, &["--yes-lock-out"])
        .ok()
        .says("its key revoked");
    assert!(krl_lists_the_ca(&admin));
    admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn a_ca_whose_certificates_are_over_is_revoked_at_once() {
    let admin = Admin::ready().and_key("peter");
    let over = ["-n", "peter", "-V", "20200101Z:20200102Z", "peter.pub"];
    admin.sign(&over).ok();
    let ran = retire(&admin, &["--json"]).ok();
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&told["valid"], &told["key-revoked"]),
        (&0.into(), &true.into())
    );
    assert_eq!(told["last"]["valid-before"], 1_577_923_200);
    assert!(krl_lists_the_ca(&admin));
    // It becomes no CA again.
    admin.key("other", ED25519);
    admin.sign(&["-n", "other", "other.pub"]).exits(3);
}
