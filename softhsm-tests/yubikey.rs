//! A CA key in an emulated YubiKey, through the `yubikey` crate, libpcsclite and pcscd.

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::pty::Pty;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::yubikey::{PIN, PLAIN, SERIAL, Wanted, task};

/// VERIFY (SP 800-73-4 part 2, 3.2.1).
const VERIFY: u8 = 0x20;

#[test]
fn every_algorithm_signs_what_openssh_reads_and_lets_in() {
    let admin = Admin::with_cards(&["5.7.1"]);
    let key = admin.key("key", ED25519);
    for (name, slot, algorithm, signature) in [
        ("a", "9a", "p256", "ecdsa-sha2-nistp256"),
        ("b", "9c", "p384", "ecdsa-sha2-nistp384"),
        ("c", "9d", "ed25519", "ssh-ed25519"),
        ("d", "9e", "rsa2048", "rsa-sha2-512"),
        ("e", "82", "rsa3072", "rsa-sha2-512"),
        ("f", "95", "rsa4096", "rsa-sha2-512"),
    ] {
        let wanted = Wanted {
            slot,
            algorithm,
            pin: "always",
            ..PLAIN
        };
        admin.init_in_card(name, &wanted).ok();
        let arguments = ["sign", "-s", name, "-I", "id", "-n", "peter", "key.pub"];
        admin.punchmark.pinned(&arguments).ok();
        let reading = keygen::read(&keygen::certificate(&key));
        let signer = reading.field("Signing CA");
        let ca = admin.ca_file(name);
        assert!(signer.contains(&keygen::fingerprint(&ca)), "{signer}");
        assert!(signer.contains(&format!("(using {signature})")), "{signer}");
        let sshd = Sshd::start(&Configuration::users(&ca, &["peter"]));
        assert_eq!(sshd.login(&key).ok().stdout, "welcome\n");
    }
}

#[test]
fn a_batch_shows_the_pin_as_often_as_the_policy_says() {
    for (pin, shown) in [("never", 0), ("once", 1), ("always", 4)] {
        let admin = Admin::with_ca_in_card(&Wanted { pin, ..PLAIN });
        admin.list_of_keys(3);
        let _of_init = admin.card().take_headers();
        admin.sign(&["-n", "peter", "--files-from", "list"]).ok();
        let headers = admin.card().take_headers();
        // Asking how many tries are left is the same command without a PIN.
        let tries_asked = usize::from(pin != "never");
        let verified = headers.iter().filter(|header| header[1] == VERIFY).count();
        assert_eq!(verified, shown + tries_asked, "{pin}");
        admin.assert_issued(3);
    }
}

#[test]
fn a_key_that_wants_no_pin_asks_for_none() {
    let admin = Admin::with_ca_in_card(&Wanted {
        pin: "never",
        ..PLAIN
    });
    admin.key("key", ED25519);
    let unpinned = ["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"];
    admin.punchmark.run(&unpinned).ok();
    admin.assert_issued(1);
}

#[test]
fn the_prompt_names_the_card_and_a_touch_is_asked_for() {
    let admin = Admin::with_ca_in_card(&Wanted {
        touch: "always",
        ..PLAIN
    });
    admin.key("key", ED25519);
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"]);
    let mut pty = Pty::start(command);
    pty.expect("PIN for YubiKey 12345678: ");
    pty.type_line(PIN);
    pty.expect("touch YubiKey 12345678 now");
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    admin.assert_issued(1);
}

#[test]
fn a_key_is_adopted_with_its_facts() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    let locator = format!("yubikey:serial={SERIAL};slot-id=9c");
    let ours = std::fs::read(admin.ca_file("users")).unwrap();
    // The ledger stays: the card names it.
    std::fs::remove_file(admin.config_file()).unwrap();
    std::fs::remove_file(admin.ca_file("users")).unwrap();
    let ran = admin.adopt("users", &locator).ok();
    assert!(ran.stdout.contains("made in the token"), "{ran}");
    assert_eq!(std::fs::read(admin.ca_file("users")).unwrap(), ours);
}

#[test]
fn one_certificate_takes_a_card_six_commands() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("key", ED25519);
    let _of_init = admin.card().take_headers();
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let headers = admin.card().take_headers();
    let sent: Vec<u8> = headers.iter().map(|header| header[1]).collect();
    // The applet, the serial, what the slot holds, the tries, the PIN, the signature.
    assert_eq!(sent, [0xa4, 0xf8, 0xf7, 0x20, 0x20, 0x87], "{sent:02x?}");
}

