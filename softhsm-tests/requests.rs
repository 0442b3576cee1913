//! Requests: made by a user, carried in, signed by role; and all that must not be signed.

#[cfg(feature = "yubikey")]
mod in_a_card;

use std::path::PathBuf;

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::faketime::faketime;
use crate::harness::keygen::{self, ED25519, P256, RSA_2048, SK_DUMMY, SK_ECDSA, SK_ED25519};
use crate::harness::process::{Ran, bounded, run, run_fed};
use crate::harness::pty::Pty;
use crate::harness::punchmark::{BINARY, Punchmark};
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::write;

/// A CA with a role for engineers.
fn admin() -> Admin {
    Admin::ready().and_config(ROLES)
}

/// Trusts the maker whose certificates a file of the home folder has.
#[cfg(feature = "yubikey")]
fn trust<T>(admin: &Admin<T>, file: &str) {
    let add = ["attestation", "roots", "add", file];
    admin
        .punchmark
        .run(&add)
        .ok()
        .says("is trusted from now on");
}

/// Asks with a key in the admin's own home folder; gives the request's path.
fn ask(admin: &Admin, key: &str, more: &[&str]) -> PathBuf {
    let ca = admin.ca_file("users");
    let key = format!("{key}.pub");
    let mut arguments = vec!["request", "--key", &key];
    for (option, value) in [("--role", "engineer"), ("--ca", ca.to_str().unwrap())] {
        if !more.contains(&option) {
            arguments.extend([option, value]);
        }
    }
    arguments.extend(more);
    let mut command = admin.punchmark.prepare(bounded(BINARY));
    command.env("SSH_SK_PROVIDER", SK_DUMMY);
    run(command.args(arguments)).ok();
    admin.punchmark.path(&key).with_extension("req")
}

fn sign(admin: &Admin, arguments: &[&str]) -> Ran {
    admin.punchmark.pinned(&[&["sign"], arguments].concat())
}

/// Signs when some seconds have passed, by the program's clock.
fn sign_later(admin: &Admin, arguments: &[&str]) -> Ran {
    let mut command = admin.punchmark.prepare(bounded(faketime()));
    command.args(["-f", "+10s", BINARY, "--pin-file", "pin", "sign"]);
    run(command.args(arguments))
}

fn enrol(admin: &Admin, name: &str, key: &str) {
    let key = format!("{key}.pub");
    let arguments = ["requester", "add", name, "--key", &key];
    admin.punchmark.run(&arguments).ok();
}

#[test]
fn a_request_of_an_enrolled_key_gives_what_its_role_allows() {
    let admin = admin();
    for (name, subject) in [
        ("a", ED25519),
        ("b", P256),
        ("c", RSA_2048),
        ("d", SK_ED25519),
        ("e", SK_ECDSA),
    ] {
        admin.key(name, subject);
        enrol(&admin, "peter", name);
        ask(
            &admin,
            name,
            &["-n", "peter", "-V", "+2h", "-O", "no-x11-forwarding"],
        );
        sign(&admin, &[&format!("{name}.req")]).ok();
        let reading = keygen::read(&admin.punchmark.path(&format!("{name}-cert.pub")));
        assert_eq!(reading.principals, ["peter_file"]);
    }
    let entry = admin.ledger().pop().unwrap();
    assert_eq!(entry["requester"], "peter", "{entry}");
    assert_eq!(entry["role"], "engineer", "{entry}");
}

#[test]
fn a_request_is_used_once() {
    let admin = admin();
    admin.key("peter", ED25519);
    enrol(&admin, "peter", "peter");
    ask(&admin, "peter", &[]);
    sign(&admin, &["peter.req"]).ok();
    sign(&admin, &["peter.req"]).fails().says("was used before");
    // Again by its file, it is the same certificate.
    std::fs::remove_file(admin.punchmark.path("peter-cert.pub")).unwrap();
    sign(&admin, &["--resume", "peter.req"]).ok();
    admin.assert_issued(1);
}

#[test]
fn a_name_that_is_only_claimed_is_nobodys() {
    let admin = admin();
    for name in ["peter", "erik"] {
        admin.key(name, ED25519);
        ask(&admin, name, &["--requester", name]);
    }
    sign(&admin, &["peter.req", "erik.req"])
        .exits(3)
        .says("only claimed");
    sign(&admin, &["peter.req"]).exits(3).says("only claimed");
    admin.assert_issued(0);
    // The operator's word is taken for one at a time.
    sign(
        &admin,
        &["--requester", "peter", "peter.req", "erik.req", "--yes"],
    )
    .fails();
    sign(&admin, &["--requester", "erik", "peter.req", "--yes"])
        .fails()
        .says("`erik`");
    sign(&admin, &["--requester", "peter", "peter.req", "--yes"]).ok();
    admin.assert_issued(1);
}

