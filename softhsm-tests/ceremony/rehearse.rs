//! A rehearsal: the same steps on tokens of its own, which count for nothing.

pub(super) mod found;

use std::fs;
use std::path::Path;

use super::room::{Room, words_of};
use super::run::OUTPUTS;
use crate::harness::keygen;
use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::BINARY;
use crate::harness::write;

/// What a rehearsal makes, but for its transcript.
const MADE: [&str; 9] = [
    "head.txt",
    "key-card.html",
    "ledger.pub",
    "punchmark.ledger",
    "revoked.krl",
    "revoked.krl.sig",
    "transcript.jsonl.sig",
    "rehearsal-users.pub",
    "rehearsal-users.sshd_config",
];

/// A room whose plan wants a rehearsal.
fn room() -> Room {
    let room = Room::new("2");
    let plan = room.text();
    room.write_plan(&plan.replace("requires-rehearsal = false", "requires-rehearsal = true"));
    room
}

/// Rehearses to the end, with these arguments behind the plan; gives what was shown.
fn rehearse(room: &Room, arguments: &[&str]) -> (String, u8) {
    let words = ["ceremony", "rehearse", "plan.toml"];
    let pty = room.started_by(BINARY, &[&words[..], arguments].concat());
    let folder = arguments.last().unwrap_or(&"rehearsal");
    room.hold_rehearsal(pty, folder)
}

fn run_with(room: &Room, folder: &str) -> (String, u8) {
    let words = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    room.hold(room.started_by(BINARY, &[&words[..], &["--rehearsal", folder]].concat()))
}

#[track_caller]
fn prints(ran: Ran, words: &str) {
    let ran = ran.ok();
    assert!(ran.stdout.contains(words), "{ran}");
}

/// Head and ledger key of a rehearsal say that they are of one.
#[track_caller]
fn assert_all_say_so(room: &Room, verified: impl Fn() -> Ran) {
    let of_rehearsal = |name: &str| room.account.path(&format!("rehearsal/ceremony/{name}"));
    let key = fs::read_to_string(of_rehearsal("ledger.pub")).unwrap();
    assert!(key.ends_with(" REHEARSAL\n"), "{key}");
    let head = fs::read_to_string(of_rehearsal("head.txt")).unwrap();
    assert!(head.contains("\nREHEARSAL\n\n"), "{head}");
    // Another head of this ledger, that its key signed without a word of that.
    let mut command = room.account.prepare(bounded(BINARY));
    command.env(
        "SOFTHSM2_CONF",
        room.account.path("rehearsal/softhsm2.conf"),
    );
    command.args(["--config", "rehearsal/ca/punchmark.toml", "--pin-file"]);
    command.args(["rehearsal/pin", "ledger", "checkpoint"]);
    let signed = run(&mut command).ok().stdout;
    write(&of_rehearsal("head.txt"), signed, 0o644);
    verified().exits(1).says("has the line REHEARSAL");
    write(&of_rehearsal("head.txt"), head, 0o644);
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_rehearsal_is_held_on_tokens_of_its_own_and_the_ceremony_wants_its_words() {
    let room = room();
    let check = ["ceremony", "check", "plan.toml"];
    prints(room.account.run(&check), "a rehearsal is required");
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("the plan requires a rehearsal"), "{shown}");

    let (shown, code) = rehearse(&room, &[]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The REHEARSAL was held"), "{shown}");
    let words = words_of(&shown).0;
    // The token of the plan has no key, and the plan's CA is not there.
    assert_eq!(room.objects("privkey", "users"), 0);
    assert_eq!(room.transcript(), "");
    assert!(!room.account.path("ca/users.pub").exists());
    let transcript = fs::read_to_string(room.account.path("rehearsal/ceremony/transcript.jsonl"));
    let transcript = transcript.unwrap();
    assert!(transcript.contains("REHEARSAL: user CA of example.org"));
    assert!(!transcript.contains(&room.serial), "{transcript}");
    let paper = fs::read_to_string(room.account.path("rehearsal/paper.html")).unwrap();
    assert!(paper.contains("REHEARSAL. Nothing on this paper counts."));

    let verified = |outputs: &[&str]| {
        let transcript = "rehearsal/ceremony/transcript.jsonl";
        let mut arguments = vec!["ceremony", "verify", transcript];
        arguments.extend(["--plan", "rehearsal/plan.toml", "--words", &words]);
        let outputs = outputs
            .iter()
            .map(|name| format!("rehearsal/ceremony/{name}"));
        let outputs: Vec<_> = outputs.collect();
        arguments.extend(outputs.iter().map(String::as_str));
        room.account.run(&arguments)
    };
    prints(verified(&MADE), "REHEARSAL of the plan ");
    assert_all_say_so(&room, || verified(&MADE));

    let checked = room
        .account
        .run(&[&check[..], &["--rehearsal", "rehearsal"]].concat());
    prints(checked, &format!("rehearsed, with the words {words}"));
    // Lines alone are written by anybody: it counts with all that it made.
    let of_rehearsal = |name: &str| room.account.path(&format!("rehearsal/ceremony/{name}"));
    for name in ["transcript.jsonl.sig", "head.txt", "punchmark.ledger"] {
        let aside = room.account.path("aside");
        fs::rename(of_rehearsal(name), &aside).unwrap();
        let refused = room
            .account
            .run(&[&check[..], &["--rehearsal", "rehearsal"]].concat());
        refused
            .exits(1)
            .says("not held to its end as planned")
            .says(name);
        fs::rename(&aside, of_rehearsal(name)).unwrap();
    }
    let (shown, code) = run_with(&room, "rehearsal");
    assert_eq!(code, 0, "{shown}");
    let (words, _) = words_of(&shown);
    room.verify(&words, &OUTPUTS)
        .exits(1)
        .says("the rehearsal that the plan requires was not given");
    let rehearsed = room.verify_with(&words, &OUTPUTS, &["--rehearsal", "rehearsal"]);
    rehearsed.ok();
    assert_eq!(room.objects("privkey", "users"), 1);
    assert_eq!(room.objects("privkey", "REHEARSAL users"), 0);
}

#[test]
fn a_certificate_of_a_rehearsal_lives_an_hour_at_most() {
    let room = Room::new("2");
    let (shown, code) = rehearse(&room, &["--folder", "elsewhere"]);
    assert_eq!(code, 0, "{shown}");
    keygen::make(room.account.home(), "peter", keygen::ED25519);
    let sign = |lifetime: &str| {
        let mut command = room.account.prepare(bounded(BINARY));
        let conf = room.account.path("elsewhere/softhsm2.conf");
        command.env("SOFTHSM2_CONF", conf);
        command.args(["--config", "elsewhere/ca/punchmark.toml", "--pin-file"]);
        command.args(["elsewhere/pin", "sign", "-s", "rehearsal-users", "-I", "x"]);
        run(command.args(["-n", "peter", "-V", lifetime, "peter.pub"]))
    };
    sign("+61m").exits(3).says("at most 1 hour");
    sign("+1h").ok();
}

#[test]
fn a_rehearsal_that_was_cut_short_goes_on_and_one_of_another_plan_counts_for_nothing() {
    let room = room();
    let mut pty = room.started_by(BINARY, &["ceremony", "rehearse", "plan.toml"]);
    pty.expect("\n> ");
    room.leave("rehearsal/ceremony/transcript.jsonl", pty);
    let (shown, code) = run_with(&room, "rehearsal");
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("not held to its end"), "{shown}");
    let (shown, code) = rehearse(&room, &[]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("goes on"), "{shown}");
    let held = room.text();

    room.write_plan(&held.replace("Room 5", "Room 6"));
    let (shown, code) = run_with(&room, "rehearsal");
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("it is no rehearsal of this plan"), "{shown}");
    let other = room.account.run(&["ceremony", "rehearse", "plan.toml"]);
    other.exits(1).says("has the rehearsal of another plan");

    room.write_plan(&held);
    let own = room.account.path("rehearsal/plan.toml");
    let drawn = fs::read_to_string(&own).unwrap();
    write(&own, drawn.replace("live system 7", "live system 8"), 0o600);
    let (shown, code) = run_with(&room, "rehearsal");
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("it was changed"), "{shown}");
}

