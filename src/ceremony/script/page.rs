//! The paper as one HTML file, which a browser prints on A4 or Letter.
//!
//! It needs nothing beside it, and no network. The head of the table stands on each page, no row is
//! torn apart, and pages are numbered by the browser (CSS Paged Media, margin boxes).

use std::fmt::Write as _;

use super::{COLUMNS, banner, heading, rows, sheets};
use crate::ceremony::plan::Plan;

/// The paper of a plan, as one HTML file.
#[must_use]
pub fn html(plan: &Plan) -> String {
    let mut page = String::new();
    let _to_memory = write_all(&mut page, plan);
    page
}

fn write_all(page: &mut String, plan: &Plan) -> std::fmt::Result {
    let title = escaped(&plan.purpose);
    write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n"
    )?;
    let rehearsal = banner(plan);
    let marked = if rehearsal.is_some() {
        REHEARSAL_STYLE
    } else {
        ""
    };
    write!(page, "<style>\n{STYLE}{marked}</style>\n<h1>{title}</h1>\n")?;
    if let Some(words) = &rehearsal {
        writeln!(page, "<p class=\"rehearsal\">{}</p>", escaped(words))?;
    }
    let named = heading(plan)
        .into_iter()
        .map(|(name, words)| (name.to_owned(), words));
    two_columns(page, named)?;
    write!(page, "<h2>Steps</h2>\n<table class=\"steps\">\n<thead><tr>")?;
    for column in COLUMNS {
        write!(page, "<th>{column}</th>")?;
    }
    writeln!(page, "</tr></thead>\n<tbody>")?;
    for row in rows(plan) {
        let typed: Vec<_> = row.typed.iter().map(|line| escaped(line)).collect();
        let cells = [
            escaped(&row.number),
            escaped(&row.actor),
            escaped(&row.say),
            typed.join("<br>"),
            escaped(&row.expect),
        ];
        write!(page, "<tr>")?;
        for cell in cells {
            write!(page, "<td>{cell}</td>")?;
        }
        writeln!(
            page,
            "<td class=\"box\"></td><td class=\"box\"></td><td class=\"box\"></td></tr>"
        )?;
    }
    writeln!(page, "</tbody>\n</table>")?;
    for sheet in sheets(plan) {
        write!(page, "<section>\n<h2>{}</h2>\n", escaped(&sheet.title))?;
        two_columns(page, sheet.rows.into_iter())?;
        writeln!(page, "</section>")?;
    }
    writeln!(page, "</html>")
}

fn two_columns(
    page: &mut String,
    rows: impl Iterator<Item = (String, String)>,
) -> std::fmt::Result {
    writeln!(page, "<table>")?;
    for (name, words) in rows {
        let class = if words.is_empty() {
            " class=\"box\""
        } else {
            ""
        };
        writeln!(
            page,
            "<tr><th>{}</th><td{class}>{}</td></tr>",
            escaped(&name),
            escaped(&words)
        )?;
    }
    writeln!(page, "</table>")
}

/// Text that is no mark-up.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// No size of paper is named: that of the printer counts.
const STYLE: &str = "\
@page { margin: 15mm 12mm; @bottom-right { content: counter(page) \" / \" counter(pages); } }
body { font: 10pt sans-serif; }
h1 { font-size: 15pt; }
h2 { font-size: 12pt; break-after: avoid; }
table { border-collapse: collapse; width: 100%; }
thead { display: table-header-group; }
tr, section { break-inside: avoid; }
th, td { border: 0.3mm solid #000; padding: 1mm 1.5mm; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
section td.box { height: 14mm; width: 60%; }
.steps td.box { min-width: 16mm; height: 14mm; }
section { break-before: page; }
";

/// Each page says that it counts for nothing.
const REHEARSAL_STYLE: &str = "\
@page { @top-center { content: \"REHEARSAL\"; font-weight: bold; } }
.rehearsal { border: 1mm solid #000; padding: 2mm; font-weight: bold; }
";
