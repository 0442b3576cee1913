//! Bad input gets a clear error, and loses nothing.
//!
//! Each test asserts the words of the fault, and that certificates and ledger agree.

mod asked;

use std::path::Path;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519, P256, RSA_1024, SK_DUMMY};
use crate::harness::module::Module;
use crate::harness::process::Ran;
use crate::harness::pty::Pty;
use crate::harness::token::{PIN, Token, Usage};
use crate::harness::write;

/// An admin with a CA and a key `key.pub` to sign.
/// The same, but `users` is a key with ID 01 that was in the token before.
fn adopted() -> Admin {
    let admin = Admin::new(Token::softhsm());
    admin
        .token
        .add_key("users", "01", "EC:prime256v1", Usage::Sign);
    admin.adopt("users", &admin.token.locator("users")).ok();
    admin.key("key", ED25519);
    admin
}

/// A first `init` with this locator, which must not leave a config, ledger or key.
#[track_caller]
fn init_fails(admin: &Admin, locator: &str) -> Ran {
    let arguments = ["init", "users", "--key", locator, "--algorithm", "p256"];
    let ran = admin.punchmark.pinned(&arguments).fails();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    assert!(!config.contains("[ca."), "{ran}");
    assert!(!admin.ledger_file().exists(), "{ran}");
    ran
}

#[test]
fn a_missing_module_is_named() {
    let admin = Admin::new(Token::softhsm());
    let locator = admin
        .token
        .locator_through(Path::new("/nowhere/p11.so"), "users");
    init_fails(&admin, &locator)
        .exits(1)
        .says("no PKCS#11 module /nowhere/p11.so");
}

#[test]
fn a_file_or_library_that_is_no_module_is_named() {
    let admin = Admin::new(Token::softhsm());
    let text = admin.punchmark.path("module.so");
    write(&text, "not a library", 0o755);
    for path in [&text, Path::new(SK_DUMMY)] {
        let locator = admin.token.locator_through(path, "users");
        let words = format!("{} is not a PKCS#11 module", path.display());
        init_fails(&admin, &locator).exits(1).says(&words);
    }
}

#[test]
fn a_module_that_others_can_write_is_not_loaded() {
    let admin = Admin::new(Token::softhsm());
    let theirs = admin.punchmark.path("module.so");
    std::fs::copy("/usr/lib/softhsm/libsofthsm2.so", &theirs).unwrap();
    std::fs::set_permissions(&theirs, std::os::unix::fs::PermissionsExt::from_mode(0o757)).unwrap();
    // By a link of our own too.
    let ours = admin.punchmark.path("link.so");
    std::os::unix::fs::symlink(&theirs, &ours).unwrap();
    for path in [&theirs, &ours] {
        let locator = admin.token.locator_through(path, "users");
        let ran = init_fails(&admin, &locator).exits(1);
        ran.says("is not trusted")
            .says("can be changed by everybody (mode 0757)");
    }
}

#[test]
fn a_missing_token_is_an_error_that_lists_what_was_seen() {
    let admin = Admin::new(Token::softhsm());
    let locator = admin.token.locator("users").replace("Root%20CA", "Other");
    init_fails(&admin, &locator)
        .exits(1)
        .says("no token matches")
        .says("Root CA");
}

#[test]
fn two_tokens_with_the_label_are_not_chosen_between() {
    for module in [Module::SoftHsm, Module::Kryoptic] {
        let admin = Admin::new(Token::new(module));
        admin.token.add_token(admin.token.label);
        let locator = admin.token.locator("users");
        init_fails(&admin, &locator)
            .exits(1)
            .says("more than one token matches");
    }
}

#[test]
fn two_keys_with_the_label_are_not_chosen_between() {
    let admin = Admin::new(Token::softhsm());
    admin
        .token
        .add_key("users", "01", "EC:prime256v1", Usage::Sign);
    admin
        .token
        .add_key("users", "02", "EC:prime256v1", Usage::Sign);
    let ran = admin.adopt("users", &admin.token.locator("users")).exits(1);
    ran.says("more than one private key matches")
        .says("01")
        .says("02");
    assert!(!admin.ledger_file().exists());
}

