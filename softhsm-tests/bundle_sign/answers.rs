//! Answers that another hand was on, or that are not the next.

use punchmark::bundle::{Answer, AnswerError, AnswerHeader, Answered, SignedBase, write_answer};

use super::*;

/// The answer to a bundle for erik and anna, in the office, and not accepted yet.
fn answered() -> Sides {
    let sides = Sides::begun();
    let made = sides.make("one.bundle", &format!("{ERIK}{ANNA}"), "");
    sides.sign("one.bundle", &made).ok();
    sides.carry_out("one.bundle.answer");
    sides
}

impl Sides {
    /// What is accepted of these bytes; nothing may have changed if they are refused.
    fn offer(&self, answer: &[u8]) -> Ran {
        let before = std::fs::read(self.mirror_file()).unwrap();
        write(&self.office.path("odd.answer"), answer, 0o644);
        let ran = self.office("bundle accept odd.answer");
        if ran.code != Some(0) {
            assert_eq!(std::fs::read(self.mirror_file()).unwrap(), before, "{ran}");
            assert_eq!(self.certificate("erik"), None, "{ran}");
        }
        ran
    }

    pub(super) fn answer(&self) -> Vec<u8> {
        std::fs::read(self.office.path("one.bundle.answer")).unwrap()
    }
}

/// The parts of an answer.
pub(super) struct Parts {
    pub(super) header: AnswerHeader,
    items: Vec<Answered>,
    base: Option<SignedBase>,
    frames: Vec<Vec<u8>>,
}

impl Parts {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let length = u64::try_from(bytes.len()).unwrap();
        let answer = Answer::copy(bytes, length, tempfile::tempfile().unwrap()).unwrap();
        let mut items = Vec::new();
        answer
            .each_item::<AnswerError>(&mut |_, item| {
                items.push(item);
                Ok(())
            })
            .unwrap();
        // The bytes of frames, behind the header and the items.
        let number = |at: usize| {
            usize::try_from(u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap()
        };
        let mut at = 4 + number(0);
        let mut frames = Vec::new();
        let mut part = 0;
        while at < bytes.len() {
            let end = at + 4 + number(at);
            // The base and its signature come between.
            if part >= items.len() + 2 {
                frames.push(bytes[at + 4..end].to_vec());
            }
            (at, part) = (end, part + 1);
        }
        Self {
            header: answer.header().clone(),
            items,
            base: answer.base().unwrap(),
            frames,
        }
    }

    /// An answer with a right checksum, as whoever knows the format writes one.
    pub(super) fn written(self) -> Vec<u8> {
        let mut file = tempfile::tempfile().unwrap();
        let items = self.items.into_iter().map(Ok::<_, AnswerError>);
        write_answer(&mut file, self.header, items, self.base.as_ref(), |add| {
            self.frames.into_iter().try_for_each(add)
        })
        .unwrap();
        let mut bytes = Vec::new();
        std::io::Seek::rewind(&mut file).unwrap();
        std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
        bytes
    }
}

#[test]
fn an_answer_that_was_spoilt_or_cut_is_not_accepted() {
    let sides = answered();
    sides
        .room("bundle show one.bundle")
        .exits(1)
        .says("the bundle was signed before");
    let whole = sides.answer();
    for at in (0..whole.len()).step_by(whole.len() / 23) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        sides.offer(&changed).fails();
    }
    for length in [0, 3, 100, whole.len() / 2, whole.len() - 1] {
        sides.offer(&whole[..length]).fails();
    }
    sides
        .offer(&[&whole[..], b"more"].concat())
        .fails()
        .says("its header says");
    sides.offer(&whole).ok();
}

