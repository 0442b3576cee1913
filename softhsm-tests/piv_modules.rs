//! A PIV card behind OpenSC's and Yubico's PKCS#11 modules, instead of straight over PC/SC.

use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::device::{Device, Held, on_devices};
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::wait_until;
use crate::harness::pty::Pty;
use crate::harness::yubikey::{PIN, wait_until_noticed};

on_devices!(
    [opensc, ykcs11],
    [
        tokens_names_each_key_as_the_module_does_and_adopt_takes_that_name,
        slot_9c_wants_its_pin_for_each_signature_and_the_person_types_it_once,
        a_slot_whose_pin_policy_the_module_hides_signs_a_whole_batch,
        a_wrong_pin_reaches_the_card_once,
        a_card_that_was_pulled_in_a_batch_loses_nothing,
        a_card_that_a_module_of_the_machine_shows_too_is_listed_once,
    ]
);

/// VERIFY with a PIN in it (SP 800-73-4 part 2, 3.2.1); without one it asks how many tries
/// are left, and its header is the same.
const VERIFY: u8 = 0x20;
/// GENERAL AUTHENTICATE (3.2.4).
const SIGN: u8 = 0x87;

fn count(admin: &Admin<Held>, instruction: u8) -> usize {
    let headers = admin.token.card().take_headers();
    let of_kind = headers.iter().filter(|header| header[1] == instruction);
    of_kind.count()
}

fn tries_left(admin: &Admin<Held>) -> u64 {
    let listing = admin.punchmark.run(&["tokens", "--json"]).ok();
    let listing: Value = serde_json::from_str(&listing.stdout).unwrap();
    listing["yubikeys"][0]["pin-tries-left"].as_u64().unwrap()
}

fn tokens_names_each_key_as_the_module_does_and_adopt_takes_that_name(device: Device) {
    let admin = device.admin();
    admin.generate("9c", "p384", &[]);
    let (label, module) = match device {
        Device::OpenSc => ("SIGN%20key", "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"),
        _ => (
            "Private%20key%20for%20Digital%20Signature",
            "/usr/lib/x86_64-linux-gnu/libykcs11.so",
        ),
    };
    let whole = format!("pkcs11:?module-path={module}");
    let listing = admin.punchmark.pinned(&["tokens", "--login", &whole]).ok();
    let named = format!(";object={label}?module-path={module}");
    let mut lines = listing.stdout.lines().map(str::trim);
    let locator = lines.find(|line| line.ends_with(&named));
    let locator = locator.unwrap_or_else(|| panic!("no {named} in\n{listing}"));
    let adopted = admin.adopt("users", locator).ok();
    assert!(
        adopted.stdout.contains("PIN for each signature"),
        "{adopted}"
    );
    let key = admin.key("key", ED25519);
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let reading = keygen::read(&keygen::certificate(&key));
    assert!(reading.field("Signing CA").contains("nistp384"));
    admin.assert_issued(1);
}

/// Debian's packages of both modules configure p11-kit for them.
fn a_card_that_a_module_of_the_machine_shows_too_is_listed_once(device: Device) {
    let admin = device.admin();
    admin.generate("9c", "p384", &[]);
    let listing = |arguments: &[&str]| -> Value {
        let ran = admin
            .punchmark
            .run(&[&["tokens", "--json"], arguments].concat());
        serde_json::from_str(&ran.ok().stdout).unwrap()
    };
    let shows = |listing: &Value, reader: &str| {
        let modules = listing["modules"].as_array().unwrap().iter();
        let mut slots = modules.flat_map(|module| module["slots"].as_array().unwrap());
        slots.any(|slot| slot["description"] == reader)
    };
    let all = listing(&[]);
    let cards = all["yubikeys"].as_array().unwrap();
    assert_eq!(cards.len(), 1, "{all}");
    let reader = cards[0]["reader"].as_str().unwrap();
    assert!(!shows(&all, reader), "{all}");
    // The emulated reader has a second place for a card, which is empty.
    let second = reader
        .strip_suffix(" 00")
        .map(|device| format!("{device} 01"));
    assert!(!shows(&all, &second.clone().unwrap()), "{all}");
    let named = listing(&["--module", "p11-kit-proxy.so"]);
    assert!(shows(&named, reader), "{named}");
    assert!(
        device != Device::OpenSc || shows(&named, &second.unwrap()),
        "{named}"
    );
    assert_eq!(named["yubikeys"].as_array().unwrap().len(), 0);
}

