//! The outsider's check, on files that somebody changed.

use std::fs;

use super::faults::hold_until;
use super::room::{Room, words_of};
use super::run::{OUTPUTS, held};
use crate::harness::process::{bounded, run};
use crate::harness::{forge, keygen, write};

#[test]
fn each_output_and_each_line_that_was_changed_is_named() {
    let (room, words, head) = held("2");
    let file = room.output("transcript.jsonl");
    let whole = fs::read(&file).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(at);
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        let mut swapped = lines.clone();
        swapped.swap(at, (at + 1) % lines.len());
        let mut changed = lines[at].to_vec();
        let last = changed.len() - 4;
        changed[last] ^= 1;
        let mut other = lines.clone();
        other[at] = &changed;
        for tampered in [dropped, doubled, swapped, other] {
            write(&file, tampered.concat(), 0o644);
            let refused = room.verify(&words, &OUTPUTS).exits(1);
            // The line where it shows, or what the whole of it should end with.
            let says = |line| refused.stderr.contains(&format!("line {line} "));
            // The last line takes turns with the first.
            let named = (at..=at + 2).any(says) || at + 1 == lines.len() && says(1);
            let ended = refused.stderr.contains("the words of the transcript are");
            assert!(
                named || ended && at + 2 >= lines.len(),
                "line {}: {refused}",
                at + 1
            );
        }
    }
    write(&file, &whole, 0o644);
    for name in OUTPUTS {
        let path = room.output(name);
        let bytes = fs::read(&path).unwrap();
        // Behind the ledger stand zeros, which nobody misses.
        let content = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        let middle = content / 2;
        let mut flipped = bytes.clone();
        let at = (middle..bytes.len()).find(|at| bytes[*at].is_ascii_alphanumeric());
        flipped[at.unwrap_or(200)] ^= 1;
        for tampered in [flipped, bytes[..middle].to_vec()] {
            write(&path, tampered, 0o644);
            let refused = room.verify(&words, &OUTPUTS).exits(1);
            refused.says(match name {
                "head.txt" => "the signed head",
                "punchmark.ledger" => "ledger",
                named => named,
            });
        }
        write(&path, &bytes, 0o644);
        let rest: Vec<_> = OUTPUTS.into_iter().filter(|one| *one != name).collect();
        room.verify(&words, &rest)
            .exits(1)
            .says(&format!("{name} was not given"));
    }
    room.verify(&head, &OUTPUTS)
        .exits(1)
        .says("and not those that were given");
    room.verify("music", &OUTPUTS)
        .exits(2)
        .says("1 word instead of 32");
    let stranger = [&OUTPUTS[..], &["../plan.toml"]].concat();
    room.verify(&words, &stranger)
        .exits(1)
        .says("plan.toml is no output");
    let plan = room.text();
    room.write_plan(&plan.replace("Room 5", "Room 6"));
    room.verify(&words, &OUTPUTS).exits(1).says("another plan");
    room.write_plan(&plan);
    room.verify(&words, &OUTPUTS).ok();
}

#[test]
fn outputs_of_another_ceremony_of_the_same_plan_are_found() {
    let (room, words, _) = held("2");
    let (other, other_words, _) = held("2");
    for name in [
        "punchmark.ledger",
        "head.txt",
        "transcript.jsonl.sig",
        "users.pub",
    ] {
        let (ours, theirs) = (room.output(name), other.output(name));
        let kept = fs::read(&ours).unwrap();
        fs::copy(&theirs, &ours).unwrap();
        room.verify(&words, &OUTPUTS).exits(1);
        write(&ours, kept, 0o644);
    }
    room.verify(&other_words, &OUTPUTS).exits(1);
    room.verify(&words, &OUTPUTS).ok();
}

