//! The ledger key, in a file and in a token: its signatures are those that other tools
//! believe, and it is no CA's key.

use std::path::Path;

use punchmark::wire::hex;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run, run_fed};
use crate::harness::token::Usage;
use crate::harness::write;

/// A CA `users`, a key file `ledger_key`, and a P-256 key `ledger` in the token.
fn ready() -> Admin {
    let admin = Admin::ready();
    keygen::make(admin.punchmark.home(), "ledger_key", ED25519);
    admin
        .token
        .add_key("ledger", "0f", "EC:prime256v1", Usage::Sign);
    admin
}

fn krl(admin: &Admin, more: &[&str]) -> Ran {
    let all = [&["krl", "--ca", "users", "--out", "revoked.krl"], more].concat();
    admin.punchmark.pinned(&all)
}

/// The public half of the token's ledger key, as OpenSSH writes it.
fn token_key(admin: &Admin) -> String {
    let ran = admin.punchmark.pinned(&[
        "tokens",
        "--json",
        "--login",
        &admin.token.locator("ledger"),
    ]);
    let tokens: serde_json::Value = serde_json::from_str(&ran.ok().stdout).unwrap();
    let keys = tokens["modules"][0]["slots"][0]["token"]["keys"]
        .as_array()
        .unwrap();
    let key = keys.iter().find(|key| key["label"] == "ledger").unwrap();
    key["public-key"].as_str().unwrap().to_owned()
}

/// What `ssh-keygen -Y verify` says of the pair.
fn verify(admin: &Admin, line: &str, file: &str) -> Ran {
    let path = |name: &str| admin.punchmark.path(name);
    write(&path("signers"), format!("ledger {line}\n"), 0o644);
    let mut keygen = bounded("ssh-keygen");
    keygen.args(["-Y", "verify", "-n", "krl@punchmark", "-I", "ledger", "-f"]);
    keygen
        .arg(path("signers"))
        .arg("-s")
        .arg(path("revoked.krl.sig"));
    run_fed(&mut keygen, &std::fs::read(path(file)).unwrap())
}

#[test]
fn ssh_keygen_verifies_the_signature_of_a_key_file_and_of_a_token() {
    let admin = ready();
    let public = std::fs::read_to_string(admin.punchmark.path("ledger_key.pub")).unwrap();
    let locator = admin.token.locator("ledger");
    for (key, line) in [("ledger_key", public), (&locator, token_key(&admin))] {
        krl(&admin, &["--ledger-key", key]).ok().says("signed in");
        verify(&admin, &line, "revoked.krl").ok();
        verify(&admin, &line, "pin").exits(255);
    }
}

#[test]
fn a_list_is_named_by_its_cas_and_signed_by_the_key_of_the_config() {
    let admin = ready();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let key = admin.punchmark.path("ledger_key");
    let named = format!("ledger-key = \"{}\"\n{config}", key.display());
    write(&admin.config_file(), named, 0o600);
    krl(&admin, &[]).ok().says("no passphrase");
    let shown = admin.punchmark.run(&["krl", "show", "revoked.krl"]).ok();
    let named = "# Comment: users [head punchmark.ledger/";
    assert!(shown.stdout.contains(named), "{shown}");
    let line = std::fs::read_to_string(admin.punchmark.path("ledger_key.pub")).unwrap();
    verify(&admin, &line, "revoked.krl").ok();

    krl(&admin, &["--unsigned"])
        .ok()
        .says("is of an older list");
    verify(&admin, &line, "revoked.krl").exits(255);
}

#[test]
fn the_configs_key_in_a_device_is_never_certified_also_before_it_signed() {
    let admin = ready();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let name = |object: &str| {
        let named = format!("ledger-key = \"{}\"\n{config}", admin.token.locator(object));
        write(&admin.config_file(), named, 0o600);
    };
    write(&admin.punchmark.path("token.pub"), token_key(&admin), 0o644);
    keygen::make(admin.punchmark.home(), "peter", ED25519);
    let sign = |key| admin.sign(&["-n", "peter", key]);
    name("ledger");
    sign("token.pub")
        .fails()
        .says("a ledger key is never certified");
    sign("peter.pub").ok();
    // Where the key can't be seen, nothing can be known not to be it.
    name("nobody");
    sign("peter.pub").exits(1).says("punchmark ledger key add");
    name("ledger");
    admin.punchmark.pinned(&["ledger", "key", "add"]).ok();
    // From then on the device is not asked any more.
    admin.token.delete_key("ledger");
    sign("peter.pub").ok();
    sign("token.pub")
        .fails()
        .says("a ledger key is never certified");
}

#[test]
fn a_ca_key_signs_no_list_and_no_head() {
    let admin = ready();
    let ca = admin.token.locator("users");
    let ran = krl(&admin, &["--ledger-key", &ca]).exits(1);
    ran.says("is the key of CA `users`");
    assert!(!admin.punchmark.path("revoked.krl").exists());
    let head = ["ledger", "checkpoint", "--key", &ca];
    let ran = admin.punchmark.pinned(&head).exits(1);
    ran.says("is the key of CA `users`");
}

