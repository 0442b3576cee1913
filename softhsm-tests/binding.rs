//! A token names the ledger that counts a CA's serials, and no second one is begun for it.

use punchmark::ledger::Ledger;

use virtual_yubikey::pcscd::Pcscd;

use crate::harness::admin::Admin;
use crate::harness::device::{Device, on_devices};
use crate::harness::keygen::P256;
use crate::harness::odd::odd_module;
use crate::harness::process::Ran;
use crate::harness::pty::Pty;
use crate::harness::punchmark::Punchmark;
use crate::harness::token::Token;
use crate::harness::yubikey::{PIN, PLAIN};

on_devices!(
    [softhsm, kryoptic, yubikey_5_4, yubikey_5_7],
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

#[test]
fn a_token_that_takes_no_such_object_is_used_and_that_is_said_and_kept() {
    let admin = Admin::new(Token::softhsm());
    let module = odd_module(admin.punchmark.home(), "NO_DATA");
    let key = admin.token.locator_through(&module, "users");
    let made = ["init", "users", "--algorithm", "p256", "--key", &key];
    let ran = admin.punchmark.pinned(&made).ok();
    ran.says("takes no object that names the ledger")
        .says("CKR_TEMPLATE_INCONSISTENT")
        .says("nothing keeps a second ledger from counting this key's serials");
    assert!(bindings(&admin.ledger_file()).is_empty());
    let kept = not_bound(&admin.punchmark);
    assert!(
        kept.contains("takes no object that names the ledger"),
        "{kept}"
    );
    admin.key("key", P256);
    admin.sign(&["-n", "peter", "key.pub"]).ok();
}

const CARD: &str = "yubikey:serial=12345678;slot-id=9c";
const MANAGED: [&str; 2] = ["--management-key-file", "management"];

/// `adopt users` of the first card's key, into a second home.
fn adopt_into(second: &Punchmark, more: &[&str]) -> Ran {
    let adopt = ["adopt", "users", "--key", CARD, "--next-serial", "9"];
    second.pinned(&[&adopt[..], more].concat())
}

fn second_home(admin: &Admin<Pcscd>) -> Punchmark {
    let second = Punchmark::at(admin.token.environment(), PIN);
    let management = std::fs::read(admin.punchmark.path("management")).unwrap();
    std::fs::write(second.path("management"), management).unwrap();
    admin.tool(
        "chmod",
        &["600", &second.path("management").display().to_string()],
    );
    second
}

/// A typed yes to `adopt --rebind`, and what came of it.
fn rebind(second: &Punchmark, more: &[&str]) -> (String, u8) {
    let mut command = second.on_a_terminal();
    command.args(["--pin-file", "pin", "adopt", "users", "--key", CARD]);
    command.args(["--next-serial", "9", "--rebind"]).args(more);
    let mut pty = Pty::start(command);
    pty.expect("Type yes if that is right: ");
    pty.type_line("yes");
    pty.finish()
}

#[test]
fn a_card_s_key_is_moved_to_another_ledger_only_if_the_card_names_that_one() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    assert_eq!(bindings(&admin.ledger_file()).len(), 1);
    let second = second_home(&admin);
    let first = origin(&admin.punchmark);
    adopt_into(&second, &MANAGED).exits(1).says(&first);
    // Without the management key the card would go on naming the first ledger.
    let (rest, code) = rebind(&second, &[]);
    assert_eq!(code, 1, "{rest}");
    assert!(
        rest.contains("the token still names the other ledger"),
        "{rest}"
    );
    assert!(rest.contains("--management-key-file"), "{rest}");
    let (rest, code) = rebind(&second, &MANAGED);
    assert_eq!(code, 0, "{rest}");
    forget(&admin);
    let ran = admin.adopt("users", CARD).exits(1);
    ran.says(&format!("is bound to ledger {}", origin(&second)));
}

