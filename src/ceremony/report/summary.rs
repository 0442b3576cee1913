//! What stands at the top of a report: which ceremony it was, by which program, and what it left behind.

use std::collections::BTreeMap;

use crate::ceremony::facts::{CLOCKS, LEDGER_BEFORE, SERVERS};
use crate::ceremony::instant::Instant;
use crate::ceremony::plan::Plan;
use crate::ceremony::steps::{Act, steps};
use crate::ceremony::test_certificate::LINT;
use crate::ceremony::transcript::{Event, Transcript};
use crate::ceremony::verdict::Account;
use crate::wire::{hex, words};

/// Rows of a name and what it says.
pub(super) fn summary(
    plan: &Plan,
    transcript: &Transcript,
    account: &Account,
) -> Vec<(String, String)> {
    let (from, until) = (Instant::of(account.times.0), Instant::of(account.times.1));
    let value = transcript.value();
    let mut rows = vec![
        ("Kind", plan.kind().as_str().to_owned()),
        ("Room", plan.place.clone()),
        ("Held, by the machine's clock", format!("{from} to {until}")),
        ("Machine", format!("started from {}", plan.boot_medium)),
        ("Clocks", clocks(plan, transcript)),
        ("Program, SHA-256", hex(&plan.program)),
        ("Plan, SHA-256", hex(&plan.sha256)),
        ("Plan, words", plan.words()),
        ("Transcript, SHA-256", hex(&value)),
        ("Transcript, words", words(&value)),
    ];
    rows.extend(plan.modules.iter().map(|module| {
        let words = format!("{} {}", module.path.display(), hex(&module.sha256));
        ("Module, SHA-256", words)
    }));
    if let Some(theft) = plan.compromise() {
        let servers = transcript.fact(SERVERS).unwrap_or_default();
        rows.push(("Why the key is given up", theft.reason.to_string()));
        rows.push((
            "Servers",
            format!("{}: {servers}", theft.servers.join(", ")),
        ));
    }
    if let Some(head) = &account.head {
        let words = format!(
            "{}, {} entries, root {}",
            head.origin,
            head.size,
            hex(&head.root)
        );
        rows.push(("Ledger as it was at the end", words));
    }
    rows.extend(printed(plan, transcript).map(|words| ("Sheets of secrets", words)));
    if plan.ledger.is_some() {
        let found = transcript.fact(LEDGER_BEFORE).unwrap_or_default();
        rows.push(("Ledger as it was found", found.to_owned()));
    }
    let again = plan.custody.as_ref().filter(|_| plan.ledger.is_some());
    rows.extend(again.map(|custody| {
        let words = if custody.rotates { ROTATED } else { KEPT };
        ("Secrets that follow from shares", words.to_owned())
    }));
    let lints = transcript.facts();
    let lints = lints.filter_map(|(name, says)| Some((name.strip_prefix(LINT)?, says)));
    let lints: BTreeMap<_, _> = lints.collect();
    rows.extend(lints.iter().map(|(file, says)| {
        let words = format!("{file}: {says}");
        ("Lint of a certificate before the CA signed", words)
    }));
    if let Some(last) = &plan.last {
        rows.push(("The ceremony before, words", words(last)));
    }
    if let Some(held) = &account.rehearsal {
        rows.push(("Rehearsed, words", words(held)));
    }
    rows.push(("Signed head, words, off the paper", String::new()));
    rows.push(("The words are those on the paper: initials", String::new()));
    rows.into_iter()
        .map(|(name, says)| (name.to_owned(), says))
        .collect()
}

/// What two people read, and the machine showed.
fn clocks(plan: &Plan, transcript: &Transcript) -> String {
    let step = steps(plan).into_iter().find(|step| step.act == Act::Clocks);
    let asks = step.iter().flat_map(|step| &step.asks);
    let who = asks.map(|ask| ask.who.as_str()).chain(["the machine"]);
    let times = transcript.fact(CLOCKS).unwrap_or_default();
    let both = who.zip(times.split(", "));
    let read: Vec<_> = both.map(|(who, time)| format!("{who} {time}")).collect();
    read.join(", ")
}

/// How many sheets a program took, and how many it did not; none where the plan has no such program.
fn printed(plan: &Plan, transcript: &Transcript) -> Option<String> {
    let printer = plan.printer.as_ref()?;
    let count = |is: fn(&Event) -> bool| transcript.events().filter(|event| is(event)).count();
    let came = count(|event| matches!(event, Event::Printed { .. }));
    let failed = count(|event| matches!(event, Event::NotPrinted { .. }));
    Some(format!(
        "{came} handed to `{}` (SHA-256 {}), {failed} not printed or written by hand instead",
        printer.words(),
        hex(&printer.sha256)
    ))
}

/// What the devices have behind a session that shares opened.
const ROTATED: &str = "each device got those of its next counter at the end";
const KEPT: &str = "KEPT (rotate = false): whoever saw a PIN of this ceremony can use it";