#[test]
fn tokens_lists_cards_and_keys_and_what_to_be_careful_about() {
    let admin = Admin::with_cards(&["5.7.1"]);
    let wanted = Wanted {
        pin: "always",
        touch: "cached",
        ..PLAIN
    };
    admin.init_in_card("users", &wanted).ok();
    let ran = admin.punchmark.run(&["tokens"]).ok();
    let line = std::fs::read_to_string(admin.ca_file("users")).unwrap();
    let key = line.rsplit_once(' ').unwrap().0;
    for words in [
        "YubiKey 12345678: firmware 5.7.1, USB-A keychain",
        "warning: the PIN is the factory's",
        "warning: the PUK is the factory's",
        "warning: the management key is the factory's",
        "yubikey:serial=12345678;slot-id=9c",
        "made in the card, PIN always, touch cached",
        "slot f9 attests: ecdsa-sha2-nistp256 SHA256:",
        &keygen::fingerprint(&admin.ca_file("users")),
        key,
    ] {
        assert!(ran.stdout.contains(words), "{words:?}\n{ran}");
    }
    let ran = admin.punchmark.run(&["tokens", "--json"]).ok();
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let card = &json["yubikeys"][0];
    assert_eq!(card["serial"], SERIAL);
    assert_eq!(card["pin-tries-left"], 3);
    let f9 = &card["attestation-key"];
    assert!(f9["issuer"].as_str().unwrap().starts_with("CN="), "{f9}");
    assert_eq!(card["keys"][0]["slot"], "9c");
    assert_eq!(card["keys"][0]["generated"], true);
}

#[test]
fn each_of_two_cards_is_found_by_its_serial_and_none_without() {
    let admin = Admin::with_cards(&["5.7.1", "5.4.3"]);
    admin
        .init_in_card("users", &PLAIN)
        .exits(1)
        .says("more than one token matches yubikey:slot-id=9c: YubiKey 12345678, YubiKey 12345679")
        .says("add serial=");
    for serial in [SERIAL, SERIAL + 1] {
        let key = format!("yubikey:serial={serial};slot-id=9c");
        let name = format!("ca{serial}");
        let mut arguments = vec!["init", &name, "--key", &key, "--algorithm", "p256"];
        arguments.extend(["--touch-policy", "never"]);
        arguments.extend(["--management-key-file", "management"]);
        admin.punchmark.pinned(&arguments).ok();
    }
}

#[test]
fn the_management_key_that_a_card_keeps_behind_its_pin_is_used() {
    if task().is_some() {
        return protect_management_key();
    }
    let admin = Admin::with_cards(&["5.7.1"]);
    let mut arguments = vec!["init", "users", "--key", "yubikey:slot-id=9c"];
    arguments.extend(["--algorithm", "p256", "--touch-policy", "never"]);
    let ran = admin.punchmark.pinned(&arguments).exits(1);
    ran.says("keeps no management key behind its PIN")
        .says("--management-key-file");
    let test = "yubikey::the_management_key_that_a_card_keeps_behind_its_pin_is_used";
    assert!(admin.run_client(test, "protect"));
    admin.punchmark.pinned(&arguments).ok();
    let refused = admin.init_in_card(
        "other",
        &Wanted {
            slot: "9a",
            ..PLAIN
        },
    );
    refused.exits(1).says("has another management key");
}

fn protect_management_key() {
    let mut card = yubikey::YubiKey::open().unwrap();
    let factory = yubikey::MgmKey::get_default(&card).unwrap();
    card.authenticate(&factory).unwrap();
    card.verify_pin(PIN.as_bytes()).unwrap();
    let algorithm = yubikey::MgmAlgorithmId::Aes256;
    let key = yubikey::MgmKey::from_bytes([7; 32], Some(algorithm)).unwrap();
    key.set_protected(&mut card).unwrap();
}

