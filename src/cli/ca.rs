//! `punchmark ca`: which CAs there are, and what is known of each.

mod copies;
mod destroy_copy;
mod export;
mod opened;
mod retire;
mod rollover;
mod suffixes;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::base::ca_standing::CaStanding;
use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::monitoring::State;
use super::base::pending;
use super::base::roots::roots;
use super::base::storage;
use super::base::terminal::{product, product_object};
use crate::attestation::Roots;
use crate::ca::{Storage, opened_devices_of};
use crate::certificate::subject::{describe, fingerprint};
use crate::config::{CaConfig, Config, now};
use crate::ledger::{self, KnownCopy, Ledger, Purpose};

/// Tell of the CAs: where each key was born, and by whose word
#[derive(Debug, Args)]
pub(crate) struct Ca {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(List),
    Show(Show),
    Export(export::Export),
    Suffixes(suffixes::SuffixesOf),
    Rollover(rollover::RolloverOf),
    Retire(retire::Retire),
    DestroyCopy(destroy_copy::DestroyCopy),
}

/// List the CAs of the config, a line each
#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
struct List {}

/// Say all that is known of a CA, or of every one
///
/// Each copy of the key that the ledger was told of stands there, until and after it was destroyed;
/// one that is missing stays. An attestation that init or adopt kept is checked again, against the roots that the config
/// names and those of --attestation-roots. No token is asked.
#[derive(Debug, Args)]
#[command(after_help = SHOW_EXAMPLES)]
struct Show {
    /// Name of the CA [default: all of them]
    #[arg(value_name = "CA")]
    name: Option<String>,

    /// Root certificates in PEM, trusted for where a key in a YubiKey was born
    #[arg(long, value_name = "FILE")]
    attestation_roots: Vec<PathBuf>,
}

/// All that is known of one CA.
struct Known {
    config: CaConfig,
    ca: ledger::Ca,
    storage: Storage,
    standing: CaStanding,
    public_key_file: PathBuf,
    /// Those that the CA alone writes.
    suffixes: Vec<String>,
    /// All that the ledger has been told of.
    copies: Vec<KnownCopy>,
    /// The devices of its keys that shares open.
    opened: Vec<opened::Opened>,
}

impl Ca {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::List(_) => list(context)?,
            Command::Show(show) => show.run(context)?,
            Command::Export(export) => export.run(context)?,
            Command::Suffixes(suffixes) => suffixes.run(context)?,
            Command::Rollover(rollover) => rollover.run(context)?,
            Command::Retire(retire) => retire.run(context)?,
            Command::DestroyCopy(copy) => copy.run(context)?,
        }
        Ok(Exit::Done)
    }
}

