//! A security key that a maker attests, from its making to a login: OpenSSH's own security key
//! without hardware, with an attestation under a root of this test.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use ssh_key::PublicKey;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, SK_DUMMY};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::write;

/// A CA that believes the maker of `root.pem`, beside those whom each new config believes.
fn admin() -> Admin {
    let admin = Admin::ready().and_config(ROLES);
    make_maker(&admin);
    let add = ["attestation", "roots", "add", "root.pem"];
    admin.punchmark.run(&add).ok();
    admin
}

/// A root, and the certificate of a batch of security keys.
fn make_maker(admin: &Admin) {
    let openssl = |arguments: &str| {
        let arguments: Vec<_> = arguments.split(' ').collect();
        admin.tool("openssl", &arguments);
    };
    write(
        &admin.punchmark.path("batch.ext"),
        "basicConstraints=critical,CA:FALSE\n\
         1.3.6.1.4.1.45724.1.1.4=DER:04:10:6d:6f:64:65:6c:20:6f:66:20:74:68:65:20:6b:65:79\n",
        0o600,
    );
    write(
        &admin.punchmark.path("root.ext"),
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n",
        0o600,
    );
    for name in ["root", "batch"] {
        openssl(&format!(
            "genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key"
        ));
        openssl(&format!(
            "req -new -key {name}.key -subj /CN={name} -out {name}.csr"
        ));
    }
    let sign = "x509 -req -days 9 -set_serial 7 -sha256";
    openssl(&format!(
        "{sign} -in root.csr -signkey root.key -extfile root.ext -out root.pem"
    ));
    openssl(&format!(
        "{sign} -in batch.csr -CA root.pem -CAkey root.key -extfile batch.ext -out batch.pem"
    ));
    openssl("x509 -in batch.pem -outform DER -out batch.der");
}

/// Makes a key, and what a maker's key would attest of it (PROTOCOL.u2f; WebAuthn, 6.1, 8.2).
fn make(admin: &Admin, name: &str, flags: u8, options: &[&str]) {
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
        name,
    ]);
    for option in options {
        keygen.args(["-O", option]);
    }
    run(keygen.current_dir(admin.punchmark.home())).ok();
    let public = public(&admin.punchmark.path(&format!("{name}.pub")));
    let key = public
        .key_data()
        .sk_ed25519()
        .unwrap()
        .public_key()
        .as_ref();
    let cose = [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32], &key[..]].concat();
    let application = Sha256::digest("ssh:");
    let credential = [&[flags, 0, 0, 0, 1], MODEL, &[0, 2, 1, 2], &cose].concat();
    let data = [&application[..], &credential].concat();
    let file = |what: &str| admin.punchmark.path(what);
    let signed = [&data[..], &Sha256::digest(CHALLENGE)].concat();
    write(&file("signed"), signed, 0o600);
    let sign = "dgst -sha256 -sign batch.key -out signature signed";
    admin.tool("openssl", &sign.split(' ').collect::<Vec<_>>());
    let length = u8::try_from(data.len()).unwrap();
    let parts = [
        b"ssh-sk-attest-v01".to_vec(),
        std::fs::read(file("batch.der")).unwrap(),
        std::fs::read(file("signature")).unwrap(),
        [&[0x58, length], &data[..]].concat(),
        Vec::new(),
    ];
    let mut attestation = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        // Four bytes of flags stand before the last, which is reserved.
        attestation.extend(if index == 4 { &[0; 4][..] } else { &[] });
        attestation.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        attestation.extend(part);
    }
    write(&file(&format!("{name}.att")), attestation, 0o600);
    write(&file("challenge"), CHALLENGE, 0o600);
}

