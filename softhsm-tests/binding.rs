//! A token names the ledger that counts a CA's serials, and no second one is begun for it.

use punchmark::ledger::Ledger;

use crate::harness::admin::Admin;
use crate::harness::device::{Device, on_devices};
use crate::harness::keygen::P256;
use crate::harness::process::Ran;
use crate::harness::pty::Pty;
use crate::harness::punchmark::Punchmark;
use crate::harness::token::Token;

on_devices!(
    [softhsm, kryoptic],
    [a_key_that_another_ledger_counts_is_not_adopted]
);

fn a_key_that_another_ledger_counts_is_not_adopted(device: Device) {
    let admin = device.with_users_ca("p256");
    admin.key("key", P256);
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let locator = locator(&admin.config_file());
    assert_eq!(bindings(&admin.ledger_file()).len(), 1);
    let origin = origin(&admin.punchmark);
    let second = admin.punchmark.path("second/punchmark.toml");
    let second = second.display().to_string();
    let ran = admin.punchmark.pinned(&[
        "--config",
        &second,
        "adopt",
        "users2",
        "--key",
        &locator,
        "--next-serial",
        "1",
    ]);
    let ran = ran.exits(1);
    ran.says(&format!("is bound to ledger {origin}"))
        .says("--rebind");
    assert!(!admin.punchmark.path("second/punchmark.ledger").exists());
    assert!(!admin.punchmark.path("second/punchmark.toml").exists());
}

#[test]
fn a_key_is_moved_to_another_ledger_by_a_typed_yes_alone() {
    let admin = Admin::ready();
    let second = Punchmark::new(&admin.token);
    let locator = admin.token.locator("users");
    let rebind = [
        "adopt",
        "users2",
        "--key",
        &locator,
        "--next-serial",
        "9",
        "--rebind",
    ];
    second.pinned(&rebind).exits(1).says("not yes");
    let pin = second.path("pin").display().to_string();
    for (answer, code) in [("y", 1), ("yes", 0)] {
        let mut command = second.on_a_terminal();
        command.args(["--pin-file", &pin]).args(rebind);
        let mut pty = Pty::start(command);
        pty.expect("Type yes if that is right: ");
        pty.type_line(answer);
        let (rest, ended) = pty.finish();
        assert_eq!(ended, code, "{rest}");
    }
    // Now the token names the second ledger, and the first can't take the key up.
    forget(&admin);
    let ran = again(&admin).exits(1);
    ran.says(&format!("is bound to ledger {}", origin(&second)));
}

#[test]
fn a_lost_config_is_made_anew_beside_the_ledger_that_the_token_names() {
    let admin = Admin::ready();
    forget(&admin);
    again(&admin).ok();
    // The one of `init`; the same token is not kept twice.
    let one = bindings(&admin.ledger_file());
    assert_eq!(one.len(), 1, "{one:?}");
    // Without the ledger, there is nothing to go on with.
    forget(&admin);
    std::fs::remove_file(admin.ledger_file()).unwrap();
    again(&admin).exits(1).says("is bound to ledger");
}

#[test]
fn a_key_that_was_deleted_and_imported_into_another_home_is_still_bound() {
    let admin = Admin::new(Token::softhsm());
    admin.key("ca", P256);
    let from = admin.punchmark.path("ca").display().to_string();
    let locator = admin.token.locator("users");
    let import = [
        "import",
        "users",
        "--from",
        &from,
        "--key",
        &locator,
        "--next-serial",
        "1",
    ];
    admin.punchmark.pinned(&import).ok();
    assert_eq!(bindings(&admin.ledger_file()).len(), 1);
    admin.token.delete_key("users");
    let second = Punchmark::new(&admin.token);
    second.pinned(&import).exits(1).says("is bound to ledger");
}

fn again(admin: &Admin) -> Ran {
    admin.adopt("users", &admin.token.locator("users"))
}

/// Loses config and public key file.
fn forget(admin: &Admin) {
    std::fs::remove_file(admin.config_file()).unwrap();
    std::fs::remove_file(admin.ca_file("users")).unwrap();
}

/// The locator of the one CA of a config.
fn locator(config: &std::path::Path) -> String {
    let config = std::fs::read_to_string(config).unwrap();
    let mut lines = config.lines().filter_map(|line| line.strip_prefix("key "));
    let value = lines.next().unwrap().trim_start_matches([' ', '=']);
    value.trim_matches(['"', '\'']).to_owned()
}

fn origin(account: &Punchmark) -> String {
    let ledger = account.path("config/punchmark/punchmark.ledger");
    let ledger = Ledger::open_to_read(&ledger).unwrap();
    ledger.checkpoint().unwrap().unwrap().origin
}

fn bindings(ledger: &std::path::Path) -> Vec<punchmark::ledger::Bound> {
    let ledger = Ledger::open_to_read(ledger).unwrap();
    let ca = ledger.cas().unwrap().pop().unwrap();
    ledger.bindings(&ca).unwrap()
}
