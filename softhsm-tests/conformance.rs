//! What every signer must do, whatever its key is in.
//!
//! What a signature is good for is in `logins`, how a batch is disturbed in `batch`, both on
//! several devices too; here is what keeps the wrong key and the wrong PIN from signing.

use crate::harness::device::{Device, on_devices};
use crate::harness::keygen::{self, ED25519};

on_devices!(
    [
        softhsm,
        kryoptic,
        yubikey_4_3,
        yubikey_5_4,
        yubikey_5_7,
        opensc,
        ykcs11,
        agent,
        file
    ],
    [
        certificates_of_every_length_are_signed,
        a_device_that_is_not_there_is_told_and_costs_no_serial,
        a_key_that_is_not_the_recorded_one_signs_nothing,
    ]
);

// Where the CA's key is made by `init`, which writes the suffixes too.
on_devices!(
    [softhsm, kryoptic, yubikey_5_4, yubikey_5_7],
    [a_reserved_suffix_is_written_by_the_ca_alone]
);

on_devices!(
    [
        softhsm,
        kryoptic,
        yubikey_4_3,
        yubikey_5_4,
        yubikey_5_7,
        opensc,
        ykcs11
    ],
    [
        a_wrong_pin_is_told_and_costs_no_serial,
        a_key_that_is_a_ca_already_is_not_made_one_again,
    ]
);

/// Lengths of the key ID that carry the to-be-signed bytes over the hashes' block sizes.
const LENGTHS: [usize; 6] = [1, 31, 64, 127, 200, 255];

fn certificates_of_every_length_are_signed(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("key", ED25519);
    let many: Vec<_> = (0..200).map(|number| format!("someone{number}")).collect();
    for (principals, length) in [("peter", 1), (&many.join(","), 255)]
        .into_iter()
        .chain(LENGTHS.map(|length| ("peter", length)))
    {
        let id = "x".repeat(length);
        let flags = ["-I", &id, "-n", principals, "key.pub"];
        admin.sign(&flags).ok();
        let reading = keygen::read(&keygen::certificate(&key));
        assert_eq!(reading.field("Key ID"), id);
    }
    admin.assert_issued(LENGTHS.len() + 2);
}

fn a_wrong_pin_is_told_and_costs_no_serial(device: Device) {
    let admin = device.with_users_ca("p256");
    admin.key("key", ED25519);
    let right = std::fs::read_to_string(admin.punchmark.path("pin")).unwrap();
    admin.punchmark.write_pin("pin", "99999999");
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    assert!(!ran.to_string().contains("99999999"), "{ran}");
    ran.says("wrong PIN, tried once");
    assert!(admin.ledger().is_empty());
    admin.punchmark.write_pin("pin", right.trim_end());
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    assert_eq!(admin.ledger()[0]["serial"], 1);
    admin.assert_issued(1);
}

fn a_device_that_is_not_there_is_told_and_costs_no_serial(device: Device) {
    let mut admin = device.with_users_ca("p256");
    admin.key("key", ED25519);
    let _only_a_file = std::fs::rename(
        admin.punchmark.path("ca-users"),
        admin.punchmark.path("away"),
    );
    // The last of a variable counts.
    for variable in [
        "SOFTHSM2_CONF",
        "KRYOPTIC_CONF",
        "PCSCLITE_CSOCK_NAME",
        "SSH_AUTH_SOCK",
    ] {
        admin.punchmark = admin.punchmark.with(variable, "/nowhere/at/all");
    }
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    let mut lines = ran.stderr.lines();
    assert!(lines.any(|line| line.starts_with("punchmark: ")), "{ran}");
    assert!(!ran.stderr.contains("panicked"), "{ran}");
    assert!(admin.ledger().is_empty());
    admin.assert_issued(0);
}

fn a_key_that_is_not_the_recorded_one_signs_nothing(device: Device) {
    let admin = device.with_users_ca("p256");
    admin.init("others", "p256", "user").ok();
    admin.key("key", ED25519);
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let mut keys: Vec<_> = config
        .lines()
        .filter(|line| line.starts_with("key "))
        .collect();
    assert_eq!(keys.len(), 2, "{config}");
    let (others, users) = (keys.remove(0), keys.remove(0));
    let swapped = config
        .replace(users, "AWAY")
        .replace(others, users)
        .replace("AWAY", others);
    std::fs::write(admin.config_file(), swapped).unwrap();
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("is not that of CA `users`")
        .says("nothing was signed");
    assert!(admin.ledger().is_empty());
    admin.assert_issued(0);
}

fn a_reserved_suffix_is_written_by_the_ca_alone(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("key", ED25519);
    for name in ["peter_physical", "peter,peter_witnessed"] {
        let ran = admin.sign(&["-n", name, "key.pub"]).exits(3);
        ran.says("which the CA alone adds");
    }
    assert!(admin.ledger().is_empty());
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let reading = keygen::read(&keygen::certificate(&key));
    assert_eq!(reading.principals, ["peter"]);
    let witnessed = ["-n", "peter", "--witnessed", "seen at the desk", "key.pub"];
    admin.sign(&witnessed).ok();
    let reading = keygen::read(&keygen::certificate(&key));
    assert_eq!(reading.principals, ["peter_witnessed"]);
    admin.assert_issued(2);
}

fn a_key_that_is_a_ca_already_is_not_made_one_again(device: Device) {
    let admin = device.with_users_ca("p256");
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let locator = config.lines().find_map(|line| line.strip_prefix("key "));
    let locator = locator.unwrap().trim_matches([' ', '=', '"']);
    let ran = admin.adopt("again", locator).exits(1);
    ran.says("the ledger knows CA `users` already");
}
