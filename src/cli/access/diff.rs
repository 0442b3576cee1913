//! `punchmark access diff`: who gains and who loses what by a change of a list.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::list::{moment, parse, read, say_if_stale};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{product, product_object};
use crate::server::access::review::{Book, Change, RuleChange, changes, changes_on, rule_changes};

/// Say who gains and who loses what by a change of a list
///
/// A pattern stands for all that it matches, and a line that only moved is told where another
/// counts by it. What directives change for every line (whose certificates count, what wildcards reach, how
/// old a list may be, who signs the next) is told by their names. In a group that a directory service has yet to resolve, `someone-in-GROUP` stands for
/// whoever is in it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Diff {
    /// The list of before
    old: PathBuf,

    /// The list of after
    new: PathBuf,

    /// Look at this server alone: its name, and its tags behind `+`
    #[arg(long, value_name = "NAME[+TAG...]")]
    against_host: Option<String>,

    /// Print a table for a comment on a pull request
    #[arg(long)]
    markdown: bool,
}

impl Diff {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let texts = (read(&self.old)?, read(&self.new)?);
        let lists = (parse(&self.old, &texts.0)?, parse(&self.new, &texts.1)?);
        say_if_stale(&self.old, &lists.0);
        say_if_stale(&self.new, &lists.1);
        let lists = (
            lists.0.with_presumed_members(),
            lists.1.with_presumed_members(),
        );
        let (old, new) = (Book::new(&lists.0), Book::new(&lists.1));
        let found = match &self.against_host {
            Some(host) => changes_on(&old, &new, host, &moment())?,
            None => changes(&old, &new, &moment())?,
        };
        let rules = rule_changes(&old, &new);
        if self.markdown && !(found.is_empty() && rules.is_empty()) {
            product("| | principal | user | host | before | after |\n|---|---|---|---|---|---|")?;
        }
        for rule in &rules {
            if context.json() {
                product_object(rule_object(rule))?;
            } else if self.markdown {
                product(&rule_row(rule))?;
            } else {
                product(&rule_words(rule))?;
            }
        }
        for change in &found {
            if context.json() {
                product_object(object(change))?;
            } else {
                product(&self.line(change))?;
            }
        }
        if found.iter().any(Change::gains) || rules.iter().any(|rule| rule.gains) {
            return Ok(Exit::Failed);
        }
        Ok(Exit::Done)
    }

    fn line(&self, change: &Change) -> String {
        let Change {
            principal,
            user,
            host,
            before,
            after,
        } = change;
        let what = what(change);
        if self.markdown {
            let (before, after) = (cell(&shown(before)), cell(&shown(after)));
            let [principal, user, host] = [principal, user, host].map(|text| cell(text));
            return format!("| {what} | {principal} | {user} | {host} | {before} | {after} |");
        }
        words(change)
    }
}

/// A change in a line for people.
pub(super) fn words(change: &Change) -> String {
    let Change {
        principal,
        user,
        host,
        before,
        after,
    } = change;
    let (before, after) = (shown(before), shown(after));
    let what = what(change);
    format!("{what}: {principal} as {user} on {host}: {before} -> {after}")
}

/// A change of a directive in a line for people.
pub(super) fn rule_words(rule: &RuleChange) -> String {
    let (before, after) = (said(&rule.before), said(&rule.after));
    format!(
        "{}: {}: {before} -> {after}",
        rule_what(rule),
        rule.directive
    )
}

fn rule_row(rule: &RuleChange) -> String {
    let what = rule_what(rule);
    let [directive, before, after] =
        [rule.directive, said(&rule.before), said(&rule.after)].map(cell);
    format!("| {what} | {directive} | | | {before} | {after} |")
}

fn rule_what(rule: &RuleChange) -> &'static str {
    if rule.gains { "gains" } else { "loses" }
}

fn said(words: &Option<String>) -> &str {
    words.as_deref().unwrap_or("none")
}

/// A cell of a table in Markdown.
fn cell(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

fn what(change: &Change) -> &'static str {
    match (&change.before, &change.after) {
        (None, _) => "gains",
        (Some(_), None) => "loses",
        (Some(_), Some(_)) => "changes",
    }
}

fn shown(options: &Option<String>) -> String {
    match options.as_deref() {
        None => "no".to_owned(),
        Some("") => "yes".to_owned(),
        Some(options) => options.to_owned(),
    }
}

fn rule_object(rule: &RuleChange) -> Value {
    json!({
        "what": rule_what(rule), "directive": rule.directive,
        "before": rule.before, "after": rule.after,
    })
}

fn object(change: &Change) -> Value {
    json!({
        "what": what(change), "principal": change.principal, "user": change.user,
        "host": change.host, "before": change.before, "after": change.after,
    })
}

const EXAMPLES: &str = "\
Examples:
  punchmark access diff old.list access.list
  punchmark access diff --markdown old.list access.list
  punchmark access diff --against-host web1+production old.list access.list

It exits with 1 if anybody gains anything, or gets in by other options than before,\nor if a directive lets in more.";
