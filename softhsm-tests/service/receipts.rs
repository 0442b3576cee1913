//! Receipts: a client checks and keeps them, an auditor checks them again, and what was changed in one shows nothing.

use std::path::{Path, PathBuf};

use punchmark::ledger::checkpoint::Checkpoint;
use punchmark::ledger::note::{NoteKey, unverified_text};
use serde_json::{Value, json};
use ssh_key::PrivateKey;

use super::by_its_client::{log_in, peter};
use super::client::Client;
use super::room::Room;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::Ran;
use crate::harness::write;
use crate::login::User;

/// The folder of receipts of the only server that a user knows.
fn receipts(user: &User) -> PathBuf {
    let servers = user.path(".local/state/punchmark/servers");
    let server = servers.read_dir().unwrap().next().unwrap().unwrap();
    server.path().join("receipts")
}

/// The receipt of a serial.
fn receipt(user: &User, serial: u64) -> PathBuf {
    let mut all = receipts(user).read_dir().unwrap().flatten();
    let begin = format!("{serial}-");
    let found = all.find(|entry| entry.file_name().to_string_lossy().starts_with(&begin));
    found.unwrap().path()
}

fn check(room: &Room, file: &Path, signer: &str) -> Ran {
    let file = file.to_str().unwrap();
    let command = ["ledger", "receipt", file, "--signer", signer];
    room.admin.punchmark.run(&command)
}

/// A receipt with something else in it.
fn changed(room: &Room, file: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    let mut kept: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    change(&mut kept);
    let path = room.admin.punchmark.path("changed.json");
    write(&path, kept.to_string(), 0o600);
    path
}

/// A head that the ledger key signs, of so many entries and with a root of its own.
fn forged(room: &Room, head: &Checkpoint, size: u64) -> String {
    let key = PrivateKey::read_openssh_file(room.admin.punchmark.path("ledger_key")).unwrap();
    let other = Checkpoint {
        origin: head.origin.clone(),
        size,
        root: [7; 32],
    };
    let text = other.to_string();
    let signature = signature::Signer::try_sign(&key, text.as_bytes()).unwrap();
    let by = NoteKey::new(&head.origin, key.public_key().key_data()).unwrap();
    by.note(&text, &signature).unwrap()
}

fn head(user: &User) -> (PathBuf, Checkpoint) {
    let path = receipts(user).join("head");
    let note = std::fs::read_to_string(&path).unwrap();
    let head = Checkpoint::parse(unverified_text(&note).unwrap()).unwrap();
    (path, head)
}

fn get(user: &User, key: &str) -> Ran {
    let key = user.path(key);
    user.run(&["get", "--key", key.to_str().unwrap()])
}

fn room(receipts: &str) -> Room {
    Room::for_clients().with_ledger_key().serves(receipts)
}

fn with_keys(room: &Room) -> User {
    let user = peter(room);
    for name in ["one", "two", "three"] {
        keygen::make(user.path("").as_path(), name, ED25519);
    }
    user
}

