//! Rows in columns, or one JSON object a row.

use serde_json::{Value, json};

use crate::certificate::length;
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::{product, product_object};
use crate::server::access::review::Reach;

/// Prints ways in, under the names of their columns.
pub(super) fn print(context: &Context, ways: &[Reach]) -> Result<(), Failure> {
    if context.json() {
        return ways.iter().try_for_each(|way| product_object(object(way)));
    }
    columns(HEAD, ways.iter().map(row))
}

/// Prints rows in columns as wide as their widest cell.
pub(super) fn columns<const N: usize>(
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<(), Failure> {
    let all: Vec<_> = std::iter::once(head.map(str::to_owned))
        .chain(rows)
        .collect();
    let width = |column: usize| {
        let cells = all.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..N).map(width).collect();
    for row in &all {
        let cells = row.iter().zip(&widths);
        let line: String = cells
            .map(|(cell, width)| format!("{cell:<width$}  "))
            .collect();
        product(line.trim_end())?;
    }
    Ok(())
}

fn row(way: &Reach) -> [String; 5] {
    let mut options = way.options.clone();
    if let Some(seconds) = way.known_within {
        let known = format!("(known, {})", length(seconds));
        options = format!("{options} {known}").trim_start().to_owned();
    }
    if let Some(line) = way.denied_in_part {
        let denied = format!("(line {line} denies a part)");
        options = format!("{options} {denied}").trim_start().to_owned();
    }
    if let Some(why) = &way.barred {
        options = format!("no: {why}");
    }
    [
        way.principal.clone(),
        way.users.clone(),
        way.hosts.clone(),
        way.line.to_string(),
        options,
    ]
}

fn object(way: &Reach) -> Value {
    json!({
        "principal": way.principal,
        "user": way.users,
        "host": way.hosts,
        "line": way.line,
        "options": way.options,
        "known-within": way.known_within,
        "denied-in-part": way.denied_in_part,
        "lets-in": way.barred.is_none(),
        "why-not": way.barred.as_ref().map(ToString::to_string),
    })
}

const HEAD: [&str; 5] = ["PRINCIPAL", "USER", "HOST", "LINE", "OPTIONS"];
