//! A ledger that was put back goes on behind the gap, and nothing that the lost part decided
//! comes back.

mod taken_over;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::pty::Pty;
use crate::harness::write;

/// An admin with three certificates, and a ledger key without a passphrase.
fn ready() -> Admin {
    let admin = Admin::ready();
    for key in admin.public_keys(3) {
        admin.sign(&["-n", "peter", key.to_str().unwrap()]).ok();
    }
    keygen::make(admin.punchmark.home(), "ledger_key", ED25519);
    admin
}

fn verify(admin: &Admin, arguments: &[&str]) -> Ran {
    let all = [&["ledger", "verify"], arguments].concat();
    admin.punchmark.run(&all)
}

/// A ledger with serials 1 to 3, put back after serial 4 was given out.
fn put_back() -> Admin {
    let admin = ready();
    let old = std::fs::read(admin.ledger_file()).unwrap();
    let key = admin.public_keys(4).pop().unwrap();
    admin.sign(&["-n", "erik", key.to_str().unwrap()]).ok();
    std::fs::remove_file(admin.punchmark.path("key3-cert.pub")).unwrap();
    std::fs::write(admin.ledger_file(), old).unwrap();
    admin
}

#[test]
fn an_older_ledger_that_was_put_back_signs_nothing_until_it_is_resumed() {
    let admin = put_back();
    let sign = || admin.sign(&["-n", "erik", "key3.pub"]);
    sign().exits(1).says("knows").says("ledger resume");
    for command in [
        &["revoke", "--serial", "1"][..],
        &["krl", "--out", "revoked.krl"],
    ] {
        admin.punchmark.run(command).exits(1).says("ledger resume");
    }
    admin.assert_issued(3);

    let (said, code) = resume(&admin, &["--after", "10", "--no-krl"]);
    assert!(
        code == 0 && said.contains("Serials 4 to 10 of CA users"),
        "{said}"
    );
    sign().ok();
    assert_eq!(admin.ledger().last().unwrap()["serial"], 11);
    admin
        .sign(&["-z", "4", "-n", "erik", "key2.pub"])
        .exits(3)
        .says("taken before");
    verify(&admin, &["--signatures"]).ok();
    // By now nothing is missing any more.
    admin
        .punchmark
        .run(&[
            "ledger", "resume", "--ca", "users", "--after", "20", "--no-krl",
        ])
        .exits(1)
        .says("nothing is missing");
}

#[test]
fn a_serial_that_may_be_out_is_given_out_again_only_by_its_typed_number() {
    let admin = put_back();
    let resume = |answer: &str| {
        let mut command = admin.punchmark.on_a_terminal();
        command.args(["ledger", "resume", "--ca", "users"]);
        let mut pty = Pty::start({
            command.args(["--after", "1", "--no-krl"]);
            command
        });
        pty.expect("2 entries are lost, each of which may have given out a serial");
        pty.expect("Type yes if that is right: ");
        pty.type_line("yes");
        pty.expect("--after 5 rules that out");
        pty.expect("Type 4 if you know that it is free: ");
        pty.type_line(answer);
        pty.finish()
    };
    let (said, code) = resume("yes");
    assert!(code == 1 && said.contains("was not typed"), "{said}");
    admin.sign(&["-n", "erik", "key3.pub"]).exits(1);
    let (said, code) = resume("4");
    assert_eq!(code, 0, "{said}");
}

/// `ledger resume --ca users` at a terminal, with a typed yes; what it said, and its exit code.
fn resume(admin: &Admin, more: &[&str]) -> (String, u8) {
    let mut command = admin.punchmark.on_a_terminal();
    command
        .args(["ledger", "resume", "--ca", "users"])
        .args(more);
    let mut pty = Pty::start(command);
    let asked = pty.expect("Type yes if that is right: ");
    pty.type_line("yes");
    let (rest, code) = pty.finish();
    (asked + &rest, code)
}