#[test]
fn old_firmware_tells_of_a_key_by_attestation_and_by_certificate() {
    for firmware in ["4.3.7", "5.2.4"] {
        let admin = Admin::with_cards(&[firmware]);
        let tool = |arguments: &[&str]| admin.tool("yubico-piv-tool", arguments);
        let made = ["-a", "generate", "-s", "9a", "-A", "ECCP256", "-o", "a.pem"];
        tool(&[&made[..], &["--pin-policy=always", "--touch-policy=cached"]].concat());
        admin.tool("openssl", &IMPORTED);
        tool(&["-a", "import-key", "-s", "9d", "-i", "key.pem"]);
        admin.tool("openssl", &CERTIFIED);
        let told = |words: &str| {
            let ran = admin.punchmark.run(&["tokens"]).ok();
            assert!(ran.stdout.contains(words), "{words:?}\n{ran}");
            ran.stdout
        };
        let listed = told("slot-id=9a\n    made in the card, PIN always, touch cached");
        assert!(!listed.contains("slot-id=9d"), "{listed}");
        tool(&[
            "-a",
            "import-certificate",
            "-s",
            "9d",
            "-i",
            "certificate.pem",
        ]);
        told("slot-id=9d\n    of unknown origin, PIN not told, touch not told");
        admin.key("key", ED25519);
        for slot in ["9a", "9d"] {
            let name = format!("ca{slot}");
            let locator = format!("yubikey:slot-id={slot}");
            admin.adopt(&name, &locator).ok();
            let sign = ["sign", "-s", &name, "-I", "id", "-n", "peter", "key.pub"];
            admin.punchmark.pinned(&sign).ok();
        }
        assert_eq!(admin.ledger().len(), 2);
    }
}

const IMPORTED: [&str; 7] = [
    "ecparam",
    "-name",
    "prime256v1",
    "-genkey",
    "-noout",
    "-out",
    "key.pem",
];
const CERTIFIED: [&str; 9] = [
    "req",
    "-x509",
    "-new",
    "-key",
    "key.pem",
    "-subj",
    "/CN=x",
    "-out",
    "certificate.pem",
];

#[test]
fn firmware_without_metadata_makes_no_key_and_says_why() {
    let admin = Admin::with_cards(&["4.3.7"]);
    admin
        .init_in_card("users", &PLAIN)
        .exits(1)
        .says("firmware 4.3.7 does not tell whether slot 9c has an imported key")
        .says("--replace none");
}

#[test]
fn a_slot_that_old_firmware_tells_nothing_of_is_filled_after_a_typed_yes() {
    let admin = Admin::with_cards(&["4.3.7"]);
    let init = |name: &'static str, key: &'static str| {
        let mut arguments = vec!["init", name, "--key", key, "--algorithm", "p256"];
        arguments.extend(["--pin-policy", "once", "--touch-policy", "never"]);
        arguments.extend(["--management-key-file", "management", "--replace", "none"]);
        arguments.extend(["--pin-file", "pin"]);
        arguments
    };
    let nobody = |name, key| admin.punchmark.run(&init(name, key));
    let slot = "yubikey:serial=12345678;slot-id=9c";
    nobody("users", slot).exits(1).says("not yes");
    let anyone = nobody("users", "yubikey:slot-id=9c").exits(2);
    anyone.says("wants the card's serial");
    let typed = |name, answer: &str| {
        let mut command = admin.punchmark.on_a_terminal();
        command.args(init(name, slot));
        let mut pty = Pty::start(command);
        pty.expect("If slot 9c of YubiKey 12345678 has one, it is overwritten for good.");
        pty.expect("Type yes if that is right: ");
        pty.type_line(answer);
        pty.finish()
    };
    assert_eq!(typed("users", "no").1, 1);
    let (rest, code) = typed("users", "yes");
    assert_eq!(code, 0, "{rest}");
    // A key that was made in the card is told of, and must be named.
    let (rest, code) = typed("next", "yes");
    assert!(rest.contains("slot 9c has a key, SHA256:"), "{rest}");
    assert_eq!(code, 1);
    admin.key("key", ED25519);
    admin.sign(&["-n", "peter", "key.pub"]).ok();
}

#[test]
fn a_slot_that_has_a_key_is_never_overwritten() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    let before = admin.punchmark.run(&["tokens", "--json"]).ok().stdout;
    admin
        .init_in_card("again", &PLAIN)
        .exits(1)
        .says("slot 9c has a key");
    assert_eq!(
        admin.punchmark.run(&["tokens", "--json"]).ok().stdout,
        before
    );
}

#[test]
fn what_is_for_cards_is_refused_for_tokens() {
    let admin = Admin::with_cards(&["5.7.1"]);
    let mut arguments = vec![
        "init",
        "users",
        "--algorithm",
        "p256",
        "--pin-policy",
        "once",
    ];
    arguments.extend(["--key", "pkcs11:token=a;object=b"]);
    admin
        .punchmark
        .pinned(&arguments)
        .exits(2)
        .says("are for a key in a YubiKey");
}