#[test]
fn a_card_that_is_adopted_without_its_management_key_is_said_and_kept() {
    let admin = Admin::with_cards(&["5.4.3"]);
    let make = ["-agenerate", "-s9c", "-AECCP256", "-oa.pem"];
    admin.tool("yubico-piv-tool", &make);
    let ran = admin.adopt("users", CARD).ok();
    ran.says("YubiKey 12345678 keeps no management key behind its PIN")
        .says("nothing keeps a second ledger from counting this key's serials")
        .says("punchmark setup-card")
        .says("--management-key-file");
    assert!(bindings(&admin.ledger_file()).is_empty());
    let kept = not_bound(&admin.punchmark);
    assert!(kept.contains("keeps no management key"), "{kept}");
    // Whoever gives it binds the card, and from then on this ledger is the second one.
    let second = second_home(&admin);
    adopt_into(&second, &MANAGED).ok();
    forget(&admin);
    admin.adopt("users", CARD).exits(1).says("is bound to");
}

#[test]
fn a_card_that_keeps_its_management_key_behind_its_pin_is_bound_by_the_pin_alone() {
    let admin = Admin::with_cards(&["5.4.3"]);
    let make = ["-agenerate", "-s9c", "-AECCP256", "-oa.pem"];
    admin.tool("yubico-piv-tool", &make);
    admin.punchmark.write_pin("pin", "730285");
    admin.punchmark.write_pin("puk", "51902846");
    let files = ["--new-pin-file", "pin", "--new-puk-file", "puk"];
    let setup = [&["setup-card", "--yes"][..], &files].concat();
    admin.punchmark.run(&setup).ok();
    admin.adopt("users", CARD).ok();
    assert_eq!(bindings(&admin.ledger_file()).len(), 1);
}

#[test]
fn a_spare_names_the_ledger_too_and_one_of_another_ledger_is_no_spare() {
    let admin = Admin::with_cards(&["5.7.1", "5.4.3"]);
    admin.key("ca", P256);
    let spare = "yubikey:serial=12345679;slot-id=9c";
    let import = [
        "import",
        "users",
        "--from",
        "ca",
        "--key",
        CARD,
        "--next-serial",
        "1",
    ];
    let spares = ["--spare", spare, "--touch-policy", "never"];
    let files = ["--pin-file", "12345678=pin", "--pin-file", "12345679=pin"];
    let import = [&import[..], &spares, &MANAGED, &files].concat();
    admin.punchmark.run(&import).ok();
    let bound = bindings(&admin.ledger_file());
    let bound: Vec<_> = bound.iter().map(|bound| bound.device.as_str()).collect();
    assert_eq!(bound, [CARD, spare]);
    let second = second_home(&admin);
    let ca = std::fs::read(admin.punchmark.path("ca")).unwrap();
    crate::harness::write(&second.path("ca"), ca, 0o600);
    let all_over_again = second.run(&import).exits(1);
    all_over_again
        .says("is bound to ledger")
        .says(&origin(&admin.punchmark));
    // A CA of this key in another card, and the first one's spare as its spare.
    let elsewhere = [
        "import",
        "users",
        "--from",
        "ca",
        "--key",
        "yubikey:serial=12345679;slot-id=9d",
    ];
    let more = [
        "--touch-policy",
        "never",
        "--pin-file",
        "12345679=pin",
        "--next-serial",
        "1",
    ];
    let ran = second.run(&[&elsewhere[..], &MANAGED, &more].concat());
    ran.exits(1).says("is bound to ledger");
}

/// What the ledger keeps of devices that do not name it, as it is exported.
fn not_bound(account: &Punchmark) -> String {
    let export = account.run(&["ledger", "export"]).ok();
    let mut lines = export.stdout.lines();
    let found = lines.find(|line| line.contains("not-bound"));
    found.unwrap_or_default().to_owned()
}

fn again(admin: &Admin) -> Ran {
    admin.adopt("users", &admin.token.locator("users"))
}

/// Loses config and public key file.
fn forget<T>(admin: &Admin<T>) {
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
