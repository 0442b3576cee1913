//! Ceremonies on emulated YubiKeys: set up, attested, counted.

use std::fs;

use serde_json::Value;
use virtual_yubikey::pcscd::Pcscd;

use super::people::People;
use super::room::{killed_at_every_write, killed_within, with_window, words_of};
use super::sha256;
use crate::harness::admin::Admin;
use crate::harness::lock;
use crate::harness::process::{Ran, bounded, run, wait_until};
use crate::harness::pty::{self, Pty};
use crate::harness::punchmark::BINARY;
use crate::harness::write;
use crate::harness::yubikey::SERIAL;

/// A room with new cards, and a plan for two people.
pub(super) struct CardRoom {
    pub(super) admin: Admin<Pcscd>,
}

impl CardRoom {
    /// With a plan of two people for the first `planned` of the cards.
    pub(super) fn new(firmwares: &[&str], planned: usize) -> Self {
        Self::of_people(2, firmwares, planned)
    }

    pub(super) fn of_people(people: usize, firmwares: &[&str], planned: usize) -> Self {
        let admin = Admin::with_cards(firmwares);
        let account = &admin.punchmark;
        account.begin_config("ca/punchmark.toml");
        let count = planned.to_string();
        let named = people.to_string();
        let drawn = ["ceremony", "plan", "--people", &named, "--yubikeys", &count];
        let mut plan = account.run(&drawn).ok().stdout;
        let mut words = vec!["user CA of example.org".to_owned(), "Room 5".to_owned()];
        words.extend(NAMES.map(str::to_owned).into_iter().take(people));
        words.push("live system 7".to_owned());
        for (number, firmware) in (0..).zip(firmwares.iter().take(planned)) {
            words.push((SERIAL + number).to_string());
            words.push((*firmware).to_owned());
            words.extend(["B1", "B2", "E1", "E2"].map(|word| format!("{word}-{number}")));
        }
        for word in words {
            plan = plan.replacen("= \"?\"", &format!("= \"{word}\""), 1);
        }
        // Nobody's finger is in this test.
        let plan = plan.replace("touch-policy = \"always\"", "touch-policy = \"never\"");
        let hash = sha256(&account.path("roots.pem"));
        let roots = format!("\n[[attestation-root]]\npath = \"roots.pem\"\nsha256 = \"{hash}\"\n");
        let room = Self { admin };
        room.write_plan(&(with_window(&plan, "-1 day", "+1 day") + &roots));
        room
    }

    pub(super) fn text(&self) -> String {
        fs::read_to_string(self.admin.punchmark.path("plan.toml")).unwrap()
    }

    pub(super) fn write_plan(&self, text: &str) {
        write(&self.admin.punchmark.path("plan.toml"), text, 0o600);
    }

    pub(super) fn people(&self) -> People {
        let check = ["ceremony", "check", "--json", "plan.toml"];
        let checked = self.admin.punchmark.run(&check).ok().stdout;
        let checked: Value = serde_json::from_str(&checked).unwrap();
        People::of(&self.text(), checked["words"].as_str().unwrap())
    }

    pub(super) fn start(&self) -> Pty {
        let mut command = self.admin.punchmark.prepare(pty::command(BINARY));
        command.args(["ceremony", "run", "plan.toml"]);
        Pty::start(command)
    }

    pub(super) fn started_by(&self, program: &str, arguments: &[&str]) -> Pty {
        let mut command = self.admin.punchmark.prepare(pty::command(program));
        command.args(arguments);
        Pty::start(command)
    }

    /// Waits until the run that lost its terminal is gone.
    pub(super) fn wait_until_left(&self) {
        let transcript = self.admin.punchmark.path("ceremony/transcript.jsonl");
        wait_until("nobody has the transcript", || !lock::is_held(&transcript));
    }

    pub(super) fn transcript(&self) -> String {
        fs::read_to_string(self.admin.punchmark.path("ceremony/transcript.jsonl")).unwrap()
    }

    /// `ceremony verify` of everything in the folder.
    pub(super) fn verify(&self, words: &str) -> Ran {
        let account = &self.admin.punchmark;
        let mut arguments: Vec<_> = [
            "ceremony",
            "verify",
            "ceremony/transcript.jsonl",
            "--plan",
            "plan.toml",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.extend(["--attestation-roots", "roots.pem", "--words", words].map(str::to_owned));
        for file in fs::read_dir(account.path("ceremony")).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            arguments.push(format!("ceremony/{name}"));
        }
        account.run(&arguments)
    }

    /// No file of the home holds any of these.
    #[track_caller]
    pub(super) fn assert_in_no_file(&self, secrets: &[String]) {
        assert!(!secrets.is_empty());
        for secret in secrets {
            let mut grep = bounded("grep");
            grep.args(["-rlF", secret]).arg(self.admin.punchmark.home());
            assert_eq!(run(&mut grep).stdout.trim(), "", "{secret}");
        }
    }
}

