//! CAs that end in a room: revoked, every copy accounted for, and an outsider finds all of it.

mod cards;
mod mirror;

use std::fs;

use serde_json::Value;

use super::people::People;
use super::room::{Room, killed_at_every_write, with_window, words_of};
use super::run::held;
use crate::harness::keygen;
use crate::harness::module::Module;
use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::BINARY;
use crate::harness::write;

const CONFIG: [&str; 2] = ["--config", "ca/punchmark.toml"];

/// Everything that an end makes, but for the transcript.
pub(super) const OUTPUTS: [&str; 5] = [
    "head.txt",
    "punchmark.ledger",
    "revoked.krl",
    "revoked.krl.sig",
    "transcript.jsonl.sig",
];

pub(super) fn ran(room: &Room, arguments: &[&str]) -> Ran {
    room.account.pinned(&[&CONFIG, arguments].concat())
}

/// Name, size and root of the ledger, as people write them down.
fn head(room: &Room) -> Vec<String> {
    let shown = ran(room, &["ledger", "head", "show"]).ok().stdout;
    shown.lines().map(str::to_owned).collect()
}

/// The plan of an end of `users`, drawn and filled in, for a room whose outputs of before are elsewhere.
fn plan_of_end(room: &Room, last: Option<&str>) -> String {
    drawn(room, "retire", last, &["users2 took over"])
        + "\n[[paper]]\nwhat = \"the PIN of `root`\"\nenvelope = \"E1\"\n"
}

/// A plan about `users`, drawn and filled in, with these words for what only its kind wants.
pub(super) fn drawn(room: &Room, kind: &str, last: Option<&str>, own: &[&str]) -> String {
    let module = Module::SoftHsm.path().display().to_string();
    let draw = ["ceremony", "plan", "--kind", kind, "--module", &module];
    let head = head(room);
    let print = keygen::fingerprint(&room.account.path("ca/users.pub"));
    let mut plan = room.account.run(&draw).ok().stdout;
    plan = plan.replace("size = \"?\"", &format!("size = {}", head[1]));
    for word in [
        "about the user CA",
        "Room 5",
        "Anna",
        "Bob",
        "live system 7",
        "Root CA",
        &room.serial,
        "B3",
        "B4",
        "E3",
        &head[0],
        &head[2],
        &print,
    ]
    .into_iter()
    .chain(own.iter().copied())
    {
        plan = plan.replacen("= \"?\"", &format!("= \"{word}\""), 1);
    }
    if let Some(words) = last {
        plan = plan.replace("last    = \"none\"", &format!("last    = \"{words}\""));
    }
    with_window(&plan, "-1 day", "+1 day")
}

/// A room in which `users` was made by a ceremony, and shall end now.
pub(super) fn room() -> Room {
    let (room, words, _) = held("2");
    keygen::make(room.account.home(), "peter", keygen::ED25519);
    fs::rename(room.account.path("ceremony"), room.account.path("first")).unwrap();
    room.write_plan(&plan_of_end(&room, Some(&words)));
    room
}

pub(super) fn people(room: &Room) -> People {
    // As `check` has them; it has none of a plan that can't be held.
    let sha256 = super::sha256(&room.plan());
    let words = punchmark::wire::words(&base16ct::lower::decode_vec(sha256).unwrap());
    let mut people = People::of(&room.text(), &words);
    let papers = [("with the PIN of `root`", "E1"), ("with share", "E2")];
    let papers = papers.map(|(what, seal)| (what.to_owned(), seal.to_owned()));
    people.answers.extend(papers);
    people
}

pub(super) fn hold(room: &Room) -> (String, u8) {
    people(room).hold(room.start())
}

#[track_caller]
fn assert_ended(room: &Room, words: &str) {
    for class in ["privkey", "pubkey"] {
        assert_eq!(room.objects(class, "users"), 0, "{class}");
        assert_eq!(room.objects(class, "ledger"), 1, "{class}");
    }
    room.verify(words, &OUTPUTS).ok();
    let mut query = bounded("ssh-keygen");
    query.args(["-Q", "-f"]).arg(room.output("revoked.krl"));
    let told = run(query.arg(room.account.path("ca/users.pub")));
    assert!(told.stdout.contains("REVOKED"), "{told}");
    let shown = ran(room, &["ca", "show", "users"]).ok();
    assert!(
        shown.stdout.contains("destroyed, and read back as gone"),
        "{shown}"
    );
    ran(room, &["ledger", "verify", "--signatures"]).ok();
    let sign = ["sign", "-s", "users", "-I", "x", "-n", "peter", "peter.pub"];
    ran(room, &sign).exits(3).says("signs no more");
    // Whoever is asked how it stands says the same.
    let ended = "CA `users`: its key was revoked, and signs nothing more";
    for asked in [&["ca", "show", "users"][..], &["status"], &["doctor"]] {
        let told = ran(room, asked).stdout;
        assert!(told.contains(ended), "{asked:?}: {told}");
        assert!(!told.contains("OVERDUE"), "{asked:?}: {told}");
    }
    for asked in [
        &["ca", "show", "users", "--json"][..],
        &["status", "--json"],
    ] {
        let told: Value = serde_json::from_str(&ran(room, asked).stdout).unwrap();
        assert_eq!(told["cas"][0]["next-serial"], Value::Null, "{asked:?}");
        assert_eq!(told["cas"][0]["revoked"], true, "{asked:?}");
    }
}

