//! A suffix that a CA once reserved stays the CA's, whatever a config says.

use std::fs;

use crate::harness::admin::Admin;
use crate::harness::module::Module;
use crate::harness::pty::Pty;
use crate::harness::token::Token;

const BY_HAND: [&str; 5] = ["-n", "peter_physical", "-V", "+1h", "key0.pub"];

fn admin() -> Admin {
    let admin = Admin::with_users_ca(Token::new(Module::SoftHsm), "p256");
    admin.public_keys(1);
    admin
}

/// Changes the text of the config.
fn edit(admin: &Admin, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(admin.config_file()).unwrap();
    fs::write(admin.config_file(), change(&text)).unwrap();
}

/// `ca suffixes users --record` at a terminal, and a typed yes; gives what it said, and how it
/// ended.
fn record_with_a_yes(admin: &Admin) -> (String, u8) {
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["ca", "suffixes", "users", "--record"]);
    let mut pty = Pty::start(command);
    pty.expect("Type yes if that is right: ");
    pty.type_line("yes");
    pty.finish()
}

fn without_suffixes(text: &str) -> String {
    text.split_once("\n[suffixes]").unwrap().0.to_owned()
}

#[test]
fn a_config_without_the_suffixes_of_the_ca_signs_nothing() {
    let admin = admin();
    edit(&admin, without_suffixes);
    let ran = admin.sign(&BY_HAND);
    ran.exits(1)
        .says("is reserved, and the config lacks it")
        .says("punchmark ca suffixes users --record");
    let plain = admin.sign(&["-n", "peter", "-V", "+1h", "key0.pub"]);
    plain.exits(1).says("is reserved");
    admin.assert_issued(0);
}

#[test]
fn another_config_for_the_same_ledger_frees_no_suffix() {
    let admin = admin();
    let text = fs::read_to_string(admin.config_file()).unwrap();
    let other = admin.config_file().with_file_name("other.toml");
    let text = without_suffixes(&text);
    fs::write(&other, format!("ledger = \"punchmark.ledger\"\n{text}")).unwrap();
    let other = other.display().to_string();
    let all = [
        &["--config", &other, "sign", "-s", "users", "-I", "id"],
        &BY_HAND[..],
    ]
    .concat();
    admin.punchmark.pinned(&all).exits(1).says("is reserved");
    admin.assert_issued(0);
}

#[test]
fn a_class_that_asks_for_less_is_refused_and_cannot_be_recorded() {
    let admin = admin();
    edit(&admin, |text| text.replace(", touch = \"cached\"", ""));
    let ran = admin.sign(&["-n", "peter", "-V", "+1h", "key0.pub"]);
    ran.exits(1).says("gives `_physical` for less proof");
    let (said, code) = record_with_a_yes(&admin);
    assert!(code == 1 && said.contains("would ask for less"), "{said}");
}

#[test]
fn what_is_recorded_is_shown_and_a_change_wants_a_typed_yes() {
    let admin = admin();
    let shown = admin.punchmark.run(&["ca", "suffixes"]).ok();
    assert!(shown.stdout.contains("_physical"), "{shown}");
    assert!(shown.stdout.contains("0 valid certificates"), "{shown}");
    edit(&admin, without_suffixes);
    let unattended = admin
        .punchmark
        .run(&["ca", "suffixes", "users", "--record"]);
    unattended
        .exits(1)
        .says("stopped, since the answer was not yes");
    let (said, code) = record_with_a_yes(&admin);
    assert!(
        code == 0 && said.contains("recorded for CA users"),
        "{said}"
    );
    let shown = admin.punchmark.run(&["ca", "suffixes"]).ok();
    assert!(shown.stdout.contains("ended"), "{shown}");
    // Ended, it is given no more, and by hand even less.
    admin
        .sign(&["-n", "peter", "-V", "+1h", "key0.pub"])
        .exits(0);
    let by_hand = admin.sign(&BY_HAND);
    by_hand.says("_physical");
    admin.assert_issued(1);
}
