//! The pages of a ceremony, as a browser prints them.

use super::room::Room;
use crate::harness::browser::printed;

/// A text without its blanks: a line may be broken behind a hyphen.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
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
