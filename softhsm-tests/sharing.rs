//! Two devices that hold the same CA key.

use crate::harness::admin::Admin;
use crate::harness::keygen::P256;
use crate::harness::punchmark::Punchmark;
use crate::harness::token::Token;

/// A CA whose key was imported into two tokens of one module; the config names both.
fn two_tokens() -> Admin {
    let admin = Admin::new(Token::softhsm());
    admin.token.add_token("Spare");
    admin.key("ca", P256);
    let from = admin.punchmark.path("ca").display().to_string();
    let first = admin.token.locator("users");
    let second = first.replace("Root%20CA", "Spare");
    let import = |account: &Punchmark, locator: &str| {
        let key = ["--key", locator, "--from", &from, "--next-serial", "1"];
        account
            .pinned(&[&["import", "users"][..], &key].concat())
            .ok();
    };
    import(&admin.punchmark, &first);
    import(&Punchmark::new(&admin.token), &second);
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let (before, rest) = config.split_once("key          = ").unwrap();
    let (key, after) = rest.split_once('\n').unwrap();
    let pin = admin.punchmark.path("pin").display().to_string();
    let own = format!("{second}&pin-source={pin}");
    let shared = format!("{before}key = [ {key}, \"{own}\" ]\n{after}");
    std::fs::write(admin.config_file(), shared).unwrap();
    admin
}

fn list(admin: &Admin, count: u8) {
    let paths = admin.public_keys(count);
    let lines: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    std::fs::write(admin.punchmark.path("list"), lines.join("\n")).unwrap();
}

#[test]
fn two_tokens_with_one_key_share_a_batch() {
    let admin = two_tokens();
    list(&admin, 100);
    let ran = admin.sign(&["-n", "peter", "--files-from", "list"]).ok();
    ran.says("serials 1 to 100");
    admin.assert_issued(100);
    let serials: Vec<_> = admin
        .ledger()
        .iter()
        .map(|entry| entry["key_id"].clone())
        .collect();
    assert_eq!(serials.len(), 100);
}

#[test]
fn a_pin_file_for_no_token_by_name_is_shown_to_one_token_alone() {
    let admin = two_tokens();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let (before, rest) = config.split_once("&pin-source=").unwrap();
    let (_path, after) = rest.split_once('"').unwrap();
    std::fs::write(admin.config_file(), format!("{before}\"{after}")).unwrap();
    list(&admin, 2);
    let ran = admin.sign(&["-n", "peter", "--files-from", "list"]).ok();
    ran.says("no PIN was given for token \"Spare\"")
        .says("is for token \"Root CA\"")
        .says("the run goes on without pkcs11:token=Spare");
    admin.assert_issued(2);
}

#[test]
fn a_token_with_another_key_keeps_both_from_signing() {
    let admin = two_tokens();
    admin.token.add_token("Third");
    let third = admin.token.locator("users").replace("Root%20CA", "Third");
    let made = ["init", "other", "--key", &third, "--algorithm", "p256"];
    Punchmark::new(&admin.token).pinned(&made).ok();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let changed = config.replace("Spare", "Third");
    std::fs::write(admin.config_file(), changed).unwrap();
    list(&admin, 2);
    let ran = admin
        .sign(&["-n", "peter", "--files-from", "list"])
        .exits(1);
    ran.says("is not that of CA `users`").says("Third");
    admin.assert_issued(0);
}

#[test]
fn a_token_that_is_missing_is_said_and_left_out_while_another_is_there() {
    let admin = two_tokens();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let gone = config.replace("Spare", "Gone");
    std::fs::write(admin.config_file(), &gone).unwrap();
    list(&admin, 2);
    let sign = ["-n", "peter", "--files-from", "list"];
    let ran = admin.sign(&sign).ok();
    ran.says("no token matches pkcs11:token=Gone")
        .says("the run goes on without pkcs11:token=Gone");
    admin.assert_issued(2);
    std::fs::write(admin.config_file(), gone.replace("Root%20CA", "Away")).unwrap();
    let ran = admin.sign(&sign).exits(1);
    ran.says("no token matches pkcs11:token=Away");
    assert_eq!(admin.ledger().len(), 2, "no serial was taken");
}
