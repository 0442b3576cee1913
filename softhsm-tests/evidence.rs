//! Evidence that real programs fetched from emulated cards and made with OpenSSH's software key,
//! checked by `punchmark evidence verify`.

use serde_json::{Value, json};
use virtual_yubikey::card::{Manufacturer, Model};
use virtual_yubikey::pcscd::Pcscd;

use crate::harness::admin::Admin;
use crate::harness::keygen::SK_DUMMY;
use crate::harness::process::{Ran, bounded, run};
use crate::harness::write;
use crate::harness::yubikey::{PLAIN, SERIAL, Wanted};

const VERIFY: [&str; 4] = ["evidence", "verify", "chain.pem", "--private-roots"];

/// An admin with one card, and its maker's certificates in `maker.pem`.
fn admin_with_card(firmware: &str, manufacturer: &Manufacturer) -> Admin<Pcscd> {
    let admin = Admin::with_cards_of(manufacturer, &[firmware]);
    let model = Model {
        firmware: firmware.parse().unwrap(),
        serial: SERIAL,
    };
    for certificate in manufacturer.chain(&model) {
        write(&admin.punchmark.path("one.der"), certificate, 0o600);
        admin.shell("openssl x509 -inform DER -in one.der >> maker.pem");
    }
    admin
}

impl Admin<Pcscd> {
    #[track_caller]
    fn shell(&self, script: &str) {
        self.tool("sh", &["-ec", script]);
    }

    /// Fetches what the card says of a slot, and the certificate of f9, as `chain.pem`.
    fn attest(&self, slot: &str) {
        let tool = "yubico-piv-tool -r Yubico";
        self.shell(&format!("{tool} -a attest -s {slot} > chain.pem"));
        self.shell(&format!("{tool} -a read-certificate -s f9 >> chain.pem"));
    }

    /// Makes a key with the factory's management key, which Debian's tool takes if it is 3DES.
    fn generate(&self, slot: &str, algorithm: &str, policies: &str) {
        let tool = "yubico-piv-tool -r Yubico -k010203040506070801020304050607080102030405060708";
        self.shell(&format!(
            "{tool} -a generate -s {slot} -A {algorithm} {policies} -o {slot}.pem"
        ));
        self.shell(&format!(
            "ssh-keygen -i -m PKCS8 -f {slot}.pem > {slot}.pub"
        ));
    }

    fn verify(&self, arguments: &[&str]) -> Ran {
        self.punchmark
            .run(&[&VERIFY[..], &["maker.pem"], arguments].concat())
    }