impl Show {
    fn run(self, context: &Context) -> Result<(), Failure> {
        let roots = roots(context, &self.attestation_roots)?;
        let all = known(context, self.name.as_deref(), &roots)?;
        if context.json() {
            return print_json(&all);
        }
        all.iter().try_for_each(print)
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let all = known(context, None, &roots(context, &[])?)?;
    if context.json() {
        return print_json(&all);
    }
    all.iter().try_for_each(|known| {
        product(&format!(
            "{}: {} CA, {}, {}{}",
            known.ca.name(),
            known.config.certificates,
            describe(known.ca.public_key()),
            storage::words(&known.storage),
            (known.config.description.as_ref())
                .map(|words| format!(": {words}"))
                .unwrap_or_default()
        ))
    })
}

fn known(context: &Context, name: Option<&str>, roots: &Roots) -> Result<Vec<Known>, Failure> {
    let config = context.config()?;
    let file = config.ledger();
    let ledger = pending::seen(&file, Ledger::open_to_read(&file)?)?;
    let names = match name {
        Some(name) => vec![name.to_owned()],
        None => config.cas().map(|(name, _)| name.to_string()).collect(),
    };
    let one = |name: &String| one(context, &config, &ledger, name, roots);
    names.iter().map(one).collect()
}

fn one(
    context: &Context,
    config: &Config,
    ledger: &Ledger,
    name: &str,
    roots: &Roots,
) -> Result<Known, Failure> {
    let known = context.known_ca(config, ledger, name)?;
    let keys: Vec<_> = known.config.keys.iter().cloned().collect();
    Ok(Known {
        storage: Storage::of(config, ledger, known.ca(), roots)?,
        standing: CaStanding::of(ledger, known.ca())?,
        public_key_file: config.resolve(&known.config.public_key),
        suffixes: suffixes(config),
        copies: ledger.copies(known.ca())?,
        opened: opened_devices_of(&ledger.opened_devices()?, &keys)
            .into_iter()
            .map(|(name, device)| (name.to_owned(), device.clone()))
            .collect(),
        ca: known.ca().clone(),
        config: known.config,
    })
}

fn suffixes(config: &Config) -> Vec<String> {
    let classes = config.policy().suffixes().iter();
    classes
        .map(|(_, class)| class.suffix().to_string())
        .collect()
}

fn print(known: &Known) -> Result<(), Failure> {
    let (ca, added) = (&known.ca, known.ca.added());
    product(&format!(
        "{}: {} CA, {} {}",
        ca.name(),
        known.config.certificates,
        describe(ca.public_key()),
        fingerprint(ca.public_key())
    ))?;
    if let Some(description) = &known.config.description {
        product(&format!("  is for       {description}"))?;
    }
    for key in &known.config.keys {
        product(&format!("  key          {key}"))?;
    }
    product(&format!(
        "  storage      {}",
        storage::words(&known.storage)
    ))?;
    known.copies.iter().try_for_each(copies::print)?;
    known.opened.iter().try_for_each(opened::print)?;
    if let Some(due) = known.standing.drill_in_words(now()) {
        product(&format!("  drill        {due}"))?;
    }
    for fault in storage::faults(&known.storage) {
        product(&format!("  warning      {fault}"))?;
    }
    // That a drill is overdue stands above.
    let ended = known.standing.findings(ca.name(), now()).into_iter();
    let ended = ended.filter(|finding| finding.state == State::Critical);
    for finding in ended {
        product(&format!("  warning      {}", finding.words))?;
    }
    let when = match known.storage {
        Storage::WasExtractable => ", before it was made one that can't leave",
        _ => "",
    };
    product(&format!("  token said   {}{when}", added.token_says))?;
    let serial = known.standing.serial_in_words();
    product(&format!("  next serial  {serial}"))?;
    if known.config.certificates != Purpose::Host {
        product(&format!("  suffixes     {}", reserved(&known.suffixes)))?;
    }
    product(&format!(
        "  public key   {}",
        known.public_key_file.display()
    ))?;
    product(&format!(
        "  recorded     {} by {}",
        utc(ca.time()),
        added.keyboard
    ))
}

fn reserved(suffixes: &[String]) -> String {
    match suffixes {
        [] => "none is reserved: whoever may sign writes peter_physical without proof".to_owned(),
        suffixes => suffixes.join(", "),
    }
}

fn print_json(all: &[Known]) -> Result<(), Failure> {
    let cas: Vec<Value> = all.iter().map(json).collect();
    product_object(json!({ "cas": cas }))
}

fn json(known: &Known) -> Value {
    let (ca, added) = (&known.ca, known.ca.added());
    let keys = known.config.keys.iter();
    json!({
        "name": ca.name(),
        "for": known.config.certificates,
        "description": known.config.description,
        "algorithm": describe(ca.public_key()),
        "fingerprint": fingerprint(ca.public_key()),
        "keys": keys.map(ToString::to_string).collect::<Vec<_>>(),
        "origin": added.origin,
        "storage": storage::json(&known.storage),
        "copies": known.copies.iter().map(copies::json).collect::<Vec<_>>(),
        "opened-by-shares": known.opened.iter().map(opened::json).collect::<Vec<_>>(),
        "drill-due": known.standing.drill_due,
        "faults": storage::faults(&known.storage).iter().map(|f| f.as_str()).collect::<Vec<_>>(),
        "token-says": added.token_says,
        "next-serial": known.standing.next_serial,
        "retired": known.standing.retired,
        "revoked": known.standing.is_revoked,
        "suffixes": known.suffixes,
        "public-key-file": known.public_key_file.to_string_lossy(),
        "recorded": ca.time(),
        "keyboard": added.keyboard,
    })
}

/// A moment at which something ends, as certificates have it.
fn when(time: u64) -> String {
    match time {
        u64::MAX => "which is never".to_owned(),
        time => utc(time),
    }
}

fn utc(time: u64) -> String {
    let seconds = i64::try_from(time).unwrap_or(i64::MAX);
    let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    moment.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

const LIST_EXAMPLES: &str = "\
Examples:
  punchmark ca list";

const SHOW_EXAMPLES: &str = "\
Examples:
  punchmark ca show users
  punchmark ca show --json";
