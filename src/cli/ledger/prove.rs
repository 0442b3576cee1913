//! `punchmark ledger prove` and `check-proof`: that the ledger holds a serial.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use ssh_encoding::base64::{Base64, Encoding};

use super::head::{note_key, read_text};
use super::one::{find, no_such_serial};
use crate::certificate::explain::{Fields, utc};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::product;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::merkle::Hash;
use crate::ledger::note::unverified_text;
use crate::ledger::{Entry, Event, Inclusion, SqliteLedger};

/// A proof to check.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    /// The proof, as `ledger prove` printed it
    #[arg(value_name = "FILE")]
    proof: PathBuf,

    /// The head that it must lead to, as `ledger checkpoint` printed it
    #[arg(long, value_name = "FILE")]
    against: PathBuf,

    /// The public key of who signed that head (ssh-ed25519); else its signature is not checked
    #[arg(long, value_name = "FILE")]
    signer: Option<PathBuf>,
}

/// A proof as it is handed around: each entry of a serial, and its way to the root.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Proof {
    origin: String,
    size: u64,
    entries: Vec<ProvedEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvedEntry {
    index: u64,
    entry: String,
    path: Vec<String>,
}

/// Prints the proof of one serial.
pub(super) fn prove(ledger: &SqliteLedger, name: &str, number: u64) -> Result<Exit, Failure> {
    let (ca, serial) = find(ledger, name, number)?;
    let inclusions = ledger.inclusions(&ca, serial)?;
    let Some(first) = inclusions.first() else {
        return Err(no_such_serial(name, number));
    };
    let proof = Proof {
        origin: first.checkpoint.origin.clone(),
        size: first.checkpoint.size,
        entries: inclusions.iter().map(ProvedEntry::of).collect(),
    };
    let words = serde_json::to_string(&proof).map_err(|_| wrong("cannot be written"))?;
    product(&words)?;
    Ok(Exit::Done)
}

impl Check {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let proof: Proof = serde_json::from_str(&read_text(&self.proof)?)
            .map_err(|_| wrong("is no proof that `ledger prove` printed"))?;
        let head = self.head()?;
        if (&proof.origin, proof.size) != (&head.origin, head.size) {
            return Err(wrong("leads to another head than the one given"));
        }
        if proof.entries.is_empty() {
            return Err(wrong("holds no entry"));
        }
        for entry in &proof.entries {
            let inclusion = entry.decode(&head).ok_or_else(|| wrong("is malformed"))?;
            if !inclusion.holds() {
                return Err(wrong("does not lead from its entry to the head"));
            }
            if context.talks() {
                product(&words(&inclusion))?;
            }
        }
        Ok(Exit::Done)
    }

    fn head(&self) -> Result<Checkpoint, Failure> {
        let note = read_text(&self.against)?;
        let text = unverified_text(&note)?;
        if let Some(signer) = &self.signer {
            note_key(signer, text)?.open(&note)?;
        }
        Ok(Checkpoint::parse(text)?)
    }
}

impl ProvedEntry {
    fn of(inclusion: &Inclusion) -> Self {
        Self {
            index: inclusion.index,
            entry: Base64::encode_string(&inclusion.entry),
            path: inclusion
                .path
                .iter()
                .map(|hash| Base64::encode_string(hash))
                .collect(),
        }
    }

    fn decode(&self, head: &Checkpoint) -> Option<Inclusion> {
        let hash = |text: &String| Hash::try_from(Base64::decode_vec(text).ok()?).ok();
        Some(Inclusion {
            entry: Base64::decode_vec(&self.entry).ok()?,
            index: self.index,
            checkpoint: head.clone(),
            path: self.path.iter().map(hash).collect::<Option<_>>()?,
        })
    }
}

fn wrong(words: &str) -> Failure {
    Failure::new(format!("the proof {words}"))
}

/// What an entry says that was shown to be in the ledger.
fn words(inclusion: &Inclusion) -> String {
    let place = format!("entry {} is in the ledger", inclusion.index + 1);
    let Ok(entry) = Entry::from_bytes(&inclusion.entry) else {
        return format!("{place}, of a kind that this version does not know");
    };
    let time = utc(entry.time);
    match entry.event {
        Event::CaAdded(added) => format!("{place}: CA {} was added {time}", added.name),
        Event::Reserved(reserved) => {
            let content = Fields::of_to_be_signed(&reserved.to_be_signed);
            format!(
                "{place}: serial {} was reserved {time} for {}, key ID \"{}\"",
                reserved.serial,
                content.principals.join(","),
                content.key_id
            )
        }
        Event::Issued(issued) => {
            format!("{place}: entry {} was issued {time}", issued.reserved)
        }
        Event::Failed(failed) => {
            format!("{place}: entry {} was given up {time}", failed.reserved)
        }
        Event::Revoked(revoked) => format!("{place}: revoked {time}, {:?}", revoked.reason),
        Event::Resumed(resumed) => format!(
            "{place}: serials {} to {} were left out {time}",
            resumed.first, resumed.last
        ),
        Event::KrlMade(made) => format!("{place}: KRL {} was made {time}", made.version),
        // Not of a serial, and so in no proof that `prove` makes.
        _ => format!("{place}: written {time}"),
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger prove users 42 > 42.proof
  punchmark ledger check-proof 42.proof --against head.txt --signer ledger_key.pub";
