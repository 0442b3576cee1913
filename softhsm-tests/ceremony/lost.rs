//! What became of the outputs of a ceremony behind its end: lost, or other files of their names. The next run tells,
//! and makes again what it can.

use std::fs;

use super::room::words_of;
use super::run::{OUTPUTS, held};
use crate::harness::write;

#[test]
fn a_head_that_is_lost_is_signed_again_and_one_that_somebody_put_there_is_told() {
    let (room, words, head) = held("2");
    let path = room.output("head.txt");
    let own = fs::read_to_string(&path).unwrap();
    let (text, signature) = own.split_once("\n\n").unwrap();
    let ledger = fs::read(room.account.path("ca/punchmark.ledger")).unwrap();
    let copy = fs::read(room.output("punchmark.ledger")).unwrap();
    // Of this ledger, and signed by nobody.
    let unsigned = format!("{text}\n\n\u{2014} somebody AAAAAAAAAAA=\n");
    let later = own.replacen('\n', "\n9", 1);
    for (there, is_told) in [
        (Some(unsigned), true),
        (Some(later), true),
        (Some(format!("{text}\nmore\n\n{signature}")), true),
        (None, false),
    ] {
        match there {
            Some(there) => write(&path, there, 0o644),
            None => fs::remove_file(&path).unwrap(),
        }
        let (shown, code) = room.hold(room.start());
        assert_eq!(code, 0, "{shown}");
        let words_say = "no head behind this ceremony that the ledger key signed";
        assert_eq!(shown.contains(words_say), is_told, "{shown}");
        assert_eq!(words_of(&shown).0, words);
        room.verify(&words, &OUTPUTS).ok();
        // The head that the ledger has is signed once more, and no other one.
        let made = fs::read_to_string(&path).unwrap();
        assert!(made.starts_with(text), "{made}");
    }
    assert_eq!(
        fs::read(room.account.path("ca/punchmark.ledger")).unwrap(),
        ledger
    );
    assert_eq!(fs::read(room.output("punchmark.ledger")).unwrap(), copy);
    // One that is whole stays, with its words.
    write(&path, &own, 0o644);
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    assert_eq!(words_of(&shown).1, head);
    assert_eq!(fs::read_to_string(&path).unwrap(), own);
}

#[test]
fn outputs_that_are_lost_are_written_again_or_told_and_none_is_written_over() {
    let (room, words, _) = held("2");
    for name in ["users.pub", "ledger.pub", "key-card.html"] {
        fs::remove_file(room.output(name)).unwrap();
        let (shown, code) = room.hold(room.start());
        assert_eq!(code, 0, "{shown}");
        let again = format!("{name} was not there, and is written again");
        assert!(shown.contains(&again), "{shown}");
        room.verify(&words, &OUTPUTS).ok();
    }
    let told = |says: &str| {
        let (shown, code) = room.hold(room.start());
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains(says), "{shown}");
        assert!(shown.contains("1 file in "), "{shown}");
    };
    let list = room.output("revoked.krl");
    let kept = fs::read(&list).unwrap();
    fs::remove_file(&list).unwrap();
    told("revoked.krl is not there");
    assert!(!list.exists());
    write(&list, &kept, 0o644);
    let card = room.output("key-card.html");
    let kept = fs::read(&card).unwrap();
    write(&card, "another card", 0o644);
    told("key-card.html has the SHA-256 ");
    assert_eq!(fs::read_to_string(&card).unwrap(), "another card");
    write(&card, &kept, 0o644);
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words, &OUTPUTS).ok();
}
