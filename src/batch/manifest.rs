//! Manifests: a list of subjects, each with its own key and all that is asked for it.
//!
//! A manifest is CSV or TOML. All that is wrong with it is found before anything is decided, by
//! the number of the line; what comes of a line then goes the way of every other key of a run.

mod breaks;
mod column;
mod document;
mod fault;
mod lines;
mod quotes;
mod read;
mod rows;
mod table;
#[cfg(test)]
mod tests;
mod twice;

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use ssh_key::public::KeyData;

use crate::policy::Policy;
use crate::request::{Ask, RequesterName};

pub use column::{Cell, Column, Row};
pub use fault::{LineFault, ManifestError, ManifestFault};

/// How a manifest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RFC 4180, with the names of the columns in the first line.
    Csv,
    /// `[[subject]]` tables.
    Toml,
}

/// What holds for all lines of a manifest.
pub struct Setting<'a> {
    /// What is asked where a line leaves it open; its kind is that of every line.
    pub ask: &'a Ask,
    /// The roles that there are.
    pub policy: &'a Policy,
    /// What the paths of keys begin at.
    pub folder: &'a Path,
    /// Where all certificates go; without it, beside their keys.
    pub out_dir: Option<&'a Path>,
    /// In Unix seconds.
    pub now: u64,
    /// The zone of dates without one.
    pub zone: &'a dyn Fn() -> TimeZone,
}

/// One subject, and what is asked for it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The line that it begins in, from 1.
    pub number: u64,
    /// Its key.
    pub key: KeyData,
    /// The comment of the key, which the certificate keeps.
    pub comment: String,
    /// The place of its certificate.
    pub output: PathBuf,
    /// Whose it is, by the manifest's word.
    pub requester: Option<RequesterName>,
    /// What is asked.
    pub ask: Ask,
    /// The options as they were written; none where the line leaves them to what was said for all.
    pub options: Vec<String>,
}

impl Form {
    /// By a file's extension; else, as for standard input, by what it begins with: a list of
    /// columns begins with a letter.
    #[must_use]
    pub fn of(path: &Path, bytes: &[u8]) -> Self {
        match path.extension().and_then(std::ffi::OsStr::to_str) {
            Some("csv") => Self::Csv,
            Some("toml") => Self::Toml,
            _ if matches!(bytes.trim_ascii_start().first(), Some(b'[' | b'#')) => Self::Toml,
            _ => Self::Csv,
        }
    }
}

/// The largest manifest, in bytes: some 100,000 lines with a large RSA key each.
pub const LARGEST_MANIFEST: usize = 64 << 20;
/// Serials and times of so many are still looked at by people.
const MOST_LINES: usize = 100_000;
