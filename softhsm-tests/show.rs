//! `show` as a gate for scripts: what it lets through, and what it stops.

use std::fs;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::process::{bounded, run};

/// Peter has serial 1, valid for an hour.
fn ready() -> Admin {
    let admin = Admin::ready();
    admin.key("peter", ED25519);
    admin.sign(&["-n", "peter", "-V", "+1h", "peter.pub"]).ok();
    admin
}

#[test]
fn a_certificate_of_the_ledger_passes_until_it_is_over_or_revoked() {
    let admin = ready();
    let show = |arguments: &[&str]| {
        let all = [&["show", "peter-cert.pub"], arguments].concat();
        admin.punchmark.run(&all)
    };
    let shown = show(&[]).ok().stdout;
    let words = "- signed by your CA users, serial 1 in the ledger, not revoked";
    assert!(shown.contains(words), "{shown}");
    assert!(
        show(&["--at", "+2h"])
            .exits(1)
            .stdout
            .contains("! it has expired")
    );
    assert!(
        show(&["--at", "-1d"])
            .exits(1)
            .stdout
            .contains("! it is not yet valid")
    );
    show(&["--at", "nonsense"]).exits(2);
    let revoke = ["revoke", "--serial", "1", "--reason", "left the team"];
    admin.punchmark.run(&revoke).ok();
    let shown = show(&[]).exits(1).stdout;
    assert!(shown.contains("! it was revoked"), "{shown}");
    assert!(shown.contains("left the team"), "{shown}");
    let json = show(&["--json"]).exits(1).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["ok"], false);
    assert_eq!(json["ledger"]["ca"], "users");
    assert_eq!(json["ledger"]["revoked"]["reason"], "left the team");
}

#[test]
fn a_signature_that_is_not_valid_and_a_weak_key_are_stopped() {
    let admin = ready();
    let path = |name: &str| admin.punchmark.path(name);
    let line = fs::read_to_string(path("peter-cert.pub")).unwrap();
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    // Among the last bytes are those of the signature.
    let at = words[1].trim_end_matches('=').len() - 6;
    let other = if &words[1][at..=at] == "A" { "B" } else { "A" };
    words[1].replace_range(at..=at, other);
    fs::write(path("forged-cert.pub"), words.join(" ")).unwrap();
    let shown = admin
        .punchmark
        .run(&["show", "forged-cert.pub"])
        .exits(1)
        .stdout;
    assert!(
        shown.contains("! the CA's signature is not valid"),
        "{shown}"
    );
    assert!(!shown.contains("your CA"), "{shown}");
    run(bounded("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "1024", "-N", "", "-f"])
        .arg(path("weak")))
    .ok();
    let shown = admin.punchmark.run(&["show", "weak.pub"]).exits(1).stdout;
    assert!(shown.contains("! it cannot be certified"), "{shown}");
}

#[test]
fn a_certificate_that_the_ledger_lacks_is_stopped() {
    let admin = Admin::ready();
    admin.key("peter", ED25519);
    admin.sign(&["-n", "peter", "-V", "+1h", "peter.pub"]).ok();
    let other = ready();
    let stranger = other.punchmark.path("peter-cert.pub");
    let stranger = stranger.to_str().unwrap();
    // Whoever has signed it is no CA of this config: worth a word, and nobody's fault.
    let shown = admin.punchmark.run(&["show", stranger]).ok().stdout;
    assert!(shown.contains("knows no CA"), "{shown}");
    assert!(!shown.contains("your CA"), "{shown}");
}

#[test]
fn one_lines_fault_is_that_lines() {
    let admin = ready();
    let path = |name: &str| admin.punchmark.path(name);
    let key = fs::read_to_string(path("peter.pub")).unwrap();
    let cut = &key[..50];
    fs::write(
        path("keys"),
        format!("# ours\n{key}{cut}\nno key at all\n{key}"),
    )
    .unwrap();
    let shown = admin.punchmark.run(&["show", "keys"]).exits(1);
    for name in ["keys:2:", "keys:5:"] {
        assert!(shown.stdout.contains(name), "{shown}");
    }
    let shown =
        shown.says("keys:3: there is no public key in OpenSSH form: this is a ssh-ed25519 key");
    assert!(!shown.stdout.contains("keys:4"), "{shown}");
}

#[test]
fn a_private_keys_path_means_the_pub_beside_it() {
    let admin = ready();
    let shown = admin.punchmark.run(&["show", "peter"]).ok().stdout;
    assert!(shown.contains("public key    Ed25519"), "{shown}");
    fs::rename(admin.punchmark.path("peter"), admin.punchmark.path("alone")).unwrap();
    admin
        .punchmark
        .run(&["show", "alone"])
        .exits(1)
        .says("this is a private key, and no public key lies beside it")
        .says("ssh-keygen -y");
}

#[test]
fn krls_heads_and_proofs_are_known_by_sight() {
    let admin = ready();
    admin
        .punchmark
        .run(&["revoke", "--serial", "1", "--reason", "lost"])
        .ok();
    admin.punchmark.run(&["krl", "--out", "revoked.krl"]).ok();
    admin.key("ledger_key", ED25519);
    let head = ["ledger", "checkpoint", "--key", "ledger_key"];
    let head = admin.punchmark.run(&head).ok().stdout;
    fs::write(admin.punchmark.path("head"), head).unwrap();
    let proof = admin
        .punchmark
        .run(&["ledger", "prove", "users", "1"])
        .ok()
        .stdout;
    fs::write(admin.punchmark.path("proof"), proof).unwrap();
    let shown = admin
        .punchmark
        .run(&["show", "revoked.krl", "head", "proof"])
        .ok()
        .stdout;
    for words in [
        "KRL         a key",
        "head of     punchmark.ledger/",
        "proof of ",
    ] {
        assert!(shown.contains(words), "{words} is not in\n{shown}");
    }
    let json = admin
        .punchmark
        .run(&["show", "--json", "revoked.krl", "head", "proof"])
        .ok()
        .stdout;
    let kinds: Vec<_> = json
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["is"].clone())
        .collect();
    assert_eq!(kinds, ["krl", "head", "proof"]);
}

