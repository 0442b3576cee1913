//! A manifest as TOML: a `[[subject]]` table each.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::breaks::Breaks;
use super::{Cell, Column, LineFault, MOST_LINES, ManifestFault, Row};

/// The rows of a document, and all that is wrong with its form.
pub(super) fn rows(text: &str) -> (Vec<Row>, Vec<ManifestFault>) {
    let lines = Breaks::of(text.as_bytes());
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reading = Reading {
        lines: &lines,
        faults: Vec::new(),
    };
    for error in errors {
        let fault = LineFault::Toml(error.message().to_owned());
        reading.note(error.span().unwrap_or_default(), fault);
    }
    if !reading.faults.is_empty() {
        return (Vec::new(), reading.faults);
    }
    let mut rows = Vec::new();
    for (name, value) in document.get_ref() {
        match value.get_ref() {
            DeValue::Array(tables) if name.get_ref() == SUBJECT => {
                for table in tables {
                    if rows.len() == MOST_LINES {
                        reading.note(table.span(), LineFault::TooMany(MOST_LINES));
                        break;
                    }
                    rows.extend(reading.row(table));
                }
            }
            _ => reading.note(
                name.span(),
                LineFault::NoSubject(name.get_ref().to_string()),
            ),
        }
    }
    (rows, reading.faults)
}

struct Reading<'a> {
    lines: &'a Breaks,
    faults: Vec<ManifestFault>,
}

impl Reading<'_> {
    fn note(&mut self, place: Range<usize>, fault: LineFault) {
        let line = self.lines.line(place.start);
        self.faults.push(ManifestFault { line, fault });
    }

    fn row(&mut self, table: &Spanned<DeValue<'_>>) -> Option<Row> {
        let DeValue::Table(fields) = table.get_ref() else {
            self.note(table.span(), LineFault::NoSubject(SUBJECT.to_owned()));
            return None;
        };
        let mut cells = BTreeMap::new();
        for (name, value) in fields {
            let Some(column) = Column::named(name.get_ref()) else {
                let name_there = name.get_ref().to_string();
                self.note(name.span(), LineFault::UnknownColumn(name_there));
                continue;
            };
            match cell(value.get_ref(), column) {
                Ok(cell) => {
                    cells.insert(column, cell);
                }
                Err(fault) => self.note(name.span(), fault),
            }
        }
        let line = self.lines.line(table.span().start);
        Some(Row { line, cells })
    }
}

fn cell(value: &DeValue<'_>, column: Column) -> Result<Cell, LineFault> {
    let name = column.name();
    let text = |value: &DeValue<'_>| match value {
        DeValue::String(text) if text.is_empty() => Err(LineFault::Empty(name)),
        DeValue::String(text) if text.contains(['\n', '\r']) => Err(LineFault::Break(name)),
        DeValue::String(text) => Ok(text.clone().into_owned()),
        _ => Err(LineFault::NoText(name)),
    };
    match (value, column) {
        (DeValue::Array(list), Column::Principals | Column::Options) => {
            if list.is_empty() {
                return Err(LineFault::Empty(name));
            }
            let texts = list.iter().map(|one| text(one.get_ref()));
            Ok(Cell::List(texts.collect::<Result<_, _>>()?))
        }
        // One option, with whatever stands in it.
        (value, Column::Options) => Ok(Cell::List(vec![text(value)?])),
        (value, _) => Ok(Cell::Text(text(value)?)),
    }
}

const SUBJECT: &str = "subject";
