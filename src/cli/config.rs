//! `punchmark config`: whether the config says what it should.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::base::config_text::text;
use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::heads_below;
use super::base::terminal::{product, product_object};
use crate::config::{Config, ConfigError, Reading, faults_of};
use crate::ledger::Ledger;

/// Look at the config, without a token
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConfigCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Check),
}

/// Say all that is wrong with the config, with the line, and the CA or role that it is about
///
/// Looks at the text, at the files that it names, and at what the ledger says of each CA. Then,
/// what is allowed and hardly meant, as `role lint`. Exits with 1 if anything is wrong.
#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
struct Check {}

impl ConfigCommand {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Check(Check {}) => check(context),
        }
    }
}

/// What is wrong, or hardly meant.
struct Found {
    /// Line and column; none for what is wrong with a file that the config names.
    place: Option<(usize, usize)>,
    /// The table that it is about, as `ca.users`.
    table: Option<String>,
    message: String,
    hint: Option<String>,
}

fn check(context: &Context) -> Result<Exit, Failure> {
    let place = context.place()?;
    let text = text(place.path())?;
    let reading = faults_of(place.path(), &text);
    let mut faults: Vec<_> = reading.faults.iter().map(Found::in_text).collect();
    if let Err(failure) = Config::read(place.path()).map(drop).or_else(of_text) {
        faults.push(Found::met(None, failure));
    }
    let warnings = match &reading {
        Reading {
            rest: Some(config), ..
        } => {
            faults.extend(of_files(context, config));
            // Without the tables at fault, what names them looks odd.
            let odd = reading.faults.is_empty().then(|| oddities(config));
            // What can't be looked at is a fault, and told as one.
            let below = heads_below::warning(config).ok().flatten();
            let below = below.map(|message| Found {
                place: None,
                table: None,
                message,
                hint: Some(heads_below::ONE_MORE.to_owned()),
            });
            odd.into_iter().flatten().chain(below).collect()
        }
        Reading { rest: None, .. } => Vec::new(),
    };
    tell(context, place.path(), &faults, &warnings)?;
    Ok(if faults.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// Passes over what the text itself is at fault with.
fn of_text(error: ConfigError) -> Result<(), Failure> {
    match error {
        ConfigError::Syntax { .. } => Ok(()),
        other => Err(other.into()),
    }
}

/// What is wrong with the files that the config names, and between them and the ledger.
fn of_files(context: &Context, config: &Config) -> Vec<Found> {
    let mut found = Vec::new();
    let mut note = |table: Option<String>, looked: Result<(), Failure>| {
        found.extend(looked.err().map(|failure| Found::met(table, failure)));
    };
    note(
        None,
        config.attestation_roots().map(drop).map_err(Failure::from),
    );
    #[cfg(feature = "service")]
    note(None, of_server(config));
    note(
        None,
        config.allowed_signers().map(drop).map_err(Failure::from),
    );
    let has_cas = config.cas().next().is_some();
    let ledger = has_cas.then(|| Ledger::open_to_read(&config.ledger()));
    let ledger = match ledger.transpose() {
        Ok(ledger) => ledger,
        Err(error) => {
            note(None, Err(error.into()));
            None
        }
    };
    for (name, ca) in config.cas() {
        let looked = match &ledger {
            Some(ledger) => context.known_ca(config, ledger, name.as_str()).map(drop),
            None => config.public_key(ca).map(drop).map_err(Failure::from),
        };
        note(Some(format!("ca.{name}")), looked);
    }
    found
}

fn oddities(config: &Config) -> Vec<Found> {
    let found = config.oddities().into_iter();
    let odd = found.map(|finding| Found {
        place: None,
        table: Some(match &finding.role {
            Some(role) => format!("role.{role}"),
            None => "suffixes".to_owned(),
        }),
        message: finding.oddity.to_string(),
        hint: None,
    });
    #[cfg(feature = "service")]
    let odd = odd.chain(config.serve_oddities().into_iter().map(|message| Found {
        place: None,
        table: Some("serve".to_owned()),
        message,
        hint: None,
    }));
    odd.collect()
}

/// Whether it makes a server, where it is meant to.
#[cfg(feature = "service")]
fn of_server(config: &Config) -> Result<(), Failure> {
    match config.serve() {
        Ok(_) | Err(crate::config::ServeConfigError::None) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl Found {
    fn in_text(fault: &crate::config::TextFault) -> Self {
        Self {
            place: Some((fault.line, fault.column)),
            table: fault.table.clone(),
            message: fault.message.clone(),
            hint: None,
        }
    }

    fn met(table: Option<String>, failure: Failure) -> Self {
        Self {
            place: None,
            table,
            message: failure.words(),
            hint: failure.hints().first().cloned(),
        }
    }

    fn line(&self, path: &Path) -> String {
        let place = self.place.map(|(line, column)| format!(":{line}:{column}"));
        let table = self.table.as_ref().map(|table| format!(" [{table}]"));
        format!(
            "{}{}:{} {}",
            path.display(),
            place.unwrap_or_default(),
            table.unwrap_or_default(),
            self.message
        )
    }

    fn json(&self) -> Value {
        let of = |kind: &str| {
            self.table
                .as_ref()
                .and_then(|table| table.strip_prefix(kind))
        };
        json!({
            "line": self.place.map(|(line, _)| line),
            "column": self.place.map(|(_, column)| column),
            "table": self.table,
            "ca": of("ca."),
            "role": of("role."),
            "message": self.message,
            "hint": self.hint,
        })
    }
}

fn tell(
    context: &Context,
    path: &Path,
    faults: &[Found],
    warnings: &[Found],
) -> Result<(), Failure> {
    if context.json() {
        let all = |found: &[Found]| found.iter().map(Found::json).collect::<Vec<_>>();
        return product_object(json!({
            "config": path.to_string_lossy(),
            "faults": all(faults),
            "warnings": all(warnings),
        }));
    }
    for fault in faults {
        product(&fault.line(path))?;
        if let Some(hint) = &fault.hint {
            product(&format!("  hint: {hint}"))?;
        }
    }
    for warning in warnings {
        product(&format!("warning: {}", warning.line(path)))?;
        if let Some(hint) = &warning.hint {
            product(&format!("  hint: {hint}"))?;
        }
    }
    if faults.is_empty() && context.talks() {
        product(&format!("{}: nothing is wrong", path.display()))?;
    }
    Ok(())
}

const EXAMPLES: &str = "\
Examples:
  punchmark config check";

const CHECK_EXAMPLES: &str = "\
Examples:
  punchmark config check
  punchmark --config new.toml config check --json";
