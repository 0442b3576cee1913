//! CA keys in an ssh-agent and in files, which need a word of permission.

use std::os::unix::net::UnixListener;
use std::path::Path;

use punchmark::ledger::{Ledger, Origin};

use crate::harness::admin::Admin;
use crate::harness::agent::{Agent, between};
use crate::harness::keygen::{self, ED25519, P256, P384, P521, RSA_1024, RSA_2048, Subject};
use crate::harness::token::Token;
use crate::harness::write;

const KINDS: [Subject; 5] = [RSA_2048, P256, P384, P521, ED25519];

fn locator(key: &Path, agent: &Path) -> String {
    let fingerprint = keygen::fingerprint(&keygen::public(key));
    format!("agent:{fingerprint}?socket={}", agent.display())
}

fn file(key: &Path) -> String {
    format!("file:{}", key.display())
}

fn adopt(admin: &Admin, locator: &str) -> crate::harness::process::Ran {
    let allow = ["--allow-software-key", "--next-serial", "1"];
    let arguments = [&["adopt", "users", "--key", locator][..], &allow].concat();
    admin.punchmark.pinned(&arguments)
}

/// `ssh-keygen` reads the certificate, and names the CA and its signature's algorithm.
#[track_caller]
fn assert_signed(admin: &Admin, ca: &Path, algorithm: &str) {
    let reading = keygen::read(&admin.punchmark.path("key-cert.pub"));
    let by = reading.field("Signing CA");
    assert!(
        by.contains(&keygen::fingerprint(&keygen::public(ca))),
        "{by}"
    );
    assert!(by.ends_with(&format!("(using {algorithm})")), "{by}");
}

#[test]
fn every_kind_of_key_in_an_agent_signs() {
    let agent = Agent::start();
    for kind in KINDS {
        let admin = Admin::new(Token::softhsm()).and_key("key");
        let ca = admin.key("ca", kind);
        agent.add(&ca, &[]);
        adopt(&admin, &locator(&ca, &agent.socket())).ok();
        // The agent is all that is asked.
        std::fs::remove_file(&ca).unwrap();
        admin.sign(&["-n", "peter", "key.pub"]).ok();
        let algorithm = match kind {
            RSA_2048 => "rsa-sha2-512".to_owned(),
            ED25519 => "ssh-ed25519".to_owned(),
            curve => format!("ecdsa-sha2-nistp{}", curve.1),
        };
        assert_signed(&admin, &ca, &algorithm);
        if kind == RSA_2048 {
            admin
                .sign(&["-t", "rsa-sha2-256", "-n", "peter", "key.pub"])
                .ok();
            assert_signed(&admin, &ca, "rsa-sha2-256");
        }
    }
}

/// OpenSSH leaves out the zero byte that one P-256 key in 256 begins with.
#[test]
fn a_p256_key_that_begins_with_a_zero_byte_signs_in_a_file_and_in_a_token() {
    let admin = Admin::new(Token::softhsm()).and_key("key");
    let ca = admin.punchmark.path("short");
    write(&ca, include_str!("vectors/private-keys/short"), 0o600);
    let public = include_str!("vectors/private-keys/short.pub");
    write(&keygen::public(&ca), public, 0o644);
    adopt(&admin, &file(&ca)).ok();
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    assert_signed(&admin, &ca, "ecdsa-sha2-nistp256");

    let other = Admin::new(Token::softhsm()).and_key("key");
    let from = ca.display().to_string();
    let key = other.token.locator("users");
    let import = ["import", "users", "--from", &from, "--next-serial", "1"];
    other
        .punchmark
        .pinned(&[&import[..], &["--key", &key]].concat())
        .ok();
    other.sign(&["-n", "peter", "key.pub"]).ok();
    assert_signed(&other, &ca, "ecdsa-sha2-nistp256");
}

