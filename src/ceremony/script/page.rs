//! The paper as one HTML file, which a browser prints on A4 or Letter.

use super::{COLUMNS, COPIED, HOW, banner, heading, on_each_page, rows, sheets};
use crate::ceremony::plan::Plan;
use crate::output::page::{Cell, Page};

/// The paper of a plan, as one HTML file.
#[must_use]
pub fn html(plan: &Plan) -> String {
    let rehearsal = banner(plan);
    let marked = if rehearsal.is_some() {
        REHEARSAL_STYLE
    } else {
        ""
    };
    let mut page = Page::new(
        &plan.purpose,
        &on_each_page(plan),
        &format!("{STYLE}{marked}"),
    );
    if let Some(words) = &rehearsal {
        page.paragraph("rehearsal", words);
    }
    let named = heading(plan).into_iter();
    page.named(named.map(|(name, words)| (name.to_owned(), words)));
    page.heading("Steps");
    page.paragraph("how", HOW);
    let rows = rows(plan).into_iter().map(|row| {
        vec![
            Cell::Text(row.number),
            Cell::Text(row.actor),
            Cell::Text(row.say),
            Cell::Typed(row.typed),
            Cell::Text(row.expect),
            Cell::Box,
            Cell::Box,
            Cell::Box,
        ]
    });
    page.table("steps", &COLUMNS, rows);
    for sheet in sheets(plan) {
        page.sheet(|page| {
            page.heading(&sheet.title);
            // A form with a line for each word stays on one page; 32 words want room.
            let class = if sheet.rows.len() > LONG {
                "named long"
            } else if sheet.title == COPIED {
                "named large"
            } else {
                "named"
            };
            page.named_as(class, sheet.rows);
        });
    }
    page.end()
}

/// More rows than this have no room on a page but when they are low.
const LONG: usize = 15;
/// Columns are as wide as what is written in them by hand: a name is not torn apart for a longer one.
const STYLE: &str = "\
.steps { table-layout: fixed; font-size: 9pt; }
.steps th { font-size: 8pt; padding: 1mm 0.8mm; }
.steps td.box { height: 14mm; }
section .long td.box { height: 7mm; }
section .large td.box { height: 60mm; }
.long th, .long td { padding: 0.5mm 1.5mm; }
.steps th:nth-child(1) { width: 15.5%; }
.steps th:nth-child(2) { width: 7.5%; }
.steps th:nth-child(3) { width: 16.5%; }
.steps th:nth-child(4) { width: 19%; }
.steps th:nth-child(5) { width: 14%; }
.steps th:nth-child(6) { width: 6.5%; }
.steps th:nth-child(7) { width: 7.5%; }
.steps th:nth-child(8) { width: 13.5%; }
";

/// Each page says that it counts for nothing.
pub(in crate::ceremony) const REHEARSAL_STYLE: &str = "\
@page { @top-center { content: \"REHEARSAL\"; font-weight: bold; } }
.rehearsal { border: 1mm solid #000; padding: 2mm; font-weight: bold; }
";