#[test]
fn a_healthy_ledger_is_not_resumed_and_no_slip_ends_a_ca() {
    let admin = ready();
    let run = |more: &[&str]| {
        let all = [&["ledger", "resume"], more].concat();
        admin.punchmark.run(&all)
    };
    run(&["--ca", "users", "--after", "9", "--no-krl"])
        .exits(1)
        .says("nothing is missing");
    let admin = put_back();
    let run = |more: &[&str]| {
        let all = [&["ledger", "resume"], more].concat();
        admin.punchmark.run(&all)
    };
    run(&[
        "--ca",
        "users",
        "--after",
        "18446744073709551615",
        "--no-krl",
    ])
    .exits(1)
    .says("more than a million beyond");
    run(&["--ca", "users", "--after", "9"])
        .exits(2)
        .says("--no-krl");
    run(&["--ca", "nosuch", "--after", "9", "--no-krl"])
        .exits(2)
        .says("no CA `nosuch`");
    // Nobody at a terminal answers, and nothing was done.
    run(&["--ca", "users", "--after", "9", "--no-krl"])
        .exits(1)
        .says("the answer was not yes");
    run(&["--ca", "users", "--after", "9", "--no-krl", "--dry-run"])
        .ok()
        .says("Serials 4 to 9 of CA users (6 of them)");
    admin.sign(&["-n", "erik", "key3.pub"]).exits(1);
    assert_eq!(admin.ledger().len(), 3);
}