#[test]
fn a_request_for_another_ca_or_an_old_one_is_refused() {
    let admin = admin();
    admin.configure("request-age = \"1s\"\n---\n");
    admin.key("peter", ED25519);
    enrol(&admin, "peter", "peter");
    let other = admin.key("other", ED25519);
    let other = keygen::public(&other);
    let other = other.to_str().unwrap();
    ask(&admin, "peter", &["--ca", other]);
    sign(&admin, &["peter.req"]).exits(3).says("is for the CA");
    ask(&admin, "peter", &[]);
    sign_later(&admin, &["peter.req"])
        .exits(3)
        .says("1 s is the most");
    admin.assert_issued(0);
}

#[test]
fn a_maker_in_the_place_of_a_file_of_roots_is_told_where_it_is_named() {
    let admin = admin();
    let add = ["attestation", "roots", "add", "yubico"];
    let ran = admin.punchmark.run(&add).fails();
    ran.says("no such file").says("roots = [\"yubico\"]");
}

#[test]
fn a_challenge_is_answered_once_and_in_time() {
    let admin = admin();
    admin.key("peter", ED25519);
    enrol(&admin, "peter", "peter");
    let ledger = std::fs::read(admin.ledger_file()).unwrap();
    let dry = ["challenge", "--count", "3", "--dry-run"];
    let foretold = admin.punchmark.run(&dry).ok();
    foretold.says("3 challenges would be made, to be answered once each, within 1 day");
    assert!(std::fs::read(admin.ledger_file()).unwrap() == ledger);
    let made = admin.punchmark.run(&["challenge"]).ok();
    let challenge = made.stdout.trim();
    ask(&admin, "peter", &["--challenge", challenge]);
    sign(&admin, &["peter.req"]).ok();
    ask(&admin, "peter", &["--challenge", challenge]);
    sign(&admin, &["peter.req"])
        .fails()
        .says("was answered before");
    ask(&admin, "peter", &["--challenge", &"00".repeat(32)]);
    sign(&admin, &["peter.req"]).fails().says("never made here");
    let made = admin.punchmark.run(&["challenge", "--expires", "1s"]).ok();
    write(&admin.punchmark.path("nonce"), &made.stdout, 0o600);
    ask(&admin, "peter", &["--challenge", "nonce"]);
    sign_later(&admin, &["peter.req"]).fails().says("expired");
    admin.assert_issued(1);
}

#[test]
fn a_role_is_tried_with_all_that_sign_knows() {
    let admin = admin();
    admin.key("peter", ED25519);
    let attempt = || {
        let attempt = ["role", "try", "engineer", "peter.req"];
        admin.punchmark.run(&attempt)
    };
    ask(&admin, "peter", &["--requester", "peter"]);
    let ran = sign(&admin, &["peter.req"]).exits(3);
    ran.says("only claimed");
    let ran = attempt().exits(3);
    assert!(
        ran.stdout.contains("if peter is who asks (only claimed"),
        "{ran}"
    );
    enrol(&admin, "peter", "peter");
    let ran = attempt().ok();
    assert!(
        ran.stdout.contains("would sign with users for peter:"),
        "{ran}"
    );
    sign(&admin, &["peter.req"]).ok();
    // A request is used once.
    attempt().fails().says("used before");
    ask(&admin, "peter", &["--requester", "peter"]);
    attempt().ok();
    let revoke = ["revoke", "--key", "peter.pub", "--reason", "lost", "--yes"];
    admin.punchmark.run(&revoke).ok();
    attempt().fails().says("revoked");
    let other = ["role", "try", "production", "peter.req"];
    admin.punchmark.run(&other).fails();
}

#[test]
fn nobody_asks_for_the_operators_role_or_beyond_their_own() {
    let admin = admin();
    admin.key("peter", ED25519);
    enrol(&admin, "peter", "peter");
    ask(&admin, "peter", &["--role", "operator"]);
    sign(&admin, &["-s", "users", "peter.req"])
        .exits(3)
        .says("cannot be asked for");
    ask(&admin, "peter", &["--role", "nothing"]);
    sign(&admin, &["-s", "users", "peter.req"])
        .exits(3)
        .says("no role `nothing`");
    ask(&admin, "peter", &["-n", "root"]);
    let attempt = [
        "role",
        "try",
        "engineer",
        "--requester",
        "peter",
        "peter.req",
    ];
    admin.punchmark.run(&attempt).exits(3);
    sign(&admin, &["peter.req"]).exits(3);
    ask(&admin, "peter", &["-V", "+52w"]);
    sign(&admin, &["peter.req"]).exits(3);
    sign(&admin, &["missing.req"])
        .exits(1)
        .says("missing.req: cannot be read");
    sign(&admin, &["-V", "+1h", "peter.req"])
        .exits(2)
        .says("says itself");
    admin.assert_issued(0);
}

