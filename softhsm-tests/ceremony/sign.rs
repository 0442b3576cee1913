//! A ceremony that signs what bundles ask for: carried in, shown, signed, carried out, checked by an
//! outsider.

mod carried_out;
mod stopped;

use std::fs;
use std::path::PathBuf;

use super::room::{Room, date, killed_within, with_window, words_of};
use super::run::held;
use crate::harness::keygen::{self, ED25519};
use crate::harness::module::Module;
use crate::harness::process::Ran;
use crate::harness::punchmark::Punchmark;
use crate::harness::two_sides::ROLES;
use crate::harness::write;

/// A room whose CA was made in a ceremony, and an office with a mirror of its ledger.
pub(super) struct Sides {
    pub(super) room: Room,
    pub(super) office: Punchmark,
}

impl Sides {
    pub(super) fn begun() -> Self {
        Self::begun_with(&[])
    }

    /// With these people as revokers.
    fn begun_with(revokers: &[&str]) -> Self {
        let (sides, text) = Self::of_ceremony();
        sides.in_room("requester add ole --key ole.pub --registrar engineer");
        for name in revokers {
            sides.carry_in(&format!("{name}.pub"));
            sides.in_room(&format!("requester add {name} --key {name}.pub --revoker"));
        }
        // What the first ceremony made lies elsewhere by now.
        let account = &sides.room.account;
        fs::rename(account.path("ceremony"), account.path("first")).unwrap();
        fs::rename(account.path("plan.toml"), account.path("create.toml")).unwrap();
        sides.furnish_office(&text);
        sides
    }

    /// The room behind its ceremony, with roles in the config, whose text before is given too; nobody is enrolled yet,
    /// and the office is empty.
    fn of_ceremony() -> (Self, String) {
        let (room, _, _) = held("2");
        let office = Punchmark::at(("NO_TOKEN", "/nowhere".into()), "0000");
        for name in ["ole", "peter", "erik", "anna"] {
            keygen::make(office.home(), name, ED25519);
        }
        let sides = Self { room, office };
        let config = sides.room.account.path("ca/punchmark.toml");
        let text = fs::read_to_string(&config).unwrap();
        write(&config, format!("{text}{ROLES}"), 0o644);
        sides.carry_in("ole.pub");
        (sides, text)
    }

    fn furnish_office(&self, config: &str) {
        let account = &self.room.account;
        let head = self.in_room("ledger checkpoint").stdout;
        write(&self.office.path("head.txt"), head, 0o644);
        let carry = |from: &str, to: &str| {
            fs::create_dir_all(self.office.path(to).parent().unwrap()).unwrap();
            fs::copy(account.path(from), self.office.path(to)).unwrap();
        };
        carry("ca/punchmark.ledger", "copy.ledger");
        carry("first/ledger.pub", "ledger.pub");
        self.configure_office(config);
        let begun = "mirror init --from copy.ledger --head head.txt --signer ledger.pub";
        self.in_office(begun).ok();
    }

    /// A config of the same CAs and roles.
    fn configure_office(&self, config: &str) {
        let users = self.office.path("config/punchmark/users.pub");
        fs::create_dir_all(users.parent().unwrap()).unwrap();
        fs::copy(self.room.account.path("ca/users.pub"), users).unwrap();
        let kept = self.office.path("heads").display().to_string();
        let own = |line: &&str| !line.starts_with("kept-heads") && !line.starts_with("ledger-key");
        let rest: Vec<_> = config.lines().filter(own).collect();
        let text = format!(
            "kept-heads-only = [\"{kept}\"]\n{}\n{ROLES}",
            rest.join("\n")
        );
        write(
            &self.office.path("config/punchmark/punchmark.toml"),
            text,
            0o600,
        );
    }

    /// A command in the room, with the PIN.
    pub(super) fn in_room(&self, command: &str) -> Ran {
        let config = ["--config", "ca/punchmark.toml"];
        let words: Vec<_> = config.into_iter().chain(command.split(' ')).collect();
        self.room.account.pinned(&words).ok()
    }

    pub(super) fn in_office(&self, command: &str) -> Ran {
        let words: Vec<_> = command.split(' ').collect();
        self.office.run(&words)
    }

    fn carry_in(&self, name: &str) {
        fs::copy(self.office.path(name), self.room.account.path(name)).unwrap();
    }

    /// Makes a bundle of these people.
    pub(super) fn make(&self, bundle: &str, people: &[&str]) {
        self.make_with(bundle, people, "");
    }

    fn make_with(&self, bundle: &str, people: &[&str], more: &str) {
        let line = |name: &&str| format!("{name}.pub,{name},engineer\n");
        let lines: String = people.iter().map(line).collect();
        let manifest = format!("key,requester,role\n{lines}");
        write(&self.office.path("people.csv"), manifest, 0o644);
        self.in_office(&format!(
            "bundle make --key ole --out {bundle} --manifest people.csv{more}"
        ))
        .ok();
        fs::create_dir_all(self.stick()).unwrap();
        fs::copy(self.office.path(bundle), self.stick().join(bundle)).unwrap();
    }

    /// Where the medium is mounted in the room.
    pub(super) fn stick(&self) -> PathBuf {
        self.room.account.path("stick")
    }

    /// Draws the plan for these bundles in the office, fills it in, and carries it into the room.
    pub(super) fn plan(&self, bundles: &[&str]) {
        let module = Module::SoftHsm.path().display().to_string();
        let mut command = vec!["ceremony", "plan", "--kind", "sign", "--module", &module];
        for bundle in bundles {
            command.extend(["--bundle", bundle]);
        }
        let mut plan = self.office.run(&command).ok().stdout;
        for word in [
            "a session over bundles",
            "Room 5",
            "Anna",
            "Bob",
            "live system 7",
            "Root CA",
            &self.room.serial,
            "B1",
            "B2",
            "E1",
            "stick 4",
        ] {
            plan = plan.replacen("= \"?\"", &format!("= \"{word}\""), 1);
        }
        let plan = plan.replace("\"/media/stick\"", "\"stick\"");
        self.room
            .write_plan(&with_window(&plan, "-1 day", "+1 day"));
    }

    /// Carries the answers out and has them accepted.
    pub(super) fn accept(&self, bundle: &str) {
        let answer = format!("{bundle}.answer");
        fs::copy(self.room.output(&answer), self.office.path(&answer)).unwrap();
        self.in_office(&format!("bundle accept {answer}")).ok();
    }

    /// How many certificates the ledger has.
    pub(super) fn certificates(&self) -> usize {
        let exported = self.in_room("ledger export").stdout;
        exported.matches("\"kind\":\"issued\"").count()
    }
}

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