#[test]
fn the_agent_of_the_environment_is_asked_where_none_is_named() {
    let agent = Agent::start();
    let mut admin = Admin::new(Token::softhsm()).and_key("key");
    let ca = admin.key("ca", P256);
    agent.add(&ca, &[]);
    let key = format!("agent:{}", keygen::fingerprint(&keygen::public(&ca)));
    adopt(&admin, &key).exits(1).says("$SSH_AUTH_SOCK");
    admin.punchmark = admin.punchmark.with("SSH_AUTH_SOCK", agent.socket());
    adopt(&admin, &key).ok();
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    assert_signed(&admin, &ca, "ecdsa-sha2-nistp256");
}

#[test]
fn a_key_in_software_is_never_taken_silently_and_the_ledger_keeps_what_it_is() {
    let admin = Admin::new(Token::softhsm()).and_key("key");
    let ca = admin.key("ca", P256);
    let ran = admin.adopt("users", &file(&ca)).exits(1);
    ran.says("a key in software").says("--allow-software-key");
    adopt(&admin, &file(&ca)).ok();
    let ledger = Ledger::open_to_read(&admin.ledger_file()).unwrap();
    let ca = ledger.cas().unwrap().pop().unwrap();
    assert_eq!(ca.added().origin, Origin::Software);
    let shown = admin.punchmark.run(&["ca", "show", "users"]).ok();
    assert!(shown.stdout.contains("in software"), "{shown}");
    let ran = admin.punchmark.pinned(&[
        "init",
        "other",
        "--key",
        "file:/tmp/x",
        "--algorithm",
        "p256",
    ]);
    ran.exits(1).says("neither made in");
}

#[test]
fn a_ca_in_hardware_is_not_moved_to_a_file_by_its_config() {
    let admin = Admin::ready();
    admin.key("key", ED25519);
    let ca = admin.key("ca", P256);
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let key = config
        .lines()
        .find(|line| line.starts_with("key "))
        .unwrap();
    let moved = config.replace(key, &format!("key = '{}'", file(&ca)));
    std::fs::write(admin.config_file(), moved).unwrap();
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("was recorded with one in hardware");
    admin.assert_issued(0);
}

#[test]
fn every_kind_of_key_file_signs_with_and_without_a_passphrase() {
    for kind in KINDS {
        let admin = Admin::new(Token::softhsm()).and_key("key");
        let ca = admin.key("ca", kind);
        adopt(&admin, &file(&ca)).ok();
        admin.sign(&["-n", "peter", "key.pub"]).ok();
        keygen::encrypt(&ca, "correct horse");
        admin.punchmark.write_pin("pin", "correct horse");
        admin.sign(&["-n", "peter", "key.pub"]).ok();
        admin.punchmark.write_pin("pin", "wrong horse");
        let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
        assert!(!ran.stderr.contains("horse"), "{ran}");
        ran.says("wrong passphrase");
        admin.assert_issued(2);
    }
}

#[test]
fn a_path_that_is_relative_is_meant_from_here_and_kept_absolute() {
    let admin = Admin::new(Token::softhsm()).and_key("key");
    let ca = admin.key("ca", ED25519);
    adopt(&admin, "file:ca").ok();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    assert!(config.contains(&format!("\"{}\"", file(&ca))), "{config}");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let other = Admin::new(Token::softhsm());
    adopt(&other, "file:").exits(2).says("file:/path/to/ca_key");
}

#[test]
fn a_key_file_that_ssh_would_not_use_is_not_used() {
    let admin = Admin::new(Token::softhsm()).and_key("key");
    let ca = admin.key("ca", P256);
    let text = std::fs::read_to_string(&ca).unwrap();
    write(&ca, &text, 0o640);
    let ran = adopt(&admin, &file(&ca)).exits(1);
    ran.says("others can read it (mode 0640)").says("chmod 600");
    for (name, words) in [
        ("missing", "cannot be read"),
        ("key.pub", "others can read"),
    ] {
        let path = admin.punchmark.path(name);
        adopt(&admin, &file(&path)).exits(1).says(words);
    }
    let short = admin.key("short", RSA_1024);
    adopt(&admin, &file(&short)).exits(1).says("1024 bits");
}