#[test]
fn the_config_may_name_a_file_of_allowed_signers() {
    let admin = admin();
    admin.configure("allowed-signers = \"signers\"\n---\n");
    let key = keygen::public(&admin.key("peter", ED25519));
    let line = std::fs::read_to_string(key).unwrap();
    let file = admin.config_file().with_file_name("signers");
    write(
        &file,
        format!("peter namespaces=\"request@punchmark\" {line}"),
        0o644,
    );
    ask(&admin, "peter", &[]);
    sign(&admin, &["peter.req"]).ok();
    std::fs::remove_file(admin.punchmark.path("peter.req")).unwrap();
    for (options, warning) in [
        ("namespaces=\"!request@punchmark,*\"", None),
        ("cert-authority", None),
        (
            "valid-after=soon",
            Some("line 1: the value of `valid-after` is not in double quotes"),
        ),
    ] {
        write(&file, format!("peter {options} {line}"), 0o644);
        let request = ask(&admin, "peter", &[]);
        let ran = sign(&admin, &["peter.req"])
            .exits(3)
            .says("nobody is enrolled");
        if let Some(warning) = warning {
            ran.says(warning);
        }
        std::fs::remove_file(request).unwrap();
    }
}

#[test]
fn a_security_key_of_software_proves_nothing_by_its_attestation() {
    let admin = admin();
    write(&admin.punchmark.path("challenge"), [7; 32], 0o600);
    let mut keygen = admin.punchmark.prepare(bounded("ssh-keygen"));
    keygen.args([
        "-q", "-t", "ecdsa-sk", "-N", "", "-f", "peter", "-w", SK_DUMMY,
    ]);
    keygen.args([
        "-O",
        "challenge=challenge",
        "-O",
        "write-attestation=attestation",
    ]);
    run(&mut keygen).ok();
    enrol(&admin, "peter", "peter");
    let evidence = [
        "--attestation",
        "attestation",
        "--attestation-challenge",
        "challenge",
    ];
    // The key is one in a file by all that is known, with that evidence or without.
    let why = "FIDO attestation is not believed: self attestation";
    for (evidence, warning) in [(&evidence[..], why), (&[], "")] {
        ask(&admin, "peter", evidence);
        sign(&admin, &["peter.req"]).ok().says(warning);
        let reading = keygen::read(&admin.punchmark.path("peter-cert.pub"));
        assert_eq!(reading.principals, ["peter_file"]);
    }
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let strict = config.replace("\"mark\"", "\"require\"");
    write(&admin.config_file(), strict, 0o600);
    ask(&admin, "peter", &evidence);
    sign(&admin, &["peter.req"])
        .exits(3)
        .says(why)
        .says("punchmark attestation roots add FILE");
}

#[test]
fn a_ca_key_asks_for_nothing() {
    let admin = admin();
    let ca = admin.ca_file("users");
    let ca = ca.to_str().unwrap();
    let arguments = ["request", "--role", "engineer", "--key", ca, "--ca", ca];
    admin
        .punchmark
        .run(&arguments)
        .fails()
        .says("a CA key is never certified");
}

#[test]
fn keys_and_requests_stand_in_one_batch() {
    let admin = admin();
    for name in ["peter", "plain"] {
        admin.key(name, ED25519);
    }
    enrol(&admin, "peter", "peter");
    ask(&admin, "peter", &[]);
    admin.sign(&["-n", "x", "peter.req", "plain.pub"]).ok();
    let principals = |name: &str| keygen::read(&admin.punchmark.path(name)).principals;
    assert_eq!(principals("peter-cert.pub"), ["peter_file"]);
    assert_eq!(principals("plain-cert.pub"), ["x"]);
}

/// A hash with a typo would be kept for good, and the root that was meant stay trusted.
#[test]
fn a_hash_that_no_known_root_has_is_distrusted_only_by_a_typed_yes() {
    let admin = admin();
    let known = "SHA256:63ECE914E54DD87915F34033C85AF4C0696BA1512F8ADD66CED738331207B546";
    let typo = known.replace("63ECE", "63ECF");
    let distrust =
        |hash: &str| ["attestation", "roots", "distrust", hash, "--yes"].map(String::from);
    let words = "no root known here";
    let ran = admin.punchmark.run(&distrust(&typo)).fails().says(words);
    assert!(ran.stderr.contains("at a terminal"), "{ran}");
    let dry = [&distrust(&typo)[..], &["--dry-run".to_owned()]].concat();
    admin.punchmark.run(&dry).ok().says(words);
    for (answer, code) in [("y", 1), ("yes", 0)] {
        let mut command = admin.punchmark.on_a_terminal();
        command.args(distrust(&typo));
        let mut pty = Pty::start(command);
        pty.expect(words);
        pty.expect("Type yes if that is right: ");
        pty.type_line(answer);
        let (said, ended) = pty.finish();
        assert_eq!(ended, code, "{said}");
    }
    admin.punchmark.run(&distrust(known)).ok();
}

const ROLES: &str = "
[role.engineer]
ca         = \"users\"
requesters = [\"peter\", \"erik\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"1h\", maximum = \"8h\", back-date = \"5m\" }
extensions = { default = [\"permit-pty\"], allowed = [\"permit-port-forwarding\"] }
";
