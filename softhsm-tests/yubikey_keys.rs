//! A CA's key in a card: by whose word it was born there, what it replaces, and imports.

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

fn import(admin: &Admin<Pcscd>, name: &str, slot: &str, more: &[&str]) -> Ran {
    let key = format!("yubikey:serial=12345678;slot-id={slot}");
    let mut arguments = vec!["import", name, "--from", name, "--key", &key];
    arguments.extend(["--next-serial", "1", "--touch-policy", "never"]);
    arguments.extend(["--management-key-file", "management"]);
    arguments.extend(more);
    admin.punchmark.pinned(&arguments)
}

#[test]
fn a_key_file_of_every_kind_that_a_card_takes_is_imported_and_signs() {
    let kinds = [
        ("p256", "9a", P256),
        ("p384", "9c", P384),
        ("ed", "9d", ED25519),
        ("r2048", "82", RSA_2048),
        ("r3072", "83", Subject("rsa", "3072")),
        ("r4096", "84", Subject("rsa", "4096")),
    ];
    let admin = Admin::with_cards(&["5.7.1"]);
    let key = admin.key("key", ED25519);
    for (name, slot, kind) in kinds {
        let file = admin.key(name, kind);
        let ran = import(&admin, name, slot, &["--pin-policy", "once"]).ok();
        ran.says("this key was once outside")
            .says("cannot be attested");
        let sign = ["sign", "-s", name, "-I", "id", "-n", "peter", "key.pub"];
        admin.punchmark.pinned(&sign).ok();
        let reading = keygen::read(&keygen::certificate(&key));
        let signer = reading.field("Signing CA");
        let expected = keygen::fingerprint(&file.with_extension("pub"));
        assert!(signer.contains(&expected), "{signer}");
        let shown = admin.punchmark.run(&["ca", "show", name]).ok();
        assert!(
            shown.stdout.contains("imported: it was in a file once"),
            "{shown}"
        );
    }
    let tokens = admin.punchmark.run(&["tokens"]).ok();
    let told = tokens.stdout.matches("imported, PIN once, touch never");
    assert_eq!(told.count(), kinds.len(), "{tokens}");
}

#[test]
fn a_key_that_a_card_does_not_take_is_refused_with_its_kind() {
    let admin = Admin::with_cards(&["5.7.1"]);
    for (name, kind, words) in [
        (
            "r5120",
            Subject("rsa", "5120"),
            "no key of type ssh-rsa with 5120 bits",
        ),
        ("p521", P521, "no key of type ecdsa-sha2-nistp521"),
    ] {
        admin.key(name, kind);
        let ran = import(&admin, name, "9c", &[]).exits(1);
        ran.says(words).says("a YubiKey takes P-256");
    }
    let old = Admin::with_cards(&["5.4.3"]);
    for (name, kind) in [("ed", ED25519), ("r4096", Subject("rsa", "4096"))] {
        old.key(name, kind);
        let ran = import(&old, name, "9c", &[]).exits(1);
        ran.says("YubiKey 12345678 (firmware 5.4.3)");
    }
    let config = std::fs::read_to_string(old.config_file()).unwrap();
    assert!(!config.contains("[ca."), "{config}");
}

#[test]
fn an_import_never_overwrites_a_key_that_is_not_named() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("p256", P256);
    let ran = import(&admin, "p256", "9c", &[]).exits(1);
    ran.says("slot 9c has a key, SHA256:");
    admin.key("key", ED25519);
    admin.sign(&["-n", "peter", "key.pub"]).ok();
}

#[test]
fn cards_are_added_in_the_same_run_or_later_and_spares_are_not_named() {
    let admin = Admin::with_cards(&["5.7.1", "5.4.3", "5.7.4"]);
    let file = admin.key("users", P256);
    let card = |serial: u32| format!("yubikey:serial={serial};slot-id=9c");
    let spare = card(SERIAL + 1);
    let more = ["--spare", &spare, "--pin-file", "12345679=pin"];
    let ran = import(&admin, "users", "9c", &more).ok();
    let spare = "CA users has a spare: yubikey:serial=12345679;slot-id=9c";
    assert!(ran.stdout.contains(spare), "{ran}");
    let later = |key: &str, from: &str| {
        let mut arguments = vec!["import", "users", "--from", from, "--key", key];
        arguments.extend(["--touch-policy", "never"]);
        arguments.extend(["--management-key-file", "management"]);
        admin.punchmark.pinned(&arguments)
    };
    admin.key("another", P256);
    let other = later(&card(SERIAL + 2), "another").exits(1);
    other.says("CA `users` has the key SHA256:");
    later(&card(SERIAL + 2), "users").ok();
    let twice = later(&card(SERIAL + 2), "users").exits(1);
    twice.says("one and the same key");
    let named = show(&admin, &[])["keys"].clone();
    assert_eq!(named, serde_json::json!([card(SERIAL), card(SERIAL + 2)]));
    admin.list_of_keys(6);
    admin.sign(&["-n", "peter", "--files-from", "list"]).ok();
    admin.assert_issued(6);
    let ours = keygen::fingerprint(&file.with_extension("pub"));
    let tokens = admin.punchmark.run(&["tokens"]).ok();
    assert_eq!(tokens.stdout.matches(&ours).count(), 3, "{tokens}");
}

