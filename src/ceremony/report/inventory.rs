//! Each device and key of a ceremony, and the bag or envelope that it came in and went into, as people typed it.

use super::super::facts::{PLACES, blob_fact, end_fact, opened_by_fact};
use super::super::plan::{Copies, Custody, End, Pins, Plan};
use super::super::steps::{Step, in_memory, steps};
use super::super::transcript::Transcript;
use super::text;
use crate::output::page::Cell;

/// Each device by its serial number, each key by its fingerprint.
pub(super) fn inventory(plan: &Plan, transcript: &Transcript) -> Vec<Vec<Cell>> {
    let fact = |name: &str| transcript.fact(name).unwrap_or_default().to_owned();
    let steps = steps(plan);
    let seals = |step: &str| numbers(&steps, transcript, step);
    let devices = plan.devices.iter().map(|device| {
        let (came, goes) = (
            format!("unseal {}", device.name),
            format!("seal {}", device.name),
        );
        let bags = format!("came in {}; goes into {}", seals(&came), seals(&goes));
        let says = fact(&format!("device {}", device.name));
        vec![
            text(format!("Device `{}`", device.name)),
            text(says),
            text(bags),
        ]
    });
    let cas = plan.cas().iter().map(|ca| {
        let what = format!(
            "CA `{}`, {} key, for {}s",
            ca.name, ca.algorithm, ca.certificates
        );
        let print = fact(&format!("fingerprint {}", ca.name));
        let place = match &ca.copies {
            Copies::None => format!("in `{}`", ca.device),
            Copies::Wrapped(copy) => {
                format!("in `{}`; WAS EXTRACTABLE: wrapped for `{copy}`", ca.device)
            }
            Copies::InMemory(_) => in_memory(ca),
            Copies::Components => {
                let kept = fact(&blob_fact(&ca.name));
                format!("in `{}`; WAS EXTRACTABLE: wrapped key {kept}", ca.device)
            }
        };
        vec![text(what), text(print), text(place)]
    });
    let before = plan.ledger.iter().flat_map(|before| &before.cas).map(|ca| {
        let place = match &ca.device {
            Some(device) => format!("in `{device}`"),
            None => match plan.blob(&ca.name) {
                Some(blob) => format!("out of {}, onto `{}`", blob.file, blob.onto),
                None => "in no device of the room".to_owned(),
            },
        };
        let what = format!("CA `{}`, from before", ca.name);
        vec![text(what), text(ca.fingerprint.to_string()), text(place)]
    });
    let ended = (0..).zip(plan.copies_that_end()).map(|(number, copy)| {
        let end = match &copy.end {
            End::Destroyed(device) => format!("destroyed in `{device}`"),
            End::Overwritten { file, .. } => format!("overwritten: {}", file.display()),
            End::ByHand { words, .. } => format!("destroyed by hand: {words}"),
            End::Missing { words, .. } => format!("MISSING: {words}"),
        };
        let what = format!("Copy {} of the key of `{}`", number + 1, copy.ca);
        vec![text(what), text(fact(&end_fact(number))), text(end)]
    });
    let left = plan.old_ca().filter(|_| plan.compromise().is_some());
    let left = left.map(|old| {
        let what = format!("Places of the key of `{}` that a thief may have", old.name);
        vec![text(what), text(fact(PLACES)), text(OF_A_THIEF)]
    });
    let ledger = plan.ledger_key().map(|key| {
        let what = format!("Ledger key, {} key", key.algorithm);
        let print = fact("fingerprint of the ledger key");
        vec![
            text(what),
            text(print),
            text(format!("in `{}`", key.device)),
        ]
    });
    let opened = plan.devices.iter().filter(|one| one.pins == Pins::Shares);
    let opened = opened.map(|device| {
        let what = format!("What opens `{}`", device.name);
        let says = fact(&opened_by_fact(device));
        vec![
            text(what),
            text(says),
            text(format!(
                "in shares, with {}",
                holders(plan.custody.as_ref())
            )),
        ]
    });
    let held = plan.components.as_ref().map(|held| &held.custody);
    let kept = [
        ("Shares", "seal shares", plan.custody.as_ref()),
        ("Components and their medium", "seal components", held),
        ("Papers that were collected", "papers", None),
    ];
    let kept = kept.into_iter().filter_map(|(what, step, custody)| {
        let numbers = seals(step);
        let row = || vec![text(what), text(holders(custody)), text(&numbers)];
        (!numbers.is_empty()).then(row)
    });
    devices
        .chain(opened)
        .chain(cas)
        .chain(before)
        .chain(ended)
        .chain(left)
        .chain(ledger)
        .chain(kept)
        .collect()
}

/// What is to be said of them.
const OF_A_THIEF: &str = "devices, wrapped keys and the components that open them; each ends by a ceremony of kind `retire`";

/// The numbers that were typed in a step, each behind what it is of: another one than the plan's, too.
fn numbers(steps: &[Step], transcript: &Transcript, name: &str) -> String {
    let step = steps.iter().filter(|step| step.name == name);
    let asks = step.flat_map(|step| &step.asks);
    let asks = asks.filter(|ask| ask.number().is_some());
    let numbers: Vec<_> = asks
        .filter_map(|ask| {
            let there = transcript.answer(name, &ask.name)?;
            Some(format!("{} {there}", ask.name.replace('-', " ")))
        })
        .collect();
    numbers.join(", ")
}

fn holders(custody: Option<&Custody>) -> String {
    let holders = custody.into_iter().flat_map(|custody| &custody.holders);
    let names: Vec<_> = holders.map(|holder| holder.name.as_str()).collect();
    names.join(", ")
}
