//! In which line of its file each key of a plan stands, for whoever has to find it.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The lines of keys and tables, by the places that faults name: `device 1, serial`.
pub(super) struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// Of a text that is TOML; of another one, nothing.
    pub(super) fn of(text: &str) -> Self {
        let mut lines = BTreeMap::new();
        let ends: Vec<_> = text.match_indices('\n').map(|(at, _)| at).collect();
        let line = |at: usize| ends.partition_point(|end| *end < at) + 1;
        if let Ok(top) = DeTable::parse(text) {
            note(&mut lines, "", top.get_ref(), &line);
        }
        Self(lines)
    }

    /// The line of a place; where the key is missing, that of its table.
    pub(super) fn line(&self, place: &str) -> Option<usize> {
        let table = || self.0.get(place.rsplit_once(", ")?.0);
        self.0.get(place).or_else(table).copied()
    }
}

/// Notes each key of a table, and of the tables in it.
fn note(
    lines: &mut BTreeMap<String, usize>,
    of: &str,
    table: &DeTable<'_>,
    line: &dyn Fn(usize) -> usize,
) {
    for (key, value) in table.iter() {
        let name = key.get_ref();
        let place = match of {
            "" => name.to_string(),
            of => format!("{of}, {name}"),
        };
        lines.insert(place.clone(), line(key.span().start));
        let tables: Vec<(String, &Spanned<DeValue<'_>>)> = match value.get_ref() {
            DeValue::Table(_) => vec![(place, value)],
            DeValue::Array(all) => (1..)
                .zip(all.iter())
                .map(|(number, one)| (format!("{place} {number}"), one))
                .collect(),
            _ => continue,
        };
        for (place, one) in tables {
            let DeValue::Table(table) = one.get_ref() else {
                continue;
            };
            lines.insert(place.clone(), line(one.span().start));
            // A plan has no table in a table.
            if of.is_empty() {
                note(lines, &place, table, line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_line_and_a_missing_one_that_of_its_table() {
        let text = "a = 1\n\n[b] # of it\nc = \"x\"\n\n[[d]]\ne = 1\n[[d]]\ne = 2\nf = { g = 1 }\n";
        let lines = Lines::of(text);
        for (place, line) in [
            ("a", 1),
            ("b", 3),
            ("b, c", 4),
            ("b, missing", 3),
            ("d 1", 6),
            ("d 1, e", 7),
            ("d 2, e", 9),
            ("d 2, missing", 8),
            ("d 2, f", 10),
        ] {
            assert_eq!(lines.line(place), Some(line), "{place}");
        }
        assert_eq!(lines.line("missing"), None);
        assert_eq!(Lines::of("= no TOML").line("a"), None);
    }
}
