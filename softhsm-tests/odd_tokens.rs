//! Tokens that say of themselves what is not so, as other modules were seen to.

use std::path::Path;

use crate::harness::admin::Admin;
use crate::harness::odd::odd_module;
use crate::harness::process::Ran;
use crate::harness::punchmark::Punchmark;
use crate::harness::token::{Token, Usage};

/// A token with a key that another tool made, and a module that shows it oddly.
fn odd(oddity: &str) -> (Admin, String) {
    let admin = Admin::new(Token::softhsm());
    admin
        .token
        .add_key("users", "0a", "EC:prime256v1", Usage::Sign);
    let module = odd_module(admin.punchmark.home(), oddity);
    let locator = admin.token.locator_through(&module, "users");
    (admin, locator)
}

fn tokens(admin: &Admin, module: &Path) -> Ran {
    let module = module.display().to_string();
    admin.punchmark.run(&["tokens", "--module", &module]).ok()
}

#[test]
fn fields_that_are_filled_with_zeros_are_named_and_printed_without_them() {
    let (admin, locator) = odd("NUL_PADDED");
    let told = tokens(&admin, &admin.punchmark.path("NUL_PADDED.so"));
    assert!(told.stdout.contains("\"Root CA\""), "{told}");
    for odd in ["\\0", "\0", "\\u{0}"] {
        assert!(!told.stdout.contains(odd), "{told}");
    }
    admin.adopt("users", &locator).ok();
}

#[test]
fn flags_by_which_a_token_says_that_it_wants_nothing_are_a_hint_alone() {
    for oddity in ["NO_PIN_FLAG", "NO_LOGIN_FLAG"] {
        let (admin, locator) = odd(oddity);
        admin.adopt("users", &locator).ok();
        let admin = admin.and_key("key");
        admin.sign(&["-n", "peter", "key.pub"]).ok();
        let login = admin
            .punchmark
            .pinned(&["tokens", "--login", &locator])
            .ok();
        assert!(login.stdout.contains("users"), "{oddity}: {login}");
    }
}

#[test]
fn a_token_without_a_pin_says_so_whatever_was_given() {
    let admin = Admin::new(Token::softhsm());
    let module = admin.token.module.path();
    let pkcs11_tool = [
        "--module",
        &module.display().to_string(),
        "--init-token",
        "--label",
        "Bare",
    ];
    let slot = ["--slot-index", "1", "--so-pin", "15739264"];
    admin.tool("pkcs11-tool", &[&pkcs11_tool[..], &slot].concat());
    let locator = admin.token.locator("users").replace("Root%20CA", "Bare");
    let made = ["init", "users", "--algorithm", "p256", "--key", &locator];
    let given = admin.punchmark.pinned(&made).exits(1);
    given.says("no user PIN was ever set");
    let asked = Punchmark::new(&admin.token).run(&made).exits(1);
    asked.says("no user PIN was ever set");
}
