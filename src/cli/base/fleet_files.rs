//! What is known of a fleet of servers, out of files: their names, and their reports.

use std::path::{Path, PathBuf};

use super::failure::{Advised, At, Failure};
use crate::config::read_limited;
use crate::server::fleet::{Report, ReportError};

/// The names of servers, one a line.
pub(crate) fn servers(file: &Path) -> Result<Vec<String>, Failure> {
    let text = read_limited(file, BYTES_MAX).in_file(file)?;
    let lines = text.lines().map(str::trim);
    let names = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(names.map(str::to_owned).collect())
}

/// The reports of `punchmark doctor sshd --json` in these files, and in the files of these folders
/// whose name ends in `.json`.
///
/// A file that is no report is a failure: whoever acts on what all servers say wants to hear of each.
pub(crate) fn reports(paths: &[PathBuf]) -> Result<Vec<Report>, Failure> {
    let (reports, unread) = reports_one_by_one(paths)?;
    match unread.into_iter().next() {
        Some(failure) => Err(failure),
        None => Ok(reports),
    }
}

/// The same, and what is wrong with each file that is no report: it hides none of the others.
pub(crate) fn reports_one_by_one(
    paths: &[PathBuf],
) -> Result<(Vec<Report>, Vec<Failure>), Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            for entry in path.read_dir().in_file(path)? {
                files.push(entry.in_file(path)?.path());
            }
        } else {
            files.push(path.clone());
        }
    }
    files.retain(|file| paths.contains(file) || file.extension().is_some_and(|end| end == "json"));
    files.sort();
    let (mut reports, mut unread) = (Vec::new(), Vec::new());
    for file in &files {
        match report(file) {
            Ok(report) => reports.push(report),
            Err(failure) => unread.push(failure),
        }
    }
    Ok((reports, unread))
}

fn report(file: &Path) -> Result<Report, Failure> {
    let text = read_limited(file, BYTES_MAX).in_file(file)?;
    Report::parse(&text).in_file(file)
}

impl Advised for ReportError {}

/// A survey of ten thousand keys takes some 4 MiB.
const BYTES_MAX: u64 = 64 << 20;