#[test]
fn two_keys_with_label_and_id_stop_a_recorded_ca_too() {
    let admin = adopted();
    admin
        .token
        .add_key("users", "01", "EC:prime256v1", Usage::Sign);
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("more than one private key matches");
    admin.assert_issued(0);
}

#[test]
fn a_missing_key_is_an_error_that_lists_what_was_seen() {
    let admin = Admin::ready().and_key("key");
    let locator = admin.token.locator("missing");
    let ran = admin.adopt("other", &locator).exits(1);
    ran.says("no private key matches").says("users");
    admin.assert_issued(0);
}

#[test]
fn a_key_without_the_sign_right_is_refused() {
    // SoftHSM gives every private key the right that pkcs11-tool doesn't mention.
    let admin = Admin::new(Token::new(Module::Kryoptic));
    admin.token.add_key("users", "01", "rsa:3072", Usage::Other);
    let ran = admin.adopt("users", &admin.token.locator("users")).exits(1);
    ran.says("is not allowed to sign");
    assert!(!admin.ledger_file().exists());
}

#[test]
fn a_label_that_is_taken_is_never_given_twice() {
    let admin = Admin::ready().and_key("key");
    let locator = admin.token.locator("users");
    let arguments = ["init", "again", "--key", &locator, "--algorithm", "p256"];
    admin
        .punchmark
        .pinned(&arguments)
        .exits(1)
        .says("the label \"users\" is taken");
    admin
        .init("users", "p256", "user")
        .exits(1)
        .says("has a CA `users` already");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    admin.assert_issued(1);
}

#[test]
fn a_wrong_pin_is_tried_once_and_not_repeated() {
    let admin = Admin::ready().and_key("key");
    admin.punchmark.write_pin("pin", "99999999");
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    assert!(!ran.to_string().contains("99999999"), "{ran}");
    ran.says("wrong PIN, tried once");
    admin.assert_issued(0);
}

#[test]
fn a_last_try_wants_a_typed_yes_and_the_right_pin_fails_once_it_is_locked() {
    let admin = Admin::with_users_ca(Token::new(Module::Kryoptic), "p256");
    admin.key("key", ED25519);
    admin.punchmark.write_pin("pin", "99999999");
    for _ in 0..9 {
        let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
        ran.says("wrong PIN, tried once");
    }
    // A job never spends the last try, whoever is right; a person may.
    for pin in ["99999999", PIN] {
        admin.punchmark.write_pin("pin", pin);
        let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
        ran.says("one PIN try left").says("typed yes");
    }
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"]);
    let mut pty = Pty::start(command);
    pty.expect("Type yes");
    pty.type_line("yes");
    pty.expect("PIN for token");
    pty.type_line("99999999");
    let (rest, code) = pty.finish();
    assert!(code == 1 && rest.contains("the PIN is locked"), "{rest}");
    admin
        .sign(&["-n", "peter", "key.pub"])
        .exits(1)
        .says("the PIN is locked");
    admin.assert_issued(0);
}

#[test]
fn a_pin_file_that_others_can_read_is_refused() {
    let admin = Admin::ready().and_key("key");
    write(&admin.punchmark.path("pin"), PIN, 0o640);
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("can be read by others (mode 0640)");
    admin.assert_issued(0);
}

#[test]
fn a_pin_in_a_locator_is_refused_and_not_repeated() {
    let admin = Admin::new(Token::softhsm());
    let locator = format!("{}&pin-value={PIN}", admin.token.locator("users"));
    let ran = init_fails(&admin, &locator);
    assert!(!ran.stderr.contains(PIN), "{}", ran.stderr);
    ran.exits(2).says("pin-value is refused");

    let admin = Admin::ready().and_key("key");
    let ran = admin
        .sign(&["-s", &locator, "-n", "peter", "key.pub"])
        .fails();
    assert!(!ran.stderr.contains(PIN), "{}", ran.stderr);

    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let config = config.replace("?module-path", &format!("?pin-value={PIN}&module-path"));
    std::fs::write(admin.config_file(), config).unwrap();
    let ran = admin.sign(&["-n", "peter", "key.pub"]).fails();
    assert!(!ran.stderr.contains(PIN), "{}", ran.stderr);
    ran.says("pin-value is refused");
}