#[test]
fn what_is_of_the_ceremony_is_no_place_for_a_rehearsal() {
    let room = Room::new("2");
    for folder in ["ca", "ca/x", "ceremony", ".", "ceremony/rehearsal"] {
        let refused = ["ceremony", "rehearse", "plan.toml", "--folder", folder];
        let refused = room.account.run(&refused).exits(1);
        refused.says("is a folder of the ceremony itself");
    }
    fs::create_dir(room.account.path("full")).unwrap();
    write(&room.account.path("full/letter"), "x", 0o600);
    let refused = ["ceremony", "rehearse", "plan.toml", "--folder", "full"];
    room.account.run(&refused).exits(1).says("is not empty");
    // Somebody's own tokens, and a CA beside them: nothing is thrown away there.
    let theirs = room.account.path("theirs");
    let tokens = format!(
        "directories.tokendir = {}\n",
        theirs.join("tokens").display()
    );
    for (name, text) in [
        ("softhsm2.conf", tokens.as_str()),
        ("tokens/key.object", "the only one"),
        ("ca/other.ledger", "years"),
        ("medium/monday.bundle", "asked for"),
    ] {
        let file = theirs.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        write(&file, text, 0o600);
    }
    let before = files_below(&theirs);
    let refused = ["ceremony", "rehearse", "plan.toml", "--folder", "theirs"];
    let refused = room.account.run(&refused).exits(1);
    refused.says("has a softhsm2.conf that no rehearsal of this plan wrote");
    assert_eq!(files_below(&theirs), before);
    assert_eq!(before.len(), 4);
    // The plan of a rehearsal is neither run nor rehearsed by itself.
    let (shown, code) = rehearse(&room, &[]);
    assert_eq!(code, 0, "{shown}");
    let before = files_below(&room.account.path("rehearsal"));
    for command in ["run", "rehearse"] {
        let refused = room
            .account
            .run(&["ceremony", command, "rehearsal/plan.toml"]);
        refused.exits(1).says("the plan of a rehearsal");
    }
    assert_eq!(files_below(&room.account.path("rehearsal")), before);
}
