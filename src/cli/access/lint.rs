//! `punchmark access lint`: what a list allows or forbids, and hardly means.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use super::list::{OfList, moment, say_if_stale};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{product, product_object};
use crate::file::read_limited;
use crate::server::access::List;
use crate::server::access::review::{Book, Finding, lint};

/// Say what in a list is allowed or forbidden, and hardly meant
///
/// With a config, the suffixes of its CAs are held against those of the list. In a group that a directory
/// service has yet to resolve, `someone-in-GROUP` stands for whoever is in it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Lint {
    #[command(flatten)]
    list: OfList,
}

impl Lint {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let text = self.list.read()?;
        let list = self.list.parse_unresolved(&text)?;
        say_if_stale(self.list.path(), &list);
        let findings = findings(context, &list)?;
        for finding in &findings {
            if context.json() {
                product_object(object(finding))?;
            } else {
                product(&line(finding))?;
            }
        }
        if findings.is_empty() {
            return Ok(Exit::Done);
        }
        Ok(Exit::Failed)
    }
}

/// What is odd, by the suffixes of the config where there is one. In groups that a directory service
/// holds there is somebody, whoever it is.
pub(super) fn findings(context: &Context, list: &List<'_>) -> Result<Vec<Finding>, Failure> {
    let suffixes = match context.config_if_there()? {
        Some(config) => suffixes(&config),
        None => Vec::new(),
    };
    let list = list.clone().with_presumed_members();
    Ok(lint(&Book::new(&list), &accounts(), &suffixes, &moment())?)
}

fn object(finding: &Finding) -> Value {
    json!({ "line": finding.line, "finding": finding.oddity.to_string() })
}

/// A finding in a line, for people.
pub(super) fn line(finding: &Finding) -> String {
    match finding.line {
        0 => finding.oddity.to_string(),
        line => format!("line {line}: {}", finding.oddity),
    }
}

fn suffixes(config: &crate::config::Config) -> Vec<String> {
    let classes = config.policy().suffixes();
    classes
        .iter()
        .map(|(_, class)| class.suffix().as_str().to_owned())
        .collect()
}

/// The accounts of this machine; none where they can't be read.
fn accounts() -> Vec<String> {
    let passwd = read_limited(Path::new("/etc/passwd"), PASSWD_BYTES_MAX).unwrap_or_default();
    let names = passwd.lines().filter_map(|line| line.split(':').next());
    names.map(str::to_owned).collect()
}

const PASSWD_BYTES_MAX: u64 = 16 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  punchmark access lint --list access.list
  punchmark access lint --list access.list --json

It exits with 1 if it found anything.";
