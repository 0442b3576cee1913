//! A key that leaves its token wrapped by a key which people hold in components, and the file that it leaves as.

pub(super) mod ended;
pub(super) mod opened;
mod printed;

use std::fs;

use punchmark::ca::WrappedKeyFile;
use punchmark::secret::share::{Share, SharedSecret};
use serde_json::Value;

use super::people::People;
use super::retire::{drawn, ran};
use super::room::{Room, killed_within, words_of};
use super::run::OUTPUTS;
use crate::harness::process::{bounded, run, wait_until};
use crate::harness::punchmark::BINARY;
use crate::harness::token::PIN;
use crate::harness::write;
use crate::harness::{keygen, lock};

const COMPONENTS: &str = "\n[components]\nthreshold = 2\ncustodians = [\"Cem\", \"Erik\", \"Gus\"]\n\
    envelopes = [\"K1\", \"K2\", \"K3\"]\nmedium = \"stick 7\"\nfolder = \"stick\"\nnew-bag = \"M1\"\n";

/// A room whose key is wrapped into a file of the folder `stick`.
fn room() -> (Room, People) {
    let room = Room::new("7");
    fs::create_dir(room.account.path("stick")).unwrap();
    let wrapped = "copies       = \"components\"";
    let text = room.text().replacen("copies       = \"none\"", wrapped, 1) + COMPONENTS;
    room.write_plan(&text);
    let people = people(&room);
    (room, people)
}

fn people(room: &Room) -> People {
    let mut people = People::of(&room.text(), room.checked()["words"].as_str().unwrap());
    let sheet = "typed at a login: the PIN of `root`".to_owned();
    people.sheets.insert(sheet, PIN.to_owned());
    for (question, answer) in [
        ("written on the new medium", "stick 7"),
        ("the envelope that component 1", "K1"),
        ("the envelope that component 2", "K2"),
        ("the envelope that component 3", "K3"),
        ("the bag that the medium", "M1"),
    ] {
        people
            .answers
            .push((question.to_owned(), answer.to_owned()));
    }
    people
}

fn start(room: &Room) -> crate::harness::pty::Pty {
    room.started_by(BINARY, &["ceremony", "run", "plan.toml"])
}

pub(super) fn held() -> (Room, People, String) {
    let (room, mut people) = room();
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    (room, people, words_of(&shown).0)
}

/// The components, in the order of their numbers.
fn components(people: &People) -> Vec<Share> {
    let sheet = |number: u32| {
        let wanted = format!("the 20 words of component {number} ");
        let mut sheets = people.sheets.iter();
        let sheet = sheets.find(|(what, _)| what.starts_with(&wanted));
        Share::parse(sheet.unwrap().1).unwrap()
    };
    (1..=3).map(sheet).collect()
}

/// The copies of `users` that the ledger tells of and that were not destroyed: kind, device and holder.
fn left(room: &Room) -> Vec<(String, String, String)> {
    let shown = ran(room, &["ca", "show", "users", "--json"]).ok().stdout;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let copies = shown["cas"][0]["copies"].as_array().unwrap();
    let copies = copies.iter().filter(|copy| copy["became"] != "destroyed");
    let text = |copy: &Value, key: &str| copy[key].as_str().unwrap().to_owned();
    copies
        .map(|copy| {
            (
                text(copy, "kind"),
                text(copy, "device"),
                text(copy, "holder"),
            )
        })
        .collect()
}

fn sha256sum(room: &Room, file: &str) -> String {
    let mut tool = bounded("sha256sum");
    let told = run(tool.arg(room.account.path(file))).ok().stdout;
    told.split(' ').next().unwrap().to_owned()
}

/// The private key that openssl finds in the file by two components, in hexadecimal.
fn by_openssl(room: &Room, people: &People) -> String {
    let file = room.account.path("stick/users.wrapped");
    let (file, _) = WrappedKeyFile::read(&file).unwrap();
    let key = SharedSecret::combine(&components(people)[1..]).unwrap();
    assert_eq!(key.check(), file.check);
    let (cipher, iv) = match format!("{:?}", file.blob.wrap).as_str() {
        "Plain" => ("-id-aes128-wrap", "A6A6A6A6A6A6A6A6"),
        _ => ("-id-aes128-wrap-pad", "A65959A6"),
    };
    write(&room.account.path("wrapped"), &file.blob.bytes, 0o600);
    let key = base16ct::lower::encode_string(key.expose());
    let mut openssl = bounded("openssl");
    openssl.args(["enc", "-d", cipher, "-K", &key, "-iv", iv]);
    openssl.arg("-in").arg(room.account.path("wrapped"));
    let der = room.account.path("key.der");
    run(openssl.arg("-out").arg(&der)).ok();
    let mut openssl = bounded("openssl");
    openssl.args(["pkey", "-inform", "DER", "-in"]).arg(&der);
    let pem = run(&mut openssl).ok().stdout;
    write(&room.account.path("key.pem"), &pem, 0o600);
    let mut keygen = bounded("ssh-keygen");
    let public = run(keygen.args(["-y", "-f"]).arg(room.account.path("key.pem")));
    let public = public.ok().stdout;
    let recorded = fs::read_to_string(room.account.path("ca/users.pub")).unwrap();
    let of = |line: &str| line.split(' ').nth(1).unwrap().trim().to_owned();
    assert_eq!(of(&public), of(&recorded));
    let bytes = fs::read(&der).unwrap();
    for file in ["wrapped", "key.der", "key.pem"] {
        fs::remove_file(room.account.path(file)).unwrap();
    }
    base16ct::lower::encode_string(&bytes)
}