#[test]
fn a_ca_ends_with_every_copy_and_an_outsider_checks_all_of_it() {
    let room = room();
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    let told = "list of the room: servers get it first: the ledger knows no mirror";
    assert!(shown.contains(told), "{shown}");
    let words = words_of(&shown).0;
    assert_ended(&room, &words);
    // Held a second time it asks nothing and says the same.
    let before = room.transcript();
    let (again, code) = hold(&room);
    assert_eq!(code, 0, "{again}");
    assert_eq!(words_of(&again).0, words);
    assert_eq!(room.transcript(), before);
    let exported = ran(&room, &["ledger", "export"]).ok().stdout;
    for (event, count) in [
        ("\"kind\":\"ca-retired\"", 1),
        ("\"became\":\"destroyed\"", 1),
        ("\"kind\":\"ceremony-held\"", 2),
    ] {
        assert_eq!(
            exported.matches(event).count(),
            count,
            "{event}: {exported}"
        );
    }
}

#[test]
fn an_end_that_is_killed_at_every_write_goes_on_to_the_same_end() {
    let room = room();
    let mut people = people(&room);
    let own = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let words = killed_at_every_write(12, &own, |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    assert_ended(&room, &words);
    let exported = ran(&room, &["ledger", "export"]).ok().stdout;
    assert_eq!(exported.matches("\"kind\":\"ca-retired\"").count(), 1);
    assert_eq!(
        exported.matches("\"kind\":\"revoked\"").count(),
        1,
        "{exported}"
    );
}

#[test]
fn whoever_would_be_locked_out_stops_it_before_anything_ends_unless_the_plan_says_so() {
    let room = room();
    keygen::make(room.account.home(), "erik", keygen::ED25519);
    let sign = [
        "sign", "-s", "users", "-I", "erik", "-n", "erik", "-V", "+1h",
    ];
    ran(&room, &[&sign[..], &["erik.pub"]].concat()).ok();
    let check = ["ceremony", "check", "plan.toml"];
    let told = room.account.run(&check).exits(1).stderr;
    let fault = "retire, lock-out: CA `users` has 1 certificate valid, the last until ";
    assert!(told.contains(fault), "{told}");
    let (shown, code) = hold(&room);
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("has 1 certificates that are valid"),
        "{shown}"
    );
    assert_eq!(room.objects("privkey", "users"), 1);
    let exported = ran(&room, &["ledger", "export"]).ok().stdout;
    assert!(!exported.contains("ca-retired"), "{exported}");
    fs::remove_dir_all(room.account.path("ceremony")).unwrap();
    room.write_plan(&room.text().replace("lock-out = false", "lock-out = true"));
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("type \"retire users and lock out\""),
        "{shown}"
    );
    assert_ended(&room, &words_of(&shown).0);
}

#[test]
fn a_ca_that_was_retired_before_ends_all_the_same_and_that_is_told() {
    let room = room();
    keygen::make(room.account.home(), "erik", keygen::ED25519);
    let sign = [
        "sign", "-s", "users", "-I", "erik", "-n", "erik", "-V", "+1h",
    ];
    ran(&room, &[&sign[..], &["erik.pub"]].concat()).ok();
    // Of the one the key is revoked in the room, of the other it was before.
    ran(&room, &["--yes", "ca", "retire", "users"]).ok();
    room.write_plan(&room.text().replace("lock-out = false", "lock-out = true"));
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    assert_ended(&room, &words);
    let told = room.verify(&words, &OUTPUTS).ok().stdout;
    let words = "CA `users` was retired before this ceremony";
    assert!(told.contains(words), "{told}");
}

#[test]
fn a_ca_whose_key_was_revoked_before_ends_all_the_same() {
    let room = room();
    ran(&room, &["--yes", "ca", "retire", "users"]).ok();
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    assert_ended(&room, &words_of(&shown).0);
}

