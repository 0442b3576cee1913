//! Real copies and shares that are tried, with nothing issued and nothing changed.

use std::fs;

use punchmark::secret::share::{Quorum, SharedSecret};

use super::cards::CardRoom;
use super::people::People;
use super::retire::{drawn, hold, people, ran, two_tokens};
use super::room::{Room, date, killed_at_every_write, with_window, words_of};
use super::shares;
use super::unlock::{CONFIG, assert_card, opened_by, secret_of};
use crate::harness::keygen;
use crate::harness::module::Module;
use crate::harness::yubikey::pull;

/// Everything that it makes, but for the transcript.
pub(super) const OUTPUTS: [&str; 3] = ["head.txt", "punchmark.ledger", "transcript.jsonl.sig"];

/// A room with a CA that was made in `Backup`, which stays in its safe; its copy in the token of the room
/// is tried.
pub(super) fn room() -> Room {
    let (room, _) = two_tokens("Backup");
    room.hide("Backup");
    let next = date("+1 year");
    room.write_plan(&drawn(&room, "drill", None, &[&next]));
    room
}

fn exported(room: &Room, event: &str) -> usize {
    let exported = ran(room, &["ledger", "export"]).ok().stdout;
    exported.matches(event).count()
}

#[track_caller]
fn assert_drilled(room: &Room, words: &str, result: &str) {
    let missing = "not as it should be: CA `users`: MISSING";
    let verified = room.verify(words, &OUTPUTS).ok().stdout;
    assert_eq!(verified.contains(missing), result == "failed", "{verified}");
    for (event, count) in [
        ("\"kind\":\"copy-tried\"", 1),
        ("\"tried-for\":\"drill\"", 1),
        (&format!("\"result\":\"{result}\""), 1),
        ("\"kind\":\"reserved\"", 0),
        ("\"became\":\"missing\"", 0),
    ] {
        assert_eq!(exported(room, event), count, "{event}");
    }
    for class in ["privkey", "pubkey"] {
        assert_eq!(room.objects(class, "users"), 1, "{class}");
    }
    ran(room, &["ledger", "verify", "--signatures"]).ok();
    // One in which something was missing is no drill that was held.
    let due = match result {
        "failed" => "OVERDUE since ".to_owned(),
        _ => format!("due on {}", &date("+1 year")[..10]),
    };
    let shown = ran(room, &["ca", "show", "users"]).ok().stdout;
    assert!(shown.contains(&due), "{shown}");
    for asked in ["doctor", "status"] {
        let told = ran(room, &[asked]).stdout;
        assert!(told.contains(&due), "{asked}: {told}");
    }
}

fn report(room: &Room) -> String {
    let report = ["ceremony", "report", "ceremony/transcript.jsonl", "--plan"];
    let report = [&report[..], &["plan.toml"]].concat();
    room.account.run(&report).ok().stdout
}

#[test]
fn a_copy_is_tried_and_its_time_told_and_nothing_is_left_behind() {
    let room = room();
    let config = fs::read(room.account.path("ca/punchmark.toml")).unwrap();
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    assert_drilled(&room, &words, "proved");
    let after = fs::read(room.account.path("ca/punchmark.toml")).unwrap();
    assert_eq!(after, config);
    let page = report(&room);
    for words in ["What the drill found", "seconds after the ceremony began"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // What says that it signed says so of this key alone.
    let file = room.output("transcript.jsonl");
    let whole = fs::read(&file).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(at);
        crate::harness::write(&file, dropped.concat(), 0o644);
        room.verify(&words, &OUTPUTS).exits(1);
    }
}

