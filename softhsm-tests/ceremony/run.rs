//! A ceremony at a real terminal: held, cut short, gone on with, and what it is stopped by.

use std::fs;

use super::room::{Room, date, killed_at_every_write, with_window, words_of};
use crate::harness::keygen;
use crate::harness::process::{bounded, run};
use crate::harness::pty::Pty;
use crate::harness::punchmark::BINARY;
use crate::harness::token::PIN;

/// Everything that a ceremony of one CA of users makes, but for the transcript.
pub(super) const OUTPUTS: [&str; 9] = [
    "head.txt",
    "key-card.html",
    "ledger.pub",
    "punchmark.ledger",
    "revoked.krl",
    "revoked.krl.sig",
    "transcript.jsonl.sig",
    "users.pub",
    "users.sshd_config",
];

/// A ceremony that was held, with the words of its transcript and of its head.
pub(super) fn held(people: &str) -> (Room, String, String) {
    let room = Room::new(people);
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let (words, head) = words_of(&shown);
    (room, words, head)
}

/// The ledger has one CA, whose key is the only one of its name.
#[track_caller]
pub(super) fn assert_one_key(room: &Room) {
    for label in ["users", "ledger"] {
        for class in ["privkey", "pubkey"] {
            assert_eq!(room.objects(class, label), 1, "{class} {label}");
        }
    }
    let config = ["--config", "ca/punchmark.toml"];
    let ran = |arguments: &[&str]| room.account.run(&[&config, arguments].concat()).ok();
    ran(&["ledger", "verify", "--signatures"]);
    let exported = ran(&["ledger", "export"]).stdout;
    for (event, count) in [
        ("\"kind\":\"ca-added\"", 1),
        ("\"kind\":\"ledger-key-added\"", 1),
        ("\"kind\":\"krl-made\"", 1),
        ("\"kind\":\"ceremony-held\"", 1),
    ] {
        assert_eq!(
            exported.matches(event).count(),
            count,
            "{event}: {exported}"
        );
    }
}

#[test]
fn two_people_make_a_ca_and_its_ledger_and_an_outsider_checks_all_of_it() {
    let (room, words, head) = held("2");
    assert_one_key(&room);
    room.verify(&words, &OUTPUTS).ok();
    let arguments = [
        "ceremony",
        "verify",
        "ceremony/transcript.jsonl",
        "--plan",
        "plan.toml",
    ];
    let mut arguments = arguments.to_vec();
    let upper = words.to_uppercase();
    arguments.extend(["--words", &upper, "--head-words", &head, "--json"]);
    let outputs = OUTPUTS.map(|name| format!("ceremony/{name}"));
    arguments.extend(outputs.iter().map(String::as_str));
    arguments.push("./ca/../ceremony/transcript.jsonl");
    let ran = room.account.run(&arguments).ok();
    let object: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&object["in-order"], &object["started-again"]),
        (&true.into(), &0.into())
    );
    // The outputs are what other tools take.
    let mut check = bounded("ssh-keygen");
    check.args(["-Y", "check-novalidate", "-n", "ceremony@punchmark", "-s"]);
    check.arg(room.output("transcript.jsonl.sig"));
    check.stdin(fs::File::open(room.output("transcript.jsonl")).unwrap());
    run(&mut check).ok();
    run(bounded("ssh-keygen")
        .arg("-Qlf")
        .arg(room.output("revoked.krl")))
    .ok();
    run(bounded("ssh-keygen")
        .arg("-lf")
        .arg(room.output("users.pub")))
    .ok();
    // And the CA signs.
    keygen::make(room.account.home(), "peter", keygen::ED25519);
    let sign = [
        "--config",
        "ca/punchmark.toml",
        "sign",
        "-s",
        "users",
        "-I",
        "peter",
        "-n",
        "peter",
        "peter.pub",
    ];
    room.account.pinned(&sign).ok();
    let krl = ["--config", "ca/punchmark.toml", "krl", "--out", "next.krl"];
    room.account.pinned(&krl).ok();
}

