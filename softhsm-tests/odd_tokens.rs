//! Tokens that say of themselves what is not so, as other modules were seen to.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::odd::odd_module;
use crate::harness::process::{Ran, bounded, run};
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
fn a_key_is_made_in_a_token_that_says_that_it_wants_nothing() {
    for oddity in ["NO_PIN_FLAG", "NO_LOGIN_FLAG"] {
        let (admin, locator) = odd(oddity);
        let fresh = locator.replace("object=users", "object=fresh");
        let made = ["init", "fresh", "--algorithm", "p256", "--key", &fresh];
        admin.punchmark.pinned(&made).ok();
        admin.key("key", ED25519);
        admin.sign(&["-s", "fresh", "-n", "peter", "key.pub"]).ok();
    }
}

#[test]
fn a_token_whose_label_is_no_utf_8_is_named_by_its_bytes() {
    let (admin, locator) = odd("LATIN1");
    let module = admin.punchmark.path("LATIN1.so");
    let told = tokens(&admin, &module);
    assert!(told.stdout.contains("token B%FCro, "), "{told}");
    assert!(told.stdout.contains("pkcs11:token=B%FCro;"), "{told}");
    let locator = locator.replace("Root%20CA", "B%FCro");
    admin.adopt("users", &locator).ok();
    let admin = admin.and_key("key");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let other = locator.replace("B%FCro", "B%FCrn");
    let refused = admin.adopt("others", &other).exits(1);
    let seen = "no token matches pkcs11:token=B%FCrn;";
    refused.says(seen).says("seen: token B%FCro (");
}

#[test]
fn a_key_whose_label_is_no_clean_text_is_named_by_its_bytes() {
    let admin = Admin::new(Token::softhsm());
    let key = |object: &OsStr, id: &str| {
        let mut tool = admin.token.tool_logged_in();
        tool.args([
            "--keypairgen",
            "--key-type",
            "EC:prime256v1",
            "--usage-sign",
        ]);
        run(tool.args(["--id", id, "--label"]).arg(object)).ok();
    };
    key(OsStr::from_bytes(b"users "), "0a");
    key(OsStr::from_bytes(b"B\xfcro"), "0b");
    let module = admin.token.module.path();
    let login = admin.token.locator("none");
    let seen = admin.punchmark.pinned(&["tokens", "--login", &login]).ok();
    for (name, object) in [("padded", "users%20"), ("latin", "B%FCro")] {
        let locator = admin.token.locator_through(&module, object);
        assert!(seen.stdout.contains(&locator), "{seen}");
        admin.adopt(name, &locator).ok();
    }
    let bare = admin.token.locator_through(&module, "users");
    let refused = admin.adopt("bare", &bare).exits(1);
    refused
        .says("key users%20 (id 0a)")
        .says("key B%FCro (id 0b)");
}

#[test]
fn the_public_half_is_found_by_a_label_that_is_unique() {
    let admin = Admin::new(Token::softhsm());
    admin
        .token
        .add_key("users", "0a", "EC:prime256v1", Usage::Sign);
    public_half_moves(&admin, "users", "0b");
    admin.adopt("users", &admin.token.locator("users")).ok();
    // A second private key with the label makes it no name any more.
    let admin = Admin::new(Token::softhsm());
    admin
        .token
        .add_key("users", "0a", "EC:prime256v1", Usage::Sign);
    public_half_moves(&admin, "users", "0b");
    admin
        .token
        .add_key("users", "0c", "EC:prime256v1", Usage::Sign);
    admin.token.delete("pubkey", "0c");
    let locator = admin
        .token
        .locator("users")
        .replace(";object=users", ";id=%0A");
    admin.adopt("users", &locator).exits(1).says("public key");
}

#[test]
fn the_public_half_is_found_in_a_certificate() {
    for named in [["--id", "0a"], ["--label", "users"]] {
        let admin = Admin::new(Token::softhsm());
        admin
            .token
            .add_key("users", "0a", "EC:prime256v1", Usage::Sign);
        let public = public_half_leaves(&admin, "0a");
        let certificate = certificate_of(&admin, &public);
        let mut tool = admin.token.tool_logged_in();
        tool.args(["--write-object", &certificate, "--type", "cert"]);
        run(tool.args(named)).ok();
        let locator = admin.token.locator("users");
        admin.adopt("users", &locator).ok();
        let listed = admin
            .punchmark
            .pinned(&["tokens", "--login", &locator])
            .ok();
        assert!(listed.stdout.contains("ecdsa-sha2-nistp256 "), "{listed}");
        let admin = admin.and_key("key");
        admin.sign(&["-n", "peter", "key.pub"]).ok();
    }
}

#[test]
fn a_private_key_alone_is_adopted_with_its_public_key_file_and_signs() {
    let admin = Admin::new(Token::softhsm());
    admin
        .token
        .add_key("users", "0a", "EC:prime256v1", Usage::Sign);
    admin
        .token
        .add_key("other", "0b", "EC:prime256v1", Usage::Sign);
    let other = openssh_of(&admin, &public_half_leaves(&admin, "0b"));
    let own = openssh_of(&admin, &public_half_leaves(&admin, "0a"));
    let locator = admin.token.locator("users");
    let refused = admin.adopt("users", &locator).exits(1);
    let refused = refused.says("no public key or certificate has its id or its label");
    refused.says("--public-key FILE");
    let with = |file: &str| {
        let adopt = ["adopt", "users", "--next-serial", "1", "--key", &locator];
        admin
            .punchmark
            .pinned(&[&adopt[..], &["--public-key", file]].concat())
    };
    with(&other).exits(1).says("does not verify");
    admin.key("key", ED25519);
    with("key.pub")
        .exits(1)
        .says("not that of this private key");
    with(&own).ok();
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    admin.assert_issued(1);
}