fn public(path: &Path) -> PublicKey {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

/// Asks with a key, and the attestation of the same or another.
fn ask(admin: &Admin, role: &str, key: &str, attested: &str, more: &[&str]) -> Ran {
    let home = admin.punchmark.home();
    write(&home.join("askpass"), "#!/bin/sh\necho 1234\n", 0o700);
    let (file, ca) = (format!("{key}.pub"), admin.ca_file("users"));
    let attestation = format!("{attested}.att");
    let mut command = bounded(crate::harness::punchmark::BINARY);
    command = admin.punchmark.prepare(command);
    command.env("SSH_SK_PROVIDER", SK_DUMMY);
    command.env("SSH_ASKPASS", home.join("askpass"));
    command.env("SSH_ASKPASS_REQUIRE", "force");
    command.args([
        "request",
        "--role",
        role,
        "--key",
        &file,
        "--requester",
        "peter",
    ]);
    command
        .arg("--ca")
        .arg(ca)
        .args(["--attestation", &attestation]);
    run(command
        .args(["--attestation-challenge", "challenge"])
        .args(more))
}

fn sign(admin: &Admin, request: &str) -> Ran {
    let arguments = ["sign", "--requester", "peter", "--yes", request];
    admin.punchmark.pinned(&arguments)
}

#[test]
fn a_security_key_with_its_pin_makes_peter_physical_who_logs_in() {
    let admin = admin();
    make(
        &admin,
        "sk",
        PRESENT | VERIFIED | CREDENTIAL,
        &["verify-required"],
    );
    ask(&admin, "engineer", "sk", "sk", &[]).ok();
    sign(&admin, "sk.req").ok();
    let key = admin.punchmark.path("sk");
    let reading = keygen::read(&keygen::certificate(&key));
    assert_eq!(reading.principals, ["peter_physical"]);
    assert_eq!(reading.critical, ["verify-required"]);
    assert_eq!(reading.field("Key ID"), "peter, engineer");
    let ca = admin.ca_file("users");
    let physical = Sshd::start(&Configuration::users(&ca, &["peter_physical"]));
    assert_eq!(physical.login(&key).ok().stdout, "welcome\n");
    let in_a_file = Sshd::start(&Configuration::users(&ca, &["peter_file"]));
    in_a_file.login(&key).exits(255);
    // What was proved stays, the use of the key with it.
    let shown = admin
        .punchmark
        .run(&["ledger", "show", "users", "1", "--json"])
        .ok();
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let text = shown.to_string();
    for told in [
        "\"private-root\":true",
        "\"verified\":true",
        "\"user-verified\":true",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    // It proves the key once more, with the PIN that the key showed with its request.
    let renew = ["renew", "--yes", "sk-cert.pub"];
    admin.punchmark.pinned(&renew).ok();
    let reading = keygen::read(&keygen::certificate(&key));
    assert_eq!(reading.principals, ["peter_physical"]);
    assert_eq!(reading.critical, ["verify-required"]);
    assert_eq!(physical.login(&key).ok().stdout, "welcome\n");
}

#[test]
fn a_security_key_that_signs_without_its_pin_is_not_physical() {
    let admin = admin();
    make(&admin, "sk", PRESENT | VERIFIED | CREDENTIAL, &[]);
    ask(&admin, "engineer", "sk", "sk", &[]).ok();
    sign(&admin, "sk.req")
        .ok()
        .says("counts as unproved: suffix class `physical`: PIN never");
    let reading = keygen::read(&admin.punchmark.path("sk-cert.pub"));
    assert_eq!(reading.principals, ["peter_file"]);
    ask(&admin, "production", "sk", "sk", &[]).ok();
    sign(&admin, "sk.req")
        .exits(3)
        .says("PIN never, where once is the least")
        .says("verify-required");
    admin.assert_issued(1);
}

#[test]
fn a_security_key_without_touch_is_refused_where_touch_counts() {
    let admin = admin();
    make(
        &admin,
        "sk",
        PRESENT | VERIFIED | CREDENTIAL,
        &["verify-required"],
    );
    ask(&admin, "engineer", "sk", "sk", &["-O", "no-touch-required"]).ok();
    sign(&admin, "sk.req").exits(3).says("no-touch-required");
    admin.assert_issued(0);
}

#[test]
fn evidence_without_its_key_gives_no_suffix() {
    let admin = admin();
    for name in ["sk", "other"] {
        make(
            &admin,
            name,
            PRESENT | VERIFIED | CREDENTIAL,
            &["verify-required"],
        );
    }
    ask(&admin, "engineer", "sk", "other", &[]).ok();
    sign(&admin, "sk.req").exits(3).says("about another key");
    // The direct form has no place for evidence: nobody shows there that they hold the key.
    let evidence = [
        "--attestation",
        "sk.att",
        "--attestation-challenge",
        "challenge",
    ];
    let direct = [&["-n", "peter", "-V", "+1h"][..], &evidence, &["sk.pub"]].concat();
    admin.sign(&direct).exits(2);
    admin
        .sign(&["-n", "peter_physical", "-V", "+1h", "sk.pub"])
        .exits(3)
        .says("which the CA alone adds");
    admin.assert_issued(0);
}

const ROLES: &str = "
[role.engineer]
ca         = \"users\"
requesters = [\"peter\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"1h\", maximum = \"8h\", back-date = \"5m\" }
extensions = { default = [\"permit-pty\"], allowed = [\"no-touch-required\"] }

[role.production]
ca         = \"users\"
requesters = [\"peter\"]
principals = [\"{requester}\"]
storage    = \"require\"
lifetime   = { default = \"1h\", maximum = \"4h\" }
";
const CHALLENGE: &[u8] = b"a challenge of thirty-two bytes.";
const MODEL: &[u8] = b"model of the key";
const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const CREDENTIAL: u8 = 0x40;

/// The block of a page in docs/ that makes a security key.
fn recipe(page: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(page);
    let text = std::fs::read_to_string(page).unwrap();
    let block = text
        .split("```")
        .find(|block| block.contains("-O challenge="));
    let block = block.unwrap().strip_prefix("text\n").unwrap();
    let from = block.find("head -c").unwrap();
    block[from..].to_owned()
}

#[test]
fn each_line_of_the_recipe_in_the_docs_makes_what_the_next_needs() {
    let admin = Admin::ready();
    for (page, makes) in [
        ("requests.md", "id_sk.req"),
        ("attestation.md", "id_ed25519_sk.att"),
    ] {
        // Nobody is there who types a passphrase or a file's name, and no key has a PIN.
        let script = recipe(page).replace("-O verify-required", "-q -N ''");
        let script = match page {
            "requests.md" => script,
            _ => script.replace("-q -N ''", "-q -N '' -f id_ed25519_sk"),
        };
        let ca = admin.ca_file("users");
        std::fs::copy(ca, admin.punchmark.path("users.pub")).unwrap();
        let script = format!(
            "set -e\npunchmark() {{ '{}' \"$@\"; }}\n{script}",
            crate::harness::punchmark::BINARY
        );
        let mut shell = admin.punchmark.prepare(bounded("sh"));
        shell.env("SSH_SK_PROVIDER", SK_DUMMY);
        run(shell.args(["-c", &script])).ok();
        assert!(admin.punchmark.path(makes).is_file(), "{page}");
    }
}

/// Has a security key of this provider make the key `sk`, and asks with it.
fn make_and_ask(admin: &Admin, provider: &str, more: &[&str]) -> Ran {
    let home = admin.punchmark.home();
    // As PIN of the key, and as passphrase of the file with its handle.
    write(&home.join("askpass"), "#!/bin/sh\necho 12345\n", 0o700);
    let mut command = admin
        .punchmark
        .prepare(bounded(crate::harness::punchmark::BINARY));
    command.env("SSH_SK_PROVIDER", provider);
    command.env("SSH_ASKPASS", home.join("askpass"));
    command.env("SSH_ASKPASS_REQUIRE", "force");
    command.args(["request", "--role", "engineer", "--requester", "peter"]);
    command.args(["--make-security-key", "sk", "--ca"]);
    run(command.arg(admin.ca_file("users")).args(more))
}

fn of_the_key(admin: &Admin) -> Vec<String> {
    let files = std::fs::read_dir(admin.punchmark.home()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("sk")).collect();
    names.sort();
    names
}

#[test]
fn a_security_key_makes_a_key_and_the_request_with_its_evidence_in_one_go() {
    let admin = admin();
    make_and_ask(&admin, SK_DUMMY, &["--dry-run"])
        .ok()
        .says("a new key would be made in a security key");
    assert!(of_the_key(&admin).is_empty());
    let asked = make_and_ask(&admin, SK_DUMMY, &["--json"]).ok();
    let told: Value = serde_json::from_str(&asked.stdout).unwrap();
    assert_eq!(told["evidence"], true, "{asked}");
    let files = ["sk", "sk.attestation", "sk.challenge", "sk.pub", "sk.req"];
    assert_eq!(of_the_key(&admin), files);
    let challenge = std::fs::read(admin.punchmark.path("sk.challenge")).unwrap();
    assert_eq!(challenge.len(), 32);
    // OpenSSH's own security key attests by itself, which no root stands behind.
    let signed = sign(&admin, "sk.req").ok();
    signed.says("the key counts as one without evidence");
    let reading = keygen::read(&admin.punchmark.path("sk-cert.pub"));
    assert_eq!(reading.principals, ["peter_file"]);
    // Nothing is made twice, and what was made can be asked with by hand.
    let again = make_and_ask(&admin, SK_DUMMY, &[]).exits(1);
    again
        .says("is there already")
        .says("--key sk.pub --attestation sk.attestation");
}

#[test]
fn where_a_security_key_makes_no_key_nothing_is_left() {
    let admin = admin();
    let ran = make_and_ask(&admin, "/nowhere/libsk.so", &[]).exits(1);
    ran.says("ssh-keygen made no key").says("is it plugged in");
    assert!(of_the_key(&admin).is_empty());
    // What can't be asked makes no key first.
    make_and_ask(&admin, SK_DUMMY, &["-n", "peter,,x"]).fails();
    make_and_ask(&admin, SK_DUMMY, &["--out", "nofolder/sk.req"]).fails();
    make_and_ask(&admin, SK_DUMMY, &["--key", "sk.pub"]).exits(2);
    assert!(of_the_key(&admin).is_empty());
}