#[test]
fn a_receipt_is_checked_and_kept_and_what_was_changed_in_one_shows_nothing() {
    let room = room("receipts = true");
    let (user, server) = (with_keys(&room), room.start());
    log_in(&user, &room).ok();
    get(&user, "one.pub")
        .ok()
        .says("role engineer, receipt checked");
    let first = head(&user).1;
    get(&user, "two.pub").ok().says("receipt checked");
    assert!(head(&user).1.size > first.size);
    server.end();
    // The server that starts again goes on where the one before ended.
    let server = room.start();
    get(&user, "three.pub").ok().says("receipt checked");
    server.end();

    let one = receipt(&user, 1);
    let holds = check(&room, &one, "ledger_key.pub").ok();
    assert!(holds.stdout.contains("serial 1 was reserved"), "{holds}");
    assert!(holds.stdout.contains("was issued"), "{holds}");
    let file = one.to_str().unwrap();
    let believed = room.admin.punchmark.run(&["ledger", "receipt", file]).ok();
    assert!(believed.stdout.contains("not checked"), "{believed}");

    // An auditor holds the ledger against what the client saw last.
    room.goes_on_from(&head(&user).0);

    let two = receipt(&user, 2);
    let other: Value = serde_json::from_slice(&std::fs::read(&two).unwrap()).unwrap();
    let origin = first.origin.clone();
    let wrong = |words: &str, change: &dyn Fn(&mut Value)| {
        let file = changed(&room, &one, |kept| change(kept));
        check(&room, &file, "ledger_key.pub").exits(1).says(words);
    };
    wrong("for another certificate", &|kept| {
        kept["certificate"] = other["certificate"].clone()
    });
    wrong("does not lead to its head", &|kept| {
        kept["receipt"]["entries"] = other["receipt"]["entries"].clone();
    });
    wrong("for another certificate", &|kept| {
        kept["receipt"] = other["receipt"].clone();
    });
    wrong("list of entries is malformed", &|kept| {
        kept["receipt"]["entries"].as_array_mut().unwrap().pop();
    });
    wrong("does not lead to its head", &|kept| {
        kept["receipt"]["entries"][1]["path"]
            .as_array_mut()
            .unwrap()
            .pop();
    });
    wrong("does not lead to its head", &|kept| {
        kept["receipt"]["entries"][0]["index"] = json!(0)
    });
    wrong("is not valid", &|kept| {
        let head = kept["receipt"]["head"].as_str().unwrap();
        kept["receipt"]["head"] = json!(head.replacen(&format!("\n{}", first.size), "\n999", 1));
    });
    wrong("the receipt's head", &|kept| {
        let head = kept["receipt"]["head"].as_str().unwrap();
        kept["receipt"]["head"] = json!(head.replace(&origin, "punchmark.ledger/0000000000000000"));
    });
    wrong("not the ledger key", &|kept| {
        let other = std::fs::read_to_string(user.path("one.pub")).unwrap();
        kept["receipt"]["key"] = json!(other.trim());
    });
    check(&room, &one, "peter.pub")
        .exits(1)
        .says("not the ledger key");
    room.ledger_is_right();
}