#[test]
fn a_module_that_wants_words_gets_them_from_its_locator() {
    let (admin, locator) = odd("WANTS_WORDS");
    let refused = admin.adopt("users", &locator).exits(1);
    refused.says("ARGUMENTS_BAD").says("x-init-reserved=");
    let words = "x-init-reserved=configdir%3D%27sql:/a%20b%27%20flags%3D";
    let locator = format!("{locator}&{words}");
    admin.adopt("users", &locator).ok();
    let admin = admin.and_key("key");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    // The config's locator is one to look by, too, and so is a module's part of it.
    let listed = admin.punchmark.run(&["tokens"]).ok();
    assert!(listed.stdout.contains(words), "{listed}");
    let module = admin.punchmark.path("WANTS_WORDS.so").display().to_string();
    let module = format!("pkcs11:?module-path={module}&{words}");
    let listed = admin.punchmark.run(&["tokens", "--module", &module]).ok();
    assert!(listed.stdout.contains("\"Root CA\""), "{listed}");
}

#[test]
fn a_second_form_of_a_key_is_asked_for_when_nothing_of_the_first_is_left() {
    let (admin, locator) = odd("NO_DENIALS");
    let fresh = locator.replace("object=users", "object=fresh");
    let made = ["init", "fresh", "--algorithm", "p256", "--key", &fresh];
    admin.punchmark.pinned(&made).ok();
}

#[test]
fn tokens_tells_once_what_it_did_not_look_at_and_nothing_that_libraries_say() {
    let (admin, _) = odd("NOISY");
    let [noisy, alias] = ["NOISY.so", "alias.so"].map(|name| admin.punchmark.path(name));
    std::os::unix::fs::symlink(&noisy, &alias).unwrap();
    let gone = admin.punchmark.path("gone.so");
    admin.configure(&format!("modules = {:?}\n", [&noisy, &alias, &gone]));
    let told = admin.punchmark.run(&["tokens"]).ok();
    assert!(!told.stderr.contains("somebody else"), "{told}");
    assert_eq!(told.stdout.matches("\"Root CA\"").count(), 1, "{told}");
    assert_eq!(told.stderr.matches("gone.so").count(), 1, "{told}");
    assert!(
        told.stderr
            .contains("gone.so: not looked at, there is no such file"),
        "{told}"
    );
    let [noisy, gone] = [noisy, gone].map(|path| path.display().to_string());
    let named = ["tokens", "--json", "--module", &noisy, "--module", &gone];
    let told = admin.punchmark.run(&named).exits(1);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(told["modules"].as_array().unwrap().len(), 1);
    let passed = told["not-looked-at"].as_array().unwrap();
    assert_eq!(passed.len(), 1);
    assert_eq!(passed[0]["what"], format!("module {gone}"));
}

/// Takes the public key with this id out of the token: a file in DER.
fn public_half_leaves(admin: &Admin, id: &str) -> String {
    let file = admin
        .punchmark
        .path(&format!("{id}.der"))
        .display()
        .to_string();
    let mut tool = admin.token.tool_logged_in();
    tool.args(["--read-object", "--type", "pubkey", "--id", id, "-o", &file]);
    run(&mut tool).ok();
    admin.token.delete("pubkey", id);
    file
}

/// Gives the public half of a key, whose id is 0a, another id.
fn public_half_moves(admin: &Admin, object: &str, id: &str) {
    let file = public_half_leaves(admin, "0a");
    let mut tool = admin.token.tool_logged_in();
    tool.args(["--write-object", &file, "--type", "pubkey", "--id", id]);
    run(tool.args(["--label", object])).ok();
}

/// An OpenSSH public key file of a key in DER.
fn openssh_of(admin: &Admin, der: &str) -> String {
    let (pem, line) = (format!("{der}.pem"), format!("{der}.pub"));
    let read = [
        "pkey", "-pubin", "-inform", "der", "-in", der, "-pubout", "-out", &pem,
    ];
    admin.tool("openssl", &read);
    let keygen = run(bounded("ssh-keygen").args(["-i", "-m", "PKCS8", "-f", &pem])).ok();
    std::fs::write(&line, keygen.stdout).unwrap();
    line
}

/// A certificate for a key in DER, signed by a key that is thrown away.
fn certificate_of(admin: &Admin, der: &str) -> String {
    let [key, ca, pem, out] = ["key", "ca", "pem", "crt"].map(|end| format!("{der}.{end}"));
    let new = [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca",
    ];
    admin.tool(
        "openssl",
        &[&new[..], &["-keyout", &key, "-out", &ca]].concat(),
    );
    let read = [
        "pkey", "-pubin", "-inform", "der", "-in", der, "-pubout", "-out", &pem,
    ];
    admin.tool("openssl", &read);
    let sign = ["x509", "-new", "-force_pubkey", &pem, "-subj", "/CN=users"];
    let by = ["-CA", &ca, "-CAkey", &key, "-outform", "der", "-out", &out];
    admin.tool("openssl", &[&sign[..], &by].concat());
    out
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
