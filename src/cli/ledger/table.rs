//! The table of `ledger list`: as wide as the terminal that shows it, else whole.

use crate::certificate::explain::{Fields, utc};
use crate::ledger::{Record, Standing};

/// How much of a row is shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// All of it, for whoever reads it from a pipe or a file.
    Whole,
    /// What so many columns have room for.
    Within(usize),
}

/// The words of one row.
struct Cells {
    ca: String,
    serial: String,
    reserved: String,
    state: String,
    ends: String,
    principals: String,
    key_id: String,
    key: String,
}

impl Shape {
    pub(super) fn of(columns: Option<usize>) -> Self {
        columns.map_or(Self::Whole, Self::Within)
    }

    pub(super) fn header(self) -> String {
        self.row(&Cells {
            ca: "CA".to_owned(),
            serial: "SERIAL".to_owned(),
            reserved: "RESERVED".to_owned(),
            state: "STATE".to_owned(),
            ends: "VALID UNTIL".to_owned(),
            principals: "PRINCIPALS".to_owned(),
            key_id: "KEY ID".to_owned(),
            key: "KEY".to_owned(),
        })
    }

    pub(super) fn line(self, record: &Record, fields: &Fields, word: Standing) -> String {
        self.row(&Cells {
            ca: record.ca.clone(),
            serial: record.reserved.serial.to_string(),
            reserved: utc(record.time),
            state: word.as_str().to_owned(),
            ends: until(fields.valid_before),
            principals: fields.principals.join(","),
            key_id: fields.key_id_in_quotes(),
            key: fields.key.clone(),
        })
    }

    fn row(self, cells: &Cells) -> String {
        match self {
            Self::Whole => whole(cells),
            Self::Within(columns) => cut(&narrow(cells, columns), columns),
        }
    }
}

fn whole(cells: &Cells) -> String {
    let Cells { ca, serial, .. } = cells;
    format!(
        "{ca:12} {serial:>6}  {:23}  {:8}  {:23}  {:16}  {:20}  {}",
        cells.reserved, cells.state, cells.ends, cells.principals, cells.key_id, cells.key,
    )
}

/// Times to the minute, and the key's fingerprint and then the time of reservation only where
/// there is room: `ledger show` has them.
fn narrow(cells: &Cells, columns: usize) -> String {
    let (ca, serial, state) = (&cells.ca, &cells.serial, &cells.state);
    let begin = format!("{ca:8} {serial:>6}  {state:8}");
    let begin = if columns >= WITH_RESERVED {
        format!("{begin}  {:16}", minute(&cells.reserved))
    } else {
        begin
    };
    let begin = format!("{begin}  {:16}", minute(&cells.ends));
    let left = columns.saturating_sub(begin.chars().count());
    let names = left.saturating_sub(4) / 2;
    if columns >= WITH_KEY {
        let (principals, key_id) = (cut(&cells.principals, 20), cut(&cells.key_id, 24));
        return format!("{begin}  {principals:20}  {key_id:24}  {}", cells.key);
    }
    let principals = cut(&cells.principals, names);
    format!("{begin}  {principals:names$}  {}", cells.key_id)
}

/// The date, hour and minute of a time in UTC as it is printed.
fn minute(time: &str) -> &str {
    time.get(..16).unwrap_or(time)
}

/// At most so many characters, the last of which says that more would follow.
fn cut(text: &str, most: usize) -> String {
    let text = text.trim_end();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept = text.chars().take(most.saturating_sub(1));
    kept.chain(['…']).collect()
}

fn until(valid_before: u64) -> String {
    match valid_before {
        u64::MAX => "forever".to_owned(),
        seconds => utc(seconds),
    }
}

const WITH_RESERVED: usize = 100;
const WITH_KEY: usize = 170;

#[cfg(test)]
mod tests {
    use super::*;

    fn cells() -> Cells {
        Cells {
            ca: "users".to_owned(),
            serial: "42".to_owned(),
            reserved: utc(1_795_000_000),
            state: "issued".to_owned(),
            ends: utc(1_795_003_600),
            principals: "peter_physical,erik_physical".to_owned(),
            key_id: "\"peter, engineer of the second floor\"".to_owned(),
            key: format!("SHA256:{}", "x".repeat(43)),
        }
    }

    #[test]
    fn rows_fit_and_stand_below_their_header() {
        for columns in [40, 80, 100, 132, 170, 200] {
            let shape = Shape::Within(columns);
            let (header, row) = (shape.header(), shape.row(&cells()));
            assert!(row.chars().count() <= columns, "{columns}: {row}");
            assert!(header.chars().count() <= columns, "{columns}: {header}");
            for (word, value) in [("PRINCIPALS", "peter_"), ("KEY ID", "\"peter")] {
                if columns >= 80 {
                    let at = |text: &str, what| {
                        let before = text.split(what).next();
                        before.map(|before| before.chars().count())
                    };
                    assert_eq!(at(&header, word), at(&row, value), "{header}\n{row}");
                }
            }
            assert_eq!(row.contains("SHA256:"), columns >= WITH_KEY);
        }
    }

    #[test]
    fn what_no_terminal_shows_is_whole() {
        let row = Shape::Whole.row(&cells());
        for cell in [cells().principals, cells().key_id, cells().key] {
            assert!(row.contains(&cell), "{row}");
        }
    }
}