/// What a leak of the wrapping key could look like.
fn secrets(people: &People) -> Vec<String> {
    let components = components(people);
    let key = SharedSecret::combine(&components[..2]).unwrap();
    let mut all = vec![base16ct::lower::encode_string(key.expose())];
    for component in &components {
        let words = component.words();
        let words: Vec<_> = words.split(' ').collect();
        all.extend([words[4..8].join(" "), words[12..16].join(",")]);
    }
    all
}

#[track_caller]
fn assert_wrapped(room: &Room, people: &People) {
    let sha256 = sha256sum(room, "stick/users.wrapped");
    let left = left(room);
    let blob = left.iter().find(|(kind, ..)| kind == "blob").unwrap();
    assert_eq!(blob.1, format!("blob:{sha256}"));
    assert_eq!(blob.2, "medium \"stick 7\", users.wrapped");
    let key = left
        .iter()
        .find(|(kind, ..)| kind == "wrapping-key")
        .unwrap();
    assert_eq!(key.2, "2 of 3 components");
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(room.transcript().contains(&key.1["components:".len()..]));
    by_openssl(room, people);
    assert_eq!(room.objects("privkey", "users"), 1);
    let mut tool = room.token.tool_logged_in();
    let listed = run(tool.args(["--list-objects"])).ok().stdout;
    for words in ["Secret Key", "wrapping"] {
        assert!(!listed.contains(words), "{listed}");
    }
    let private = run(room
        .token
        .tool_logged_in()
        .args(["--list-objects", "--type", "privkey"]));
    assert!(!private.ok().stdout.contains("extractable\n"));
    ran(room, &["ledger", "verify", "--signatures"]).ok();
    assert_in_no_file(room, &secrets(people));
}

fn assert_in_no_file(room: &Room, secrets: &[String]) {
    for secret in secrets {
        let mut grep = bounded("grep");
        grep.args(["-rlF", secret]).arg(room.account.home());
        assert_eq!(run(&mut grep).stdout.trim(), "", "{secret}");
    }
}

#[test]
fn a_key_goes_onto_a_medium_and_two_of_three_custodians_have_what_opens_it() {
    let (room, people, words) = held();
    room.verify(&words, &OUTPUTS).ok();
    assert_wrapped(&room, &people);
    let transcript = room.transcript();
    for words in [
        "2 of 3; each of the 3 sets of 2 is the wrapping key",
        "a key that was thrown away was wrapped, and came back",
    ] {
        assert!(transcript.contains(words), "{words}: {transcript}");
    }
    let told = ran(&room, &["ca", "show", "users"]).ok().stdout;
    assert!(told.contains("medium \"stick 7\", users.wrapped"), "{told}");
    assert!(told.contains("was extractable"), "{told}");
    let script = ["ceremony", "script", "plan.toml", "--markdown"];
    let script = room.account.run(&script).ok().stdout;
    for words in [
        "Component 3 of 3, for Gus alone: for envelope K3",
        "SHA-256 of users.wrapped",
    ] {
        assert!(script.contains(words), "{words}: {script}");
    }
    let report = ["ceremony", "report", "ceremony/transcript.jsonl", "--plan"];
    let page = room
        .account
        .run(&[&report[..], &["plan.toml"]].concat())
        .ok()
        .stdout;
    assert!(page.contains("WAS EXTRACTABLE: wrapped key"), "{page}");
    keygen::make(room.account.home(), "peter", keygen::ED25519);
    let sign = ["sign", "-s", "users", "-I", "x", "-n", "peter", "peter.pub"];
    ran(&room, &sign).ok();
}

#[test]
fn killed_at_every_write_there_is_one_key_and_one_file_that_components_open() {
    let (room, mut people) = room();
    let words = killed_within(60, 12, &["ceremony", "run", "plan.toml"], |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    room.verify(&words, &OUTPUTS).ok();
    assert_wrapped(&room, &people);
}

#[test]
fn components_of_another_key_are_told_before_anything_is_wrapped() {
    let (room, mut people) = room();
    let left = people.hold_until(start(&room), |question| question.contains("make users"));
    assert_eq!(left, None);
    let transcript = room.output("transcript.jsonl");
    wait_until("nobody has the transcript", || !lock::is_held(&transcript));
    let kept = people.sheets.clone();
    let other = SharedSecret::random().unwrap();
    let quorum = punchmark::secret::share::Quorum::new(2, 3).unwrap();
    for (number, share) in (1..).zip(other.split(quorum).unwrap()) {
        let what = format!("the 20 words of component {number} of 3, off its sheet");
        let words = share.words().to_string();
        assert!(people.sheets.insert(what, words).is_some());
    }
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("are another wrapping key"), "{shown}");
    assert_eq!(room.objects("privkey", "users"), 0);
    people.sheets = kept;
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    assert_wrapped(&room, &people);
}