#[test]
fn a_spare_whose_run_was_cut_short_is_taken_up() {
    let admin = Admin::with_cards(&["5.7.1", "5.7.1"]);
    admin.key("users", P256);
    let config = admin.config_file();
    import(&admin, "users", "9c", &[]).ok();
    let before = fs::read(&config).unwrap();
    let spare = "yubikey:serial=12345679;slot-id=9c";
    let add = || {
        let mut arguments = vec!["import", "users", "--from", "users", "--key", spare];
        arguments.extend(["--touch-policy", "never"]);
        arguments.extend(["--management-key-file", "management"]);
        admin.punchmark.pinned(&arguments)
    };
    add().ok();
    let after = fs::read(&config).unwrap();
    // As if the run had ended before the config was written.
    fs::write(&config, before).unwrap();
    add().ok();
    assert_eq!(fs::read(&config).unwrap(), after);
}

#[test]
fn a_spare_that_failed_is_brought_in_by_the_same_command() {
    let admin = Admin::with_cards(&["5.7.1", "5.7.1"]);
    admin.key("users", P256);
    let spare = "yubikey:serial=12345679;slot-id=9c";
    let wrong = admin.punchmark.write_pin("second", "730285");
    let run = || {
        let mut import = vec!["import", "users", "--from", "users", "--key", SLOT];
        import.extend([
            "--spare",
            spare,
            "--next-serial",
            "1",
            "--touch-policy",
            "never",
        ]);
        import.extend(["--management-key-file", "management"]);
        import.extend([
            "--pin-file",
            "12345678=pin",
            "--pin-file",
            "12345679=second",
        ]);
        admin.punchmark.run(&import)
    };
    let failed = run()
        .exits(1)
        .says("YubiKey 12345679: wrong PIN, tried once");
    assert!(failed.stdout.contains("CA users is ready"), "{failed}");
    // What must be known in any case stands before what failed.
    let copies = failed.stderr.find("whoever copied").unwrap();
    let nobody = failed.stderr.find("cannot be attested").unwrap();
    let fault = failed.stderr.find("wrong PIN").unwrap();
    assert!(copies < fault && nobody < fault, "{failed}");
    fs::write(&wrong, PIN).unwrap();
    let ran = run().ok();
    assert!(ran.stdout.contains("CA users has its key in"), "{ran}");
    assert!(
        ran.stdout
            .contains(&format!("CA users has a spare: {spare}")),
        "{ran}"
    );
    // And once more, which changes nothing.
    run().ok();
    let named = show(&admin, &[])["keys"].clone();
    assert_eq!(named, serde_json::json!([SLOT]));
}

#[test]
fn a_spare_that_is_not_plugged_in_is_waited_for() {
    let admin = Admin::with_cards(&["5.7.1", "5.7.1"]);
    admin.key("users", P256);
    let link = admin.token.link(1).unwrap();
    pull(&admin.token, 1);
    let mut command = admin.punchmark.on_a_terminal();
    command.args([
        "import", "users", "--from", "users", "--key", SLOT, "--spare",
    ]);
    command.args([
        "yubikey:serial=12345679;slot-id=9c",
        "--touch-policy",
        "never",
    ]);
    command.args(["--next-serial", "1", "--management-key-file", "management"]);
    command.args(["--pin-file", "12345678=pin", "--pin-file", "12345679=pin"]);
    let mut pty = Pty::start(command);
    pty.expect("yubikey:serial=12345679;slot-id=9c is not plugged in");
    admin.put_back(link);
    pty.expect("press Enter");
    pty.type_line("");
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
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
