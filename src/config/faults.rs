//! Every fault of a config's text, and not the first alone.
//!
//! The reader stops at the first. So what it stopped at is taken out of a copy, line for line,
//! and the rest is read again, until nothing is left to complain of.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Config, ConfigError};

/// What is wrong at a place of a config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFault {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The table that it stands in, as `ca.users`; none at the top.
    pub table: Option<String>,
    /// What is wrong there.
    pub message: String,
}

/// A config's text, looked at to its end.
#[derive(Debug)]
pub struct Reading {
    /// All faults, in the order of the lines; at most [`FAULTS_MAX`].
    pub faults: Vec<TextFault>,
    /// What can be read of it: whole where there is no fault, else without what is at fault. None
    /// where it is no TOML.
    pub rest: Option<Config>,
}

/// Reads `text` as if it lay at `path`.
pub fn faults_of(path: &Path, text: &str) -> Reading {
    let mut copy = Copy::new(text);
    let mut faults = Vec::new();
    let mut taken = BTreeSet::new();
    let mut rest = None;
    // Each turn takes a line at least.
    for _turn in 0..=copy.0.len() {
        let fault = match Config::of_text(path, &copy.text()) {
            Ok(config) => {
                rest = Some(config);
                break;
            }
            Err(error) => match copy.fault(error) {
                Some(fault) => fault,
                None => break,
            },
        };
        let is_toml = toml::from_str::<toml::Table>(&copy.text()).is_ok();
        let key = copy.take(fault.line);
        // A key that was taken out is missed at once.
        let follows = missing(&fault.message)
            .is_some_and(|missed| taken.contains(&(fault.table.clone(), missed.to_owned())));
        taken.extend(key.map(|key| (fault.table.clone(), key)));
        if !follows {
            faults.push(fault);
        }
        if !is_toml || faults.len() == FAULTS_MAX {
            break;
        }
    }
    faults.sort_by_key(|fault| (fault.line, fault.column));
    Reading { faults, rest }
}

/// The lines, of which those at fault are emptied.
struct Copy(Vec<String>);

impl Copy {
    fn new(text: &str) -> Self {
        Self(text.lines().map(str::to_owned).collect())
    }

    fn text(&self) -> String {
        self.0.iter().map(|line| format!("{line}\n")).collect()
    }

    fn fault(&self, error: ConfigError) -> Option<TextFault> {
        let ConfigError::Syntax {
            line,
            column,
            message,
            ..
        } = error
        else {
            return None;
        };
        Some(TextFault {
            line,
            column,
            table: self.table(line).map(|(_, name)| name),
            message,
        })
    }

    /// Where the table that `line` stands in begins, from 1, and its name.
    fn table(&self, line: usize) -> Option<(usize, String)> {
        let before = self.0.iter().enumerate().take(line).rev();
        let mut headers = before.filter_map(|(index, line)| Some((index + 1, header(line)?)));
        headers.next()
    }

    /// Empties what begins at `line`: a whole table, or one key, which is returned.
    fn take(&mut self, line: usize) -> Option<String> {
        let first = line.saturating_sub(1);
        let is_header = self.0.get(first).is_some_and(|line| header(line).is_some());
        if is_header {
            let mut rest = self.0.iter_mut().skip(first);
            rest.next().into_iter().for_each(String::clear);
            for line in rest {
                if header(line).is_some() {
                    break;
                }
                line.clear();
            }
            return None;
        }
        let (length, key) = self.statement(first);
        let statement = self.0.iter_mut().skip(first).take(length);
        statement.for_each(String::clear);
        key
    }

    /// How many lines the key's value takes that begins at this one, and the key.
    fn statement(&self, first: usize) -> (usize, Option<String>) {
        let mut text = String::new();
        for (index, line) in self.0.iter().skip(first).take(VALUE_LINES_MAX).enumerate() {
            text.push_str(line);
            text.push('\n');
            if let Ok(table) = toml::from_str::<toml::Table>(&text) {
                return (index + 1, table.keys().next().cloned());
            }
        }
        (1, None)
    }
}

/// The name of a table whose header this line is.
fn header(line: &str) -> Option<String> {
    let inner = line.trim_start().strip_prefix('[')?;
    let (name, _) = inner.trim_start_matches('[').split_once(']')?;
    let is_table = toml::from_str::<toml::Table>(line).is_ok();
    is_table.then(|| name.trim().to_owned())
}

/// The key that a message of the reader's misses.
fn missing(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("missing field `")?;
    rest.split('`').next()
}

/// More are not told: a file with as many is no config.
pub const FAULTS_MAX: usize = 100;
const VALUE_LINES_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(usize, Option<String>, String)> {
        let reading = faults_of(Path::new("c"), text);
        let faults = reading.faults.into_iter();
        faults
            .map(|fault| (fault.line, fault.table, fault.message))
            .collect()
    }

    const TEXT: &str = r#"colour = "red"
modules = [
    "/a",
    7,
]

[ca.users]
certificates = "usr"
key          = "pkcs11:token=T;object=users"
public-key   = "users.pub"
color        = 1

[ca.hosts]
certificates = "host"
public-key   = "hosts.pub"

[role.engineer]
storage = "marked"
lifetime = { default = "8 hours" }

[role.night]
lifetime = { default = "9h", maximum = "8h" }
"#;

    #[test]
    fn every_fault_is_told_with_its_line_and_its_table() {
        let found = faults(TEXT);
        let places: Vec<_> = found
            .iter()
            .map(|(line, table, _)| (*line, table.as_deref().unwrap_or("")))
            .collect();
        let expected = [
            (1, ""),
            (4, ""),
            (8, "ca.users"),
            (11, "ca.users"),
            (13, "ca.hosts"),
            (18, "role.engineer"),
            (19, "role.engineer"),
            (21, "role.night"),
        ];
        assert_eq!(places, expected, "{found:#?}");
    }

    #[test]
    fn a_config_without_a_fault_is_read_whole() {
        let reading = faults_of(Path::new("c"), "modules = [ \"/a\" ]\n");
        assert_eq!(reading.faults, []);
        assert!(reading.rest.is_some());
    }

    #[test]
    fn what_is_no_toml_is_told_once() {
        let found = faults("ledger = \"/a\n[ca.users]\nkey = 1\n");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, 1);
    }

    #[test]
    fn any_text_comes_to_an_end() {
        for text in [
            "",
            "[",
            "]",
            "a",
            "[a]\n[a]\n",
            "\u{0}",
            "[[ca]]\n",
            "ca = 1\n[ca.x]\n",
        ] {
            let _told = faults(text);
        }
    }
}