#[test]
fn what_can_t_be_wrapped_and_a_medium_that_is_not_new_are_told_before_anything_is_made() {
    let (room, _) = room();
    let text = room.text();
    // SoftHSM 2.6.1 wraps no Ed25519.
    let other = text.replacen("algorithm    = \"p256\"", "algorithm    = \"ed25519\"", 1);
    assert_ne!(other, text);
    room.write_plan(&other);
    let (shown, code) = people(&room).hold(start(&room));
    assert_eq!(code, 1, "{shown}");
    for words in ["doesn't wrap a key for ed25519", "`copies = \"in-memory\"`"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    fs::remove_dir_all(room.account.path("ceremony")).unwrap();
    room.write_plan(&text);
    let there = room.account.path("stick/users.wrapped");
    write(&there, "of another CA", 0o600);
    let (shown, code) = people(&room).hold(start(&room));
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("is on the medium already"), "{shown}");
    assert_eq!(fs::read(&there).unwrap(), b"of another CA");
    for class in ["privkey", "pubkey"] {
        assert_eq!(room.objects(class, "users"), 0, "{class}");
    }
    assert!(!room.account.path("ca/punchmark.ledger").exists());
}

#[test]
fn each_fact_and_line_about_a_wrapped_key_that_was_changed_is_found() {
    let (room, _, words) = held();
    let file = room.output("transcript.jsonl");
    let whole = fs::read(&file).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(at);
        write(&file, dropped.concat(), 0o644);
        room.verify(&words, &OUTPUTS).exits(1);
    }
}

/// The plan of an end of `users`, whose wrapped key ends so.
pub(super) fn end(room: &Room, words: &str, of_blob: &str) {
    fs::rename(room.account.path("ceremony"), room.account.path("first")).unwrap();
    let left = left(room);
    let device = |kind: &str| &left.iter().find(|(one, ..)| one == kind).unwrap().1;
    let plan = drawn(room, "retire", Some(words), &["users2 took over"]);
    let ends = format!(
        "\n[[copy]]\nca = \"users\"\nlocator = \"{}\"\n{of_blob}\n\n[[copy]]\nca = \"users\"\nlocator = \"{}\"\n\
         by-hand = \"all three sheets were shredded\"\n",
        device("blob"),
        device("wrapping-key"),
    );
    room.write_plan(&(plan + &ends));
}

const OF_END: [&str; 5] = [
    "head.txt",
    "punchmark.ledger",
    "revoked.krl",
    "revoked.krl.sig",
    "transcript.jsonl.sig",
];

#[test]
fn an_end_accounts_for_file_and_components_and_is_killed_at_every_write() {
    let (room, _, words) = held();
    end(&room, &words, "file = \"stick/users.wrapped\"");
    let mut people = super::retire::people(&room);
    let own = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let words = killed_within(13, 9, &own, |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    room.verify(&words, &OF_END).ok();
    assert!(!room.account.path("stick/users.wrapped").exists());
    assert_eq!(left(&room), []);
    let shown = ran(&room, &["ca", "show", "users"]).ok().stdout;
    for words in [
        "its file was overwritten, removed, and read back as gone",
        "by hand: all three sheets were shredded",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    ran(&room, &["ledger", "verify", "--signatures"]).ok();
}

#[test]
fn another_file_is_never_overwritten_and_a_wrapped_key_without_an_end_stops_it() {
    let (room, _, words) = held();
    end(&room, &words, "file = \"stick/users.wrapped\"");
    let file = room.account.path("stick/users.wrapped");
    let kept = fs::read(&file).unwrap();
    let mut other = kept.clone();
    *other.last_mut().unwrap() ^= 1;
    write(&file, &other, 0o600);
    let (shown, code) = super::retire::hold(&room);
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("stick/users.wrapped has the SHA-256"),
        "{shown}"
    );
    assert_eq!(fs::read(&file).unwrap(), other);
    write(&file, &kept, 0o600);
    let (shown, code) = super::retire::hold(&room);
    assert_eq!(code, 0, "{shown}");
    assert!(!file.exists());
}

#[test]
fn a_wrapped_key_that_is_missing_stays_visible() {
    let (room, _, words) = held();
    end(
        &room,
        &words,
        "missing = \"not in the safe, Anna and Bob looked\"",
    );
    let whole = room.text();
    let (without, _) = whole.rsplit_once("\n[[copy]]").unwrap();
    room.write_plan(without);
    let (shown, code) = super::retire::hold(&room);
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("the plan has no end for the key of `users` in 2 of 3 components"),
        "{shown}"
    );
    fs::remove_dir_all(room.account.path("ceremony")).unwrap();
    room.write_plan(&whole);
    let (shown, code) = super::retire::hold(&room);
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &OF_END).ok();
    let shown = ran(&room, &["ca", "show", "users"]).ok().stdout;
    assert!(
        shown.contains("MISSING: whoever finds it can sign"),
        "{shown}"
    );
}
