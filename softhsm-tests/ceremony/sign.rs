//! A ceremony that signs what bundles ask for: carried in, shown, signed, carried out, checked by an
//! outsider.

mod carried_out;
mod late;
mod sides;
mod stopped;

use std::fs;

use super::room::{date, killed_within, words_of};
use crate::harness::keygen::{self, ED25519};
use crate::harness::write;
pub(super) use sides::Sides;

/// Everything that a ceremony over one bundle makes, but for the transcript.
pub(super) const OUTPUTS: [&str; 7] = [
    "head.txt",
    "one.bundle",
    "one.bundle.answer",
    "one.bundle.table.txt",
    "one.bundle.test-cert.pub",
    "punchmark.ledger",
    "transcript.jsonl.sig",
];

#[test]
fn two_bundles_are_carried_in_signed_and_accepted_and_an_outsider_checks_all_of_it() {
    let sides = Sides::begun();
    sides.make("one.bundle", &["erik", "anna"]);
    sides.make("two.bundle", &["peter"]);
    sides.plan(&["one.bundle", "two.bundle"]);
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_eq!(code, 0, "{shown}");
    for words in [
        "2 certificates would be signed",
        "known by registrar",
        "peter, role engineer",
        "principals: peter",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let (words, head) = words_of(&shown);
    let two = [
        "two.bundle",
        "two.bundle.answer",
        "two.bundle.table.txt",
        "two.bundle.test-cert.pub",
    ];
    let outputs: Vec<_> = OUTPUTS.into_iter().chain(two).collect();
    let checked = sides
        .room
        .verify_with(&words, &outputs, &["--head-words", &head]);
    assert!(checked.ok().stdout.contains("8 files"));
    // The first of each was built before, by a key that was thrown away.
    let transcript = sides.room.transcript();
    for words in [
        "\"test certificate two.bundle\",\"value\":\"item 1\"",
        "\"first certificate of two.bundle\",\"value\":\"as its test certificate",
        "\"ssh-keygen -L of one.bundle\",\"value\":\"reads it\"",
        "\"lint two.bundle.test-cert.pub\",\"value\":\"no finding\"",
    ] {
        assert!(transcript.contains(words), "{words}: {transcript}");
    }
    // Whoever has the office's side takes both, and has the certificates.
    sides.accept("one.bundle");
    sides.accept("two.bundle");
    for (name, serial) in [("erik", "1"), ("anna", "2"), ("peter", "3")] {
        let file = sides.office.path(&format!("{name}-cert.pub"));
        assert_eq!(keygen::read(&file).field("Serial"), serial);
    }
    for (bundle, name) in [("one", "erik"), ("two", "peter")] {
        let test = keygen::read(&sides.room.output(&format!("{bundle}.bundle.test-cert.pub")));
        let real = keygen::read(&sides.office.path(&format!("{name}-cert.pub")));
        for field in ["Key ID", "Valid", "Public key"] {
            assert_eq!(test.field(field), real.field(field), "{field}");
        }
        assert_ne!(test.field("Signing CA"), real.field("Signing CA"));
    }
    sides.in_office("ledger verify --signatures").ok();
    // The plan, the paper and the report read the same steps.
    let script = sides
        .room
        .account
        .run(&["ceremony", "script", "--markdown", "plan.toml"]);
    let script = script.ok().stdout;
    let transcript = "ceremony/transcript.jsonl";
    let report = ["ceremony", "report", transcript, "--plan", "plan.toml"];
    let report = sides.room.account.run(&report).ok().stdout;
    assert!(report.contains("one.bundle.test-cert.pub: no finding"));
    for step in [
        "medium in",
        "show one.bundle",
        "test certificate one.bundle",
        "sign two.bundle",
        "medium out",
        "carry out",
    ] {
        assert!(script.contains(step), "{step}: {script}");
        assert!(report.contains(&format!("<td>{step}</td>")), "{step}");
    }
}

#[test]
fn what_a_role_refuses_is_in_the_transcript_with_its_reason() {
    let sides = Sides::begun();
    sides.make("one.bundle", &["erik", "anna"]);
    fs::copy(
        sides.office.path("anna.pub"),
        sides.room.account.path("anna.pub"),
    )
    .unwrap();
    sides.in_room("revoke --key anna.pub --reason lost --yes");
    sides.plan(&["one.bundle"]);
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_eq!(code, 0, "{shown}");
    let transcript = sides.room.transcript();
    let refused = "\"name\":\"refused one.bundle 2\",\"value\":\"";
    let (_, why) = transcript.split_once(refused).unwrap();
    assert!(
        why.split('"').next().unwrap().contains("was revoked"),
        "{why}"
    );
    assert!(transcript.contains("\"value\":\"1 certificate, 1 refused\""));
    let (words, _) = words_of(&shown);
    sides.room.verify(&words, &OUTPUTS).ok();
    assert_eq!(sides.certificates(), 1);
}

#[test]
fn what_a_bundle_brings_is_shown_noted_and_recorded_and_what_does_not_count_is_told() {
    let sides = Sides::begun_with(&["anna", "peter"]);
    for (name, revoker) in [("lost", "anna"), ("other", "peter")] {
        keygen::make(sides.office.home(), name, ED25519);
        sides
            .in_office(&format!(
                "revoke --revoker-key {revoker} --yes --reason lost --key {name}.pub"
            ))
            .ok();
    }
    // Peter's key is revoked where the ledger is: his word is not taken, and nothing else waits for it.
    sides.in_room("revoke --yes --key peter.pub");
    sides.make_with("one.bundle", &["erik"], " --enroll erik=erik.pub");
    sides.plan(&["one.bundle"]);
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_eq!(code, 0, "{shown}");
    let table = fs::read_to_string(sides.room.output("one.bundle.table.txt")).unwrap();
    for words in [
        "enrols erik: key SHA256:",
        "revoked by anna",
        "revocation 2 that it brings is not taken: peter is no revoker",
        "revoked by peter",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
        assert!(table.contains(words), "{words}: {table}");
    }
    let transcript = sides.room.transcript();
    for fact in [
        "\"name\":\"enrolment one.bundle 1\",\"value\":\"enrols erik: key SHA256:",
        "\"name\":\"revocation one.bundle 2\",\"value\":\"revoked by anna",
        "\"name\":\"left out one.bundle 3\",\"value\":\"revocation 2 that it brings is not taken",
    ] {
        assert!(transcript.contains(fact), "{fact}: {transcript}");
    }
    let (words, _) = words_of(&shown);
    sides.room.verify(&words, &OUTPUTS).ok();
    let enrolled = sides.in_room("requester list").stdout;
    assert!(enrolled.contains("erik"), "{enrolled}");
    let revoked = sides.in_room("revoke --list").stdout;
    assert!(
        revoked.contains("anna, a revoker; taken in by") && !revoked.contains("peter, a revoker"),
        "{revoked}"
    );
    sides.accept("one.bundle");
    sides.in_office("ledger verify --signatures").ok();
}

#[test]
fn a_bundle_that_asks_for_nothing_brings_what_else_there_is() {
    let sides = Sides::begun_with(&["anna"]);
    keygen::make(sides.office.home(), "lost", ED25519);
    let revoke = "revoke --revoker-key anna --yes --reason lost --key lost.pub";
    sides.in_office(revoke).ok();
    let make = "bundle make --key ole --out one.bundle --enroll erik=erik.pub";
    sides.in_office(make).ok();
    fs::create_dir_all(sides.stick()).unwrap();
    let bundle = sides.office.path("one.bundle");
    fs::copy(bundle, sides.stick().join("one.bundle")).unwrap();
    sides.plan(&["one.bundle"]);
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_eq!(code, 0, "{shown}");
    let transcript = sides.room.transcript();
    for fact in ["nothing would be signed", "0 certificates, 0 refused"] {
        assert!(transcript.contains(fact), "{fact}: {transcript}");
    }
    let (words, _) = words_of(&shown);
    let no_test = |name: &&str| !name.ends_with("test-cert.pub");
    let outputs: Vec<_> = OUTPUTS.into_iter().filter(no_test).collect();
    sides.room.verify(&words, &outputs).ok();
    let revoked = sides.in_room("revoke --list").stdout;
    assert!(
        revoked.contains("anna, a revoker; taken in by"),
        "{revoked}"
    );
    let enrolled = sides.in_room("requester list").stdout;
    assert!(enrolled.contains("erik"), "{enrolled}");
    sides.accept("one.bundle");
    sides.in_office("ledger verify --signatures").ok();
}

#[test]
fn killed_at_every_write_it_goes_on_and_signs_nothing_twice() {
    let sides = Sides::begun();
    sides.make("one.bundle", &["erik", "anna", "peter"]);
    sides.plan(&["one.bundle"]);
    let room = &sides.room;
    let own = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let words = killed_within(18, 10, &own, |arguments| {
        let (shown, code) = room.hold(room.started_by("strace", arguments));
        // Each gets a moment of its own, and the clock is never set back.
        (shown, code)
    });
    assert_eq!(sides.certificates(), 3);
    room.verify(&words, &OUTPUTS).ok();
    sides.accept("one.bundle");
    sides.in_room("ledger verify --signatures");
    assert!(!date("now").is_empty());
}

#[test]
fn a_test_certificate_that_was_changed_is_found() {
    let sides = Sides::begun();
    sides.make("one.bundle", &["erik", "anna"]);
    sides.plan(&["one.bundle"]);
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_eq!(code, 0, "{shown}");
    let (words, _) = words_of(&shown);
    let test = sides.room.output("one.bundle.test-cert.pub");
    let whole = fs::read(&test).unwrap();
    for other in [&b"no certificate\n"[..], &whole[..whole.len() / 2], b""] {
        write(&test, other, 0o644);
        sides.room.verify(&words, &OUTPUTS).exits(1);
    }
    write(&test, whole, 0o644);
    sides.room.verify(&words, &OUTPUTS).ok();
}