#[test]
fn an_answer_that_was_accepted_is_held_whole_the_second_time_too() {
    let sides = answered();
    let whole = sides.answer();
    sides.offer(&whole).ok();
    let before = std::fs::read(sides.mirror_file()).unwrap();
    let changed = |change: &dyn Fn(&mut Parts), words: &str| {
        let mut parts = Parts::of(&whole);
        change(&mut parts);
        write(&sides.office.path("odd.answer"), parts.written(), 0o644);
        let ran = sides.office("bundle accept odd.answer");
        ran.fails().says(words);
        assert_eq!(std::fs::read(sides.mirror_file()).unwrap(), before);
    };
    changed(
        &|parts| parts.header.head = parts.header.head.replacen('\n', "\n1", 1),
        "head",
    );
    changed(
        &|parts| {
            let signature = parts.header.head.rfind(' ').unwrap();
            parts.header.head.truncate(signature);
            parts.header.head += " AAAAAAAAAAAA\n";
        },
        "head",
    );
    changed(&|parts| drop(parts.items.pop()), "items, and the bundle");
    changed(
        &|parts| parts.items[1] = Answered::Refused("no".to_owned()),
        "item 2: its refusal is not the one of the ledger",
    );
    changed(
        &|parts| parts.items[0] = Answered::Certificate(vec![0; 300]),
        "item 1: its certificate is not the one of the ledger",
    );
    changed(&|parts| parts.frames.clear(), "");
    sides.offer(&whole).ok().says("nothing changed");
}

#[test]
fn an_answer_that_was_written_anew_is_not_accepted() {
    let sides = answered();
    let whole = sides.answer();
    let changed = |change: &dyn Fn(&mut Parts), words: &str| {
        let mut parts = Parts::of(&whole);
        change(&mut parts);
        sides.offer(&parts.written()).fails().says(words);
    };
    assert_eq!(Parts::of(&whole).written(), whole);
    changed(
        &|parts| parts.items.swap(0, 1),
        "item 1: its certificate is not the one of the ledger",
    );
    changed(&|parts| drop(parts.items.pop()), "items, and the bundle");
    changed(
        &|parts| parts.items.push(parts.items[0].clone()),
        "it has 3 items",
    );
    let refusal = |parts: &mut Parts| parts.items[1] = Answered::Refused("no".to_owned());
    changed(&refusal, "item 2: its refusal is not the one of the ledger");
    changed(
        &|parts| drop(parts.frames.pop()),
        "not those that the head was signed over",
    );
    changed(&|parts| drop(parts.frames.remove(0)), "the mirror ends at");
    changed(&|parts| parts.frames.swap(1, 2), "the mirror ends at");
    changed(
        &|parts| parts.frames.clear(),
        "not those that the head was signed over",
    );
    let flip = |parts: &mut Parts| {
        let middle = parts.frames[1].len() / 2;
        parts.frames[1][middle] ^= 1;
    };
    changed(&flip, "frame 2 of the answer");
    let name = |parts: &mut Parts| {
        parts.header.head = parts
            .header
            .head
            .replace("punchmark.ledger/", "punchmark.ledger/0");
    };
    changed(&name, "the checkpoint is of ledger");
    sides.offer(&whole).ok();
}

#[test]
fn answers_are_accepted_in_order_and_of_this_ledger_alone() {
    let sides = Sides::begun();
    let one = sides.make("one.bundle", ERIK, "");
    sides.sign("one.bundle", &one).ok();
    let two = sides.make("two.bundle", ANNA, "");
    sides.sign("two.bundle", &two).ok();
    sides
        .accept("two.bundle")
        .exits(3)
        .says("has no answer yet");
    sides.accept("one.bundle").ok();
    sides.accept("two.bundle").ok();
    // What was answered before the last is old by now.
    sides
        .accept("one.bundle")
        .exits(3)
        .says("older than an answer");
    // An answer of another room, to a bundle of its own.
    let other = answered();
    sides
        .offer_of(&other)
        .fails()
        .says("was not made beside this ledger");
    let known = sides
        .office
        .path("config/punchmark/punchmark.ledger.bundles");
    let mut list = std::fs::read_to_string(&known).unwrap();
    let theirs = other
        .office
        .path("config/punchmark/punchmark.ledger.bundles");
    list.push_str(&std::fs::read_to_string(theirs).unwrap());
    write(&known, list, 0o600);
    std::fs::copy(
        other.office.path("one.bundle"),
        sides.office.path("theirs.bundle"),
    )
    .unwrap();
    sides.offer_of(&other).fails();
    let named = sides.office("bundle accept --bundle theirs.bundle theirs.answer");
    named.fails().says("ledger");
}

