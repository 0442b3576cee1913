//! The pages of a ceremony, as a browser prints them.

use std::fs;

use super::room::Room;
use super::run::held;
use crate::harness::browser::{codes, printed, screenshot};
use crate::harness::scratch;

/// A text without its blanks: a line may be broken behind a hyphen. On paper there are no backticks.
fn squeezed(text: &str) -> String {
    let printed = text.replace('`', "");
    printed.split_whitespace().collect()
}

/// Each row stands whole on one page, and each page with rows has their head.
#[track_caller]
fn assert_whole_rows(pages: &[String], head: &str, rows: &[String]) {
    for row in rows {
        let holds = |page: &&String| squeezed(page).contains(&squeezed(row));
        let there: Vec<_> = pages.iter().filter(holds).collect();
        assert_eq!(there.len(), 1, "{row}\n{pages:#?}");
        assert!(there[0].contains(head), "{head}: {there:?}");
    }
}

#[test]
fn the_paper_is_printed_on_a4_and_letter_with_whole_rows_and_numbered_pages() {
    for people in ["2", "4"] {
        let room = Room::new(people);
        let paper = room.account.path("paper.html");
        room.account
            .run(&["ceremony", "script", "plan.toml", "--out", "paper.html"])
            .ok();
        let steps = room.checked()["steps"].as_array().unwrap().clone();
        let rows = (1..).zip(&steps).map(|(number, step)| {
            let part = |name: &str| step[name].as_str().unwrap().to_owned();
            format!(
                "{number}. {} {} {}",
                part("name"),
                part("actor"),
                part("say")
            )
        });
        let begins: Vec<_> = rows.collect();
        let ends: Vec<_> = steps
            .iter()
            .map(|step| step["expect"].as_str().unwrap().to_owned())
            .collect();
        for size in ["A4", "letter"] {
            let pages = printed(&paper, size);
            assert!(!pages.concat().contains('`'), "{pages:#?}");
            // One or more of steps, then a sheet each.
            let sheets = 4; // inventory, key card, PIN, what is copied
            assert!(pages.len() > sheets, "{pages:#?}");
            assert!(pages.len() < 12, "{pages:#?}");
            assert_whole_rows(
                &pages,
                "Step Who Says Is typed Is seen Time Initials Deviation",
                &begins,
            );
            for (begin, end) in begins.iter().zip(&ends) {
                let (begin, end) = (squeezed(begin), squeezed(end));
                let mut pages = pages.iter().map(|page| squeezed(page));
                let page = pages.find(|page| page.contains(&begin)).unwrap();
                let (_, behind) = page.split_once(&begin).unwrap();
                assert!(behind.contains(&end), "{begin} … {end}: {page}");
            }
            for (number, page) in (1..).zip(&pages) {
                let words = format!("{number} / {}", pages.len());
                assert!(page.contains(&words), "{words}: {page}");
            }
        }
    }
}

#[test]
fn the_key_card_shows_each_key_as_a_code_that_zbarimg_reads() {
    let (room, _, _) = held("2");
    let folder = scratch();
    let card = fs::read_to_string(room.output("key-card.html")).unwrap();
    let parts: Vec<_> = card.split("<section>").collect();
    for (sheet, file) in parts[1..].iter().zip(["users.pub", "ledger.pub"]) {
        // Each sheet on a picture of its own.
        let page = folder.path().join("sheet.html");
        fs::write(&page, format!("{}{sheet}", parts[0])).unwrap();
        let picture = folder.path().join("sheet.png");
        screenshot(&page, &picture);
        let line = fs::read_to_string(room.output(file)).unwrap();
        assert_eq!(codes(&picture), [line.trim_end()]);
    }
    assert_eq!(parts.len(), 3);
    for size in ["A4", "letter"] {
        let pages = printed(&room.output("key-card.html"), size);
        assert_eq!(pages.len(), 2, "{pages:#?}");
        for page in &pages {
            assert!(page.contains("Of the ceremony"), "{page}");
        }
    }
}

#[test]
fn the_report_is_one_page_for_the_archive_that_prints_with_whole_rows() {
    let (room, words, _) = held("2");
    let transcript = "ceremony/transcript.jsonl";
    let report = ["ceremony", "report", transcript, "--plan", "plan.toml"];
    room.account
        .run(&[&report[..], &["--out", "report.html"]].concat())
        .ok();
    let page = fs::read_to_string(room.account.path("report.html")).unwrap();
    // A page takes the place of a page, and of nothing else.
    room.account
        .run(&[&report[..], &["--out", "report.html"]].concat())
        .ok();
    let plan = room.text();
    let script = ["ceremony", "script", "plan.toml"];
    for (command, out) in [
        (&report[..], transcript),
        (&report[..], "ceremony/punchmark.ledger"),
        (&script[..], "plan.toml"),
        (&[&script[..], &["--markdown"]].concat(), "plan.toml"),
    ] {
        let before = fs::read(room.account.path(out)).unwrap();
        let refused = room.account.run(&[command, &["--out", out]].concat());
        refused
            .exits(1)
            .says("is there already, and is no page of this kind");
        assert_eq!(fs::read(room.account.path(out)).unwrap(), before);
    }
    assert_eq!(room.text(), plan);
    assert_eq!(page, room.account.run(&report).ok().stdout);
    for held in [&words, "Anna", "Bob", &room.serial, "users.pub", "SHA256:"] {
        assert!(page.contains(held), "{held}");
    }
    // What stands in the rows of what auditors ask, as far as no line is broken within a word.
    let asked = page.split("What auditors ask").nth(1).unwrap();
    let rows: Vec<_> = asked
        .split("<tr><td>")
        .skip(1)
        .take_while(|row| row.contains("</td><td>"))
        .map(|row| {
            let cells = row.split("</td></tr>").next().unwrap();
            let text = cells.replace("</td><td class=\"box\">", " ");
            let text = text.replace("<code>", "").replace("</code>", "");
            text.replace("</td><td>", " ").replace("&quot;", "\"")
        })
        .take(34)
        .collect();
    assert_eq!(rows.len(), 34);
    let head = "Clause What is asked Where it is Filled in by people";
    for size in ["A4", "letter"] {
        let pages = printed(&room.account.path("report.html"), size);
        assert!((3..9).contains(&pages.len()), "{pages:#?}");
        assert_whole_rows(&pages, head, &rows);
    }
    // A page takes the place of a page, and of nothing else: what lies beside it is evidence.
    let again = [&report[..], &["--out", "report.html"]].concat();
    room.account.run(&again).ok();
    for evidence in [transcript, "plan.toml", "ceremony/punchmark.ledger"] {
        let before = fs::read(room.account.path(evidence)).unwrap();
        let script = ["ceremony", "script", "plan.toml", "--markdown"];
        for page in [&report[..], &script[..3], &script[..]] {
            let over = [page, &["--out", evidence]].concat();
            let refused = room.account.run(&over).exits(1);
            refused.says("is there already, and is no page of this kind");
        }
        assert_eq!(fs::read(room.account.path(evidence)).unwrap(), before);
    }
    // A transcript that is not the plan's has no report.
    let text = fs::read_to_string(room.output("transcript.jsonl")).unwrap();
    let (cut, _) = text.trim_end().rsplit_once('\n').unwrap();
    fs::write(room.account.path("cut.jsonl"), format!("{cut}\n")).unwrap();
    room.account
        .run(&["ceremony", "report", "cut.jsonl", "--plan", "plan.toml"])
        .exits(1)
        .says("has no end");
}