#[test]
fn a_drill_that_is_killed_at_every_write_goes_on_to_the_same_end() {
    let room = room();
    let mut people = people(&room);
    let own = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let words = killed_at_every_write(8, &own, |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    assert_drilled(&room, &words, "proved");
}

/// A plan in which the copy is in one more device, which nobody finds.
fn of_a_device_that_is_not_there() -> Room {
    let room = room();
    let module = Module::SoftHsm.path().display().to_string();
    let safe = format!(
        "[[device]]\nname = \"safe\"\nmodule = {module:?}\ntoken = \"Backup\"\nserial = \"77\"\n\
         pins = \"are-set\"\nbag = \"B5\"\nnew-bag = \"B6\"\npin-envelope = \"E5\"\n\n[ledger]"
    );
    let plan = room.text().replacen("[ledger]", &safe, 1);
    let (before, known) = plan.split_once("[[known-ca]]").unwrap();
    let known = known.replacen("\"root\"", "\"safe\"", 1);
    room.write_plan(&format!("{before}[[known-ca]]{known}"));
    room
}

#[test]
fn a_device_that_is_missing_is_said_to_be_and_is_asked_for_no_more() {
    let room = of_a_device_that_is_not_there();
    let script = ["ceremony", "script", "plan.toml", "--markdown"];
    let script = room.account.run(&script).ok().stdout;
    assert!(script.contains("Types: B5, or missing"), "{script}");
    for (question, then) in [
        (
            "the number of the bag of `safe`",
            "the serial number of `safe`",
        ),
        (
            "the serial number of `safe`",
            "the bag that `safe` is sealed in",
        ),
    ] {
        let mut people = people(&room);
        let missing = (question.to_owned(), "missing".to_owned());
        people.instead.push(missing);
        let (shown, code) = people.hold(room.start());
        assert_eq!(code, 0, "{shown}");
        assert!(!shown.contains(then), "{shown}");
        let words = words_of(&shown).0;
        let told = room.verify(&words, &OUTPUTS).ok().stdout;
        assert!(
            told.contains("by Anna: missing: `safe`") || told.contains("by Bob: missing: `safe`"),
            "{told}"
        );
        // Whoever takes the deviation out of the transcript is found.
        let lines = room.transcript();
        let lines = lines
            .lines()
            .filter(|line| !line.contains("missing: `safe`"));
        let without: String = lines.map(|line| format!("{line}\n")).collect();
        let whole = room.transcript();
        let file = room.output("transcript.jsonl");
        let chained = super::verify::chained(&without);
        crate::harness::write(&file, &chained, 0o644);
        let value = super::sha256_of(chained.lines().last().unwrap().as_bytes());
        let value = punchmark::wire::words(&base16ct::lower::decode_vec(value).unwrap());
        let refused = room.verify(&value, &OUTPUTS).exits(1);
        assert!(
            refused.stderr.contains("done without the deviation of"),
            "{refused}"
        );
        crate::harness::write(&file, whole, 0o644);
        assert!(report(&room).contains("missing: <code>safe</code>"));
        fs::remove_dir_all(room.account.path("ceremony")).unwrap();
        room.write_plan(&with_last(&room.text(), &words));
    }
}

/// The same plan behind the ceremony of these words.
fn with_last(plan: &str, words: &str) -> String {
    let line = |line: &str| match line.split('=').next().map(str::trim) {
        Some("last") => format!("last = \"{words}\"\n"),
        _ => format!("{line}\n"),
    };
    plan.lines().map(line).collect()
}

#[test]
fn a_device_that_is_not_there_is_told_and_ends_nothing() {
    let room = of_a_device_that_is_not_there();
    let mut people = people(&room);
    let question = "the serial number of `safe`".to_owned();
    people.once_then_missing(&question, "77");
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    // Its number was right, and so somebody looks at the plug before it is missing.
    assert!(shown.contains("The machine doesn't see `safe`"), "{shown}");
    for nobody_said in [
        "done: the devices of the plan are found",
        "the bag that `safe` is sealed in",
    ] {
        assert!(!shown.contains(nobody_said), "{shown}");
    }
    assert_drilled(&room, &words_of(&shown).0, "failed");
    let page = report(&room);
    assert!(
        page.contains("MISSING: device <code>safe</code> "),
        "{page}"
    );
    assert!(page.contains("is not there"), "{page}");
    assert!(page.contains("such a drill moves no date"), "{page}");
    assert!(!page.contains("The next drill is due"), "{page}");
}

#[test]
fn a_plan_that_makes_a_ca_says_when_its_first_drill_is_due() {
    let room = Room::new("2");
    let next = date("+1 year");
    let plan = room.text() + &format!("\n[drill]\nnext-due = \"{next}\"\n");
    room.write_plan(&plan.replace(&next, &date("+1 hour")));
    let check = ["ceremony", "check", "plan.toml"];
    let checked = room.account.run(&check);
    let fault = "drill, next-due: is before the end of this window";
    assert!(checked.stderr.contains(fault), "{checked}");
    room.write_plan(&plan);
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &super::run::OUTPUTS).ok();
    let due = format!("due on {}", &next[..10]);
    let told = ran(&room, &["ca", "show", "users"]).ok().stdout;
    assert!(told.contains(&due), "{told}");
    assert_eq!(exported(&room, "\"tried-for\":\"create\""), 1);
}

/// A room whose card shares open since its ceremony, and a drill of it: of three shares so many are there.
fn of_shares(there: usize) -> (CardRoom, People, People) {
    let room = shares::room();
    let mut before = shares::people(&room);
    let (shown, code) = before.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    let account = &room.admin.punchmark;
    fs::rename(account.path("ceremony"), account.path("first")).unwrap();
    let head = account
        .run(&[&CONFIG[..], &["ledger", "head", "show"]].concat())
        .ok()
        .stdout;
    let head: Vec<_> = head.lines().collect();
    let print = keygen::fingerprint(&account.path("ca/users.pub"));
    let text = room.text();
    let (plan, _) = text.split_once("[[ca]]").unwrap();
    let (_, rest) = text.split_once("[[attestation-root]]").unwrap();
    let plan = plan
        .replace("kind    = \"create\"", "kind = \"drill\"")
        .replace("last    = \"none\"", &format!("last = \"{words}\""));
    let plan = format!(
        "{plan}\n[ledger]\nname = \"{}\"\nsize = {}\nroot = \"{}\"\n\n[[known-ca]]\nname = \"users\"\n\
         fingerprint = \"{print}\"\ndevice = \"root\"\n\n[drill]\nnext-due = \"{}\"\n\n[[attestation-root]]{rest}",
        head[0],
        head[1],
        head[2],
        date("+1 year")
    );
    room.write_plan(&with_window(&plan, "-1 day", "+1 day"));
    let mut people = shares::people(&room);
    people.sheets = before.sheets.clone();
    for number in there + 1..=3 {
        let of = |what: &String| what.starts_with(&format!("the 20 words of share {number} "));
        let sheet = people.sheets.iter_mut().find(|(what, _)| of(what));
        "missing".clone_into(sheet.unwrap().1);
    }
    (room, people, before)
}

