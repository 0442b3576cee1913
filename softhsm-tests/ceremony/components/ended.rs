//! A wrapped key that ends outside of a room, and one that a thief may have.

use std::fs;

use super::{held, left};
use crate::ceremony::compromise;
use crate::ceremony::retire::{drawn, ran};
use crate::ceremony::room::{Room, date, killed_at, texts, words_of};
use crate::harness::keygen;
use crate::harness::process::Ran;
use crate::harness::pty::Pty;
use crate::harness::write;

/// What the ledger calls the wrapped key, and its components.
fn names(room: &Room) -> (String, String) {
    let left = left(room);
    let device = |kind: &str| left.iter().find(|(one, ..)| one == kind).unwrap().1.clone();
    (device("blob"), device("wrapping-key"))
}

fn destroy(room: &Room, name: &str, more: &[&str]) -> Ran {
    ran(
        room,
        &[&["ca", "destroy-copy", "users", name], more].concat(),
    )
}

/// What is typed at the terminal, and what comes of it.
fn typed(room: &Room, arguments: &[&str], answer: &str) -> u8 {
    let mut command = room.account.on_a_terminal();
    command.args([
        "--config",
        "ca/punchmark.toml",
        "ca",
        "destroy-copy",
        "users",
    ]);
    command.args(arguments);
    let mut pty = Pty::start(command);
    pty.expect("Type yes");
    pty.type_line(answer);
    pty.finish().1
}

#[test]
fn a_wrapped_key_is_overwritten_read_back_as_gone_and_recorded() {
    let (room, _, _) = held();
    let (blob, components) = names(&room);
    let file = room.account.path("stick/users.wrapped");
    let kept = fs::read(&file).unwrap();
    let given = ["--file", "stick/users.wrapped"];
    destroy(&room, &blob, &["--yes"])
        .exits(2)
        .says("--file FILE");
    destroy(&room, &blob, &given)
        .exits(2)
        .says("nobody said yes");
    destroy(&room, &components, &given)
        .exits(2)
        .says("is in no file");
    destroy(&room, "blob:00", &given).exits(2).says(&blob);
    let key = room.token.locator("users");
    destroy(&room, &key, &given)
        .exits(2)
        .says("are for what is in no device");
    destroy(&room, &blob, &[&given[..], &["--dry-run"]].concat()).ok();
    // Another file is left alone.
    let mut other = kept.clone();
    *other.last_mut().unwrap() ^= 1;
    write(&file, &other, 0o600);
    let yes = [&given[..], &["--yes", "--reason", "no copy is wanted"]].concat();
    destroy(&room, &blob, &yes)
        .exits(1)
        .says("is not the wrapped key");
    assert_eq!(fs::read(&file).unwrap(), other);
    assert_eq!(left(&room).len(), 2);
    write(&file, &kept, 0o600);
    let told = destroy(&room, &blob, &yes).ok();
    told.says("its file was overwritten, removed, and read back as gone; no copy is wanted");
    assert!(!file.exists());
    destroy(&room, &blob, &yes)
        .exits(1)
        .says("was destroyed before");
    // The components open nothing any more.
    let shredded = ["--by-hand", "all three sheets were shredded"];
    destroy(&room, &components, &shredded).exits(1);
    let arguments = [&[components.as_str()], &shredded[..]].concat();
    assert_ne!(typed(&room, &arguments, "no"), 0);
    assert_eq!(typed(&room, &arguments, "yes"), 0);
    assert_eq!(left(&room), []);
    ran(&room, &["ledger", "verify", "--signatures"]).ok();
    // The CA signs on.
    keygen::make(room.account.home(), "peter", keygen::ED25519);
    let sign = ["sign", "-s", "users", "-I", "x", "-n", "peter", "peter.pub"];
    ran(&room, &sign).ok();
}

#[test]
fn a_wrapped_key_that_nobody_finds_stays_visible_until_it_is_overwritten() {
    let (room, _, _) = held();
    let (blob, _) = names(&room);
    let words = "not in the safe, Anna and Bob looked";
    destroy(&room, &blob, &["--missing", ""]).exits(2);
    assert_eq!(typed(&room, &[&blob, "--missing", words], "yes"), 0);
    let shown = ran(&room, &["ca", "show", "users"]).ok();
    let missing = "MISSING: whoever finds it can sign, ";
    assert!(shown.stdout.contains(missing), "{shown}");
    let found = ["--file", "stick/users.wrapped", "--yes"];
    destroy(&room, &blob, &found).ok();
    assert_eq!(left(&room).len(), 1);
}