fn slot_9c_wants_its_pin_for_each_signature_and_the_person_types_it_once(device: Device) {
    let admin = device.with_users_ca("p256");
    admin.public_keys(3);
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["sign", "-s", "users", "-I", "id", "-n", "peter"]);
    command.args(["key0.pub", "key1.pub", "key2.pub"]);
    let _of_adopt = admin.token.card().take_headers();
    let mut pty = Pty::start(command);
    pty.expect("PIN for token \"YubiKey PIV");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    assert!(!rest.contains("PIN for token"), "asked again:\n{rest}");
    assert!(
        count(&admin, VERIFY) >= 4,
        "one for the login, and one each"
    );
    admin.assert_issued(3);
}

fn a_slot_whose_pin_policy_the_module_hides_signs_a_whole_batch(device: Device) {
    let admin = device.admin();
    admin.generate("9a", "p256", &["--pin-policy=always"]);
    let adopted = admin.adopt("users", &device.slot(("9a", "01"))).ok();
    assert!(
        !adopted.stdout.contains("PIN for each signature"),
        "{adopted}"
    );
    // More than a run's lost sessions may be.
    admin.list_of_keys(40);
    admin.sign(&["-n", "peter", "--files-from", "list"]).ok();
    admin.assert_issued(40);
}

fn a_wrong_pin_reaches_the_card_once(device: Device) {
    let admin = device.with_users_ca("p256");
    admin.key("key", ED25519);
    let left = tries_left(&admin);
    admin.punchmark.write_pin("pin", "999999");
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("wrong PIN, tried once");
    assert_eq!(tries_left(&admin), left - 1);
    admin.assert_issued(0);
}

/// Whether a run ends within two minutes; else it is killed, and must have lost nothing either. Rarely OpenSC
/// (0.23) waits in C_Login for a lock of its own when its card was pulled just then, and never comes back.
fn ends(child: &mut Child) -> bool {
    for _ in 0..1200 {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    false
}

fn a_card_that_was_pulled_in_a_batch_loses_nothing(device: Device) {
    let admin = device.with_slow_ca();
    admin.list_of_keys(200);
    let sign = || {
        let mut command = admin.punchmark.background();
        command.args(["sign", "-s", "users", "-I", "id", "-n", "peter"]);
        command
            .args(["--files-from", "list"])
            .stderr(Stdio::piped());
        command
    };
    let _of_adopt = admin.token.card().take_headers();
    let mut child = sign().spawn().unwrap();
    wait_until("the card has signed", || count(&admin, SIGN) > 0);
    admin.token.pull_card();
    admin.token.card().put_back();
    let has_ended = ends(&mut child);
    assert!(has_ended || matches!(device, Device::OpenSc));
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    let written = admin.certificates().len();
    assert_eq!(output.status.success(), written == 200, "{words}");
    if written < 200 && has_ended {
        assert!(words.contains("is gone"), "{words}");
        assert!(words.contains("--resume"), "{words}");
    }
    admin.assert_issued(written);
    wait_until_noticed(admin.token.card());
    let resumed = sign().arg("--resume").output().unwrap();
    let words = String::from_utf8_lossy(&resumed.stderr);
    assert!(resumed.status.success(), "{words}");
    assert_eq!(admin.certificates().len(), 200);
}