#[test]
fn a_ledger_that_is_another_than_before_is_told_and_nothing_is_taken() {
    let room = room("receipts = true");
    let (user, server) = (with_keys(&room), room.start());
    log_in(&user, &room).ok();
    get(&user, "one.pub").ok().says("receipt checked");
    let (path, seen) = head(&user);
    let real = std::fs::read(&path).unwrap();
    let refused = |note: &str, words: &str| {
        write(&path, note, 0o600);
        get(&user, "two.pub")
            .exits(1)
            .says(words)
            .says("another ledger than it did before");
        assert!(!user.path("two-cert.pub").exists());
    };
    // What the client saw is one that this ledger doesn't go on from.
    refused(&forged(&room, &seen, seen.size), "does not go on from");
    refused(&forged(&room, &seen, 10_000), "which had 10000 before");
    let elsewhere = Checkpoint {
        origin: "punchmark.ledger/0123456789abcdef".to_owned(),
        ..seen.clone()
    };
    refused(&forged(&room, &elsewhere, 3), "of ledger punchmark.ledger/");
    // Whatever was refused is no head that was seen.
    write(&path, real, 0o600);
    get(&user, "two.pub").ok().says("receipt checked");
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_key_of_its_own_signs_receipts_by_the_word_of_the_ledger_key() {
    let room = room("receipts = { key = \"receipts_key\" }");
    let made = room.admin.key("receipts_key", ED25519);
    let beside = room.folder().join("receipts_key");
    if made != beside {
        std::fs::copy(&made, &beside).unwrap();
    }
    let checked = || room.admin.punchmark.pinned(&["serve", "--check"]);
    checked().exits(1).says("receipts_key.delegation");
    let public = made.with_extension("pub");
    let public = public.to_str().unwrap();
    let delegate = [
        "ledger",
        "delegate-receipts",
        "--key",
        public,
        "--until",
        "+52w",
    ];
    room.admin.punchmark.run(&delegate).ok();
    let delegation = made.with_extension("delegation");
    let text = std::fs::read_to_string(&delegation).unwrap();
    let there = room.folder().join("receipts_key.delegation");
    let other = text.replacen("until ", "until 1", 1);
    write(&there, other, 0o644);
    checked()
        .exits(1)
        .says("not signed by the key that it names");
    write(&there, &text, 0o644);

    let (user, server) = (with_keys(&room), room.start());
    // The ledger key itself isn't wanted where the server is.
    log_in(&user, &room).ok();
    get(&user, "one.pub").ok().says("receipt checked");
    let one = receipt(&user, 1);
    let holds = check(&room, &one, "ledger_key.pub").ok();
    assert!(holds.stdout.contains("let do so by"), "{holds}");
    let without = changed(&room, &one, |kept| {
        kept["receipt"]
            .as_object_mut()
            .unwrap()
            .remove("delegation");
    });
    check(&room, &without, "ledger_key.pub")
        .exits(1)
        .says("not the ledger key");
    check(&room, &one, "receipts_key.pub")
        .exits(1)
        .says("not the ledger key");

    // Whose word was ended signs nothing; certificates go on, and the client says what is missing.
    let revoke = [
        "ledger",
        "key",
        "revoke",
        "receipts_key.pub",
        "--last-size",
        "0",
        "--reason",
        "lost",
    ];
    room.admin.punchmark.run(&revoke).ok();
    get(&user, "two.pub")
        .ok()
        .says("there is no receipt now")
        .says("gave receipts before");
    server.end();
    room.ledger_is_right();
}

#[test]
fn without_a_key_nothing_is_shown_and_that_is_said() {
    let room = Room::ready().serves("receipts = true");
    let (server, client, asked) = Client::with_request(&room);
    let issued = client.certificate(&asked).unwrap().is(201).json();
    assert_eq!(issued.get("receipt"), None);
    let warning = issued["warnings"][0].as_str().unwrap();
    assert!(warning.contains("no key at hand"), "{warning}");
    server.end();
    assert!(room.log().contains("no `ledger-key`"), "{}", room.log());
}

/// Certificates that are recorded together share one head; each has its own way to it.
#[test]
fn many_at_once_each_have_a_receipt_that_leads_to_a_head() {
    let room = Room::ready().with_ledger_key().serves("receipts = true");
    let peter = room.enrolled("peter");
    let server = room.start();
    let asking: Vec<_> = (0..12)
        .map(|at| {
            let key = format!("key{at}");
            room.admin.key(&key, ED25519);
            let client = Client::logged_in(room.port, &peter);
            let asked = room.request_file(&key, &client.challenge(), &[]);
            (client, asked)
        })
        .collect();
    let asking = asking.into_iter().map(|(client, asked)| {
        std::thread::spawn(move || {
            let issued = client.certificate(&asked).unwrap().is(201).json();
            let again = client.certificate(&asked).unwrap().is(200).json();
            assert_eq!(again["certificate"], issued["certificate"]);
            assert!(again["receipt"].is_object(), "{again}");
            issued
        })
    });
    let asking: Vec<_> = asking.collect();
    let key = std::fs::read_to_string(room.admin.punchmark.path("ledger_key.pub")).unwrap();
    for issued in asking {
        let issued = issued.join().unwrap();
        let kept = json!({ "certificate": issued["certificate"], "ledger-key": key.trim(), "receipt": issued["receipt"] });
        let file = room.admin.punchmark.path("kept.json");
        write(&file, kept.to_string(), 0o600);
        check(&room, &file, "ledger_key.pub").ok();
    }
    server.end();
    room.ledger_is_right();
}
