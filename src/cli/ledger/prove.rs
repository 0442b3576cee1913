//! `punchmark ledger prove` and `check-proof`: that the ledger holds a serial.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::one::{One, no_such_serial};
use crate::certificate::explain::{Fields, utc};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::head::{Kept, claimed, read_text};
use crate::cli::base::terminal::{product, product_object};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{Entry, Event, Inclusion, ProofText};

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

    /// The public key of who signed that head (Ed25519 or P-256); may be given more than once.
    /// Without it, whoever wrote the head is believed, and that is said
    #[arg(long, value_name = "FILE")]
    signer: Vec<PathBuf>,
}

/// Prints the proof of one serial.
///
/// One that leads to a head which nobody signed could be checked by nobody, and is refused.
pub(super) fn prove(context: &Context, one: &One) -> Result<Exit, Failure> {
    let ledger = one.source.open(context)?;
    let (ca, serial) = one.find(&ledger)?;
    let (name, number) = (ca.name(), serial.number());
    let inclusions = ledger.inclusions(&ca, serial)?;
    let Some(first) = inclusions.first() else {
        return Err(no_such_serial(name, number));
    };
    let heads = ledger.believed_heads()?;
    let size = first.checkpoint.size;
    // A mirror ends where a signed head does: by that it was begun or extended.
    let is_mirrors = ledger.is_mirror() && size == ledger.size();
    if !is_mirrors && !heads.iter().any(|head| head.size == size) {
        return Err(Failure::new(format!(
            "no signed head covers serial {number} of CA `{name}`, among those that are believed"
        ))
        .hint("make one with `punchmark ledger checkpoint`, then the proof"));
    }
    let proof = ProofText::of(&inclusions);
    let words = serde_json::to_string(&proof).map_err(|_| wrong("cannot be written"))?;
    product(&words)?;
    Ok(Exit::Done)
}

impl Check {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let proof: ProofText = serde_json::from_str(&read_text(&self.proof)?)
            .map_err(|_| wrong("is no proof that `ledger prove` printed"))?;
        let kept = claimed(&self.against, &self.signer)?.without_a_ledger();
        let shown = shown_in(&proof, &kept.head)?;
        if context.json() {
            product_object(json(&shown, &kept))?;
        } else if context.talks() {
            for inclusion in &shown {
                product(&words(inclusion))?;
            }
            product(&format!("  by {}", kept.words()))?;
        }
        Ok(Exit::Done)
    }
}

/// The entries of a proof, each of which was shown to be in the ledger of this head.
fn shown_in(proof: &ProofText, head: &Checkpoint) -> Result<Vec<Inclusion>, Failure> {
    if (&proof.origin, proof.size) != (&head.origin, head.size) {
        return Err(wrong(&format!(
            "leads to the head of {} entries of {}, and the one given is of {} of {}",
            proof.size, proof.origin, head.size, head.origin
        ))
        .hint("a proof belongs to one head: make both together"));
    }
    if proof.entries.is_empty() {
        return Err(wrong("holds no entry"));
    }
    let shown = proof.entries.iter().map(|entry| {
        let inclusion = entry.decode(head).ok_or_else(|| wrong("is malformed"))?;
        if inclusion.holds() {
            Ok(inclusion)
        } else {
            Err(wrong("does not lead from its entry to the head"))
        }
    });
    shown.collect()
}

fn json(shown: &[Inclusion], kept: &Kept) -> Value {
    let entries = shown
        .iter()
        .map(|inclusion| json!({ "position": inclusion.index + 1, "says": words(inclusion) }));
    json!({
        "holds": true,
        "origin": kept.head.origin,
        "entries": kept.head.size,
        "signer": kept.signer,
        "shown": entries.collect::<Vec<_>>(),
    })
}

fn wrong(words: &str) -> Failure {
    Failure::new(format!("the proof {words}"))
}

/// What an entry says that was shown to be in the ledger.
pub(super) fn words(inclusion: &Inclusion) -> String {
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
