//! `punchmark ceremony reshare`: a new secret and new shares, when a custodian leaves.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::plan_file;
use super::room::Terminal;
use crate::ceremony::{Custodians, CustodyError, NewCustodians, Printer, Reshared, Room};
use crate::certificate::KeyId;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{product, product_object, say};
use crate::config::keyboard;
use crate::secret::share::Quorum;

/// Make a new secret and give out its shares, when a custodian leaves or a sheet was lost
///
/// As many old shares as are needed are typed first. Each new custodian alone is shown a share and types it back; every set
/// that must open the secret is put together. Only then each device that the ledger knows gets PIN, PUK, SO PIN and management key
/// that follow from it, and opens with them. A device that is not there keeps its generation, and so the old shares are kept:
/// the same command finishes it later, with shares of both. It goes on where it was cut short.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Reshare {
    /// How many shares open the devices
    #[arg(long, value_name = "NUMBER")]
    threshold: u8,

    /// Who gets a share; one more than are needed, or several
    #[arg(long = "custodian", value_name = "NAME", required = true)]
    custodians: Vec<String>,

    /// The plan whose `print` command prints the sheets [default: they are written by hand]
    #[arg(long, value_name = "PLAN")]
    printer_of: Option<PathBuf>,
}

impl Reshare {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let quorum = self.quorum()?;
        let printer = self.printer()?;
        let config = context.config()?;
        context.check_clock(&context.place()?)?;
        let mut room = Terminal::open()?.ok_or_else(|| Failure::usage(NO_TERMINAL))?;
        let keyboard = keyboard();
        let custodians = Custodians {
            config: &config,
            keyboard: &keyboard,
        };
        let new = NewCustodians {
            quorum,
            names: &self.custodians,
            printer: printer.as_ref(),
        };
        let done = custodians.reshare(&mut room, &new)?;
        tell(context, &done)?;
        end(&mut room, &done)?;
        Ok(Exit::Done)
    }

    /// What was reviewed with a plan.
    fn printer(&self) -> Result<Option<Printer>, Failure> {
        let Some(path) = &self.printer_of else {
            return Ok(None);
        };
        let printer = plan_file::read(path)?.printer;
        let missing = || {
            Failure::usage("the plan names no program that prints").at(path.display().to_string())
        };
        printer.ok_or_else(missing).map(Some)
    }

    /// Whoever holds two shares is one person still.
    fn quorum(&self) -> Result<Quorum, Failure> {
        for name in &self.custodians {
            let is_name = KeyId::parse(name).is_ok() && name.trim() == name;
            if !is_name || name.chars().count() > NAME_MAX {
                let words =
                    format!("a custodian's name is 1 to {NAME_MAX} characters that people can see");
                return Err(Failure::usage(words));
            }
        }
        let mut names: Vec<_> = self
            .custodians
            .iter()
            .map(|name| name.to_lowercase())
            .collect();
        names.sort();
        names.dedup();
        if names.len() != self.custodians.len() {
            return Err(Failure::usage("a custodian is named twice"));
        }
        let count = u8::try_from(names.len()).unwrap_or(u8::MAX);
        Quorum::new(self.threshold, count).map_err(|error| Failure::usage(error.to_string()))
    }
}

/// What is written onto the sheets.
fn tell(context: &Context, done: &Reshared) -> Result<(), Failure> {
    if context.json() {
        let device = |(name, by): &(String, _)| {
            let by: &crate::ledger::Derivation = by;
            json!({ "device": name, "generation": by.generation, "counter": by.counter })
        };
        return product_object(json!({
            "generation": done.generation,
            "devices": done.devices.iter().map(device).collect::<Vec<_>>(),
            "useless": done.useless,
        }));
    }
    say("Write onto the sheets of the new shares, and into the inventory:");
    done.devices
        .iter()
        .try_for_each(|(name, by)| product(&format!("{name}  {by}")))
}

/// Old shares are destroyed when they open nothing any more, and not before.
fn end(room: &mut Terminal, done: &Reshared) -> Result<(), Failure> {
    let Some(old) = done.useless else {
        say("KEEP the old shares: a device opens by them still. Run this again when it is there.");
        return Ok(());
    };
    say(&format!(
        "No device opens by generation {old} any more. Collect its shares, all of them, and destroy them now."
    ));
    let question = format!(
        "A witness: the sheets of generation {old} are destroyed before my eyes (or type later, and \
         write down where they are); type \"destroyed\"\n> "
    );
    loop {
        match room.ask(&question).map_err(CustodyError::Ask)?.as_str() {
            "destroyed" | "later" => return Ok(()),
            _ => {}
        }
    }
}

/// As long as the line of a sheet.
const NAME_MAX: usize = 60;
const NO_TERMINAL: &str = "shares are typed by people at a terminal, and there is none";
const EXAMPLES: &str = "\
Examples:
  punchmark ceremony reshare --threshold 2 --custodian Cem --custodian Erik --custodian Ida";
