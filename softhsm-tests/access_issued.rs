//! The list joined with the ledger: by which certificate somebody gets in now.

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;

/// Peter has serial 1 and Anna serial 2, each valid for an hour.
fn ready() -> Admin {
    let admin = Admin::ready();
    for name in ["peter", "anna"] {
        admin.key(name, ED25519);
        let file = format!("{name}.pub");
        admin.sign(&["-n", name, "-V", "+1h", &file]).ok();
    }
    put(&admin, "peter root,www web*\nanna www web* restrict\n");
    admin
}

fn put(admin: &Admin, list: &str) {
    std::fs::write(admin.punchmark.path("access.list"), list).unwrap();
}

fn held(admin: &Admin, user: &str, arguments: &[&str]) -> Vec<Value> {
    let who = [
        "access",
        "who",
        "--issued",
        "--json",
        "--list",
        "access.list",
    ];
    let place = ["--host", "web1", "--user", user];
    let said = admin
        .punchmark
        .run(&[&who[..], &place, arguments].concat())
        .ok()
        .stdout;
    let objects = said.lines().map(|line| serde_json::from_str(line).unwrap());
    objects
        .filter(|held: &Value| held["empty"] != true)
        .collect()
}

fn serials(admin: &Admin, user: &str, arguments: &[&str]) -> Vec<u64> {
    let held = held(admin, user, arguments);
    held.iter()
        .map(|held| held["serial"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_certificate_that_gets_in_is_named_with_what_stands_behind_it() {
    let admin = ready();
    assert_eq!(serials(&admin, "www", &[]), [1, 2]);
    assert_eq!(serials(&admin, "root", &[]), [1]);
    let held = &held(&admin, "www", &[])[1];
    assert_eq!(held["principal"], "anna");
    assert_eq!(held["printed"], "restrict anna");
    assert_eq!(held["line"], 2);
    let list = ["ledger", "list", "--json", "--serial", "2"];
    let recorded = admin.punchmark.run(&list).ok().stdout;
    let recorded: Value = serde_json::from_str(&recorded).unwrap();
    for field in ["ca", "proof", "requester", "role"] {
        assert_eq!(held[field], recorded[field], "{field}");
    }
    assert_eq!(held["until-unix"], recorded["content"]["valid-before"]);
    let who = ["access", "who", "--issued", "--list", "access.list"];
    let table = admin
        .punchmark
        .run(&[&who[..], &["--host", "web1", "--user", "root"]].concat())
        .ok()
        .stdout;
    assert!(
        table.starts_with("PRINCIPAL  CERTIFICATE  UNTIL"),
        "{table}"
    );
    assert!(table.contains("\npeter      users 1      20"), "{table}");
}

#[test]
fn what_is_over_revoked_denied_or_not_yet_made_gets_in_nowhere() {
    let admin = ready();
    assert_eq!(serials(&admin, "www", &["--at", "+2h"]), [0; 0]);
    assert_eq!(serials(&admin, "www", &["--at", "-1d"]), [0; 0]);
    put(&admin, "peter root,www web*\nanna www web*\n!anna www *\n");
    assert_eq!(serials(&admin, "www", &[]), [1]);
    put(&admin, "peter,anna www web*\n");
    let revoke = ["revoke", "--serial", "1", "--reason", "left the team"];
    admin.punchmark.run(&revoke).ok();
    assert_eq!(serials(&admin, "www", &[]), [2]);
    let other = "SHA256:ke2F1NEnbv3fpr7q7jUBZVBVCi0drVlGRHWlWZZbHNU";
    put(
        &admin,
        &format!("@ca others {other}\npeter,anna www web*\n"),
    );
    assert_eq!(serials(&admin, "www", &[]), [0; 0]);
}
