//! Whatever `revoke` takes, `krl` writes and OpenSSH loads; and a CA's own key is no other key.

use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::pty::Pty;
use crate::harness::write;

/// An argument of `revoke` and its value; a key stands in a file.
#[derive(Clone, Debug)]
enum Named {
    Serials(u64, u64),
    KeyId(String),
    Key(Vec<u8>),
}

fn named() -> impl Strategy<Value = Named> {
    let rsa = (1_usize..2_100, 1..=255_u8).prop_map(|(bytes, first)| {
        // A high bit would make the number negative.
        let sign = if first & 0x80 == 0 { vec![] } else { vec![0] };
        let modulus = [sign, vec![first], vec![0xa5; bytes - 1]].concat();
        strings(&[b"ssh-rsa", &[1, 0, 1], &modulus])
    });
    let curve = prop::sample::select(vec!["nistp256", "nistp384", "nistp521"]);
    let ecdsa = (curve, 0..6_u8, 0..140_usize).prop_map(|(curve, first, length)| {
        let name = format!("ecdsa-sha2-{curve}");
        let point = [vec![first], vec![7; length]].concat();
        strings(&[name.as_bytes(), curve.as_bytes(), &point])
    });
    let compressed = Just(strings(&[
        b"ecdsa-sha2-nistp256",
        b"nistp256",
        &[&[3][..], &[7; 32]].concat(),
    ]));
    let ed25519 = any::<[u8; 32]>().prop_map(|key| strings(&[b"ssh-ed25519", &key]));
    let other = "[a-z]{1,9}@example[.]com".prop_map(|name| strings(&[name.as_bytes(), b"x"]));
    prop_oneof![
        (any::<u64>(), any::<u64>()).prop_map(|(a, b)| Named::Serials(a, b)),
        (0..5_u64, 0..5_u64).prop_map(|(a, b)| Named::Serials(a, b)),
        "(\\PC|[#\n\r\t]){0,9}".prop_map(Named::KeyId),
        prop_oneof![rsa, ecdsa, compressed, ed25519, other].prop_map(Named::Key),
    ]
}

fn strings(fields: &[&[u8]]) -> Vec<u8> {
    let with_length = |field: &&[u8]| {
        let length = u32::try_from(field.len()).unwrap().to_be_bytes();
        [&length[..], field].concat()
    };
    fields.iter().flat_map(with_length).collect()
}

fn revoke(admin: &Admin, arguments: &[&str]) -> Ran {
    admin
        .punchmark
        .run(&[&["revoke", "--reason", "lost"], arguments].concat())
}

fn key_file(admin: &Admin, number: usize, blob: &[u8]) -> (String, PathBuf) {
    let name_len = usize::from(blob[3]);
    let name = std::str::from_utf8(&blob[4..4 + name_len]).unwrap();
    let file = format!("named{number}.pub");
    let path = admin.punchmark.path(&file);
    write(
        &path,
        format!("{name} {}\n", Base64::encode_string(blob)),
        0o644,
    );
    (file, path)
}

/// Revokes it, or follows the hint where it can't be named so. Gives the file of a key that
/// was taken as it is.
fn take(admin: &Admin, number: usize, named: &Named) -> Option<PathBuf> {
    match named {
        Named::Serials(first, last) => {
            let ran = revoke(admin, &["--serial", &format!("{first}-{last}")]);
            if (1..=*last).contains(first) {
                ran.ok()
            } else {
                ran.fails().says("serials run from 1 up")
            };
            None
        }
        Named::KeyId(key_id) => {
            revoke(admin, &["--key-id", key_id]).ok();
            None
        }
        Named::Key(blob) => {
            let (file, path) = key_file(admin, number, blob);
            let ran = revoke(admin, &["--key", &file]);
            if ran.code == Some(0) {
                return Some(path);
            }
            if let Some((_, print)) = ran.stderr.split_once("--fingerprint ") {
                revoke(admin, &["--fingerprint", print.trim()]).ok();
            } else {
                // What is no key in any form has no fingerprint either.
                ran.fails().says("there is no public key");
            }
            None
        }
    }
}

#[test]
fn whatever_is_revoked_openssh_loads_the_list_and_finds_every_key() {
    let admin = Admin::ready();
    let seed = std::env::var("PROPTEST_RNG_SEED").ok();
    let seed = seed.map_or(RngSeed::Random, |seed| {
        RngSeed::Fixed(seed.parse().unwrap())
    });
    let config = ProptestConfig {
        rng_seed: seed,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new(config);
    let names = named();
    let mut keys = Vec::new();
    for number in 0..120 {
        let named = names.new_tree(&mut runner).unwrap().current();
        keys.extend(take(&admin, number, &named));
        if number % 20 == 19 {
            assert_all_revoked(&admin, &keys);
        }
    }
    assert!(!keys.is_empty());
}

#[track_caller]
fn assert_all_revoked(admin: &Admin, keys: &[PathBuf]) {
    admin.punchmark.run(&["krl", "--out", "revoked.krl"]).ok();
    let krl = admin.punchmark.path("revoked.krl");
    run(bounded("ssh-keygen").arg("-Qlf").arg(&krl)).ok();
    admin.punchmark.run(&["krl", "show", "revoked.krl"]).ok();
    for key in keys {
        assert!(query(&krl, key).contains("REVOKED"), "{}", key.display());
    }
}

fn query(krl: &Path, key: &Path) -> String {
    run(bounded("ssh-keygen").arg("-Qf").arg(krl).arg(key)).stdout
}

/// `init` made it beside the config.
fn own_key(admin: &Admin) -> String {
    admin.ca_file("users").display().to_string()
}

#[test]
fn a_ca_s_own_key_is_recognised_and_never_revoked_without_a_person() {
    let admin = Admin::ready();
    for name in ["peter", "erik"] {
        admin.key(name, ED25519);
        admin.sign(&["-n", name, &format!("{name}.pub")]).ok();
    }
    let (file, print) = (
        own_key(&admin),
        keygen::fingerprint(&admin.ca_file("users")),
    );
    for selector in [["--key", &file], ["--fingerprint", &print]] {
        let ran = revoke(&admin, &[&selector[..], &["--yes"]].concat()).fails();
        ran.says("this is CA `users` itself: 2 certificates and all to come");
    }
    let ran = revoke(&admin, &["--key", &file, "--dry-run"]).ok();
    assert!(ran.stdout.contains("this is CA `users` itself"), "{ran}");
    let list = admin.punchmark.run(&["krl", "--out", "revoked.krl"]);
    list.ok();
    let krl = admin.punchmark.path("revoked.krl");
    assert!(query(&krl, &admin.ca_file("users")).contains(": ok"));
}

#[test]
fn a_ca_s_own_key_is_revoked_by_its_typed_name_alone() {
    let admin = Admin::ready();
    let file = own_key(&admin);
    for (typed, code) in [("yes", 1), ("users", 0)] {
        let mut command = admin.punchmark.on_a_terminal();
        command.args(["revoke", "--yes", "--key", &file]);
        let mut pty = Pty::start(command);
        pty.expect("Type the CA's name to revoke it: ");
        pty.type_line(typed);
        let (rest, ended) = pty.finish();
        assert_eq!(ended, code, "{rest}");
    }
    let ran = admin.punchmark.run(&["krl", "--out", "revoked.krl"]);
    ran.ok();
    let krl = admin.punchmark.path("revoked.krl");
    assert!(query(&krl, &admin.ca_file("users")).contains("REVOKED"));
}
