//! Reads a plan key by key, and goes on behind whatever is wrong.

use std::path::PathBuf;

use toml::Value;

use super::fault::{PlanFault, in_lines};
use crate::ceremony::instant::Instant;
use crate::certificate::KeyId;

/// The faults of a plan so far, and its top table until that is taken.
pub(super) struct Reader {
    top: toml::Table,
    text: String,
    faults: Vec<PlanFault>,
}

/// A table of which each key is taken once; what is left over is a fault.
#[derive(Debug)]
pub(super) struct Table {
    /// As people call it: `device 1`; empty at the top.
    name: String,
    left: toml::Table,
}

impl Reader {
    /// # Errors
    /// A fault where it is no TOML.
    pub(super) fn new(text: &str) -> Result<Self, PlanFault> {
        let top = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            PlanFault::file(format!("line {line}: {}", error.message()))
        })?;
        let mut reader = Self {
            top,
            text: text.to_owned(),
            faults: Vec::new(),
        };
        reader.format();
        Ok(reader)
    }

    fn format(&mut self) {
        match self.top.remove("format") {
            Some(Value::Integer(1)) => {}
            Some(other) => self.add(
                "format",
                format!("{other} is none that this version knows: 1"),
            ),
            None => self.add("format", MISSING.to_owned()),
        }
    }

    pub(super) fn top(&mut self) -> Table {
        Table {
            name: String::new(),
            left: std::mem::take(&mut self.top),
        }
    }

    /// Notes what is wrong at a place.
    pub(super) fn add(&mut self, place: &str, words: String) {
        self.faults.push(PlanFault::at(place, words));
    }

    /// All faults, each with its line.
    pub(super) fn end(mut self) -> Vec<PlanFault> {
        in_lines(&mut self.faults, &self.text);
        self.faults
    }
}

