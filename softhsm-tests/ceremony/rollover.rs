//! A new CA that is made in a room beside the old one, and the old one's end in a later room.

use std::fs;

use super::retire::{drawn, hold, people, ran};
use super::room::{Room, killed_at_every_write, words_of};
use super::run::held;
use crate::harness::keygen;
use crate::harness::sshd::{Configuration, Sshd};

/// Everything that it makes, but for the transcript.
const OUTPUTS: [&str; 8] = [
    "head.txt",
    "key-card.html",
    "ledger.pub",
    "punchmark.ledger",
    "transcript.jsonl.sig",
    "users2-trusted.pub",
    "users2.pub",
    "users2.sshd_config",
];

/// A room in which `users` was made by a ceremony, and `users2` is to be made.
pub(super) fn room() -> Room {
    let (room, words, _) = held("2");
    for name in ["peter", "erik"] {
        keygen::make(room.account.home(), name, keygen::ED25519);
    }
    fs::rename(room.account.path("ceremony"), room.account.path("first")).unwrap();
    room.write_plan(&drawn(&room, "rollover", Some(&words), &[]));
    room
}

fn sign(room: &Room, ca: &str, name: &str) {
    let key = format!("{name}.pub");
    let sign = [
        "sign", "-s", ca, "-I", name, "-n", "peter", "-V", "+1h", &key,
    ];
    ran(room, &sign).ok();
}

#[track_caller]
fn assert_made(room: &Room, words: &str) {
    room.verify(words, &OUTPUTS).ok();
    for class in ["privkey", "pubkey"] {
        assert_eq!(room.objects(class, "users2"), 1, "{class}");
    }
    let rollover = ran(room, &["ca", "rollover", "users", "--to", "users2"]).ok();
    assert!(rollover.stdout.contains("next: trusted"), "{rollover}");
    let exported = ran(room, &["ledger", "export"]).ok().stdout;
    assert_eq!(exported.matches("\"kind\":\"stage-reached\"").count(), 1);
    ran(room, &["ledger", "verify", "--signatures"]).ok();
}

#[test]
fn a_new_ca_is_made_beside_the_old_one_and_logs_in_before_and_after_its_end() {
    let room = room();
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    assert_made(&room, &words);
    sign(&room, "users", "peter");
    sign(&room, "users2", "erik");
    let both = room.output("users2-trusted.pub");
    assert_eq!(fs::read_to_string(&both).unwrap().lines().count(), 2);
    let path = |name: &str| room.account.path(name);
    let sshd = Sshd::start(&Configuration::users(&both, &["peter"]));
    sshd.login(&path("peter")).ok();
    sshd.login(&path("erik")).ok();
    drop(sshd);
    // Later, in another room, the old one ends.
    fs::rename(path("ceremony"), path("second")).unwrap();
    let both = path("second/users2-trusted.pub");
    let plan = drawn(&room, "retire", Some(&words), &["users2 took over"]);
    room.write_plan(&plan.replace("lock-out = false", "lock-out = true"));
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    let revoked = format!("RevokedKeys {}", room.output("revoked.krl").display());
    let sshd = Sshd::start(&Configuration::users(&both, &["peter"]).line(&revoked));
    assert_ne!(sshd.login(&path("peter")).code, Some(0));
    sshd.login(&path("erik")).ok();
    drop(sshd);
    let alone = path("second/users2.pub");
    let sshd = Sshd::start(&Configuration::users(&alone, &["peter"]));
    assert_ne!(sshd.login(&path("peter")).code, Some(0));
    sshd.login(&path("erik")).ok();
}

#[test]
fn killed_at_every_write_it_goes_on_and_makes_one_key_and_one_stage() {
    let room = room();
    let mut people = people(&room);
    let own = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let words = killed_at_every_write(10, &own, |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    assert_made(&room, &words);
}

#[test]
fn a_ca_of_hosts_takes_no_user_cas_place_and_each_line_that_was_dropped_is_found() {
    let room = room();
    let plan = room.text();
    let hosts = plan.replace("certificates = \"user\"", "certificates = \"host\"");
    assert_ne!(hosts, plan);
    room.write_plan(&hosts);
    let (shown, code) = hold(&room);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("they sign different kinds"), "{shown}");
    assert_eq!(room.objects("privkey", "users2"), 0, "{shown}");
    fs::remove_dir_all(room.account.path("ceremony")).unwrap();
    room.write_plan(&plan);
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    let file = room.output("transcript.jsonl");
    let whole = fs::read(&file).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(at);
        crate::harness::write(&file, dropped.concat(), 0o644);
        room.verify(&words, &OUTPUTS).exits(1);
    }
    crate::harness::write(&file, &whole, 0o644);
    // The ledger of before knows nothing of it.
    let ledger = room.output("punchmark.ledger");
    fs::copy(room.account.path("first/punchmark.ledger"), &ledger).unwrap();
    room.verify(&words, &OUTPUTS).exits(1).says("ledger");
}