#[test]
fn another_key_under_the_same_path_signs_nothing() {
    let admin = Admin::new(Token::softhsm()).and_key("key");
    let ca = admin.key("ca", P256);
    adopt(&admin, &file(&ca)).ok();
    std::fs::rename(admin.key("other", P256), &ca).unwrap();
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("is not that of CA `users`");
    admin.assert_issued(0);
}

#[test]
fn an_agent_that_is_gone_refuses_or_does_not_have_the_key_is_said_so() {
    let mut agent = Agent::start();
    let admin = Admin::new(Token::softhsm()).and_key("key");
    let ca = admin.key("ca", P256);
    let key = locator(&ca, &agent.socket());
    let ran = adopt(&admin, &key).exits(1);
    ran.says("no private key matches agent:SHA256:")
        .says("seen: none");
    agent.add(&ca, &["-c"]);
    adopt(&admin, &key).exits(1).says("the agent refuses");
    agent.add(&ca, &[]);
    adopt(&admin, &key).ok();
    agent.kill();
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("ssh-agent key SHA256:").says("socket ");
    admin.assert_issued(0);
}

#[test]
fn a_certificate_in_the_agent_is_not_the_key() {
    let agent = Agent::start();
    let admin = Admin::new(Token::softhsm()).and_key("key");
    let ca = admin.key("ca", P256);
    adopt(&admin, &file(&ca)).ok();
    let key = admin.punchmark.path("key");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    // The key and its certificate; then, with no certificate beside it, the key goes.
    agent.add(&key, &[]);
    std::fs::remove_file(keygen::certificate(&key)).unwrap();
    agent.add(&key, &["-d"]);
    assert!(agent.list().contains("-CERT"), "{}", agent.list());
    let locator = locator(&key, &agent.socket());
    let allow = ["--allow-software-key", "--next-serial", "1"];
    let arguments = [&["adopt", "other", "--key", &locator][..], &allow].concat();
    let ran = admin.punchmark.pinned(&arguments).exits(1);
    ran.says("no private key matches");
}

#[test]
fn a_lying_agent_signs_nothing_that_is_released() {
    let agent = Agent::start();
    let ca_of = |admin: &Admin| {
        let ca = admin.key("ca", RSA_2048);
        agent.add(&ca, &[]);
        ca
    };
    for (name, lie, words) in LIES {
        let admin = Admin::new(Token::softhsm()).and_key("key");
        let ca = ca_of(&admin);
        adopt(&admin, &locator(&ca, &agent.socket())).ok();
        let socket = admin.punchmark.path("liar");
        let listener = UnixListener::bind(&socket).unwrap();
        between(listener, agent.socket(), lie);
        let config = std::fs::read_to_string(admin.config_file()).unwrap();
        let config = config.replace(
            &agent.socket().display().to_string(),
            &socket.display().to_string(),
        );
        std::fs::write(admin.config_file(), config).unwrap();
        let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
        assert!(ran.stderr.contains(words), "{name}\n{ran}");
        admin.assert_issued(0);
    }
}

type Lie = (&'static str, fn(Vec<u8>) -> Vec<u8>, &'static str);

/// What becomes of an answer that holds a signature.
const LIES: [Lie; 4] = [
    ("a flipped bit", flipped, "thrown away"),
    ("SHA-1", sha1, "signed with ssh-rsa, not with rsa-sha2-512"),
    ("nonsense", nonsense, "makes no sense"),
    ("too long", too_long, "where 262144 are the most"),
];

fn flipped(mut answer: Vec<u8>) -> Vec<u8> {
    *answer.last_mut().unwrap() ^= 1;
    answer
}

fn sha1(_answer: Vec<u8>) -> Vec<u8> {
    let blob = [b"\0\0\0\x07ssh-rsa\0\0\x01\0".as_slice(), &[7; 256]].concat();
    let length = u32::try_from(blob.len()).unwrap().to_be_bytes();
    [&[14][..], &length, &blob].concat()
}

fn nonsense(mut answer: Vec<u8>) -> Vec<u8> {
    answer.truncate(20);
    answer
}

fn too_long(_answer: Vec<u8>) -> Vec<u8> {
    vec![14; 262_145]
}
