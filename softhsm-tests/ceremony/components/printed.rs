//! Components that come out of a printer.

use std::cell::Cell;
use std::fs;

use super::{assert_wrapped, people, room, start};
use crate::ceremony::printer::that_prints;
use crate::ceremony::rehearse::found::{check, rehearse};
use crate::ceremony::room::words_of;
use crate::ceremony::run::OUTPUTS;
use crate::harness::printer::{Printer, rendered};

#[test]
fn each_component_comes_from_the_printer_and_what_was_typed_off_them_opens_the_file() {
    let (room, _) = room();
    let printer = Printer::new();
    room.write_plan(&that_prints(&room.text(), &printer));
    let mut people = people(&room);
    people.printer = Some(printer);
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
    // None was on a screen, and no sheet was handed out twice.
    assert!(!shown.contains("Write it down"), "{shown}");
    let transcript = room.transcript();
    assert_eq!(transcript.matches("\"kind\":\"printed\"").count(), 3);
    let sheets = people.printer.as_ref().unwrap().sheets();
    assert_eq!(sheets.len(), 3);
    let started = people.printer.as_ref().unwrap().started();
    for ((number, name), sheet) in (1..).zip(["Cem", "Erik", "Gus"]).zip(&sheets) {
        let read = rendered(sheet, "a4");
        for words in [
            name,
            &format!("Component {number} of 3"),
            &format!("K{number}"),
        ] {
            assert!(read.text.contains(words), "{words}: {}", read.text);
        }
        let first: Vec<_> = read.code.split(' ').take(2).collect();
        assert_eq!(read.code.split(' ').count(), 20);
        assert!(!started.contains(&first.join(" ")), "{started}");
    }
    assert_wrapped(&room, &people);
}

#[test]
fn a_rehearsal_on_tokens_prints_the_components_and_each_sheet_says_what_it_is() {
    let (room, _) = room();
    let kept = room.account.path("sheets");
    fs::create_dir(&kept).unwrap();
    let kept_too = format!("cp \"$sheet\" {}/$count.ps", kept.display());
    let printer = Printer::that(&format!("cat > \"$sheet\" && {kept_too}"));
    room.write_plan(&that_prints(&room.text(), &printer));
    let printer = Cell::new(Some(printer));
    let (shown, code) = rehearse(&room, |people| {
        people.printer = printer.take();
        for (question, answer) in [
            ("written on the new medium", "REHEARSAL stick 7"),
            ("the envelope that component 1", "K1"),
            ("the envelope that component 2", "K2"),
            ("the envelope that component 3", "K3"),
            ("the bag that the medium", "REHEARSAL M1"),
        ] {
            let answer = (question.to_owned(), answer.to_owned());
            people.answers.push(answer);
        }
    });
    assert_eq!(code, 0, "{shown}");
    let transcript = room.account.path("rehearsal/ceremony/transcript.jsonl");
    let transcript = fs::read_to_string(transcript).unwrap();
    assert_eq!(transcript.matches("\"kind\":\"printed\"").count(), 3);
    for number in 0..3 {
        let read = rendered(&kept.join(format!("{number}.ps")), "a4");
        assert!(read.text.contains("REHEARSAL"), "{}", read.text);
        assert_eq!(read.code.split(' ').count(), 20);
    }
    check(&room).ok();
}