impl Table {
    /// A key of this table, as people find it.
    pub(super) fn place(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}, {key}", self.name)
        }
    }

    /// Notes what is wrong with a key.
    pub(super) fn fault(&self, reader: &mut Reader, key: &str, words: impl Into<String>) {
        reader.add(&self.place(key), words.into());
    }

    fn take(&mut self, reader: &mut Reader, key: &str) -> Option<Value> {
        let value = self.left.remove(key);
        if value.is_none() {
            self.fault(reader, key, MISSING);
        }
        value
    }

    /// A text that people read: of one line, without characters that nobody sees.
    pub(super) fn words(&mut self, reader: &mut Reader, key: &str) -> Option<String> {
        self.text(reader, key, shown)
    }

    /// The words of a hash: of one line, and longer than any other text.
    pub(super) fn hash_words(&mut self, reader: &mut Reader, key: &str) -> Option<String> {
        self.text(reader, key, |text| match text.len() {
            0 => Err("is empty"),
            1..=HASH_WORDS_BYTES_MAX => Ok(()),
            _ => Err("is longer than 512 bytes"),
        })
    }

    fn text(
        &mut self,
        reader: &mut Reader,
        key: &str,
        check: impl FnOnce(&str) -> Result<(), &'static str>,
    ) -> Option<String> {
        let value = self.take(reader, key)?;
        let Value::String(text) = value else {
            self.fault(reader, key, "is no text");
            return None;
        };
        if text == TO_FILL_IN {
            self.fault(reader, key, "is still to be filled in");
            return None;
        }
        match check(&text) {
            Ok(()) => Some(text),
            Err(words) => {
                self.fault(reader, key, words);
                None
            }
        }
    }

    /// A text that programs write, and that is longer than what people type: a locator. Printable
    /// ASCII, at most 1,024 bytes.
    pub(super) fn line(&mut self, reader: &mut Reader, key: &str) -> Option<String> {
        let value = self.take(reader, key)?;
        let fault = match value.as_str() {
            None => "is no text",
            Some(TO_FILL_IN) => "is still to be filled in",
            Some("") => "is empty",
            Some(text) if text.len() > LINE_BYTES_MAX => "is longer than 1,024 bytes",
            Some(text) if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
                return Some(text.to_owned());
            }
            Some(_) => "holds a character that is no printable ASCII",
        };
        self.fault(reader, key, fault);
        None
    }

    /// [`Self::words`], where it may be left out.
    pub(super) fn words_if_there(&mut self, reader: &mut Reader, key: &str) -> Option<String> {
        self.left
            .contains_key(key)
            .then(|| self.words(reader, key))
            .flatten()
    }

    /// A text that says what is meant, in the words of its own type.
    pub(super) fn parsed<T>(
        &mut self,
        reader: &mut Reader,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.words(reader, key)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(words) => {
                self.fault(reader, key, format!("{text:?}: {words}"));
                None
            }
        }
    }

    /// The same, where it may be left out.
    pub(super) fn parsed_if_there<T>(
        &mut self,
        reader: &mut Reader,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.has(key) {
            self.parsed(reader, key, parse)
        } else {
            None
        }
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        reader: &mut Reader,
        key: &str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        self.parsed(reader, key, |text| {
            let chosen = choices.iter().find(|(name, _)| *name == text);
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            chosen
                .map(|(_, value)| *value)
                .ok_or_else(|| format!("not one of {}", names.join(", ")))
        })
    }

    pub(super) fn path(&mut self, reader: &mut Reader, key: &str) -> Option<PathBuf> {
        self.words(reader, key).map(PathBuf::from)
    }

    pub(super) fn instant(&mut self, reader: &mut Reader, key: &str) -> Option<Instant> {
        self.parsed(reader, key, |text| {
            text.parse::<Instant>().map_err(|error| error.to_string())
        })
    }

    pub(super) fn sha256(&mut self, reader: &mut Reader, key: &str) -> Option<[u8; 32]> {
        self.parsed(reader, key, |text| {
            let mut hash = [0; 32];
            let read = base16ct::lower::decode(text, &mut hash).map(<[u8]>::len);
            let whole = read.is_ok_and(|length| length == 32);
            whole
                .then_some(hash)
                .ok_or_else(|| "no SHA-256 in lower-case hexadecimal".to_owned())
        })
    }

    /// The same, where it may be left out.
    pub(super) fn sha256_if_there(&mut self, reader: &mut Reader, key: &str) -> Option<[u8; 32]> {
        self.left
            .contains_key(key)
            .then(|| self.sha256(reader, key))
            .flatten()
    }

    /// A number from 0 to 20; none without the key.
    pub(super) fn count(&mut self, reader: &mut Reader, key: &str) -> Option<usize> {
        let value = self.take(reader, key)?;
        let number = value
            .as_integer()
            .and_then(|number| usize::try_from(number).ok());
        match number.filter(|number| *number <= MOST) {
            Some(number) => Some(number),
            None => {
                self.fault(
                    reader,
                    key,
                    format!("{value} is no number from 0 to {MOST}"),
                );
                None
            }
        }
    }

    /// A number of entries, which grows.
    pub(super) fn size(&mut self, reader: &mut Reader, key: &str) -> Option<u64> {
        let value = self.take(reader, key)?;
        let number = value
            .as_integer()
            .and_then(|number| u64::try_from(number).ok());
        if value.as_str() == Some(TO_FILL_IN) {
            self.fault(reader, key, "is still to be filled in");
        } else if number.is_none() {
            self.fault(reader, key, format!("{value} is no number of entries"));
        }
        number
    }

    pub(super) fn truth(&mut self, reader: &mut Reader, key: &str) -> Option<bool> {
        let value = self.take(reader, key)?;
        if value.as_bool().is_none() {
            self.fault(reader, key, format!("{value} is neither true nor false"));
        }
        value.as_bool()
    }

    /// The texts of a list.
    pub(super) fn list(&mut self, reader: &mut Reader, key: &str) -> Vec<String> {
        let Some(value) = self.take(reader, key) else {
            return Vec::new();
        };
        let Value::Array(values) = value else {
            self.fault(reader, key, "is no list");
            return Vec::new();
        };
        let texts: Vec<_> = values
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        if texts.len() != values.len() || texts.len() > MOST {
            self.fault(reader, key, format!("is no list of at most {MOST} texts"));
        }
        for (number, text) in (1..).zip(&texts) {
            if text == TO_FILL_IN {
                self.fault(reader, key, format!("{number} is still to be filled in"));
            } else if let Err(words) = shown(text) {
                self.fault(reader, key, format!("{number} {words}"));
            }
        }
        texts
    }

    /// The table under a key; an empty one where it is missing, so that each of its keys is
    /// missed by name.
    pub(super) fn table(&mut self, reader: &mut Reader, key: &str) -> Self {
        let left = match self.left.remove(key) {
            Some(Value::Table(table)) => table,
            None => toml::Table::new(),
            Some(_) => {
                self.fault(reader, key, format!("is no table [{key}]"));
                toml::Table::new()
            }
        };
        Self {
            name: key.to_owned(),
            left,
        }
    }

    /// The tables under a key, each of which has a place in the row.
    pub(super) fn tables(&mut self, reader: &mut Reader, key: &str) -> Vec<Self> {
        let values = match self.left.remove(key) {
            Some(Value::Array(values)) if values.len() <= MOST => values,
            None => Vec::new(),
            Some(_) => {
                self.fault(
                    reader,
                    key,
                    format!("are no tables [[{key}]], at most {MOST}"),
                );
                Vec::new()
            }
        };
        let mut tables = Vec::new();
        for (number, value) in (1..).zip(values) {
            let name = format!("{key} {number}");
            match value {
                Value::Table(left) => tables.push(Self { name, left }),
                _ => reader.add(&name, "is no table".to_owned()),
            }
        }
        tables
    }

    /// Whether a key is there that was not taken yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.left.contains_key(key)
    }

    /// Leaves these keys unread, without a fault.
    pub(super) fn skip(&mut self, keys: &[&str]) {
        for key in keys {
            self.left.remove(*key);
        }
    }

    /// Gives up on what is left.
    pub(super) fn leave(&mut self) {
        self.left = toml::Table::new();
    }

    /// What nobody asked for is a fault: a key that is misspelt would else be one that is missing.
    pub(super) fn end(&mut self, reader: &mut Reader) {
        for key in std::mem::take(&mut self.left).keys() {
            // As TOML would have it in quotes: a key may hold whatever a line may not.
            let shown = match shown(key) {
                Ok(()) => key.chars().take(60).collect(),
                Err(_) => key
                    .chars()
                    .take(60)
                    .flat_map(char::escape_debug)
                    .collect::<String>(),
            };
            self.fault(reader, &shown, "is no key of a plan");
        }
    }
}

/// Whether people can read all of it. The rule is that of a key ID, which ends in logs.
fn shown(text: &str) -> Result<(), &'static str> {
    match text.trim() {
        "" => Err("is empty"),
        text if text == "!" || text.eq_ignore_ascii_case("missing") => {
            Err("is what is typed for what is otherwise, or not there")
        }
        _ if text.len() > 255 => Err("is longer than 255 bytes"),
        _ if KeyId::parse(text).is_err() => Err("holds a character that people can't see"),
        _ => Ok(()),
    }
}

/// What stands in a new plan where only its people know what belongs there.
pub(super) const TO_FILL_IN: &str = "?";
const LINE_BYTES_MAX: usize = 1024;
const MISSING: &str = "is missing";
/// 32 words of the PGP word list, of 11 letters at most, have room in it.
const HASH_WORDS_BYTES_MAX: usize = 512;
/// The most people, devices and the like of one plan.
const MOST: usize = 20;