#[test]
fn a_run_that_is_killed_while_it_overwrites_is_brought_to_its_end_by_the_next() {
    let (room, _, _) = held();
    let (blob, _) = names(&room);
    let file = room.account.path("stick/users.wrapped");
    let kept = fs::read(&file).unwrap();
    let end = [
        "--config",
        "ca/punchmark.toml",
        "ca",
        "destroy-copy",
        "users",
        &blob,
    ];
    let end = [&end[..], &["--file", "stick/users.wrapped", "--yes"]].concat();
    let (mut kills, mut call) = (0, 1);
    loop {
        let traced = killed_at("fdatasync,fsync,unlink,unlinkat", call);
        let all = [&texts(&traced), &end[..]].concat();
        let (_, code) = room.started_by("strace", &all).finish();
        if code != 137 {
            break;
        }
        // Until it is recorded as destroyed it is one that may be anywhere.
        let state = left(&room).into_iter().filter(|(kind, ..)| kind == "blob");
        assert!(state.count() == 1 || !file.exists());
        let there = fs::read(&file).ok();
        assert!(there.is_none_or(|bytes| bytes.len() == kept.len()));
        (kills, call) = (kills + 1, call + 1);
        assert!(kills < 40);
    }
    let last = destroy(&room, &blob, &["--file", "stick/users.wrapped", "--yes"]);
    let is_done = last.stderr.contains("was destroyed before");
    assert!(last.code == Some(0) || is_done, "{last}");
    assert!(kills > 2, "{kills}");
    assert!(!file.exists());
    assert_eq!(left(&room).len(), 1);
    ran(&room, &["ledger", "verify", "--signatures"]).ok();
}

#[test]
fn a_rollover_is_not_over_while_a_wrapped_key_is_left() {
    let (room, _, _) = held();
    let (blob, components) = names(&room);
    let key = room.token.locator("users2");
    ran(
        &room,
        &["init", "users2", "--algorithm", "p256", "--key", &key],
    )
    .ok();
    compromise::report_in(&room, "reports", "web1", &["ca/users2.pub"]);
    write(&room.account.path("servers"), "web1\n", 0o644);
    let seen = ["--servers", "servers", "--reports", "reports/web1.json"];
    let own = ["ca", "rollover", "users", "--to", "users2"];
    let next = [&own[..], &seen, &["--next", "--yes-lock-out"]].concat();
    ran(&room, &next);
    ran(&room, &next);
    ran(&room, &["ca", "retire", "users", "--yes-lock-out"]).ok();
    ran(&room, &["krl", "--ca", "users", "--out", "revoked.krl"]).ok();
    for _ in 0..3 {
        ran(&room, &next);
    }
    let told = ran(&room, &[&own[..], &seen].concat());
    for name in [&blob, &components] {
        let words = format!("punchmark ca destroy-copy users '{name}' --");
        assert!(told.stdout.contains(&words), "{words}: {told}");
    }
}

/// The room of a night in which the medium is gone as well.
pub(in crate::ceremony) fn stolen() -> (Room, String, String) {
    let (room, _, words) = held();
    let (blob, _) = names(&room);
    keygen::make(room.account.home(), "erik", keygen::ED25519);
    fs::rename(room.account.path("ceremony"), room.account.path("first")).unwrap();
    let config = room.account.path("ca/punchmark.toml");
    let text = fs::read_to_string(&config).unwrap();
    write(&config, format!("{text}{}", compromise::ROLE), 0o644);
    let key = fs::read_to_string(room.account.path("erik.pub")).unwrap();
    let own = [
        "the safe was opened",
        "erik",
        key.trim(),
        "emergency",
        "erik, emergency",
    ];
    let plan = drawn(&room, "compromise", Some(&words), &own);
    let plan = plan.replacen("[\"?\"]", "[\"web1\"]", 1);
    let plan = plan.replacen("[\"?\"]", "[\"peter\"]", 1);
    let (before, emergency) = plan.split_once("[[emergency]]").unwrap();
    let emergency = emergency
        .replace(&date("-1 day"), &date("-1 minute"))
        .replace(&date("+1 day"), &date("+4 hours"));
    let lost = format!(
        "\n[[lost]]\nca = \"users\"\nlocator = \"{blob}\"\nmissing = \"not in the safe\"\n"
    );
    room.write_plan(&format!("{before}[[emergency]]{emergency}{lost}"));
    (room, blob, words)
}

#[test]
fn a_compromise_counts_wrapped_keys_among_what_a_thief_may_have() {
    let (room, blob, _) = stolen();
    let script = ["ceremony", "script", "plan.toml", "--markdown"];
    let script = room.account.run(&script).ok().stdout;
    for words in ["places of users", &blob, "a thief may have it"] {
        assert!(script.contains(words), "{words}: {script}");
    }
    // One that nobody knows shows before a key is made.
    let plan = room.text();
    room.write_plan(&plan.replace(&blob, &format!("blob:{}", "0".repeat(64))));
    let (shown, code) = compromise::who_lock_out(&room).hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("in lost place 1"), "{shown}");
    assert_eq!(room.objects("privkey", "users2"), 0);
    fs::remove_dir_all(room.account.path("ceremony")).unwrap();
    room.write_plan(&plan);
    let (shown, code) = compromise::who_lock_out(&room).hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    let told = room.verify(&words, &compromise::OUTPUTS).ok().stdout;
    for words in [
        "left of its key: ",
        "users.wrapped (wrapped key, MISSING)",
        "2 of 3 components (wrapping key)",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let shown = ran(&room, &["ca", "show", "users"]).ok();
    let missing = "users.wrapped: MISSING: whoever finds it can sign";
    assert!(shown.stdout.contains(missing), "{shown}");
    let report = ["ceremony", "report", "ceremony/transcript.jsonl", "--plan"];
    let page = room
        .account
        .run(&[&report[..], &["plan.toml"]].concat())
        .ok();
    for words in [
        "MISSING: not in the safe",
        "users.wrapped (wrapped key, MISSING)",
    ] {
        assert!(page.stdout.contains(words), "{words}: {page}");
    }
}
