//! What is known of a fleet of servers, out of files: their names, and their reports.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::failure::{Advised, At, Failure};
use crate::ca::ServersSay;
use crate::certificate::subject::fingerprint;
use crate::config::{self, read_limited};
use crate::ledger::Ca;
use crate::server::fleet::{Report, ReportError, who_trusts};

/// The names of servers, each once, one a line; what stands behind a `#` is for people. There is one at the least: a list
/// that names nobody tells of nobody that something is well.
pub(crate) fn servers(file: &Path) -> Result<Vec<String>, Failure> {
    let text = read_limited(file, BYTES_MAX).in_file(file)?;
    let names = names(&text).map_err(|words| Failure::new(words).at(file.display().to_string()))?;
    if names.is_empty() {
        return Err(
            Failure::new(format!("{} names no server", file.display())).hint("one name a line")
        );
    }
    Ok(names)
}

fn names(text: &str) -> Result<Vec<String>, String> {
    // Some editors begin a file with a mark of its byte order.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
    for (line, number) in text.lines().zip(1_usize..) {
        let name = line.split('#').next().unwrap_or_default().trim();
        if name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(format!("line {number}: {name:?} is no name of a server"));
        }
        if !name.is_empty() && seen.insert(name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
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

/// What the reports say of the CA that goes and the one that comes, now.
pub(crate) fn servers_say(
    names: &[String],
    reports: &[Report],
    (old, new): (&Ca, &Ca),
) -> ServersSay {
    let of = |ca: &Ca| {
        let key = fingerprint(ca.public_key());
        who_trusts(reports, names, &key, config::now())
    };
    let without_new = of(new).into_iter().filter_map(|trust| {
        let why = match trust.says {
            Err(why) => why,
            Ok(says) if !says.in_trust_file => {
                format!("its TrustedUserCAKeys lacks {}", new.name())
            }
            Ok(says) if !says.in_access_list => {
                format!("its access list takes no certificate of {}", new.name())
            }
            Ok(_) => return None,
        };
        Some((trust.server, why))
    });
    let with_old = of(old).into_iter().filter_map(|trust| {
        let why = match trust.says {
            Err(why) => why,
            Ok(says) if says.in_trust_file => format!("it still trusts {}", old.name()),
            Ok(_) => return None,
        };
        Some((trust.server, why))
    });
    ServersSay {
        list_revokes: None,
        listed: Some(names.len()),
        without_new: without_new.collect(),
        with_old: with_old.collect(),
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

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_list_of_servers_is_read_as_its_author_meant_it() {
        let read = names("\u{feff}web1\r\n\n# all of them\n  web2  # in the cellar\nweb3#old\n");
        assert_eq!(read.unwrap(), ["web1", "web2", "web3"]);
        assert_eq!(names("# nobody yet\n").unwrap(), Vec::<String>::new());
        let two = names("web1\nweb2 web3\n").unwrap_err();
        assert!(two.contains("line 2: \"web2 web3\""), "{two}");
    }
}
