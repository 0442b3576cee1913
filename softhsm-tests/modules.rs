//! Nothing is tuned to SoftHSM: the same on another module, and through p11-kit.

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::module::Module;
use crate::harness::p11kit::{P11KitServer, client_module};
use crate::harness::token::{Token, Usage};

/// What `tokens --json` says of a module.
fn tokens(admin: &Admin, module: &std::path::Path) -> String {
    let module = module.display().to_string();
    let ran = admin
        .punchmark
        .pinned(&["tokens", "--json", "--module", &module]);
    ran.ok().stdout
}

#[test]
fn tokens_shows_each_key_with_its_locator_in_both_modules() {
    for module in [Module::SoftHsm, Module::Kryoptic] {
        let admin = Admin::with_users_ca(Token::new(module), "p256");
        let listing = tokens(&admin, &module.path());
        let _: Value = serde_json::from_str(&listing).unwrap();
        assert!(listing.contains("Root CA"), "{listing}");
        assert!(listing.contains("object=users"), "{listing}");
    }
}

#[test]
fn keys_that_other_programs_made_are_adopted_in_both_modules() {
    for module in [Module::SoftHsm, Module::Kryoptic] {
        for (name, key_type) in [
            ("p256", "EC:prime256v1"),
            ("p384", "EC:secp384r1"),
            ("p521", "EC:secp521r1"),
            ("rsa", "rsa:3072"),
        ] {
            let admin = Admin::new(Token::new(module));
            admin.token.add_key(name, "01", key_type, Usage::Sign);
            admin.adopt("users", &admin.token.locator(name)).ok();
            admin.key("key", ED25519);
            admin.sign(&["-n", "peter", "key.pub"]).ok();
            admin.assert_issued(1);
        }
    }
}

#[test]
fn an_ed25519_key_that_pkcs11_tool_made_is_adopted() {
    let admin = Admin::new(Token::softhsm());
    admin
        .token
        .add_key("old", "01", "EC:edwards25519", Usage::Sign);
    admin.adopt("users", &admin.token.locator("old")).ok();
    admin.key("key", ED25519);
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    admin.assert_issued(1);
}

#[test]
fn a_token_behind_p11_kit_signs_like_the_module_itself() {
    let token = Token::softhsm();
    let server = P11KitServer::start(&token);
    let (name, address) = server.environment();
    let mut admin = Admin::new(token);
    admin.punchmark = admin.punchmark.with(name, address);
    for algorithm in ["p256", "p384", "rsa3072"] {
        let locator = admin.token.locator_through(&client_module(), algorithm);
        let init = [
            "init",
            algorithm,
            "--key",
            &locator,
            "--algorithm",
            algorithm,
        ];
        admin.punchmark.pinned(&init).ok();
        admin.key(&format!("{algorithm}-key"), ED25519);
        let file = format!("{algorithm}-key.pub");
        admin.sign(&["-s", algorithm, "-n", "peter", &file]).ok();
    }
    admin.assert_issued(3);
}

#[test]
fn several_cas_in_one_token_keep_their_own_serials() {
    let admin = Admin::ready();
    admin.init("second", "p384", "user").ok();
    admin.key("key", ED25519);
    for ca in ["users", "second", "users"] {
        admin.sign(&["-s", ca, "-n", "peter", "key.pub"]).ok();
    }
    let serial = |entry: &Value| (entry["ca"].clone(), entry["serial"].clone());
    let serials: Vec<_> = admin.ledger().iter().map(serial).collect();
    let expected = [("users", 1), ("second", 1), ("users", 2)];
    assert_eq!(
        serials,
        expected.map(|(ca, serial)| (ca.into(), serial.into()))
    );
}

/// What `tokens --json` finds by itself: the modules by name, and whether each shows the
/// test's own token.
fn found(admin: &Admin) -> Vec<(String, bool)> {
    let listing = admin.punchmark.run(&["tokens", "--json"]).ok().stdout;
    let listing: Value = serde_json::from_str(&listing).unwrap();
    let modules = listing.get("modules").and_then(Value::as_array).unwrap();
    let file = |module: &Value| {
        let path = module["module"].as_str().unwrap();
        path.rsplit('/').next().unwrap().to_owned()
    };
    let shown = |module: &Value| module.to_string().contains("\"label\":\"Root CA\"");
    let modules = modules.iter().map(|module| (file(module), shown(module)));
    modules.collect()
}

#[test]
fn tokens_without_a_config_looks_at_all_that_p11_kit_is_configured_for() {
    // Debian's package of SoftHSM configures p11-kit for it.
    let admin = Admin::new(Token::softhsm());
    assert_eq!(found(&admin), [("p11-kit-proxy.so".to_owned(), true)]);
}

#[test]
fn tokens_looks_at_the_modules_of_the_config_each_once() {
    let mut admin = Admin::ready();
    let other = Token::new(Module::Kryoptic);
    let (name, value) = other.environment();
    admin.punchmark = admin.punchmark.with(name, value);
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let modules = [Module::Kryoptic, Module::SoftHsm].map(Module::path);
    std::fs::write(
        admin.config_file(),
        format!("modules = {modules:?}\n{config}"),
    )
    .unwrap();
    let mut found = found(&admin);
    found.sort();
    let expected = ["libkryoptic.so", "libsofthsm2.so"];
    assert_eq!(found, expected.map(|name| (name.to_owned(), true)));
}

#[test]
fn a_locator_without_a_module_goes_through_p11_kits_proxy() {
    let admin = Admin::new(Token::softhsm());
    let locator = "pkcs11:token=Root%20CA;object=users";
    let init = ["init", "users", "--key", locator, "--algorithm", "p256"];
    admin.punchmark.pinned(&init).ok();
    admin.key("key", ED25519);
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    admin.assert_issued(1);
    assert_eq!(found(&admin), [("p11-kit-proxy.so".to_owned(), true)]);
}