#[test]
fn a_person_who_brings_a_key_signs_too() {
    let room = Room::new("2");
    let key = keygen::make(room.account.home(), "bob", keygen::ED25519);
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let witness = format!("roles = [\"witness\"]\nkey = \"{}\"\n", public.trim());
    room.write_plan(&room.text().replace("roles = [\"witness\"]\n", &witness));
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let (words, _) = words_of(&shown);
    let missing = "transcript.jsonl.Bob.sig was not given";
    room.verify(&words, &OUTPUTS).exits(1).says(missing);
    let mut sign = bounded("ssh-keygen");
    sign.args(["-Y", "sign", "-n", "ceremony@punchmark", "-f"])
        .arg(&key);
    sign.stdin(fs::File::open(room.output("transcript.jsonl")).unwrap());
    let signature = run(&mut sign).ok().stdout;
    write(&room.output("transcript.jsonl.Bob.sig"), signature, 0o644);
    room.verify(
        &words,
        &[&OUTPUTS[..], &["transcript.jsonl.Bob.sig"]].concat(),
    )
    .ok();
}

#[test]
fn a_copy_of_the_ledger_that_was_written_anew_or_cut_is_found() {
    let (room, words, _) = held("2");
    let copy = room.output("punchmark.ledger");
    let kept = fs::read(&copy).unwrap();
    let heads = crate::harness::scratch();
    let forged = |named: &str, change: fn(&mut Vec<Vec<u8>>)| {
        forge::rewrite(&copy, heads.path(), change);
        room.verify(&words, &OUTPUTS).exits(1).says(named);
        write(&copy, &kept, 0o644);
    };
    // The ceremony and the head behind it are left out.
    forged("it has no such ceremony", |entries| {
        let left = entries.len() - 2;
        entries.truncate(left);
    });
    // Whoever leaves out what came before leaves out what it stands on.
    forged("the ledger", |entries| {
        entries.remove(1);
    });
    forged("the ledger", |entries| entries.swap(1, 2));
    room.verify(&words, &OUTPUTS).ok();
}

/// The lines, numbered anew, each of which follows from the one before.
pub(super) fn chained(lines: &str) -> String {
    let mut value = "0".repeat(64);
    let mut chained = String::new();
    for (number, line) in (1..).zip(lines.lines()) {
        let (start, rest) = line.split_once("\"before\":\"").unwrap();
        let (_, time) = start.split_once(",").unwrap();
        let line = format!(
            "{{\"number\":{number},{time}\"before\":\"{value}{}",
            &rest[64..]
        );
        value = super::sha256_of(line.as_bytes());
        chained += &format!("{line}\n");
    }
    chained
}

#[test]
fn a_key_that_was_put_among_the_outputs_before_the_end_is_found() {
    for (name, from, to) in [
        ("users.pub", "ecdsa-sha2-nistp256 ", "ecdsa-sha2-nistp256  "),
        (
            "ledger.pub",
            "ecdsa-sha2-nistp256 ",
            "ecdsa-sha2-nistp256  ",
        ),
        (
            "users.sshd_config",
            "/etc/ssh/users.pub",
            "/etc/ssh/other.pub",
        ),
        ("key-card.html", "SHA256:", "SHA256:A"),
    ] {
        let room = Room::new("2");
        let pty = hold_until(&room, room.start(), "is sealed in");
        room.leave("ceremony/transcript.jsonl", pty);
        let file = room.output(name);
        let before = super::sha256(&file);
        let text = fs::read_to_string(&file).unwrap();
        let other = text.replace(from, to);
        assert_ne!(text, other);
        write(&file, other, 0o644);
        let lines = room.transcript().replace(&before, &super::sha256(&file));
        write(&room.output("transcript.jsonl"), chained(&lines), 0o644);
        let (shown, code) = room.hold(room.start());
        assert_eq!(code, 0, "{shown}");
        let refused = room.verify(&words_of(&shown).0, &OUTPUTS).exits(1);
        refused.says(&format!("{name} is not what plan and keys"));
    }
}
