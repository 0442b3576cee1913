//! `punchmark show`: what a file holds, explained, and what is alarming about it; a gate for
//! scripts.

mod certificate;
mod document;
mod item;
mod key;
mod known;
mod request;
mod standing;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::base::arguments::instant;
use super::base::context::Context;
use super::base::failure::{Exit, Failure, Kind};
use super::base::terminal::{complain, product, product_object};
use super::base::words::path;
use crate::config;
use item::{Fault, Item, Shown};
use known::Known;

/// Explain certificates, public keys, requests and the like, and say what is alarming
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// Certificates, public keys, requests, KRLs, heads, proofs or evidence, or `-`; a private
    /// key's path means the .pub beside it
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Judge what is valid as of this time: a date, +REL or -REL, as in sign -V [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
}

/// One thing explained.
struct Explanation {
    /// For people, behind the name of the file.
    lines: Vec<String>,
    json: Value,
    has_fault: bool,
}

impl Show {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let at = match &self.at {
            Some(text) => instant(text)?,
            None => config::now(),
        };
        let known = Known::new(context)?;
        let mut exit = Exit::Done;
        for file in &self.files {
            if show(context, file, &known, at)? == Gate::Closed {
                exit = Exit::Failed;
            }
        }
        Ok(exit)
    }
}

/// Whether a script may go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    Closed,
}

fn show(context: &Context, file: &Path, known: &Known, at: u64) -> Result<Gate, Failure> {
    let items = match item::read(file) {
        Ok(items) => items,
        Err(fault) => {
            report(context, file, None, &fault)?;
            return Ok(Gate::Closed);
        }
    };
    let mut gate = Gate::Open;
    for Item { line, holds } in items {
        match holds {
            Ok(shown) => {
                let explained = explain(&shown, known, at)?;
                print(context, file, line, &explained)?;
                if explained.has_fault {
                    gate = Gate::Closed;
                }
            }
            Err(fault) => {
                report(context, file, line, &fault)?;
                gate = Gate::Closed;
            }
        }
    }
    Ok(gate)
}

fn explain(shown: &Shown, known: &Known, at: u64) -> Result<Explanation, Failure> {
    match shown {
        Shown::Certificate(raw, comment) => certificate::explain(raw, comment, known, at),
        Shown::Key(key, comment) => Ok(key::explain(key, comment)),
        Shown::Request(file) => {
            let roots = known.roots()?;
            Ok(request::Explained::new(file, roots.as_ref()).explanation(at))
        }
        Shown::Document(document) => document::explain(document, known),
    }
}

fn print(
    context: &Context,
    file: &Path,
    line: Option<usize>,
    explained: &Explanation,
) -> Result<(), Failure> {
    if context.json() {
        let value = explained.json.clone();
        return product_object(placed(value, file, line, !explained.has_fault));
    }
    product(&format!("{}:", name(file, line)))?;
    explained
        .lines
        .iter()
        .try_for_each(|line| product(&format!("  {line}")))
}

/// Says of a file, or of one of its lines, that it can't be shown.
fn report(
    context: &Context,
    file: &Path,
    line: Option<usize>,
    fault: &Fault,
) -> Result<(), Failure> {
    if context.json() {
        let value = json!({ "error": fault.words });
        product_object(placed(value, file, line, false))?;
    }
    let hints: Vec<_> = fault.hint.clone().into_iter().collect();
    let words = format!("{}: {}", name(file, line), fault.words);
    complain(&words, &hints, Kind::Failed);
    Ok(())
}

fn name(file: &Path, line: Option<usize>) -> String {
    match line {
        Some(line) => format!("{}:{line}", path(file)),
        None => path(file),
    }
}

/// An object, and where it was found, and whether a script may go on.
fn placed(mut value: Value, file: &Path, line: Option<usize>, ok: bool) -> Value {
    if let Value::Object(fields) = &mut value {
        fields.insert("file".to_owned(), json!(file.to_string_lossy()));
        fields.insert("ok".to_owned(), json!(ok));
        if let Some(line) = line {
            fields.insert("line".to_owned(), json!(line));
        }
    }
    value
}

const EXAMPLES: &str = "\
Examples:
  punchmark show peter-cert.pub
  punchmark show peter.req
  punchmark show --at +7d host-cert.pub || echo 'renew it this week'
  punchmark show --json *-cert.pub
  ssh-keyscan -c web1.example.org 2>/dev/null | cut -d' ' -f2- | punchmark show -

The exit code is 1 if something can't be read, or nobody should take it: its signature is not
valid, it is over or has not begun, its key is weak, it was revoked, or the ledger of its CA
doesn't have it.";
