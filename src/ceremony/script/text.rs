//! The paper as Markdown, for review beside the plan.

use std::fmt::Write as _;

use super::{COLUMNS, HOW, banner, heading, rows, sheets};
use crate::ceremony::plan::Plan;

/// The paper of a plan, as Markdown.
#[must_use]
pub fn markdown(plan: &Plan) -> String {
    let mut text = format!("# {}\n\n", escaped(&plan.purpose));
    if let Some(words) = banner(plan) {
        text += &format!("**{}**\n\n", escaped(&words));
    }
    let _to_memory = write_all(&mut text, plan);
    text
}

fn write_all(text: &mut String, plan: &Plan) -> std::fmt::Result {
    table(
        text,
        ["", ""],
        heading(plan)
            .into_iter()
            .map(|(name, words)| [name.to_owned(), words]),
    )?;
    writeln!(text, "\n## Steps\n\n{}\n", escaped(HOW))?;
    let rows = rows(plan).into_iter().map(|row| {
        let typed = row.typed.iter();
        let typed: Vec<_> = typed
            .map(|(asked, answer)| format!("{asked} {answer}"))
            .collect();
        let typed = typed.join("; ");
        let boxes = [String::new(), String::new(), String::new()];
        let [time, initials, deviation] = boxes;
        [
            row.number, row.actor, row.say, typed, row.expect, time, initials, deviation,
        ]
    });
    table(text, COLUMNS, rows)?;
    for sheet in sheets(plan) {
        writeln!(text, "\n## {}\n", escaped(&sheet.title))?;
        table(
            text,
            ["", ""],
            sheet.rows.into_iter().map(|(name, words)| [name, words]),
        )?;
    }
    Ok(())
}

fn table<const N: usize>(
    text: &mut String,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> std::fmt::Result {
    writeln!(text, "| {} |\n|{}", head.join(" | "), "---|".repeat(N))?;
    for row in rows {
        let cells = row.each_ref().map(|cell| escaped(cell));
        writeln!(text, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

/// Text that is no mark-up: names and paths may hold anything that people can see.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if "\\`*_{}[]<>()#+!|~&".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