/// A room with a CA in two tokens, which no ceremony made: the second token is `Backup`, and where the
/// key was made is the first or that. Gives the locator of the copy.
pub(super) fn two_tokens(made_in: &str) -> (Room, String) {
    let room = Room::new("2");
    room.token.add_token("Backup");
    keygen::make(room.account.home(), "peter", keygen::ED25519);
    let pin = room.account.path("pin").display().to_string();
    let root = room.token.locator("users");
    let backup = root.replace("token=Root%20CA", "token=Backup");
    let (key, copy) = match made_in {
        "Backup" => (backup, root),
        _ => (root, backup),
    };
    let [key, copy] = [key, copy].map(|locator| format!("{locator}&pin-source={pin}"));
    let init = ["init", "users", "--algorithm", "p256", "--key", &key];
    ran(&room, &[&init[..], &["--copy-to", &copy]].concat()).ok();
    let ledger = room.token.locator("ledger");
    let mut tool = room.token.tool_logged_in();
    tool.args([
        "--keypairgen",
        "--key-type",
        "EC:prime256v1",
        "--label",
        "ledger",
    ]);
    run(tool.args(["--id", "77", "--usage-sign"])).ok();
    ran(&room, &["ledger", "key", "add", &ledger]).ok();
    let config = room.account.path("ca/punchmark.toml");
    let text = fs::read_to_string(&config).unwrap();
    write(&config, format!("ledger-key = \"{ledger}\"\n{text}"), 0o600);
    let shown = ran(&room, &["ca", "show", "users", "--json"]).ok().stdout;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let copies = shown["cas"][0]["copies"].as_array().unwrap();
    let wrapped = copies
        .iter()
        .find(|copy| copy["kind"] == "wrapped")
        .unwrap();
    let device = wrapped["device"].as_str().unwrap().to_owned();
    (room, device)
}

#[test]
fn a_copy_that_the_plan_does_not_name_is_a_fault_and_a_missing_one_stays_visible() {
    let (room, copy) = two_tokens("Root CA");
    let plan = plan_of_end(&room, None);
    room.write_plan(&plan);
    // Both are told before anybody is called together, and at once.
    keygen::make(room.account.home(), "erik", keygen::ED25519);
    let erik = [
        "sign", "-s", "users", "-I", "erik", "-n", "erik", "-V", "+1h",
    ];
    let signed = ran(&room, &[&erik[..], &["erik.pub"]].concat()).ok();
    assert!(signed.stderr.contains("serial 1"), "{signed}");
    let check = ["ceremony", "check", "plan.toml"];
    let told = room.account.run(&check).exits(1).stderr;
    for fault in [
        "copy: none is for the key of `users` in pkcs11:",
        "retire, lock-out: CA `users` has 1 certificate valid",
    ] {
        assert!(told.contains(fault), "{told}");
    }
    let plan = plan_of_end(&room, None).replace("lock-out = false", "lock-out = true");
    room.write_plan(&plan);
    // The second token is not in the room.
    room.hide("Backup");
    let (shown, code) = hold(&room);
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("the plan has no end for the key of `users` in token \"Backup\""),
        "{shown}"
    );
    assert_eq!(room.objects("privkey", "users"), 1);
    fs::remove_dir_all(room.account.path("ceremony")).unwrap();
    let missing = format!(
        "\n[[copy]]\nca = \"users\"\nmissing = \"not in the safe, Anna and Bob looked\"\nlocator = '{copy}'\n"
    );
    let stranger = missing.replace("id=", "id=%00");
    room.write_plan(&(plan.clone() + &missing + &stranger));
    let (shown, code) = hold(&room);
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("neither ledger nor config has the key of `users` in copy 3"),
        "{shown}"
    );
    fs::remove_dir_all(room.account.path("ceremony")).unwrap();
    room.write_plan(&(plan + &missing));
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    assert_ended(&room, &words_of(&shown).0);
    let shown = ran(&room, &["ca", "show", "users"]).ok();
    assert!(
        shown.stdout.contains("MISSING: whoever finds it can sign"),
        "{shown}"
    );
    assert!(
        shown
            .stdout
            .contains("not in the safe, Anna and Bob looked"),
        "{shown}"
    );
}

#[test]
fn each_output_and_each_line_of_an_end_that_was_changed_is_named() {
    let room = room();
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    let file = room.output("transcript.jsonl");
    let whole = fs::read(&file).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(at);
        let mut swapped = lines.clone();
        swapped.swap(at, (at + 1) % lines.len());
        for tampered in [dropped, swapped] {
            write(&file, tampered.concat(), 0o644);
            room.verify(&words, &OUTPUTS).exits(1);
        }
    }
    write(&file, &whole, 0o644);
    // A list of before, which has not the key of the CA.
    let list = room.output("revoked.krl");
    let kept = fs::read(&list).unwrap();
    fs::copy(room.account.path("first/revoked.krl"), &list).unwrap();
    room.verify(&words, &OUTPUTS).exits(1).says("revoked.krl");
    write(&list, kept, 0o644);
    // The ledger of before, whose copies are all there.
    let ledger = room.output("punchmark.ledger");
    let kept = fs::read(&ledger).unwrap();
    fs::copy(room.account.path("first/punchmark.ledger"), &ledger).unwrap();
    room.verify(&words, &OUTPUTS).exits(1).says("ledger");
    write(&ledger, kept, 0o644);
    room.verify(&words, &OUTPUTS).ok();
    let command = [BINARY, "ceremony", "report", "ceremony/transcript.jsonl"];
    let report = ["--plan", "plan.toml"];
    let page = room
        .account
        .run(&[&command[1..], &report].concat())
        .ok()
        .stdout;
    for words in [
        "destroyed in <code>root</code>",
        "its objects were removed",
        "about the user CA",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}