#[test]
fn shares_open_the_real_card_and_a_missing_one_is_told() {
    let (room, mut people, before) = of_shares(2);
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0).ok();
    let transcript = room.transcript();
    assert!(
        transcript.contains("shares 1, 2 of 3 typed"),
        "{transcript}"
    );
    assert!(
        transcript.contains("\"answer\":\"missing\""),
        "{transcript}"
    );
    // Nobody seals what is missing.
    assert!(shown.contains("the envelope that share 2 is sealed in"));
    assert!(!shown.contains("the envelope that share 3 is sealed in"));
    assert!(
        transcript.contains("it has the key and signed"),
        "{transcript}"
    );
    let account = &room.admin.punchmark;
    assert!(opened_by(account).contains("generation 1, counter 2"));
    assert_card(&room, &secret_of(&before), 2);
    room.assert_in_no_file(&shares::secrets(&before).1);
}

#[test]
fn what_is_said_to_be_missing_is_not_tried_though_it_is_in_the_machine() {
    let (room, mut people, before) = of_shares(3);
    let missing = ("the number of the bag of `root`", "missing");
    people
        .instead
        .push((missing.0.to_owned(), missing.1.to_owned()));
    // The ledger key is in it, and is opened for the transcript alone.
    let (shown, _) = people.hold(room.start());
    let transcript = room.transcript();
    assert!(
        transcript.contains("MISSING: device `root` "),
        "{transcript}"
    );
    assert!(!transcript.contains("it has the key and signed"), "{shown}");
    assert!(!shown.contains("done: the devices of the plan"), "{shown}");
    assert_card(&room, &secret_of(&before), 1);
}

#[test]
fn a_card_whose_plug_was_loose_is_asked_for_again_and_tried() {
    let (room, mut people, _) = of_shares(3);
    let mut asked = 0;
    let loose = |question: &str| {
        if question.contains("the serial number of `root`") {
            asked += 1;
            match asked {
                1 => pull(&room.admin.token, 0),
                _ => room.admin.put_back(room.admin.card()),
            }
        }
        false
    };
    let (shown, code) = people.hold_until(room.start(), loose).unwrap();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The machine doesn't see `root`"), "{shown}");
    assert!(
        shown.contains("done: the devices of the plan are found"),
        "{shown}"
    );
    room.verify(&words_of(&shown).0).ok();
    let transcript = room.transcript();
    assert!(!transcript.contains("MISSING"), "{transcript}");
}

#[test]
fn who_took_the_wrong_envelope_first_spoils_no_drill() {
    let (room, mut people, before) = of_shares(3);
    let other = SharedSecret::random().unwrap();
    let other = other.split(Quorum::new(2, 3).unwrap()).unwrap();
    let right = shares::shares(&before)[1].words().to_string();
    for (question, typed) in [
        ("share 1 of 3, off its sheet", other[0].words().to_string()),
        ("share 2 of 3, off its sheet", right),
        ("share 2 of 3, off its sheet", "again".to_owned()),
    ] {
        people.once.push((question.to_owned(), typed));
    }
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("one of the two is the wrong sheet"),
        "{shown}"
    );
    room.verify(&words_of(&shown).0).ok();
    let transcript = room.transcript();
    assert!(
        transcript.contains("shares 1, 2, 3 of 3 typed"),
        "{transcript}"
    );
}

#[test]
fn a_share_that_is_typed_twice_is_told_and_asked_for_again() {
    let (room, mut people, before) = of_shares(2);
    let first = shares::shares(&before)[0].words();
    let second = "the 20 words of share 2 of 3, off its sheet".to_owned();
    people.once.push((second, first.as_str().to_owned()));
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("That share was typed before."), "{shown}");
    room.verify(&words_of(&shown).0).ok();
}

#[test]
fn with_too_few_shares_no_pin_is_tried_and_the_ledger_key_stops_what_can_t_be_recorded() {
    let (room, mut people, before) = of_shares(1);
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 1, "{shown}");
    let transcript = room.transcript();
    assert!(
        transcript.contains("MISSING: shares 1 of 3 typed, 2 needed"),
        "{transcript}"
    );
    assert!(
        transcript.contains("MISSING: too few shares"),
        "{transcript}"
    );
    assert_card(&room, &secret_of(&before), 1);
}
