//! A CA's key in a card: by whose word it was born there, what it replaces, and imports.

mod destroyed;
mod imported;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use virtual_yubikey::pcscd::Pcscd;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519, P256, P384, P521, RSA_2048, Subject};
use crate::harness::process::Ran;
use crate::harness::pty::Pty;
use crate::harness::yubikey::{PIN, PLAIN, SERIAL, Wanted, pull};

const SLOT: &str = "yubikey:serial=12345678;slot-id=9c";
const INIT: [&str; 8] = [
    "init",
    "users",
    "--key",
    SLOT,
    "--algorithm",
    "p256",
    "--management-key-file",
    "management",
];
const ROOTS: [&str; 2] = ["--attestation-roots", "roots.pem"];

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

fn show(admin: &Admin<Pcscd>, more: &[&str]) -> Value {
    let shown = [&["ca", "show", "users", "--json"][..], more].concat();
    let all = json(&admin.punchmark.run(&shown).ok());
    all.pointer("/cas/0").unwrap().clone()
}

fn attestation(admin: &Admin<Pcscd>) -> PathBuf {
    admin
        .punchmark
        .path("config/punchmark/users-attestation.pem")
}

#[test]
fn a_key_that_is_born_in_a_card_is_proved_and_said_to_be() {
    for firmware in ["5.4.3", "5.7.1", "5.7.4"] {
        let admin = Admin::with_cards(&[firmware]);
        let quick = ["--touch-policy", "never"];
        let ran = admin
            .punchmark
            .pinned(&[&INIT[..], &quick, &ROOTS].concat())
            .ok();
        let born =
            format!("born on YubiKey 12345678, firmware {firmware}, USB-A keychain, PIN always");
        assert!(ran.stdout.contains(&born), "{ran}");
        let told = show(&admin, &ROOTS);
        assert_eq!(told["storage"]["known-by"], "attestation");
        assert_eq!(told["storage"]["facts"]["serial"], SERIAL);
        assert_eq!(told["storage"]["facts"]["touch"], "never");
        assert_eq!(told["storage"]["facts"]["private-root"], true);
        assert_eq!(told["faults"] == Value::Array(Vec::new()), firmware > "5.7");
        let words = [&["ca", "show", "users"][..], &ROOTS].concat();
        let words = admin.punchmark.run(&words).ok();
        assert!(words.stdout.contains(&born), "{words}");
        assert!(words.stdout.contains("  next serial  1\n"), "{words}");
        let kept = fs::read_to_string(attestation(&admin)).unwrap();
        assert_eq!(kept.matches("BEGIN CERTIFICATE").count(), 2);
        // Without the roots of then, the ledger still tells what was proved.
        assert_eq!(show(&admin, &[])["storage"]["known-by"], "ledger");
        admin.punchmark.run(&["ledger", "verify"]).ok();
    }
}

#[test]
fn a_key_whose_attestation_leads_nowhere_is_a_ca_all_the_same() {
    let admin = Admin::with_cards(&["5.7.1"]);
    let quick = ["--touch-policy", "never"];
    let ran = admin.punchmark.pinned(&[&INIT[..], &quick].concat()).ok();
    ran.says("its attestation is kept, but leads to no root that is trusted");
    assert_eq!(show(&admin, &[])["storage"]["known-by"], "unproved");
    assert_eq!(show(&admin, &ROOTS)["storage"]["known-by"], "attestation");
    let list = admin.punchmark.run(&["ca", "list"]).ok();
    assert!(
        list.stdout.starts_with("users: user CA, ECDSA P-256, "),
        "{list}"
    );
}

#[test]
fn an_attestation_of_another_key_proves_nothing() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    let other = Wanted {
        slot: "9a",
        ..PLAIN
    };
    admin.init_in_card("other", &other).ok();
    let others = admin
        .punchmark
        .path("config/punchmark/other-attestation.pem");
    fs::copy(others, attestation(&admin)).unwrap();
    let told = show(&admin, &ROOTS);
    assert_eq!(told["storage"]["known-by"], "unproved");
    fs::write(attestation(&admin), "x".repeat(70_000)).unwrap();
    let shown = admin.punchmark.run(&["ca", "show", "users"]).exits(1);
    shown.says("users-attestation.pem: file too large");
}

#[test]
fn an_adopted_key_is_proved_too_and_an_unproved_one_is_the_token_s_word() {
    let admin = Admin::with_cards(&["5.2.7"]);
    let tool = ["-a", "generate", "-s", "9c", "-A", "ECCP256", "-o", "a.pem"];
    admin.tool("yubico-piv-tool", &tool);
    let adopt = ["adopt", "users", "--key", SLOT, "--next-serial", "7"];
    let ran = admin.punchmark.pinned(&[&adopt[..], &ROOTS].concat()).ok();
    assert!(
        ran.stdout
            .contains("born on YubiKey 12345678, firmware 5.2.7"),
        "{ran}"
    );
    let told = show(&admin, &ROOTS);
    assert_eq!(told["storage"]["known-by"], "attestation");
    assert_eq!(told["origin"], "adopted");
    assert_eq!(told["next-serial"], 7);
}