#[test]
fn another_key_than_the_recorded_one_signs_nothing() {
    let admin = adopted();
    admin.token.delete_key("users");
    admin
        .token
        .add_key("users", "01", "EC:prime256v1", Usage::Sign);
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("is not that of CA `users`");
    admin.assert_issued(0);
}

#[test]
fn a_changed_public_key_file_signs_nothing() {
    let admin = Admin::ready().and_key("key");
    let other = admin.key("other", P256);
    std::fs::copy(keygen::public(&other), admin.ca_file("users")).unwrap();
    admin
        .sign(&["-n", "peter", "key.pub"])
        .exits(1)
        .says("users.pub");
    admin.assert_issued(0);
}

#[test]
fn a_config_without_its_ledger_is_an_error_and_makes_none() {
    let admin = Admin::ready().and_key("key");
    std::fs::remove_file(admin.ledger_file()).unwrap();
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("punchmark.ledger is missing");
    assert!(!admin.ledger_file().exists());
    assert!(admin.certificates().is_empty());
}

#[test]
fn a_ledger_that_is_none_is_not_written_to() {
    let admin = Admin::ready().and_key("key");
    std::fs::write(admin.ledger_file(), "not a ledger").unwrap();
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("is not a ledger");
    assert_eq!(std::fs::read(admin.ledger_file()).unwrap(), b"not a ledger");
    assert!(admin.certificates().is_empty());
}

#[test]
fn a_mistake_in_the_config_is_named_by_line_and_column() {
    let admin = Admin::ready().and_key("key");
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    std::fs::write(admin.config_file(), format!("colour = 1\n{config}")).unwrap();
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("punchmark.toml:1:1").says("colour");
}

#[test]
fn a_locator_in_place_of_a_ca_is_refused_with_its_way_out() {
    let admin = Admin::ready().and_key("key");
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let recorded = config
        .split('"')
        .find(|text| text.starts_with("pkcs11:"))
        .unwrap();
    let ran = admin
        .sign(&["-s", recorded, "-n", "peter", "key.pub"])
        .fails();
    ran.says("CA `users`");
    let unknown = admin.token.locator("unknown");
    let ran = admin
        .sign(&["-s", &unknown, "-n", "peter", "key.pub"])
        .fails();
    ran.says("punchmark adopt");
    admin.assert_issued(0);
}

#[test]
fn an_output_that_cannot_be_written_is_found_before_anything_is_reserved() {
    let admin = Admin::ready().and_key("key");
    std::fs::create_dir(admin.punchmark.path("key-cert.pub")).unwrap();
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("key-cert.pub");
    assert_eq!(admin.ledger(), Vec::<serde_json::Value>::new());
}

#[test]
fn no_secret_is_in_any_file_of_the_home() {
    let admin = Admin::ready().and_key("key");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    for file in [
        admin.config_file(),
        admin.ledger_file(),
        admin.ca_file("users"),
    ] {
        let content = std::fs::read(&file).unwrap();
        let found = content
            .windows(PIN.len())
            .any(|part| part == PIN.as_bytes());
        assert!(!found, "{}", file.display());
    }
}

#[test]
fn an_import_that_the_ledger_refuses_puts_no_key_into_the_token() {
    let admin = Admin::new(Token::softhsm());
    admin.key("ca_key", P256);
    let import = |name: &str| {
        let key = admin.token.locator(name);
        let from = ["--from", "ca_key", "--next-serial", "1"];
        let arguments = [&["import", name, "--key", &key][..], &from].concat();
        admin.punchmark.pinned(&arguments)
    };
    import("first").ok();
    import("second").exits(1).says("knows CA `first` already");
    let token = admin.token.locator("second");
    let seen = admin.punchmark.pinned(&["tokens", "--login", &token]).ok();
    assert!(seen.stdout.contains("object=first"), "{seen}");
    assert!(!seen.stdout.contains("second"), "{seen}");
}
