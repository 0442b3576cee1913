//! `punchmark ledger`: what was reserved, and what became of it.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::Context;
use super::failure::{Exit, Failure};
use super::terminal::{product, say};
use crate::certificate::explain::{Fields, utc};
use crate::certificate::{Serial, certificate_line, reader};
use crate::ledger::{Ledger as _, Record, SqliteLedger, State};

/// Read the ledger: every serial that was taken, and what became of it
#[derive(Debug, Args)]
pub(crate) struct Ledger {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List every reservation, oldest first; with --json, an object a line
    List,
    /// Show all that is known of one serial
    Show {
        /// The CA, by name
        #[arg(value_name = "CA")]
        ca: String,
        /// The serial
        #[arg(value_name = "SERIAL")]
        serial: u64,
    },
}

impl Ledger {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let ledger = SqliteLedger::open_to_read(&config.ledger())?;
        match self.command {
            Command::List => list(context, &ledger),
            Command::Show { ca, serial } => show(context, &ledger, &ca, serial),
        }
    }
}

fn list(context: &Context, ledger: &SqliteLedger) -> Result<Exit, Failure> {
    let mut printed = Ok(());
    let mut records = 0_u64;
    ledger.each_record(&mut |record| {
        records += 1;
        if printed.is_ok() {
            printed = match context.json() {
                true => product(&json(&record).to_string()),
                false => product(&line(&record)),
            };
        }
    })?;
    printed?;
    if records == 0 && context.talks() {
        say("nothing was signed yet");
    }
    Ok(Exit::Done)
}

fn show(
    context: &Context,
    ledger: &SqliteLedger,
    name: &str,
    number: u64,
) -> Result<Exit, Failure> {
    let missing = || Failure::NoSuchSerial {
        ca: name.to_owned(),
        serial: number,
    };
    let serial = Serial::try_from(number).map_err(|_zero| missing())?;
    let ca = ledger.cas()?.into_iter().find(|ca| ca.name() == name);
    let ca = ca.ok_or_else(|| Failure::NotInLedger(name.to_owned()))?;
    let record = ledger.record_of(&ca, serial)?.ok_or_else(missing)?;
    if context.json() {
        product(&json(&record).to_string())?;
        return Ok(Exit::Done);
    }
    let reserved = &record.reserved;
    product(&format!(
        "serial {} of {}: {}",
        number,
        name,
        state(&record)
    ))?;
    for (label, value) in [
        ("reserved", utc(record.time)),
        ("role", reserved.role.clone()),
        ("asked by", reserved.requester.clone()),
        (
            "at the keyboard",
            format!("{} (the system's word)", reserved.keyboard),
        ),
        ("proof", reserved.proof.clone()),
        ("decided by", reserved.decided_by.clone()),
    ] {
        product(&format!("  {label:16}{value}"))?;
    }
    for (label, value) in fields(&record).rows() {
        product(&format!("  {label:16}{value}"))?;
    }
    if let Some(line) = certificate(&record) {
        product(&line)?;
    }
    Ok(Exit::Done)
}

fn line(record: &Record) -> String {
    let fields = fields(record);
    format!(
        "{:12} {:>6}  {}  {:8}  {}  {:?}  {}",
        record.ca,
        record.reserved.serial,
        utc(record.time),
        word(&record.state),
        fields.principals.join(","),
        fields.key_id,
        fields.key,
    )
}

fn json(record: &Record) -> Value {
    let reserved = &record.reserved;
    let mut value = json!({
        "ca": record.ca,
        "serial": reserved.serial,
        "sequence": reserved.sequence,
        "state": word(&record.state),
        "reserved": utc(record.time),
        "role": reserved.role,
        "requester": reserved.requester,
        "keyboard": reserved.keyboard,
        "proof": reserved.proof,
        "decided-by": reserved.decided_by,
        "content": fields(record),
    });
    if let Value::Object(object) = &mut value {
        if let State::Failed(reason) = &record.state {
            object.insert("reason".to_owned(), json!(reason));
        }
        if let Some(line) = certificate(record) {
            object.insert("certificate".to_owned(), json!(line));
        }
    }
    value
}

fn word(state: &State) -> &'static str {
    match state {
        State::Reserved => "reserved",
        State::Issued(_) => "issued",
        State::Failed(_) => "failed",
    }
}

fn state(record: &Record) -> String {
    match &record.state {
        State::Reserved => "reserved, not issued".to_owned(),
        State::Issued(_) => "issued".to_owned(),
        State::Failed(reason) => format!("failed: {reason}"),
    }
}

fn certificate(record: &Record) -> Option<String> {
    match &record.state {
        State::Issued(blob) => {
            let certificate = reader::read(blob).ok()?;
            Some(certificate_line(&certificate, ""))
        }
        _ => None,
    }
}

/// What the reservation says, read from the very bytes that were signed.
fn fields(record: &Record) -> Fields {
    match &record.state {
        State::Issued(blob) => reader::read(blob).map_or_else(
            |_| Fields::of_to_be_signed(&record.reserved.to_be_signed),
            |certificate| Fields::of(&certificate),
        ),
        _ => Fields::of_to_be_signed(&record.reserved.to_be_signed),
    }
}
