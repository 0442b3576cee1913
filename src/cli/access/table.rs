//! Rows in columns, or one JSON object a row.

use serde_json::{Value, json};

use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::product;
use crate::server::access::review::Reach;

/// Prints ways in, under the names of their columns.
pub(super) fn print(context: &Context, ways: &[Reach]) -> Result<(), Failure> {
    if context.json() {
        return ways
            .iter()
            .try_for_each(|way| product(&object(way).to_string()));
    }
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(ways.iter().map(row));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..HEAD.len()).map(width).collect();
    for row in &rows {
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
        "lets_in": way.barred.is_none(),
        "why_not": way.barred.as_ref().map(ToString::to_string),
    })
}

const HEAD: [&str; 5] = ["PRINCIPAL", "USER", "HOST", "LINE", "OPTIONS"];
