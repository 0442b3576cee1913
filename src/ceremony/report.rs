//! The report of a ceremony for the archive: one page, made from plan and transcript alone.
//!
//! It says where an auditor finds what; that all of it holds is the answer of the check, with the
//! words off the paper. Nothing in it claims that anything complies with anything.

mod asked;
mod drill;
mod inventory;
mod summary;

use std::collections::BTreeMap;

use super::instant::Instant;
use super::plan::Plan;
use super::script::{REHEARSAL_STYLE, banner, on_each_page, people};
use super::steps::steps;
use super::transcript::{Event, Line, Transcript};
use super::verdict::{Account, UNKNOWN};
use crate::output::page::{Cell, Page};

use asked::{Found, asked, sources};
use inventory::inventory;
use summary::summary;

/// The report of a ceremony, as one HTML file.
#[must_use]
pub fn report(plan: &Plan, transcript: &Transcript, account: &Account) -> String {
    let rehearsal = banner(plan);
    let marked = if rehearsal.is_some() {
        REHEARSAL_STYLE
    } else {
        ""
    };
    let title = format!("Report of the ceremony: {}", plan.purpose);
    let mut page = Page::new(&title, &on_each_page(plan), &format!("{STYLE}{marked}"));
    if let Some(words) = &rehearsal {
        page.paragraph("rehearsal", words);
    }
    page.paragraph("note", MADE_FROM);
    page.named(summary(plan, transcript, account));
    page.heading("Who took part");
    page.table("people", &["Name", "Roles", "Signature"], signatures(plan));
    page.heading("Devices and keys");
    page.table(
        "inventory",
        &["What", "Which", "Where it is"],
        inventory(plan, transcript),
    );
    page.heading("What happened");
    page.table(
        "course",
        &["Step", "Begun", "Done", "Answered by"],
        course(plan, transcript),
    );
    drill::found(&mut page, plan, transcript);
    otherwise(&mut page, account);
    page.heading("What was made");
    let files = account.files.iter();
    let files = files.map(|(name, sha256)| vec![text(name), text(sha256)]);
    page.table("files", &["File", "SHA-256"], files);
    audit(&mut page);
    page.heading("What no file can say");
    page.table(
        "unknown",
        &["Not known from files", "Who vouches for it"],
        unknown(),
    );
    page.end()
}

fn text(words: impl Into<String>) -> Cell {
    Cell::Text(words.into())
}

fn signatures(plan: &Plan) -> Vec<Vec<Cell>> {
    let rows = people(plan).into_iter();
    rows.map(|(name, roles)| vec![text(name), text(roles), Cell::Box])
        .collect()
}

/// Each step with its first and its last line, and whoever answered in it.
fn course(plan: &Plan, transcript: &Transcript) -> Vec<Vec<Cell>> {
    let mut lines: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in transcript.lines() {
        if let Some(step) = line.event.step() {
            lines.entry(step).or_default().push(line);
        }
    }
    let row = |name: &str| {
        let lines = lines.get(name).map(Vec::as_slice).unwrap_or_default();
        let time = |line: Option<&&Line>| {
            text(
                line.map(|line| Instant::of(line.time).to_string())
                    .unwrap_or_default(),
            )
        };
        let mut by: Vec<_> = lines
            .iter()
            .filter_map(|line| answered_by(&line.event))
            .collect();
        by.dedup();
        vec![
            text(name),
            time(lines.first()),
            time(lines.last()),
            text(by.join(", ")),
        ]
    };
    steps(plan).iter().map(|step| row(&step.name)).collect()
}

fn answered_by(event: &Event) -> Option<&str> {
    match event {
        Event::Answer { by, .. } | Event::TypedBack { by, .. } => Some(by),
        _ => None,
    }
}

/// What went otherwise than planned, or that nothing did.
fn otherwise(page: &mut Page, account: &Account) {
    page.heading("What went otherwise");
    let deviations = account.deviations.iter();
    let deviations = deviations.map(|(step, by, words)| vec![text(step), text(by), text(words)]);
    page.table("deviations", &["Step", "Who says so", "What"], deviations);
    let apart = account.clocks_apart.iter();
    let apart = apart.map(|(line, clocks)| {
        format!("Clocks that were more than five minutes apart, line {line}: {clocks}.")
    });
    let again = account.told_again.iter();
    let again = again.map(|told| format!("The transcript, {told}."));
    let behind = account.behind_the_end.iter();
    let behind = behind.map(|entry| {
        format!(
            "The ledger took behind the end of the transcript, under the same signed head: {entry}."
        )
    });
    let remarks = account.remarks.iter();
    let remarks = remarks.map(|remark| format!("The audit of the ledger remarks: {remark}."));
    let missing = account.missing.iter();
    let missing = missing.map(|missing| format!("Not as it should be: {missing}."));
    for words in apart
        .chain(again)
        .chain(behind)
        .chain(missing)
        .chain(remarks)
    {
        page.paragraph("note", &words);
    }
    page.paragraph(
        "note",
        &format!(
            "Deviations: {}. Answers that were not the wanted ones: {}. Starts of the program after the \
             first: {}.",
            account.deviations.len(),
            account.other_answers,
            account.went_on
        ),
    );
}