impl Sides {
    fn offer_of(&self, other: &Self) -> Ran {
        let theirs = other.office.path("one.bundle.answer");
        std::fs::copy(theirs, self.office.path("theirs.answer")).unwrap();
        self.office("bundle accept theirs.answer")
    }
}

#[test]
fn a_head_counts_by_a_ledger_key_that_the_mirror_knows_or_that_took_over_from_one() {
    let sides = Sides::begun();
    let made = sides.make("one.bundle", ERIK, "");
    let head = sides.room.punchmark.path("ledger_key.head");
    for name in ["next_key", "strange_key"] {
        keygen::make(sides.room.punchmark.home(), name, keygen::ED25519);
    }
    let use_key = |name: &str| {
        let config = std::fs::read_to_string(sides.room.config_file()).unwrap();
        let line = config
            .lines()
            .find(|line| line.starts_with("ledger-key"))
            .unwrap()
            .to_owned();
        let config = config.replace(&line, &format!("ledger-key = \"../../{name}\""));
        write(&sides.room.config_file(), config, 0o600);
    };
    use_key("strange_key");
    sides.sign("one.bundle", &made).ok();
    sides.carry_out("one.bundle.answer");
    sides
        .offer(&sides.answer())
        .fails()
        .says("no key that signs heads")
        .says("--signer");
    // The one that the mirror knows hands over.
    use_key("ledger_key");
    let _first = std::fs::remove_file(head);
    sides
        .room("ledger key rollover --old ledger_key --new next_key")
        .ok();
    use_key("next_key");
    std::fs::remove_file(sides.room.punchmark.path("one.bundle.answer")).unwrap();
    sides.room("bundle sign --again one.bundle").ok();
    sides.accept("one.bundle").ok();
    sides.office("ledger verify --signatures").ok();
}

#[test]
fn a_certificate_that_cannot_be_written_keeps_the_answer_open() {
    let sides = Sides::begun();
    let folder = sides.office.path("away");
    std::fs::create_dir(&folder).unwrap();
    std::fs::rename(sides.office.path("anna.pub"), folder.join("anna.pub")).unwrap();
    let made = sides.make(
        "one.bundle",
        &format!("{ERIK}away/anna.pub,anna,engineer\n"),
        "",
    );
    sides.sign("one.bundle", &made).ok();
    std::fs::rename(&folder, sides.office.path("gone")).unwrap();
    sides
        .accept("one.bundle")
        .exits(1)
        .says("item 2")
        .says("the same command goes on");
    assert!(sides.certificate("erik").is_some());
    std::fs::rename(sides.office.path("gone"), &folder).unwrap();
    sides
        .accept("one.bundle")
        .ok()
        .says("1 certificate filed, 1 there already");
    assert!(folder.join("anna-cert.pub").exists());
    sides.accept("one.bundle").ok().says("nothing changed");
}

#[test]
fn a_role_may_write_more_into_a_key_id_than_was_asked_for() {
    let sides = Sides::begun();
    let office = sides.office.path("config/punchmark/punchmark.toml");
    for config in [sides.room.config_file(), office] {
        let text = std::fs::read_to_string(&config).unwrap();
        let place = "storage    = \"ignore\"\n";
        let named = format!("{place}key-id     = \"{{requester}}: {{asked}}\"\n");
        write(&config, text.replace(place, &named), 0o600);
    }
    let lines = "key,requester,role,key-id\nerik.pub,erik,engineer,laptop 7\n";
    write(&sides.office.path("people.csv"), lines, 0o644);
    let make = "bundle make --key ole --out one.bundle --manifest people.csv --json";
    let made = objects(&sides.office(make).ok()).pop().unwrap();
    sides.sign("one.bundle", &made).ok();
    sides.accept("one.bundle").ok();
    let listed = sides.office("ledger list --json").ok().stdout;
    assert!(listed.contains("\"erik: laptop 7\""), "{listed}");
}
