//! Yubico's and OpenSC's own programs, which keep the emulator honest.
//!
//! Debian's packages yubico-piv-tool (2.2, which knows 3DES management keys only), ykcs11, opensc
//! and openssl; `scripts/setup` installs `ykman`, from PyPI by its hash.

use std::fs;

use virtual_yubikey::{
    card::{Firmware, Manufacturer, Model},
    pcscd::Pcscd,
};

use crate::common::{cards, cards_of, folder, run};

const EC_IN_9A: (&str, &str, &str) = ("9a", "01", "ECDSA-SHA256 --signature-format openssl");
const RSA_IN_9C: (&str, &str, &str) = ("9c", "02", "SHA256-RSA-PKCS");
const EC_IN_9D: (&str, &str, &str) = ("9d", "03", "ECDSA-SHA256 --signature-format openssl");
const FACTORY_KEY: &str = "010203040506070801020304050607080102030405060708";

/// Checks with openssl that `leaf.pem` hangs under `f9.pem`, and that under the manufacturer.
fn check_chain(pcscd: &Pcscd, manufacturer: &Manufacturer, firmware: &str) {
    let model = Model {
        firmware: firmware.parse::<Firmware>().unwrap(),
        serial: 12_345_678,
    };
    let folder = folder(pcscd);
    for (number, certificate) in manufacturer.chain(&model).iter().enumerate() {
        fs::write(folder.join("one.der"), certificate).unwrap();
        run(
            pcscd,
            &format!("openssl x509 -inform DER -in one.der -out {number}.pem"),
        );
    }
    let above: String = ["f9.pem", "1.pem", "2.pem"]
        .iter()
        .filter_map(|name| fs::read_to_string(folder.join(name)).ok())
        .collect();
    fs::write(folder.join("above.pem"), above).unwrap();
    let said = run(
        pcscd,
        "openssl verify -CAfile 0.pem -untrusted above.pem leaf.pem",
    );
    assert!(said.contains("leaf.pem: OK"), "{said}");
}

/// Keys in 9a, 9c and 9d, with their attestation as certificate, made by yubico-piv-tool.
fn fill_slots(pcscd: &Pcscd) {
    let tool = "yubico-piv-tool -r Yubico";
    for (slot, algorithm) in [("9a", "ECCP256"), ("9c", "RSA2048"), ("9d", "ECCP384")] {
        run(
            pcscd,
            &format!("{tool} -k{FACTORY_KEY} -a generate -s {slot} -A {algorithm} -o {slot}.pem"),
        );
        run(pcscd, &format!("{tool} -a attest -s {slot} -o leaf.pem"));
        run(
            pcscd,
            &format!("{tool} -k{FACTORY_KEY} -a import-certificate -s {slot} -i leaf.pem"),
        );
    }
}

fn yubico_piv_tool_works(firmware: &str, manufacturer: Manufacturer) {
    let (pcscd, manufacturer) = cards_of(manufacturer, &[(firmware, 12_345_678)]);
    let tool = "yubico-piv-tool -r Yubico";
    let status = run(&pcscd, &format!("{tool} -a status"));
    assert!(status.contains("Serial Number:\t12345678"), "{status}");
    fill_slots(&pcscd);
    run(
        &pcscd,
        &format!("{tool} -a read-certificate -s f9 -o f9.pem"),
    );
    check_chain(&pcscd, &manufacturer, firmware);
    for slot in ["9a", "9c", "9d"] {
        run(
            &pcscd,
            &format!("{tool} -a read-certificate -s {slot} -o held.pem"),
        );
        run(
            &pcscd,
            &format!("{tool} -P 123456 -a verify-pin -a test-signature -s {slot} -i held.pem"),
        );
    }
    run(&pcscd, &format!("{tool} -a change-pin -P 123456 -N 654321"));
    run(&pcscd, &format!("{tool} -P 654321 -a verify-pin"));
}

#[test]
fn yubico_piv_tool_works_with_firmware_4_3() {
    let manufacturer = Manufacturer::new().unwrap().attesting_with_rsa();
    yubico_piv_tool_works("4.3.7", manufacturer);
}

#[test]
fn yubico_piv_tool_works_with_firmware_5_4() {
    yubico_piv_tool_works("5.4.3", Manufacturer::new().unwrap());
}

