//! A manifest as CSV: the first line names the columns, each other is a subject.

use std::collections::BTreeMap;

use ::csv::{ByteRecord, ReaderBuilder};

use super::breaks::Breaks;
use super::quotes::{WrongQuote, wrong_quote};
use super::{Cell, Column, LineFault, MOST_LINES, ManifestFault, Row};

/// The rows of a table, and all that is wrong with its form.
pub(super) fn rows(bytes: &[u8]) -> (Vec<Row>, Vec<ManifestFault>) {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    let breaks = Breaks::of(bytes);
    if let Some(wrong) = wrong_quote(bytes) {
        let (at, fault) = match wrong {
            WrongQuote::Open(at) => (at, LineFault::OpenQuote),
            WrongQuote::Within(at) => (at, LineFault::Quote),
        };
        let line = breaks.line(at);
        return (rows, vec![ManifestFault { line, fault }]);
    }
    let mut columns: Option<Vec<Option<Column>>> = None;
    let mut record = ByteRecord::new();
    loop {
        let line = next_line(reader.position(), bytes, &breaks);
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                let fault = error.into();
                faults.push(ManifestFault { line, fault });
                break;
            }
        }
        let Some(columns) = &columns else {
            columns = Some(headings(&record, line, &mut faults));
            // Each line would miss its key, for the first line's fault.
            let has_key = |fault: &ManifestFault| !matches!(fault.fault, LineFault::NoKeyColumn);
            if !faults.iter().all(has_key) {
                break;
            }
            continue;
        };
        if rows.len() == MOST_LINES {
            let fault = LineFault::TooMany(MOST_LINES);
            faults.push(ManifestFault { line, fault });
            break;
        }
        rows.extend(row(&record, columns, line, &mut faults));
    }
    (rows, faults)
}

/// The line of the next record: the reader's own count stays behind by the empty lines before it.
fn next_line(position: &::csv::Position, bytes: &[u8], breaks: &Breaks) -> u64 {
    let at = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = bytes.iter().skip(at);
    let empty = rest.take_while(|byte| matches!(byte, b'\n' | b'\r'));
    breaks.line(at.saturating_add(empty.count()))
}

/// What the first line says of each place.
fn headings(
    record: &ByteRecord,
    line: u64,
    faults: &mut Vec<ManifestFault>,
) -> Vec<Option<Column>> {
    let mut columns: Vec<Option<Column>> = Vec::with_capacity(record.len());
    let mut note = |fault| faults.push(ManifestFault { line, fault });
    for name in record {
        let name = String::from_utf8_lossy(name);
        let column = Column::named(&name);
        match column {
            None if name.contains(';') => note(LineFault::Semicolons),
            None => note(LineFault::UnknownColumn(name.into_owned())),
            Some(column) if columns.contains(&Some(column)) => {
                note(LineFault::ColumnTwice(column.name()));
            }
            Some(_) => {}
        }
        columns.push(column);
    }
    if !columns.contains(&Some(Column::Key)) {
        note(LineFault::NoKeyColumn);
    }
    columns
}

/// One subject; none where its cells can't be told apart.
fn row(
    record: &ByteRecord,
    columns: &[Option<Column>],
    line: u64,
    faults: &mut Vec<ManifestFault>,
) -> Option<Row> {
    let mut note = |fault| faults.push(ManifestFault { line, fault });
    if record.len() != columns.len() {
        let (found, columns) = (record.len(), columns.len());
        note(LineFault::Cells { found, columns });
        return None;
    }
    let mut cells = BTreeMap::new();
    for (cell, column) in record.iter().zip(columns) {
        let (Some(column), false) = (*column, cell.is_empty()) else {
            continue;
        };
        match text(cell, column) {
            Ok(text) => {
                cells.insert(column, listed(text, column));
            }
            Err(fault) => note(fault),
        }
    }
    Some(Row { line, cells })
}

fn text(cell: &[u8], column: Column) -> Result<&str, LineFault> {
    let text = std::str::from_utf8(cell);
    let text = text.map_err(|_place| LineFault::NotText(column.name()))?;
    if text.contains(['\n', '\r']) {
        return Err(LineFault::Break(column.name()));
    }
    Ok(text)
}

/// Options stand with `;` between; names with commas, as behind `-n`.
fn listed(text: &str, column: Column) -> Cell {
    match column {
        Column::Options => Cell::List(text.split(';').map(|one| one.trim().to_owned()).collect()),
        _ => Cell::Text(text.to_owned()),
    }
}