#[test]
fn a_key_that_cannot_be_opened_takes_no_version_and_leaves_the_old_list() {
    let admin = ready();
    krl(&admin, &["--ledger-key", "ledger_key"]).ok();
    let before = std::fs::read(admin.punchmark.path("revoked.krl")).unwrap();
    let entries = || admin.punchmark.run(&["ledger", "verify"]).ok().stdout;
    let held = entries();
    for key in ["missing", "ledger_key.pub", &admin.token.locator("nobody")] {
        krl(&admin, &["--ledger-key", key]).exits(1);
    }
    assert_eq!(
        std::fs::read(admin.punchmark.path("revoked.krl")).unwrap(),
        before
    );
    assert_eq!(entries(), held);
}

#[test]
fn a_token_signs_a_head_that_openssl_verifies_and_only_one_that_goes_on() {
    let admin = ready();
    admin.key("key", ED25519);
    let old = std::fs::read(admin.ledger_file()).unwrap();
    let key = admin.token.locator("ledger");
    let checkpoint = ["ledger", "checkpoint", "--key", &key];
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let note = admin.punchmark.pinned(&checkpoint).ok().stdout;
    write(&admin.punchmark.path("head"), &note, 0o644);
    write(
        &admin.punchmark.path("ledger.pub"),
        token_key(&admin),
        0o644,
    );
    let against = ["--against", "head", "--signer", "ledger.pub"];
    let all = [&["ledger", "verify"][..], &against].concat();
    admin.punchmark.run(&all).ok();
    verified_by_openssl(&admin, &note);
    let subject = admin.sign(&["-n", "peter", "ledger.pub"]);
    subject.exits(3).says("a ledger key is never certified");

    write(&admin.ledger_file(), old, 0o600);
    let ran = admin.punchmark.pinned(&checkpoint).fails();
    ran.says("entries");
}

/// C2SP signed-note, type 2: four bytes of the SHA-256 of the key in DER, then a DER
/// signature over the text.
fn verified_by_openssl(admin: &Admin, note: &str) {
    let home = admin.punchmark.home();
    let (text, signature) = note.trim_end().rsplit_once("\n\n").unwrap();
    let base64 = signature.rsplit(' ').next().unwrap();
    let bytes = <base64ct::Base64 as base64ct::Encoding>::decode_vec(base64).unwrap();
    write(&home.join("text"), format!("{text}\n"), 0o600);
    write(&home.join("signature"), &bytes[4..], 0o600);
    let mut keygen = bounded("ssh-keygen");
    let pem = run(keygen
        .args(["-e", "-m", "PKCS8", "-f"])
        .arg(home.join("ledger.pub")))
    .ok();
    write(&home.join("ledger.pem"), pem.stdout, 0o600);
    openssl(
        home,
        &[
            "dgst",
            "-sha256",
            "-verify",
            "ledger.pem",
            "-signature",
            "signature",
            "text",
        ],
    );
    openssl(
        home,
        &[
            "pkey",
            "-pubin",
            "-in",
            "ledger.pem",
            "-outform",
            "DER",
            "-out",
            "ledger.der",
        ],
    );
    let digest = openssl(home, &["dgst", "-sha256", "-r", "ledger.der"]).stdout;
    let id = hex(&bytes[..4]);
    assert!(digest.starts_with(&id), "{digest} {id}");
}

fn openssl(folder: &Path, arguments: &[&str]) -> Ran {
    run(bounded("openssl").args(arguments).current_dir(folder)).ok()
}

#[test]
fn a_head_beside_the_key_that_it_did_not_sign_stops_it() {
    let admin = ready();
    let checkpoint = ["ledger", "checkpoint", "--key", "ledger_key"];
    let note = admin.punchmark.run(&checkpoint).ok().stdout;
    let head = admin.punchmark.path("ledger_key.head");
    let size = note.lines().nth(1).unwrap();
    let less = size.parse::<u64>().unwrap() - 1;
    let other = note.replace(&format!("\n{size}\n"), &format!("\n{less}\n"));
    write(&head, other, 0o644);
    admin
        .punchmark
        .run(&checkpoint)
        .exits(1)
        .says("is not valid");
}

#[test]
fn a_key_that_signed_heads_becomes_no_ca() {
    let admin = ready();
    let key = admin.token.locator("ledger");
    let checkpoint = ["ledger", "checkpoint", "--key", &key];
    admin.punchmark.pinned(&checkpoint).ok();
    let ran = admin.adopt("second", &key).exits(1);
    ran.says("is the ledger's own");
    let file = ["ledger", "checkpoint", "--key", "ledger_key"];
    admin.punchmark.run(&file).ok();
    let entries = || admin.punchmark.run(&["ledger", "verify"]).ok().stdout;
    let before = entries();
    let second = admin.token.locator("second");
    let import = [
        "import",
        "second",
        "--key",
        &second,
        "--from",
        "ledger_key",
        "--next-serial",
        "1",
    ];
    let ran = admin.punchmark.pinned(&import).exits(1);
    ran.says("is the ledger's own");
    assert_eq!(entries(), before);
}

#[test]
fn a_link_goes_on_pointing_and_the_signature_lies_beside_it() {
    let admin = ready();
    let path = |name: &str| admin.punchmark.path(name);
    std::fs::create_dir(path("www")).unwrap();
    std::os::unix::fs::symlink("www/real.krl", path("revoked.krl")).unwrap();
    write(&path("www/real.krl"), "", 0o644);
    krl(&admin, &["--ledger-key", "ledger_key"]).ok();
    assert!(path("revoked.krl").symlink_metadata().unwrap().is_symlink());
    let line = std::fs::read_to_string(path("ledger_key.pub")).unwrap();
    verify(&admin, &line, "www/real.krl").ok();
}
