//! What is asked and shown on a terminal, on a real one.

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519, P256};
use crate::harness::process::{bounded, run};
use crate::harness::pty::Pty;
use crate::harness::token::{PIN, Token, Usage};

const SIGN: [&str; 8] = ["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"];

fn start(admin: &Admin, arguments: &[&str]) -> Pty {
    let mut command = admin.punchmark.on_a_terminal();
    command.args(arguments);
    Pty::start(command)
}

#[test]
fn the_prompt_names_the_device_and_the_pin_is_not_shown() {
    let admin = Admin::ready().and_key("key");
    let mut pty = start(&admin, &SIGN);
    pty.expect("PIN for token \"Root CA\" (");
    pty.expect("): ");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    assert!(!rest.contains(PIN), "{rest}");
    admin.assert_issued(1);
}

#[test]
fn a_mistyped_pin_may_be_typed_anew_where_the_token_says_that_tries_are_left() {
    let admin = Admin::ready().and_key("key");
    let mut pty = start(&admin, &SIGN);
    pty.expect("PIN for");
    pty.type_line("99999999");
    pty.expect("wrong PIN; the token says this was not the last try");
    pty.expect("PIN for");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    admin.assert_issued(1);
}

#[test]
fn a_wrong_pin_that_is_typed_twice_is_tried_once() {
    let admin = Admin::ready().and_key("key");
    let mut pty = start(&admin, &SIGN);
    for _twice in 0..2 {
        pty.expect("PIN for");
        pty.type_line("99999999");
    }
    let (rest, code) = pty.finish();
    assert_eq!(code, 1, "{rest}");
    let words = "this PIN was refused before; it was not tried again";
    assert!(rest.contains(words), "{rest}");
    admin.assert_issued(0);
}

#[test]
fn a_new_key_is_made_after_a_mistyped_pin() {
    let admin = Admin::new(Token::softhsm());
    let locator = admin.token.locator("users");
    let made = ["init", "users", "--algorithm", "p256", "--key", &locator];
    let mut pty = start(&admin, &made);
    pty.expect("PIN for");
    pty.type_line("99999999");
    pty.expect("PIN for");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    // What was taken is not asked for again.
    assert!(!rest.contains("PIN for"), "{rest}");
}

#[test]
fn an_empty_answer_tries_nothing() {
    let admin = Admin::ready().and_key("key");
    let mut pty = start(&admin, &SIGN);
    pty.expect("PIN for");
    pty.type_line("");
    let (rest, code) = pty.finish();
    assert_eq!(code, 1, "{rest}");
    assert!(rest.contains("PIN is empty"), "{rest}");
    admin.assert_issued(0);
}

#[test]
fn many_keys_ask_for_one_pin_and_show_a_bar() {
    let admin = Admin::ready().and_key("key");
    let keys = admin.public_keys(30);
    let mut command = admin.punchmark.on_a_terminal();
    command.args(&SIGN[..7]).args(&keys);
    let mut pty = Pty::start(command);
    pty.expect("PIN for");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    assert!(rest.contains("of 30 keys"), "{rest}");
    assert!(!rest.contains("PIN for"), "{rest}");
    admin.assert_issued(30);
}

#[test]
fn adopt_asks_for_the_highest_serial_of_before() {
    let admin = Admin::new(Token::softhsm());
    admin
        .token
        .add_key("old", "01", "EC:secp384r1", Usage::Sign);
    let key = admin.key("key", ED25519);
    let locator = admin.token.locator("old");
    let mut pty = start(&admin, &["adopt", "users", "--key", &locator]);
    pty.expect("sign certificates before");
    pty.expect(": ");
    pty.type_line("41");
    pty.expect("PIN for");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let reading = keygen::read(&keygen::certificate(&key));
    assert_eq!(reading.field("Serial"), "42");
}

#[test]
fn adopt_without_a_terminal_warns_of_serials_met_again() {
    let admin = Admin::new(Token::softhsm());
    admin
        .token
        .add_key("old", "01", "EC:prime256v1", Usage::Sign);
    let locator = admin.token.locator("old");
    let ran = admin
        .punchmark
        .pinned(&["adopt", "users", "--key", &locator]);
    ran.ok().says("--next-serial");
}

#[test]
fn import_asks_for_the_passphrase_and_says_that_the_key_was_outside() {
    let admin = Admin::new(Token::softhsm());
    let key = admin.key("key", ED25519);
    let file = admin.key("ca_key", P256);
    let mut keygen = bounded("ssh-keygen");
    run(keygen
        .args(["-p", "-P", "", "-N", "correct horse", "-f"])
        .arg(&file))
    .ok();
    let locator = admin.token.locator("users");
    let import = [
        "import",
        "users",
        "--from",
        "ca_key",
        "--key",
        &locator,
        "--next-serial",
        "1",
    ];
    let mut pty = start(&admin, &import);
    pty.expect("assphrase");
    pty.type_line("correct horse");
    pty.expect("PIN for");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    assert!(rest.contains("was once outside"), "{rest}");
    assert!(!rest.contains("correct horse"), "{rest}");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let reading = keygen::read(&keygen::certificate(&key));
    let ca = keygen::fingerprint(&keygen::public(&file));
    assert!(reading.field("Signing CA").contains(&ca));
}

#[test]
fn an_interrupted_prompt_signs_nothing_and_gives_the_terminal_back() {
    let admin = Admin::ready().and_key("key");
    let mut pty = start(&admin, &SIGN);
    pty.expect("PIN for");
    pty.press_control('d');
    let (rest, code) = pty.finish();
    assert_ne!(code, 0, "{rest}");
    admin.assert_issued(0);
}

#[test]
fn init_says_what_servers_and_clients_need_and_keeps_the_configs_comments() {
    let admin = Admin::new(Token::softhsm());
    let users = admin.init("users", "p256", "user").ok();
    assert!(users.stdout.contains("TrustedUserCAKeys"), "{users}");
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let config = format!("# Root CA lies in the safe.\n{config}");
    std::fs::write(admin.config_file(), &config).unwrap();
    let hosts = admin.init("hosts", "p256", "host").ok();
    assert!(hosts.stdout.contains("@cert-authority"), "{hosts}");
    assert!(!hosts.stdout.contains("TrustedUserCAKeys"), "{hosts}");
    let after = std::fs::read_to_string(admin.config_file()).unwrap();
    assert!(after.starts_with(config.trim_end()), "{after}");
}

#[test]
fn a_forgotten_prompt_keeps_no_other_run_out() {
    let admin = Admin::ready().and_key("key");
    let mut forgotten = start(&admin, &SIGN);
    forgotten.expect("PIN for");
    admin.sign(&["-n", "erik", "key.pub"]).ok();
    forgotten.type_line(PIN);
    let (rest, code) = forgotten.finish();
    assert_eq!(code, 0, "{rest}");
    assert!(rest.contains("serial 2 of users"), "{rest}");
    admin.assert_issued(2);
}
