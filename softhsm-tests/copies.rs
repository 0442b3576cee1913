//! Copies of a CA's key: each is in the ledger, and stays visible.

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::P256;
use crate::harness::process::Ran;
use crate::harness::token::Token;

/// An admin whose token has a second one beside it, `Backup`, and a key file.
fn with_two_tokens() -> Admin {
    let admin = Admin::new(Token::softhsm());
    admin.token.add_token("Backup");
    admin.key("ca", P256);
    admin
}

/// The locator of a key in the second token, which has a PIN file of its own.
fn in_backup(admin: &Admin, object: &str) -> String {
    let locator = admin.token.locator(object);
    let locator = locator.replace("token=Root%20CA", "token=Backup");
    let pin = admin.punchmark.path("pin").display().to_string();
    format!("{locator}&pin-source={pin}")
}

fn import(admin: &Admin, more: &[&str]) -> Ran {
    let key = admin.token.locator("users");
    let import = ["import", "users", "--from", "ca", "--key", &key];
    let all = [&import[..], &["--next-serial", "1"], more].concat();
    admin.punchmark.pinned(&all)
}

/// What `ca show --json` says of the copies.
fn copies(admin: &Admin) -> Vec<Value> {
    let ran = admin.punchmark.run(&["ca", "show", "users", "--json"]).ok();
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    shown["cas"][0]["copies"].as_array().unwrap().clone()
}

#[test]
fn a_spare_is_recorded_by_its_serial_and_shown() {
    let admin = with_two_tokens();
    let spare = in_backup(&admin, "users");
    import(&admin, &["--spare", &spare]).ok();
    let found = copies(&admin);
    assert_eq!(found.len(), 1, "{found:?}");
    let copy = &found[0];
    assert_eq!(
        (&copy["kind"], &copy["became"]),
        (&"imported".into(), &"made".into())
    );
    let (device, holder) = (
        copy["device"].as_str().unwrap(),
        copy["holder"].as_str().unwrap(),
    );
    assert!(device.contains("serial="), "{device}");
    assert!(!device.contains("pin-source"), "{device}");
    assert!(
        holder.starts_with("token \"Backup\" (SoftHSM v2), serial "),
        "{holder}"
    );
    let shown = admin.punchmark.run(&["ca", "show", "users"]).ok();
    let line = format!("copy         {holder}: imported, ");
    assert!(shown.stdout.contains(&line), "{shown}");
    // The same command again goes on with what is left, and records nothing twice.
    import(&admin, &["--spare", &spare]).ok();
    assert_eq!(copies(&admin), found);
    admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn a_device_that_shares_the_runs_is_a_copy_too() {
    let admin = with_two_tokens();
    import(&admin, &[]).ok();
    assert_eq!(copies(&admin).len(), 0);
    let second = in_backup(&admin, "users");
    let join = ["import", "users", "--from", "ca", "--key", &second];
    admin.punchmark.pinned(&join).ok();
    assert_eq!(copies(&admin).len(), 1);
}

#[test]
fn another_key_under_the_label_of_a_spare_is_left_alone() {
    let admin = with_two_tokens();
    admin.key("other", P256);
    import(&admin, &[]).ok();
    let place = in_backup(&admin, "users");
    let other = ["import", "more", "--from", "other", "--key", &place];
    let other = [&other[..], &["--next-serial", "1"]].concat();
    admin.punchmark.pinned(&other).ok();
    import(&admin, &["--spare", &place, "--dry-run"]).exits(1);
    import(&admin, &["--spare", &place]).exits(1).says("users");
    assert_eq!(copies(&admin).len(), 0);
}
