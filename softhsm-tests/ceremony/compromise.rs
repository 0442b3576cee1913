//! The night in which a CA's key was stolen: a new door first, then the old one is closed.

use std::fs;

use serde_json::json;

use super::people::People;
use super::retire::{drawn, people, ran};
use super::room::{Room, date, killed_within, words_of};
use super::run::held;
use crate::harness::keygen;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::write;

/// Everything that it makes, but for the transcript.
pub(super) const OUTPUTS: [&str; 12] = [
    "emergency-1-cert.pub",
    "emergency-1.test-cert.pub",
    "head.txt",
    "key-card.html",
    "ledger.pub",
    "punchmark.ledger",
    "revoked.krl",
    "revoked.krl.sig",
    "transcript.jsonl.sig",
    "users2-trusted.pub",
    "users2.pub",
    "users2.sshd_config",
];

pub(super) const ROLE: &str = "
[role.emergency]
ca         = \"users2\"
requesters = [\"erik\"]
principals = [\"peter\"]
storage    = \"ignore\"
lifetime   = { default = \"1h\", maximum = \"8h\", back-date = \"1h\" }
extensions = { default = [\"permit-pty\"], allowed = [\"permit-pty\"] }
";

/// A room whose CA's key is gone with the thief: nothing of it is in the room, and somebody has a
/// certificate of it.
pub(super) fn room() -> Room {
    let (room, words, _) = held("2");
    for name in ["peter", "erik"] {
        keygen::make(room.account.home(), name, keygen::ED25519);
    }
    let sign = [
        "sign",
        "-s",
        "users",
        "-I",
        "x",
        "-n",
        "peter",
        "-V",
        "+1h",
        "peter.pub",
    ];
    ran(&room, &sign).ok();
    room.token.delete_key("users");
    fs::rename(room.account.path("ceremony"), room.account.path("first")).unwrap();
    let config = room.account.path("ca/punchmark.toml");
    let text = fs::read_to_string(&config).unwrap();
    write(&config, format!("{text}{ROLE}"), 0o644);
    plan_for(&room, &words);
    room
}

/// Writes the plan of that night, behind the ceremony with these words: erik gets in first.
pub(super) fn plan_for(room: &Room, words: &str) {
    let key = fs::read_to_string(room.account.path("erik.pub")).unwrap();
    let own = [
        "the token was stolen",
        "erik",
        key.trim(),
        "emergency",
        "erik, emergency",
    ];
    let plan = drawn(room, "compromise", Some(words), &own);
    let plan = plan.replacen("[\"?\"]", "[\"web1\", \"web2\"]", 1);
    let plan = plan.replacen("[\"?\"]", "[\"peter\"]", 1);
    // The certificate is for a few hours, the window is wider.
    let (before, emergency) = plan.split_once("[[emergency]]").unwrap();
    let emergency = emergency
        .replace(&date("-1 day"), &date("-1 minute"))
        .replace(&date("+1 day"), &date("+4 hours"));
    room.write_plan(&format!("{before}[[emergency]]{emergency}"));
}

/// What a server says when it has the file with both keys, in this folder.
pub(super) fn report_in(room: &Room, folder: &str, server: &str, trusts: &[&str]) {
    let folder = room.account.path(folder);
    fs::create_dir_all(&folder).unwrap();
    let print =
        |file: &&str| json!({ "fingerprint": keygen::fingerprint(&room.account.path(file)) });
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let report = json!({
        "punchmark-doctor": 1, "host": server, "state": "ok", "time": now.unwrap().as_secs(),
        "cas": trusts.iter().map(print).collect::<Vec<_>>(), "list": null,
    });
    write(
        &folder.join(format!("{server}.json")),
        report.to_string(),
        0o644,
    );
}

fn report(room: &Room, server: &str, trusts: &[&str]) {
    report_in(room, "reports", server, trusts);
}

fn key_with_certificate(room: &Room) -> std::path::PathBuf {
    let beside = room.account.path("erik-cert.pub");
    fs::copy(room.output("emergency-1-cert.pub"), beside).unwrap();
    room.account.path("erik")
}

/// Whoever locks out says so in full, where they are asked for the servers.
pub(super) fn who_lock_out(room: &Room) -> People {
    let mut people = people(room);
    locks_out(&mut people);
    people
}

pub(super) fn locks_out(people: &mut People) {
    let servers = "let somebody in by a certificate of the new CA";
    people
        .instead
        .push((servers.to_owned(), "yes, lock out".to_owned()));
}

fn entries(room: &Room, kind: &str) -> usize {
    let exported = ran(room, &["ledger", "export"]).ok().stdout;
    exported.matches(&format!("\"kind\":\"{kind}\"")).count()
}

#[test]
fn a_new_door_is_open_everywhere_before_the_old_key_is_shut_out() {
    let room = room();
    let (shown, code) = people(&room).hold(room.start());
    assert_eq!(code, 1, "{shown}");
    for words in ["stage `trusted` is blocked", "web1: it sent no report"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // The new key is there, and lets in whom the plan has; the old one still does.
    assert_eq!(
        (entries(&room, "ca-retired"), entries(&room, "krl-made")),
        (0, 1)
    );
    let path = |name: &str| room.account.path(name);
    let erik = key_with_certificate(&room);
    let both = room.output("users2-trusted.pub");
    let sshd = Sshd::start(&Configuration::users(&both, &["peter"]));
    sshd.login(&path("peter")).ok();
    sshd.login(&erik).ok();
    drop(sshd);
    // One server has the file by now, and the other only the old key.
    report(&room, "web1", &["ca/users.pub", "ceremony/users2.pub"]);
    report(&room, "web2", &["ca/users.pub"]);
    let (shown, code) = people(&room).hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("web2: its TrustedUserCAKeys lacks users2"),
        "{shown}"
    );
    assert!(!shown.contains("locked out: web1"), "{shown}");
    assert_eq!(entries(&room, "ca-retired"), 0);
    report(&room, "web2", &["ca/users.pub", "ceremony/users2.pub"]);
    let (shown, code) = people(&room).hold(room.start());
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("all 2 trust both"), "{shown}");
    let words = words_of(&shown).0;
    room.verify(&words, &OUTPUTS).ok();
    let revoked = format!("RevokedKeys {}", room.output("revoked.krl").display());
    // Servers fetch the list by the name that it had until now.
    let list = std::fs::read(room.output("revoked.krl")).unwrap();
    assert!(String::from_utf8_lossy(&list).contains("users [head "));
    for trusted in [both, room.output("users2.pub")] {
        let sshd = Sshd::start(&Configuration::users(&trusted, &["peter"]).line(&revoked));
        assert_ne!(sshd.login(&path("peter")).code, Some(0));
        sshd.login(&erik).ok();
    }
    let rollover = ran(&room, &["ca", "rollover", "users", "--to", "users2"]).ok();
    assert!(rollover.stdout.contains("next: switched"), "{rollover}");
    ran(&room, &["ledger", "verify", "--signatures"]).ok();
}

#[test]
fn whoever_retired_the_stolen_ca_at_once_did_no_harm() {
    for more in [&[][..], &["--yes-lock-out"]] {
        let room = room();
        ran(
            &room,
            &[&["--yes", "ca", "retire", "users"][..], more].concat(),
        )
        .ok();
        let (shown, code) = who_lock_out(&room).hold(room.start());
        assert_eq!(code, 0, "{shown}");
        let told = room.verify(&words_of(&shown).0, &OUTPUTS).ok().stdout;
        let words = "CA `users` was retired before this ceremony";
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn killed_at_every_write_it_makes_one_key_and_one_certificate_and_keeps_who_is_locked_out() {
    let room = room();
    let mut people = who_lock_out(&room);
    let own = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let words = killed_within(18, 10, &own, |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    room.verify(&words, &OUTPUTS).ok();
    assert_eq!(room.objects("privkey", "users2"), 1);
    assert_eq!(entries(&room, "stage-reached"), 2);
    assert_eq!(entries(&room, "ca-retired"), 1);
    let rollover = ran(&room, &["ca", "rollover", "users", "--to", "users2"]).ok();
    assert!(
        rollover.stdout.contains("web2: it sent no report"),
        "{rollover}"
    );
    // Peter's by the old CA, and the one of the emergency.
    assert_eq!(entries(&room, "issued"), 2);
    let certificate = keygen::read(&room.output("emergency-1-cert.pub"));
    assert_eq!(certificate.principals, ["peter"]);
}

#[test]
fn whatever_was_changed_is_found_and_a_role_that_is_missing_before_anything_is_made() {
    let room = room();
    let config = room.account.path("ca/punchmark.toml");
    let text = fs::read_to_string(&config).unwrap();
    write(
        &config,
        text.replace("ca         = \"users2\"", "ca         = \"users\""),
        0o644,
    );
    let (shown, code) = who_lock_out(&room).hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("the role signs with CA `users`"), "{shown}");
    for (from, to, fault) in [
        (", back-date = \"1h\"", "", "lifetime: begins"),
        (
            "storage    = \"ignore\"",
            "storage    = \"ignore\"\nkey-id = \"{requester} at night\"",
            "would have the key ID \"erik at night\" by its role, and the plan has \"erik, emergency\"",
        ),
        (
            "storage    = \"ignore\"",
            "storage    = \"ignore\"\ncritical-options = { forced = { force-command = \"/bin/true\" } }",
            "would have permit-pty, force-command=/bin/true by its role, and the plan has permit-pty",
        ),
        (
            "[role.emergency]",
            "[role.other]",
            "has no role `emergency`",
        ),
    ] {
        write(&config, text.replace(from, to), 0o644);
        let (shown, code) = who_lock_out(&room).hold(room.start());
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains(fault), "{fault}: {shown}");
    }
    assert_eq!(room.objects("privkey", "users2"), 0, "{shown}");
    write(&config, text, 0o644);
    let (shown, code) = who_lock_out(&room).hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    room.verify(&words, &OUTPUTS).ok();
    let file = room.output("transcript.jsonl");
    let whole = fs::read(&file).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(at);
        write(&file, dropped.concat(), 0o644);
        room.verify(&words, &OUTPUTS).exits(1);
    }
    write(&file, &whole, 0o644);
    for output in OUTPUTS {
        let file = room.output(output);
        let whole = fs::read(&file).unwrap();
        let mut other = whole.clone();
        let at = other.len() / 2;
        other[at] ^= 1;
        write(&file, other, 0o644);
        room.verify(&words, &OUTPUTS).exits(1);
        write(&file, whole, 0o644);
    }
    // The ledger of before knows nothing of it.
    let ledger = room.output("punchmark.ledger");
    fs::copy(room.account.path("first/punchmark.ledger"), &ledger).unwrap();
    room.verify(&words, &OUTPUTS).exits(1).says("ledger");
}