/// Keys and a certificate that OpenSSH 10.5 made.
#[test]
fn a_key_of_ml_dsa_and_ed25519_is_certified_shown_and_revoked() {
    let admin = Admin::ready();
    let vectors = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/softhsm-tests/vectors/mldsa44-ed25519"
    );
    for name in ["key.pub", "key-cert.pub"] {
        let from = format!("{vectors}/{name}");
        fs::copy(from, admin.punchmark.path(&format!("theirs-{name}"))).unwrap();
    }
    let theirs = admin.punchmark.run(&["show", "theirs-key-cert.pub"]).stdout;
    assert!(
        theirs.contains("ssh-mldsa44-ed25519-cert-v01@openssh.com"),
        "{theirs}"
    );
    assert!(!theirs.contains("signature is not valid"), "{theirs}");
    admin
        .sign(&["-n", "peter", "-V", "+1h", "theirs-key.pub"])
        .ok();
    let shown = admin
        .punchmark
        .run(&["show", "theirs-key-cert.pub"])
        .ok()
        .stdout;
    assert!(shown.contains("ML-DSA-44 with Ed25519"), "{shown}");
    assert!(
        shown.contains("signed by your CA users, serial 1"),
        "{shown}"
    );
    let revoke = [
        "revoke",
        "--key",
        "theirs-key.pub",
        "--reason",
        "lost",
        "--yes",
    ];
    admin.punchmark.run(&revoke).ok();
    admin.punchmark.run(&["krl", "--out", "revoked.krl"]).ok();
    let check = ["krl", "check", "-f", "revoked.krl", "theirs-key.pub"];
    assert!(
        admin
            .punchmark
            .run(&check)
            .exits(1)
            .stdout
            .contains("REVOKED")
    );
}