fn audit(page: &mut Page) {
    page.heading("What auditors ask, and where it is");
    page.paragraph("note", NO_CLAIM);
    for source in sources() {
        page.paragraph("source", source);
    }
    let rows = asked().iter().map(|row| {
        let (here, hand) = match row.found {
            Found::Here(place) => (text(place), text("–")),
            Found::ByHand(what) => (text(format!("by hand: {what}")), Cell::Box),
            Found::Both(place, what) => (text(format!("{place}. By hand: {what}")), Cell::Box),
        };
        vec![text(row.clause), text(row.asks), here, hand]
    });
    page.table(
        "asked",
        &[
            "Clause",
            "What is asked",
            "Where it is",
            "Filled in by people",
        ],
        rows,
    );
}

fn unknown() -> Vec<Vec<Cell>> {
    let rows = UNKNOWN.iter();
    rows.map(|words| vec![text(*words), Cell::Box]).collect()
}

const MADE_FROM: &str = "Made from the plan and the transcript alone. Whether both are what they claim \
    is the answer of `punchmark ceremony verify`, with the words off the paper and every file; this \
    page proves nothing by itself. Boxes are filled in by people.";
const NO_CLAIM: &str = "A finding aid: where in the files of this ceremony an auditor finds what these \
    texts ask for, in our words. It claims no compliance; most of these texts are for public CAs of TLS \
    certificates, and none is about SSH.";
const STYLE: &str = "\
td.box { height: 9mm; min-width: 35mm; }
.named td { font-size: 8pt; }
.note { font-size: 9pt; }
.source { font-size: 9pt; margin: 0 0 1mm 4mm; }
table { font-size: 9pt; }
.files td, .inventory td { overflow-wrap: anywhere; }
.asked { table-layout: fixed; }
.asked th:nth-child(1) { width: 17%; }
.asked th:nth-child(2) { width: 27%; }
.asked th:nth-child(3) { width: 34%; }
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::plan::tests::filled;
    use crate::ceremony::verdict::judge;
    use crate::ceremony::verdict::tests::events;

    fn made(text: &str) -> String {
        let plan = Plan::parse(text.as_bytes()).unwrap();
        let mut transcript = Transcript::default();
        let mut events = events(&plan);
        let deviation = Event::Deviation {
            step: "people".to_owned(),
            by: "Bob".to_owned(),
            text: "a <fire> drill & more".to_owned(),
        };
        // Behind the answer of Anna, when Bob is asked.
        events.insert(2, deviation);
        for event in events {
            transcript.push(plan.window.0.seconds(), event).unwrap();
        }
        let account = judge(&plan, &transcript).unwrap();
        report(&plan, &transcript, &account)
    }

    #[test]
    fn all_that_was_recorded_stands_in_it_and_it_wants_nothing_from_anywhere() {
        let plan = Plan::parse(filled(3).as_bytes()).unwrap();
        let page = made(&filled(3));
        for words in [
            "a &lt;fire&gt; drill &amp; more",
            "Anna",
            "SHA256:",
            "revoked.krl",
        ] {
            assert!(page.contains(words), "{words}");
        }
        for step in steps(&plan) {
            assert!(page.contains(&format!("<td>{}</td><td>2026-12-01T08:00Z", step.name)));
        }
        for foreign in ["http", "src=", "href=", "url(", "@import", "<script"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert!(!page.contains("REHEARSAL"));
    }

    #[test]
    fn each_text_is_asked_by_its_edition_and_what_people_fill_in_is_empty_and_marked() {
        let page = made(&filled(3));
        for text in ["BR 6.1.1.1", "BR 5.2.2", "ETSI GEN-6.5.1-12", "ISO A.8.24"] {
            assert!(page.contains(text), "{text}");
        }
        for criterion in 1..=10 {
            assert!(
                page.contains(&format!("WebTrust 4.{criterion}<")),
                "4.{criterion}"
            );
        }
        for people in ["video", "seals", "the room"] {
            assert!(page.contains(people), "{people}");
        }
        let by_hand = asked()
            .iter()
            .filter(|row| !matches!(row.found, Found::Here(_)))
            .count();
        assert!(by_hand > 8, "{by_hand}");
        let marked = page.matches("by hand: ").count() + page.matches("By hand: ").count();
        assert_eq!(marked, by_hand);
        assert_eq!(sources().len(), 4);
        let lowered = page.to_lowercase();
        assert!(!lowered.contains("compliant"), "it claims something");
    }
}