#[test]
fn more_people_and_a_ca_of_hosts_beside_that_of_users() {
    let room = Room::new("4");
    let hosts = "\n[[ca]]\nname = \"hosts\"\ncertificates = \"host\"\nalgorithm = \"p384\"\n\
        device = \"root\"\nlabel = \"hosts\"\ncopies = \"none\"\n\n[ledger-key]";
    room.write_plan(&room.text().replace("\n[ledger-key]", hosts));
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let (words, _) = words_of(&shown);
    let outputs = [&OUTPUTS[..], &["hosts.pub", "hosts.known_hosts"]].concat();
    room.verify(&words, &outputs).ok();
    let line = fs::read_to_string(room.output("hosts.known_hosts")).unwrap();
    assert!(
        line.starts_with("@cert-authority * ecdsa-sha2-nistp384 "),
        "{line}"
    );
}

#[test]
fn a_ceremony_that_was_held_is_held_once() {
    let (room, words, head) = held("2");
    let before = room.transcript();
    // What lies in the archive stays as it was, whatever the ledger took since.
    let archived = fs::read(room.output("punchmark.ledger")).unwrap();
    keygen::make(room.account.home(), "erik", keygen::ED25519);
    let sign = ["--config", "ca/punchmark.toml", "--pin-file", "pin", "sign"];
    let erik = [
        "-s", "users", "-I", "erik", "-n", "erik", "-V", "+1h", "erik.pub",
    ];
    room.account.run(&[&sign[..], &erik].concat()).ok();
    let (shown, code) = room.hold(room.started_by(BINARY, &["ceremony", "run", "plan.toml"]));
    assert_eq!(code, 0, "{shown}");
    assert_eq!(fs::read(room.output("punchmark.ledger")).unwrap(), archived);
    assert_eq!(words_of(&shown), (words, head));
    assert_eq!(room.transcript(), before);
    assert_one_key(&room);
}

#[test]
fn a_plan_names_the_words_of_the_ceremony_before_and_makes_no_key_where_it_can_t_end() {
    let (room, words, _) = held("2");
    let first = room.text();
    let next = first
        .replacen("\"none\"", &format!("{words:?}"), 1)
        .replace("folder  = \"ceremony\"", "folder  = \"next\"")
        .replace("\"ledger\"", "\"ledger 2\"");
    let hosts = next.replace("\"users\"", "\"hosts\"");
    room.write_plan(&hosts);
    room.checked();
    // The plan that forgot the ceremony before is refused for that.
    let forgetful = hosts.replacen(&format!("{words:?}"), "\"none\"", 1);
    for (plan, says) in [
        (&forgetful, "not the last ceremony of the ledger"),
        (&hosts, "the config names another ledger key"),
        (&next, "the config names another ledger key"),
    ] {
        room.write_plan(plan);
        let (shown, code) = room.hold(room.start());
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains(says), "{says}: {shown}");
        assert!(!shown.contains("\n> "), "{shown}");
    }
    assert_eq!(room.objects("privkey", "hosts"), 0);
    assert_one_key(&room);
}

#[test]
fn killed_at_every_write_it_goes_on_and_makes_one_key() {
    let room = Room::new("2");
    let words = killed_at_every_write(
        15,
        &["--pin-file", "pin", "ceremony", "run", "plan.toml"],
        |arguments| room.hold(room.started_by("strace", arguments)),
    );
    assert_one_key(&room);
    room.verify(&words, &OUTPUTS).ok();
    assert!(room.transcript().contains("\"kind\":\"go-on\""));
}

#[test]
fn left_at_every_question_it_goes_on_there() {
    let room = Room::new("2");
    let count = room.checked()["steps"].as_array().unwrap().len();
    let words = room.checked()["words"].as_str().unwrap().to_owned();
    for step in 0..count {
        // Answers the questions of one step, and is left at the first of the next.
        let mut pty = room.start();
        let mut name = String::new();
        while let Ok(shown) = pty.expect_or_end("\n> ") {
            let begun: Vec<_> = shown
                .lines()
                .filter(|line| line.starts_with("== "))
                .collect();
            if let Some(next) = begun.last() {
                if !name.is_empty() && name != **next {
                    break;
                }
                name = (*next).to_owned();
            }
            let question = shown.lines().last().unwrap().trim().to_owned();
            pty.type_line(&room.answer(&question, &words));
        }
        if name.is_empty() {
            assert!(step > 5, "{step} steps ask");
            break;
        }
        leave(&room, pty);
    }
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    assert_one_key(&room);
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
}

/// Takes the terminal away, and waits until the program is gone.
fn leave(room: &Room, pty: Pty) {
    room.leave("ceremony/transcript.jsonl", pty);
}