/// Every third of them is a custodian, and Anna too where there are two people.
const NAMES: [&str; 7] = ["Anna", "Bob", "Cem", "Dora", "Erik", "Fay", "Gus"];

#[test]
fn two_people_with_two_new_cards_make_two_cas_that_are_trusted_together() {
    let room = CardRoom::new(&["5.7.1", "5.7.4"], 2);
    let mut people = room.people();
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    room.verify(&words).ok();
    let account = &room.admin.punchmark;
    for name in ["users", "users2", "ledger"] {
        let file = account.path(&format!("ceremony/{name}-attestation.pem"));
        let text = fs::read_to_string(file).unwrap();
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2, "{name}");
    }
    let trusted = fs::read_to_string(account.path("ceremony/users-trusted.pub")).unwrap();
    assert_eq!(trusted.lines().count(), 2, "{trusted}");
    let lines = fs::read_to_string(account.path("ceremony/users.sshd_config")).unwrap();
    assert!(lines.contains("/etc/ssh/users-trusted.pub"), "{lines}");
    // PIN and PUK of both cards were shown to Anna, and are nowhere.
    assert_eq!(people.shown.len(), 4, "{shown}");
    room.assert_in_no_file(&people.shown);
    let transcript = room.transcript();
    assert_eq!(transcript.matches("\"kind\":\"typed-back\"").count(), 4);
    // The cards are as `setup-card` leaves them, and open with what is on the sheets.
    for number in 0..2 {
        let serial = (SERIAL + number).to_string();
        let dry = ["setup-card", "--dry-run", "--json", "--serial", &serial];
        let state = account.run(&dry).ok().stdout;
        assert_eq!(state.matches("\"state\":\"done\"").count(), 4, "{state}");
    }
    let (_, pin) = people
        .sheets
        .iter()
        .find(|(what, _)| what.contains("PIN of `root2`"))
        .unwrap();
    account.write_pin("pin", pin);
    room.admin.key("peter", crate::harness::keygen::ED25519);
    let sign = [
        "--config",
        "ca/punchmark.toml",
        "sign",
        "-s",
        "users2",
        "-I",
        "peter",
        "-n",
        "peter",
        "peter.pub",
    ];
    account.pinned(&sign).ok();
}

#[test]
fn one_key_of_no_card_is_in_two_cards_and_each_signs() {
    let room = CardRoom::new(&["5.7.1", "5.7.1"], 2);
    let text = room.text();
    let (first, rest) = text.split_once("\n[[ca]]").unwrap();
    let (ca, rest) = rest.split_once("\n[[ca]]").unwrap();
    let (_, ledger_key) = rest.split_once("\n[ledger-key]").unwrap();
    let in_both = "copies       = \"in-memory\"\ncopy-devices = [\"root2\"]";
    let ca = ca.replacen("copies       = \"none\"", in_both, 1);
    room.write_plan(&format!("{first}\n[[ca]]{ca}\n[ledger-key]{ledger_key}"));
    let mut people = room.people();
    let own = ["ceremony", "run", "plan.toml"];
    let words = killed_within(40, 10, &own, |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    room.verify(&words).ok();
    assert!(room.transcript().contains("NOT ATTESTED users"));
    let account = &room.admin.punchmark;
    assert!(!account.path("ceremony/users-attestation.pem").exists());
    let shown = ["--config", "ca/punchmark.toml", "ca", "show", "--json"];
    let shown = account.run(&shown).ok().stdout;
    assert!(shown.contains(&(SERIAL + 1).to_string()), "{shown}");
    let config = fs::read_to_string(account.path("ca/punchmark.toml")).unwrap();
    for number in 0..2 {
        let card = format!("serial={};slot-id=9c", SERIAL + number);
        let named = config.replace(&format!("serial={SERIAL};slot-id=9c"), &card);
        write(&account.path("ca/punchmark.toml"), &named, 0o600);
        let name = if number == 0 { "root" } else { "root2" };
        let what = format!("PIN of `{name}`");
        let mut sheets = people.sheets.iter();
        let (_, pin) = sheets.find(|(sheet, _)| sheet.contains(&what)).unwrap();
        account.write_pin("pin", pin);
        let mut sign = vec!["--config", "ca/punchmark.toml", "sign", "-s", "users"];
        let key = format!("peter{number}");
        room.admin.key(&key, crate::harness::keygen::ED25519);
        let file = format!("{key}.pub");
        sign.extend(["-I", "peter", "-n", "peter", &file]);
        account.pinned(&sign).ok();
    }
}

#[test]
fn a_card_that_is_not_the_plans_stops_it_before_anything_is_changed() {
    let stopped = |room: &CardRoom, words: &str| {
        let (shown, code) = room.people().hold(room.start());
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains(words), "{words}: {shown}");
        assert!(!shown.contains("alone sees"), "{shown}");
    };
    stopped(
        &CardRoom::new(&["5.7.1", "5.7.1"], 1),
        "a device is there that the plan doesn't have: YubiKey 12345679",
    );
    let room = CardRoom::new(&["5.7.1"], 1);
    room.write_plan(&room.text().replace("\"5.7.1\"", "\"5.7.4\""));
    stopped(&room, "has firmware 5.7.1, and not 5.7.4 as the plan says");
    let room = CardRoom::new(&["5.7.1"], 1);
    room.write_plan(&room.text().replace(&SERIAL.to_string(), "12345670"));
    stopped(
        &room,
        "a device is there that the plan doesn't have: YubiKey 12345678",
    );
    let room = CardRoom::new(&["5.7.1"], 1);
    let set = room.text().replace("\"random\"", "\"are-set\"");
    let set: String = set
        .lines()
        .filter(|line| !line.starts_with("puk-"))
        .map(|line| format!("{line}\n"))
        .collect();
    room.write_plan(&set);
    stopped(&room, "is not set up, as the plan says it is");
}

