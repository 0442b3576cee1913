//! `punchmark known fetch`: what a server takes, by the same code as a KRL.

use super::{Known, number};
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run};

fn fetch(known: &Known, more: &[&str]) -> Ran {
    let fetch = [
        "known",
        "fetch",
        "users.known",
        "--out",
        "here.known",
        "--signer",
        "ledger_key.pub",
    ];
    known.admin.punchmark.run(&[&fetch[..], more].concat())
}

#[track_caller]
fn taken(ran: &Ran, words: &str) {
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.starts_with("OK: here.known: version "), "{ran}");
    assert!(ran.stdout.contains(words), "{words:?} {ran}");
}

/// Whatever lies at the source now is not taken, and what is here stays.
#[track_caller]
fn refused(known: &Known, more: &[&str], words: &str) {
    let here = known.read("here.known");
    let ran = fetch(known, more);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stdout.starts_with("CRITICAL: "), "{ran}");
    assert!(ran.stdout.contains(words), "{words:?} {ran}");
    assert_eq!(known.read("here.known"), here);
}

fn write(known: &Known, name: &str, bytes: &[u8]) {
    std::fs::write(known.admin.punchmark.path(name), bytes).unwrap();
}

/// Signed by hand, as the ledger key's owner could.
fn sign(known: &Known, key: &str, namespace: &str) {
    let path = |name: &str| known.admin.punchmark.path(name);
    let _ = std::fs::remove_file(path("users.known.sig"));
    let mut keygen = bounded("ssh-keygen");
    keygen.args(["-q", "-Y", "sign", "-n", namespace, "-f"]);
    run(keygen.args([path(key), path("users.known")])).ok();
}

#[test]
fn a_list_is_put_in_place_left_alone_and_replaced_and_never_goes_back() {
    let known = Known::ready();
    known.make(&[]).ok();
    taken(&fetch(&known, &[]), "knows 2, 1 for emergencies: replaced");
    taken(&fetch(&known, &[]), "unchanged");
    let older: Vec<_> = ["users.known", "users.known.sig"]
        .map(|name| known.read(name))
        .into();
    known.sign("ole");
    known.make(&[]).ok();
    taken(&fetch(&known, &[]), "knows 3, 1 for emergencies: replaced");
    write(&known, "users.known", &older[0]);
    write(&known, "users.known.sig", &older[1]);
    refused(&known, &[], "is older than version");
    // Neither where the newer one is gone or broken.
    for damage in [&b""[..], b"punchmark known 1\n"] {
        write(&known, "here.known", damage);
        refused(&known, &[], "is older than version");
    }
    let json = fetch(&known, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["state"], "critical");
    assert_eq!(json["list"], "kept");
}

#[test]
fn what_the_ledger_key_did_not_sign_for_this_is_not_taken() {
    let known = Known::ready();
    known.make(&[]).ok();
    taken(&fetch(&known, &[]), "replaced");
    known.sign("ole");
    known.make(&[]).ok();
    keygen::make(known.admin.punchmark.home(), "strange", ED25519);
    sign(&known, "strange", "known@punchmark");
    refused(&known, &[], "who is not the signer");
    sign(&known, "ledger_key", "krl@punchmark");
    refused(&known, &[], "namespace \"krl@punchmark\"");
    let whole = known.read("users.known");
    sign(&known, "ledger_key", "known@punchmark");
    write(&known, "users.known", &whole[..whole.len() - 1]);
    refused(&known, &[], "not the signature of this list");
    sign(&known, "ledger_key", "known@punchmark");
    refused(&known, &[], "signed, but no list of known certificates");
    // A KRL is none, however it is signed.
    let krl = ["krl", "--out", "revoked.krl"];
    known.admin.punchmark.run(&krl).ok();
    write(&known, "users.known", &known.read("revoked.krl"));
    sign(&known, "ledger_key", "known@punchmark");
    refused(&known, &[], "signed, but no list of known certificates");
    write(&known, "users.known", &whole);
    sign(&known, "ledger_key", "known@punchmark");
    taken(&fetch(&known, &[]), "replaced");
    let other = ["--name", "partner"];
    refused(&known, &other, "named \"users\", not \"partner\"");
}

#[test]
fn a_rollover_of_the_ledger_key_is_followed_and_a_revoked_one_signs_nothing() {
    let known = Known::ready();
    let run = |arguments: &[&str]| known.admin.punchmark.run(arguments);
    known.make(&[]).ok();
    taken(&fetch(&known, &[]), "replaced");
    keygen::make(known.admin.punchmark.home(), "next_key", ED25519);
    let roll = ["ledger", "key", "rollover", "--old", "ledger_key"];
    run(&[&roll[..], &["--new", "next_key"]].concat()).ok();
    known.make(&["--ledger-key", "next_key"]).ok();
    taken(&fetch(&known, &[]), "took over as the key that signs");
    // The old one signs a newer list, which a server that followed takes no more.
    let list = String::from_utf8_lossy(&known.read("users.known")).into_owned();
    let version = number(list.as_bytes(), "version ");
    let head = list.find("version").unwrap();
    let mut bytes = known.read("users.known");
    let newer = format!("version {}", version + 9);
    bytes[head..head + newer.len()].copy_from_slice(newer.as_bytes());
    write(&known, "users.known", &bytes);
    sign(&known, "ledger_key", "known@punchmark");
    refused(&known, &[], "took over");
    // A KRL of the machine revokes the key that signs now.
    let revoke = [
        "ledger",
        "key",
        "revoke",
        "next_key.pub",
        "--reason",
        "stolen",
        "--last-size",
        "1",
        "--yes",
    ];
    run(&revoke).ok();
    keygen::make(known.admin.punchmark.home(), "third_key", ED25519);
    run(&["krl", "--out", "revoked.krl", "--ledger-key", "third_key"]).ok();
    write(&known, "users.known", &bytes);
    sign(&known, "next_key", "known@punchmark");
    refused(&known, &["--krl", "revoked.krl"], "which was revoked");
    known.make(&["--ledger-key", "next_key"]).exits(1);
}

#[test]
fn a_list_grows_old_by_the_hour() {
    let known = Known::ready();
    known.make(&[]).ok();
    let list = known.read("users.known");
    let generated = number(&list, "generated ");
    for (ago, code, word) in [
        (30 * 60, 0, "OK"),
        (90 * 60, 1, "WARNING"),
        (3 * 3600, 2, "CRITICAL"),
    ] {
        let text = |time| format!("generated {time}\n");
        let (now, then) = (text(generated), text(generated - ago));
        let at = list
            .windows(now.len())
            .position(|part| part == now.as_bytes());
        let mut old = list.clone();
        let at = at.unwrap();
        old[at..at + then.len()].copy_from_slice(then.as_bytes());
        write(&known, "users.known", &old);
        sign(&known, "ledger_key", "known@punchmark");
        for file in ["here.known", "here.known.mark"] {
            let _ = std::fs::remove_file(known.admin.punchmark.path(file));
        }
        let ran = fetch(&known, &[]);
        assert_eq!(ran.code, Some(code), "{ran}");
        assert!(ran.stdout.starts_with(&format!("{word}: ")), "{ran}");
    }
}