#[test]
fn another_answer_is_not_kept_and_a_deviation_is_unless_it_holds_the_pin() {
    let room = Room::new("2");
    let words = room.checked()["words"].as_str().unwrap().to_owned();
    let mut pty = room.start();
    let mut said = Vec::new();
    let (rest, code) = loop {
        let shown = match pty.expect_or_end("\n> ") {
            Ok(shown) => shown,
            Err(end) => break end,
        };
        let question = shown.lines().last().unwrap().trim().to_owned();
        let words = room.answer_or(&question, &words, &mut said);
        pty.type_line(&words);
    };
    assert_eq!(code, 0, "{rest}");
    let transcript = room.transcript();
    assert!(
        transcript.contains("\"text\":\"the seal was torn\""),
        "{transcript}"
    );
    assert!(!transcript.contains("not my name"), "{transcript}");
    let verified = room.verify(&words_of(&rest).0, &OUTPUTS).ok().stdout;
    assert!(
        verified.contains("deviation in `seal root`, by Anna: the seal was torn"),
        "{verified}"
    );
    assert!(
        verified.contains("another answer than was wanted: 1 time"),
        "{verified}"
    );
    // The PIN is in no file.
    let mut grep = bounded("grep");
    grep.args(["-rl", PIN]).arg(room.account.home());
    let found = run(&mut grep).stdout;
    assert_eq!(found.trim(), room.account.path("pin").display().to_string());
}

#[test]
fn what_is_not_as_the_plan_says_stops_it_before_a_key_is_made() {
    let stopped = |change: &dyn Fn(&Room, &str) -> String, words: &str| {
        let room = Room::new("2");
        room.write_plan(&change(&room, &room.text()));
        let (shown, code) = room.hold(room.start());
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains(words), "{words}: {shown}");
        assert_eq!(room.objects("privkey", "users"), 0);
    };
    let program = |_: &Room, plan: &str| {
        let at = plan.find("program     = \"").unwrap() + 15;
        let mut plan = plan.to_owned();
        plan.replace_range(at..at + 8, "00000000");
        plan
    };
    stopped(&program, "and not that of the plan");
    let other = |room: &Room, plan: &str| {
        room.token.add_token("Another");
        plan.to_owned()
    };
    stopped(
        &other,
        "a device is there that the plan doesn't have: token \"Another\"",
    );
    stopped(
        &|_, plan| plan.replace("\"Root CA\"", "\"Other CA\""),
        "a device is there",
    );
    stopped(
        &|_, plan| with_window(plan, "+1 day", "+2 days"),
        "the plan's window is",
    );
    stopped(
        &|_, plan| with_window(plan, "-2 days", "-1 day"),
        "the plan's window is",
    );
    let last = "absurd adviser ".repeat(16);
    stopped(
        &|_, plan| plan.replace("\"none\"               #", &format!("{last:?} #")),
        "`last`",
    );
}

#[test]
fn clocks_that_are_far_apart_stop_it_and_are_read_again() {
    let room = Room::new("2");
    let words = room.checked()["words"].as_str().unwrap().to_owned();
    let mut pty = room.start();
    let (shown, code) = loop {
        let shown = match pty.expect_or_end("\n> ") {
            Ok(shown) => shown,
            Err(end) => break end,
        };
        let question = shown.lines().last().unwrap().trim().to_owned();
        let late = question
            .starts_with("Anna: the time")
            .then(|| date("+10 minutes"));
        pty.type_line(&late.unwrap_or_else(|| room.answer(&question, &words)));
    };
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("the clocks are more than five minutes apart"),
        "{shown}"
    );
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
}

#[test]
fn a_plan_that_was_changed_on_the_way_does_not_go_on() {
    let room = Room::new("2");
    let mut pty = room.start();
    pty.expect("\n> ");
    leave(&room, pty);
    room.write_plan(&room.text().replace("Room 5", "Room 6"));
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("has the transcript of another plan"),
        "{shown}"
    );
    let by_nobody = room
        .account
        .pinned(&["ceremony", "run", "plan.toml"])
        .exits(2);
    by_nobody.says("people at a terminal");
    let elsewhere = ["--config", "x.toml", "ceremony", "run", "plan.toml"];
    room.account.pinned(&elsewhere).exits(2).says("--config");
}