/// Signs in each slot (named by its PKCS#11 identifier) and lets openssl check it.
fn signs_through(module: &str, slots: &[(&str, &str, &str)]) {
    let (pcscd, _) = cards(&[("5.4.3", 12_345_678)]);
    fill_slots(&pcscd);
    fs::write(folder(&pcscd).join("text"), "text").unwrap();
    let tool =
        format!("pkcs11-tool --module {module} --login -p 123456 --sign -i text -o signature");
    for (slot, id, mechanism) in slots {
        run(&pcscd, &format!("{tool} --id {id} -m {mechanism}"));
        run(
            &pcscd,
            &format!("openssl dgst -sha256 -verify {slot}.pem -signature signature text"),
        );
    }
}

#[test]
fn opensc_signs() {
    // OpenSC takes 9d for key agreement only.
    signs_through("opensc-pkcs11.so", &[EC_IN_9A, RSA_IN_9C]);
}

#[test]
fn ykcs11_signs() {
    signs_through("libykcs11.so", &[EC_IN_9A, RSA_IN_9C, EC_IN_9D]);
}

fn ykman_works(firmware: &str, algorithms: &[&str]) {
    let (pcscd, manufacturer) = cards(&[(firmware, 12_345_678)]);
    let info = run(&pcscd, "ykman info");
    assert!(
        info.contains(&format!("Firmware version: {firmware}")),
        "{info}"
    );
    for algorithm in algorithms {
        let generate = format!("piv keys generate -m {FACTORY_KEY} -a {algorithm} 9a public.pem");
        run(&pcscd, &format!("ykman {generate}"));
        run(&pcscd, "ykman piv keys attest 9a leaf.pem");
        run(&pcscd, "ykman piv certificates export f9 f9.pem");
        check_chain(&pcscd, &manufacturer, firmware);
        // Signs with the card, and checks that signature.
        let sign =
            format!("piv certificates generate -P 123456 -m {FACTORY_KEY} -s CN=x 9a public.pem");
        run(&pcscd, &format!("ykman {sign}"));
        run(&pcscd, "ykman piv certificates export 9a self.pem");
        run(&pcscd, "openssl verify -CAfile self.pem self.pem");
    }
    run(&pcscd, "ykman piv access change-pin -P 123456 -n 654321");
    let protect = format!("change-management-key -m {FACTORY_KEY} --generate --protect -P 654321");
    run(&pcscd, &format!("ykman piv access {protect}"));
    run(&pcscd, "ykman piv keys generate -P 654321 -a ECCP256 9c -");
    run(&pcscd, "ykman piv access set-retries -f -P 654321 5 6");
    let info = run(&pcscd, "ykman piv info");
    assert!(info.contains("protected by PIN"), "{info}");
    run(&pcscd, "ykman piv reset -f");
    run(
        &pcscd,
        &format!("ykman piv keys generate -m {FACTORY_KEY} -a ECCP256 9c -"),
    );
}

#[test]
fn ykman_works_with_firmware_4_3() {
    ykman_works("4.3.7", &["RSA2048", "ECCP256"]);
}

#[test]
fn ykman_works_with_firmware_5_4() {
    ykman_works("5.4.3", &["RSA2048", "ECCP384"]);
}

#[test]
fn ykman_works_with_firmware_5_7() {
    ykman_works("5.7.4", &["RSA3072", "ECCP256", "ED25519"]);
}

#[test]
fn ykman_moves_imports_and_deletes_keys() {
    let (pcscd, _) = cards(&[("5.7.1", 12_345_678)]);
    run(&pcscd, "openssl genrsa -out rsa.pem 4096");
    run(
        &pcscd,
        &format!("ykman piv keys import -m {FACTORY_KEY} 9a rsa.pem"),
    );
    run(
        &pcscd,
        &format!("ykman piv keys move -m {FACTORY_KEY} 9a 82"),
    );
    let info = run(&pcscd, "ykman piv keys info 82");
    assert!(
        info.contains("RSA4096") && info.contains("IMPORTED"),
        "{info}"
    );
    run(
        &pcscd,
        &format!("ykman piv keys delete -m {FACTORY_KEY} 82"),
    );
}