    fn proved(&self, arguments: &[&str]) -> Value {
        let ran = self.verify(&[&["--json"], arguments].concat()).ok();
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

#[test]
fn cards_of_every_firmware_prove_their_keys() {
    let (root, policies) = (
        "CN=Virtual YubiKey Root\\, for tests only",
        "--pin-policy always --touch-policy cached",
    );
    for (firmware, algorithm, form) in [
        ("4.3.7", "ECCP256", None),
        ("5.2.7", "RSA2048", Some("USB-A keychain")),
        ("5.4.3", "ECCP384", Some("USB-A keychain")),
    ] {
        let admin = admin_with_card(firmware, &Manufacturer::new().unwrap());
        admin.generate("9a", algorithm, policies);
        admin.attest("9a");
        let proof = admin.proved(&["--key", "9a.pub"]);
        let mut told = json!({
            "slot": "9a", "pin": "always", "touch": "cached", "firmware": firmware,
            "serial": SERIAL, "fips": false, "root": root, "private-root": true,
        });
        told["family"] = proof["facts"]["family"].clone();
        if let Some(form) = form {
            told["form-factor"] = json!(form);
        }
        assert_eq!(proof["facts"], told, "{proof}");
        assert_eq!(proof["kind"], "piv");
    }
}

/// Its f9 isn't marked as an authority, which only Yubico's own of that time may lack.
#[test]
fn a_card_of_another_maker_has_no_liberty_of_yubicos_old_cards() {
    let admin = admin_with_card("5.2.4", &Manufacturer::new().unwrap());
    admin.generate("9a", "ECCP256", "");
    admin.attest("9a");
    admin
        .verify(&[])
        .exits(1)
        .says("is no certificate authority");
}

/// The two intermediates of firmware 5.7.4, and a card that attests with RSA.
#[test]
fn a_ca_key_in_a_new_card_is_proved_by_the_longer_path() {
    for manufacturer in [
        Manufacturer::new().unwrap(),
        Manufacturer::new().unwrap().attesting_with_rsa(),
    ] {
        let admin = admin_with_card("5.7.4", &manufacturer);
        let wanted = Wanted {
            algorithm: "ed25519",
            ..PLAIN
        };
        admin.init_in_card("users", &wanted).ok();
        admin.attest("9c");
        let ca = admin.ca_file("users");
        let proof = admin.proved(&["--key", ca.to_str().unwrap()]);
        assert_eq!(proof["facts"]["slot"], "9c", "{proof}");
        assert_eq!(proof["faults"], json!([]));
    }
}

#[test]
fn another_key_and_another_cards_roots_are_refused() {
    let admin = admin_with_card("5.4.3", &Manufacturer::new().unwrap());
    admin.generate("9a", "ECCP256", "");
    admin.generate("9d", "ECCP256", "");
    admin.attest("9a");
    admin
        .verify(&["--key", "9d.pub"])
        .exits(1)
        .says("it is about another key: SHA256:");
    let other = admin_with_card("5.4.3", &Manufacturer::new().unwrap());
    std::fs::copy(
        other.punchmark.path("maker.pem"),
        admin.punchmark.path("maker.pem"),
    )
    .unwrap();
    admin
        .verify(&[])
        .exits(1)
        .says("the signature is not by the key of CN=Virtual YubiKey Root");
    admin
        .punchmark
        .run(&["evidence", "verify", "chain.pem"])
        .exits(1)
        .says("leads to no root that is trusted here")
        .says("hint: give the maker's certificates with --roots");
    admin
        .punchmark
        .run(&["evidence", "verify", "chain.pem", "--roots", "maker.pem"])
        .exits(1)
        .says("no certificate whose fingerprint is known, out of 1");
}

#[test]
fn the_config_names_roots_and_a_check_of_them_says_what_they_are() {
    let admin = admin_with_card("5.4.3", &Manufacturer::new().unwrap());
    admin.generate("9a", "ECCP256", "");
    admin.attest("9a");
    let config = admin.punchmark.path("punchmark.toml");
    write(
        &config,
        "[attestation]\nprivate-roots = [\"maker.pem\"]\n",
        0o600,
    );
    let verify = [
        "evidence",
        "verify",
        "chain.pem",
        "--config",
        "punchmark.toml",
    ];
    let ran = admin.punchmark.run(&verify).ok();
    assert!(ran.stdout.contains("CN=Virtual YubiKey Root"), "{ran}");
    assert!(ran.stdout.contains("(private)"), "{ran}");
    let check = ["attestation", "roots", "check", "maker.pem"];
    let ran = admin.punchmark.run(&check).exits(1);
    assert!(
        ran.stdout
            .contains("not known, counts only as a private root"),
        "{ran}"
    );
}

/// Nobody vouches for a key in software, whatever file it writes.
#[test]
fn openssh_s_software_key_proves_nothing() {
    let admin = admin_with_card("5.4.3", &Manufacturer::new().unwrap());
    write(&admin.punchmark.path("challenge"), [7; 32], 0o600);
    let folder = admin.punchmark.home();
    let mut keygen = bounded("ssh-keygen");
    keygen.args([
        "-q",
        "-t",
        "ed25519-sk",
        "-w",
        SK_DUMMY,
        "-N",
        "",
        "-f",
        "sk",
    ]);
    keygen.args([
        "-O",
        "write-attestation=sk.att",
        "-O",
        "challenge=challenge",
    ]);
    run(keygen.current_dir(folder)).ok();
    let verify = ["evidence", "verify", "sk.att", "--key", "sk.pub"];
    admin
        .punchmark
        .run(&[&verify[..], &["--challenge", "challenge"]].concat())
        .exits(1)
        .says("self attestation: no certificate vouches for it");
    admin
        .punchmark
        .run(&verify)
        .exits(1)
        .says("wants --challenge FILE");
}