#[test]
fn a_key_is_replaced_only_by_its_name() {
    let admin = Admin::with_cards(&["5.7.1"]);
    let quick = ["--touch-policy", "never"];
    let elsewhere = Admin {
        punchmark: crate::harness::punchmark::Punchmark::at(admin.token.environment(), PIN),
        token: (),
    };
    fs::copy(
        admin.punchmark.path("management"),
        elsewhere.punchmark.path("management"),
    )
    .unwrap();
    elsewhere
        .punchmark
        .pinned(&[&INIT[..], &quick].concat())
        .ok();
    let there = keygen::fingerprint(&elsewhere.ca_file("users"));
    let refused = admin
        .punchmark
        .pinned(&[&INIT[..], &quick].concat())
        .exits(1);
    refused
        .says(&format!("slot 9c has a key, {there}"))
        .says("--replace");
    let wrong = format!("SHA256:{}", "A".repeat(43));
    let other = [&INIT[..], &quick, &["--replace", &wrong]].concat();
    admin
        .punchmark
        .pinned(&other)
        .exits(1)
        .says("slot 9c has a key");
    let right = [&INIT[..], &quick, &["--replace", &there]].concat();
    // A PIN that the new key could not be used with is found out while the old one is there.
    for (pin, words) in [
        ("123456789", "not tried"),
        ("654321", "wrong PIN, tried once"),
    ] {
        admin.punchmark.write_pin("pin", pin);
        admin.punchmark.pinned(&right).exits(1).says(words);
    }
    admin.punchmark.write_pin("pin", PIN);
    elsewhere.key("first", ED25519);
    let sign = [
        "sign",
        "-s",
        "users",
        "-I",
        "id",
        "-n",
        "peter",
        "first.pub",
    ];
    elsewhere.punchmark.pinned(&sign).ok();
    admin.punchmark.pinned(&right).ok();
    assert_ne!(keygen::fingerprint(&admin.ca_file("users")), there);
    // Its first CA can't sign any more, and is told why.
    elsewhere.key("key", ED25519);
    let sign = ["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"];
    elsewhere
        .punchmark
        .pinned(&sign)
        .exits(1)
        .says("is not that of CA");
}

#[test]
fn the_key_of_a_known_ca_is_replaced_only_after_a_typed_yes() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    let ours = keygen::fingerprint(&admin.ca_file("users"));
    let again = [
        "init",
        "next",
        "--key",
        SLOT,
        "--algorithm",
        "p256",
        "--management-key-file",
        "management",
        "--touch-policy",
        "never",
        "--replace",
        &ours,
    ];
    let unattended = [&again[..], &["--yes"]].concat();
    admin.punchmark.pinned(&unattended).exits(1).says("not yes");
    let mut command = admin.punchmark.on_a_terminal();
    command.args(again);
    let mut pty = Pty::start(command);
    pty.expect("is that of CA `users`");
    pty.expect("Type yes if that is right: ");
    pty.type_line("yes");
    pty.expect("PIN for YubiKey 12345678: ");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    assert_ne!(keygen::fingerprint(&admin.ca_file("next")), ours);
}

#[test]
fn a_key_that_old_firmware_does_not_tell_of_is_adopted_by_its_public_key_file() {
    let admin = Admin::with_cards(&["4.3.7"]);
    for (name, tool) in [
        (
            "right",
            &["ecparam", "-name", "prime256v1", "-genkey", "-noout"][..],
        ),
        (
            "wrong",
            &["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
        ),
    ] {
        admin.tool("openssl", &[tool, &["-out", name]].concat());
        admin.tool("chmod", &["600", name]);
        let line = admin.output("ssh-keygen", &["-y", "-f", name]);
        fs::write(admin.punchmark.path(&format!("{name}.pub")), line).unwrap();
    }
    let tool = [
        "-a",
        "import-key",
        "-s",
        "9c",
        "-i",
        "right",
        "--pin-policy=once",
    ];
    admin.tool("yubico-piv-tool", &tool);
    let adopt = ["adopt", "users", "--key", SLOT, "--next-serial", "1"];
    let told = admin.punchmark.pinned(&adopt).exits(1);
    told.says("no private key matches").says("--public-key");
    let by = |file: &str| {
        admin
            .punchmark
            .pinned(&[&adopt[..], &["--public-key", file]].concat())
    };
    by("wrong.pub").exits(1).says("failed its self-test");
    by("right.pub").ok();
    admin.key("key", ED25519);
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let told = show(&admin, &ROOTS);
    assert_eq!(told["storage"]["known-by"], "token");
}