#[test]
fn a_card_that_somebody_used_before_and_one_of_no_maker_are_refused() {
    let room = CardRoom::new(&["5.7.1"], 1);
    let tool = ["-a", "change-puk", "-P", "12345678", "-N", "90817263"];
    room.admin.tool("yubico-piv-tool", &tool);
    let (shown, code) = room.people().hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("is not as the factory left it"), "{shown}");
    // Without the plan's roots the card's word leads to nobody that is believed.
    let room = CardRoom::new(&["5.7.1"], 1);
    let text = room.text();
    room.write_plan(text.split("\n[[attestation-root]]").next().unwrap());
    let (shown, code) = room.people().hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("what the card says of its key"), "{shown}");
    let account = &room.admin.punchmark;
    let config = fs::read_to_string(account.path("ca/punchmark.toml")).unwrap();
    assert!(!config.contains("[ca."), "{config}");
}

#[test]
fn a_card_s_evidence_is_checked_again_by_an_outsider() {
    let room = CardRoom::new(&["5.7.1"], 1);
    let (shown, code) = room.people().hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    room.verify(&words).ok();
    let account = &room.admin.punchmark;
    let mut without: Vec<_> = [
        "ceremony",
        "verify",
        "ceremony/transcript.jsonl",
        "--plan",
        "plan.toml",
        "--words",
        &words,
    ]
    .map(str::to_owned)
    .to_vec();
    for file in fs::read_dir(account.path("ceremony")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        without.push(format!("ceremony/{name}"));
    }
    account.run(&without).exits(1).says("users-attestation.pem");
    let other = [
        &without[..],
        &["--attestation-roots".to_owned(), "plan.toml".to_owned()],
    ]
    .concat();
    account
        .run(&other)
        .exits(1)
        .says("no [[attestation-root]] of the plan");
}

#[test]
fn killed_at_every_write_it_goes_on_with_the_same_card_and_makes_one_key() {
    let room = CardRoom::new(&["5.7.1"], 1);
    let mut people = room.people();
    let words = killed_at_every_write(10, &["ceremony", "run", "plan.toml"], |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    room.verify(&words).ok();
    room.assert_in_no_file(&people.shown);
    let transcript = room.transcript();
    assert_eq!(
        transcript.matches("\"kind\":\"intent\"").count(),
        2,
        "{transcript}"
    );
}

#[test]
fn a_spare_card_is_named_for_a_rehearsal_and_one_of_the_plan_is_refused() {
    let room = CardRoom::new(&["5.7.1"], 1);
    let account = &room.admin.punchmark;
    let rehearse = |card: &str| {
        let words = ["ceremony", "rehearse", "plan.toml", "--card", card];
        room.started_by(BINARY, &words)
    };
    let spare = SERIAL.to_string();
    let (shown, code) = rehearse(&spare).finish();
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("is one of the plan"), "{shown}");
    // The card of the plan is elsewhere, and another one is here.
    fs::remove_dir_all(account.path("rehearsal")).unwrap();
    let serial = format!("\"{spare}\"");
    room.write_plan(&room.text().replace(&serial, "\"11223344\""));
    let (shown, code) = rehearse("11223344").finish();
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("YubiKey 11223344 is not there"), "{shown}");
    let pty = rehearse(&spare);
    let own = account.path("rehearsal/plan.toml");
    wait_until("the rehearsal has its plan", || own.exists());
    let check = ["ceremony", "check", "--json", "rehearsal/plan.toml"];
    let checked: Value = serde_json::from_str(&account.run(&check).ok().stdout).unwrap();
    let plan = fs::read_to_string(&own).unwrap();
    let (shown, code) = People::of(&plan, checked["words"].as_str().unwrap()).hold(pty);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The REHEARSAL was held"), "{shown}");
    let check = ["ceremony", "check", "plan.toml", "--rehearsal", "rehearsal"];
    let checked = account.run(&check).ok().stdout;
    assert!(checked.contains("rehearsed, with the words"), "{checked}");
    let evidence = account.path("rehearsal/ceremony/rehearsal-users-attestation.pem");
    assert!(evidence.exists());
}
