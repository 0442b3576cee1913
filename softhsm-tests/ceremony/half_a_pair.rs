//! A token that was cut off while it made a pair has half of it: a ceremony goes on all the same, and makes one key.

use std::path::Path;

use super::room::{Room, killed_at, texts, words_of};
use super::run::{OUTPUTS, assert_one_key};
use crate::harness::token::Usage;

/// Cuts a ceremony off behind the intent of a step, before the token hears of the key; gives the id that the intent
/// names, in hex.
fn cut_off_behind_intent(step: &str) -> (Room, String) {
    let (call, when) = sync_of_intent(step);
    let room = Room::new("2");
    let traced = killed_at(&call, when);
    let own = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let arguments = [&texts(&traced), &own[..]].concat();
    let (shown, code) = room.hold(room.started_by("strace", &arguments));
    assert_eq!(code, 137, "{shown}");
    let transcript = room.transcript();
    let intent = transcript.lines().find(|line| is_intent(line, step));
    let intent = intent.unwrap_or_else(|| panic!("{call} {when}: {transcript}"));
    let (_, id) = intent.split_once("id=").unwrap();
    let id = id.split(['?', ';', '"']).next().unwrap();
    (room, id.replace('%', "").to_lowercase())
}

fn is_intent(line: &str, step: &str) -> bool {
    line.contains("\"kind\":\"intent\"") && line.contains(&format!("\"step\":\"{step}\""))
}

/// The call that makes the intent of this step durable, and which of its kind it is in its thread: so `strace`
/// counts them.
fn sync_of_intent(step: &str) -> (String, usize) {
    let room = Room::new("2");
    let log = room.account.path("trace");
    let arguments = traced(&log);
    let own = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let arguments = [&texts(&arguments), &own[..]].concat();
    let (shown, code) = room.hold(room.started_by("strace", &arguments));
    assert_eq!(code, 0, "{shown}");
    let log = std::fs::read_to_string(&log).unwrap();
    let text = format!("\\\"kind\\\":\\\"intent\\\",\\\"step\\\":\\\"{step}\\\"");
    let lines: Vec<_> = log.lines().collect();
    let written = lines.iter().position(|line| line.contains(&text));
    let (before, behind) = lines.split_at(written.unwrap_or_else(|| panic!("no intent: {log}")));
    let (thread, _) = behind[0].split_once(' ').unwrap();
    let is_call =
        |line: &&str, call: &str| line.starts_with(thread) && line.contains(&format!(" {call}("));
    let calls = ["fdatasync", "fsync"];
    let synced = behind
        .iter()
        .find_map(|line| calls.iter().find(|call| is_call(line, call)));
    let call = synced.unwrap_or_else(|| panic!("no sync: {log}"));
    let earlier = before.iter().filter(|line| is_call(line, call)).count();
    ((*call).to_owned(), earlier + 1)
}

fn traced(log: &Path) -> [String; 9] {
    let log = log.to_str().unwrap();
    [
        "-f",
        "-qq",
        "-s",
        "4096",
        "-o",
        log,
        "-e",
        "trace=fdatasync,fsync,rename,write,pwrite64",
        crate::harness::punchmark::BINARY,
    ]
    .map(str::to_owned)
}

fn goes_on_beside(half: &str, (step, label): (&str, &str)) {
    let (room, id) = cut_off_behind_intent(step);
    assert_eq!(room.objects("privkey", label), 0);
    let other = if half == "privkey" {
        "pubkey"
    } else {
        "privkey"
    };
    room.token.add_key(label, &id, "EC:prime256v1", Usage::Sign);
    room.token.delete(other, &id);
    assert_eq!(room.objects(half, label), 1);
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{half} of {label}: {shown}");
    assert_one_key(&room);
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
}

#[test]
fn a_ca_key_of_which_a_token_has_half_is_made_anew() {
    for half in ["pubkey", "privkey"] {
        goes_on_beside(half, ("key users", "users"));
    }
}

#[test]
fn a_ledger_key_of_which_a_token_has_half_is_made_anew() {
    for half in ["pubkey", "privkey"] {
        goes_on_beside(half, ("ledger-key", "ledger"));
    }
}

#[test]
fn what_lies_under_the_label_by_another_id_is_left_alone() {
    let (room, _) = cut_off_behind_intent("key users");
    room.token
        .add_key("users", "77", "EC:prime256v1", Usage::Sign);
    room.token.delete("privkey", "77");
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("is taken"), "{shown}");
    assert_eq!(room.objects("pubkey", "users"), 1);
}