#[test]
fn what_the_lost_part_revoked_barred_and_took_away_does_not_come_back() {
    let admin = ready();
    admin.public_keys(7);
    let punchmark = |arguments: &[&str]| admin.punchmark.run(arguments);
    for (name, key) in [("peter", "key3.pub"), ("anna", "key4.pub")] {
        punchmark(&["requester", "add", name, "--key", key]).ok();
    }
    let key = ["--ledger-key", "ledger_key"];
    punchmark(&[&["krl", "--out", "revoked.krl"], &key[..]].concat()).ok();
    let last_night = std::fs::read(admin.ledger_file()).unwrap();
    punchmark(&["revoke", "--key", "key0.pub", "--reason", "stolen", "--yes"]).ok();
    punchmark(&["revoke", "--requester", "erik", "--reason", "left", "--yes"]).ok();
    punchmark(&["requester", "remove", "anna", "--key", "key4.pub"]).ok();
    punchmark(&[&["krl", "--out", "revoked.krl"], &key[..]].concat()).ok();
    std::fs::write(admin.ledger_file(), last_night).unwrap();

    let (said, code) = resume(&admin, &["--after", "20", "--krl", "revoked.krl"]);
    assert_eq!(code, 0, "{said}");
    for words in ["barred again: erik", "enrolment taken away again: anna"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    admin
        .sign(&["-n", "peter", "key0.pub"])
        .exits(3)
        .says("was revoked");
    let enrolled = punchmark(&["requester", "list"]).ok();
    assert!(enrolled.stdout.contains("peter"), "{enrolled}");
    assert!(!enrolled.stdout.contains("anna"), "{enrolled}");
    punchmark(&["requester", "add", "erik", "--key", "key5.pub"])
        .exits(1)
        .says("barred");
    punchmark(&[&["krl", "--out", "next.krl"], &key[..]].concat()).ok();
    punchmark(&["krl", "check", "-f", "next.krl", "key0.pub"]).exits(1);
    verify(&admin, &["--signatures"]).ok();
}

#[test]
fn an_older_list_or_one_by_a_stranger_is_not_taken_over() {
    let admin = ready();
    let punchmark = |arguments: &[&str]| admin.punchmark.run(arguments);
    let krl = |out: &str, key: &str| {
        punchmark(&["krl", "--out", out, "--ledger-key", key]).ok();
    };
    krl("first.krl", "ledger_key");
    krl("second.krl", "ledger_key");
    let old = std::fs::read(admin.ledger_file()).unwrap();
    admin.public_keys(4);
    admin.sign(&["-n", "peter", "key3.pub"]).ok();
    std::fs::write(admin.ledger_file(), old).unwrap();
    let resume = ["ledger", "resume", "--ca", "users", "--after", "4", "--krl"];
    punchmark(&[&resume[..], &["first.krl"]].concat())
        .exits(1)
        .says("the ledger itself made version");
    let stranger = admin.punchmark.path("second.krl.sig");
    std::fs::remove_file(&stranger).unwrap();
    keygen::make(admin.punchmark.home(), "stranger", ED25519);
    let mut sign = bounded("ssh-keygen");
    sign.args(["-q", "-Y", "sign", "-n", "krl@punchmark", "-f"]);
    let files = ["stranger", "second.krl"].map(|name| admin.punchmark.path(name));
    run(sign.args(files)).ok();
    punchmark(&[&resume[..], &["second.krl"]].concat())
        .exits(1)
        .says("no ledger key that this ledger knows");
}

#[test]
fn a_state_of_another_list_or_another_ledger_is_not_taken_over() {
    let admin = ready();
    let path = |name: &str| admin.punchmark.path(name);
    let krl = ["krl", "--out", "revoked.krl", "--ledger-key", "ledger_key"];
    let old = std::fs::read(admin.ledger_file()).unwrap();
    admin.punchmark.run(&krl).ok();
    std::fs::write(admin.ledger_file(), old).unwrap();
    let whole = std::fs::read_to_string(path("revoked.krl.state")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&whole).unwrap();
    let (list, ledger) = (
        state["list"].as_str().unwrap(),
        state["ledger"].as_str().unwrap(),
    );
    let resume = [
        "ledger",
        "resume",
        "--ca",
        "users",
        "--after",
        "9",
        "--krl",
        "revoked.krl",
    ];
    // The key is in no entry of the older ledger, so that a person vouches for each file first.
    for (from, to, words) in [
        (
            list,
            &"0".repeat(64)[..],
            "was published beside another list",
        ),
        (
            ledger,
            "punchmark.ledger/0123456789abcdef",
            "is of ledger punchmark.ledger/0123",
        ),
    ] {
        std::fs::write(path("revoked.krl.state"), whole.replace(from, to)).unwrap();
        std::fs::remove_file(path("revoked.krl.state.sig")).unwrap();
        let mut sign = bounded("ssh-keygen");
        sign.args(["-q", "-Y", "sign", "-n", "krl@punchmark", "-f"]);
        run(sign.args(["ledger_key", "revoked.krl.state"].map(path))).ok();
        let mut command = admin.punchmark.on_a_terminal();
        command.args(resume);
        let mut pty = Pty::start(command);
        for _ in 0..2 {
            pty.expect("Type yes if that is right: ");
            pty.type_line("yes");
        }
        let (said, code) = pty.finish();
        assert!(code == 1 && said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_ledger_key_that_handed_over_in_the_lost_part_signs_no_more() {
    let admin = ready();
    keygen::make(admin.punchmark.home(), "next_key", ED25519);
    let krl = |key| {
        let krl = ["krl", "--out", "revoked.krl", "--ledger-key", key];
        admin.punchmark.run(&krl)
    };
    krl("ledger_key").ok();
    let last_night = std::fs::read(admin.ledger_file()).unwrap();
    let roll = ["ledger", "key", "rollover", "--old", "ledger_key"];
    let roll = [&roll[..], &["--new", "next_key"]].concat();
    admin.punchmark.run(&roll).ok();
    krl("next_key").ok().says("publish it too");
    std::fs::write(admin.ledger_file(), last_night).unwrap();
    // The list is by a key that the older ledger doesn't know; the rollovers beside it lead there.
    let (said, code) = resume(&admin, &["--after", "20", "--krl", "revoked.krl"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("ledger keys that handed over again: 1"),
        "{said}"
    );
    krl("ledger_key").exits(1).says("signs no more");
    admin.punchmark.run(&roll).exits(1).says("signs no more");
    krl("next_key").ok();
    verify(&admin, &["--signatures", "--strict"]).ok();
}

#[test]
fn behind_a_gap_the_way_out_for_the_next_head_is_named_and_can_be_gone() {
    let admin = ready();
    let old = std::fs::read(admin.ledger_file()).unwrap();
    let key = admin.public_keys(4).pop().unwrap();
    admin.sign(&["-n", "erik", key.to_str().unwrap()]).ok();
    let checkpoint = ["ledger", "checkpoint", "--key", "ledger_key"];
    let checkpoint = || admin.punchmark.run(&checkpoint);
    checkpoint().ok();
    std::fs::write(admin.ledger_file(), old).unwrap();
    // Before it was resumed there is no such way.
    let ran = checkpoint().exits(1);
    assert!(!ran.stderr.contains("mv "), "{ran}");
    let (said, code) = resume(&admin, &["--after", "20", "--no-krl"]);
    assert_eq!(code, 0, "{said}");
    let ran = checkpoint().exits(1).says("when the checkpoint was made");
    let (_, way) = ran.stderr.split_once(": mv '").unwrap();
    let (from, to) = way
        .trim_end()
        .trim_end_matches('\'')
        .split_once("' '")
        .unwrap();
    let path = |name: &str| admin.punchmark.path(name);
    std::fs::rename(path(from), path(to)).unwrap();
    checkpoint().ok();
    checkpoint().ok();
    verify(
        &admin,
        &["--against", "ledger_key.head", "--signer", "ledger_key.pub"],
    )
    .ok();
    let lost = [
        "--against",
        "ledger_key.head.lost",
        "--signer",
        "ledger_key.pub",
    ];
    verify(&admin, &lost).exits(1);
}
