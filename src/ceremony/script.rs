//! The paper of a ceremony: the steps with boxes to fill in, and sheets for what is written by hand.

mod components;
mod page;
mod text;

use super::plan::{Custody, Device, End, Holder, Pins, Plan, Task};
use super::steps::{MISSING, Step, Wanted, steps};

pub(super) use page::REHEARSAL_STYLE;
pub use page::html;
pub use text::markdown;

/// What stands above all else where nothing of it counts.
pub(super) fn banner(plan: &Plan) -> Option<String> {
    let of = plan.rehearsal_of?;
    let of = crate::wire::hex(&of);
    Some(format!(
        "REHEARSAL. Nothing on this paper counts. It was drawn from the plan {of}."
    ))
}

/// One row of the paper, in plain text: what page and text show alike.
struct Row {
    number: String,
    actor: String,
    say: String,
    /// What is typed, with who types it: the question, and what stands on the keys.
    typed: Vec<(String, String)>,
    expect: String,
}

fn rows(plan: &Plan) -> Vec<Row> {
    (1..)
        .zip(steps(plan))
        .map(|(number, step)| row(number, step))
        .collect()
}

fn row(number: usize, step: Step) -> Row {
    let typed = step.asks.iter().map(|ask| {
        let answer = match &ask.wanted {
            Wanted::Text(text) | Wanted::Number(text) => text.clone(),
            Wanted::AnyOf(texts) => texts.join(", or "),
            Wanted::OrMissing(asked) => format!("{}, or {MISSING}", asked.text),
            // Filled in by hand: what the program printed could be what it wants to hear.
            Wanted::Paper(_) => "(from the words above)".to_owned(),
            Wanted::Time => "________________".to_owned(),
            Wanted::Rehearsal => "(from the paper of the rehearsal)".to_owned(),
            Wanted::Secret { .. }
            | Wanted::Before { .. }
            | Wanted::Share(_)
            | Wanted::ShareAgain(_)
            | Wanted::Component(_)
            | Wanted::ComponentAgain(_) => "(off the sheet, unseen)".to_owned(),
        };
        (format!("{}: {}. Types:", ask.who, ask.question), answer)
    });
    Row {
        number: format!("{number}. {}", step.name),
        actor: step.actor,
        say: step.say,
        typed: typed.collect(),
        expect: step.expect,
    }
}

/// Each person by name, and what they are there for.
pub(super) fn people(plan: &Plan) -> Vec<(String, String)> {
    let of = |person: &super::plan::Person| {
        let roles: Vec<_> = person.roles.iter().map(|role| role.as_str()).collect();
        (person.name.clone(), roles.join(", "))
    };
    plan.people.all.iter().map(of).collect()
}

/// What stands above the steps: a name and what it says.
fn heading(plan: &Plan) -> Vec<(&'static str, String)> {
    let people = people(plan).into_iter();
    let people = people.map(|(name, roles)| format!("{name} ({roles})"));
    let mut heading = vec![
        (
            "Ceremony",
            format!("{}: {}", plan.kind().as_str(), plan.purpose),
        ),
        ("Room", plan.place.clone()),
        (
            "Begins and ends",
            format!("{} to {}", plan.window.0, plan.window.1),
        ),
        ("People", people.collect::<Vec<_>>().join("; ")),
        ("Machine", format!("started from {}", plan.boot_medium)),
        ("Program, SHA-256", crate::wire::hex(&plan.program)),
    ];
    for module in &plan.modules {
        let hash = crate::wire::hex(&module.sha256);
        heading.push((
            "Module, SHA-256",
            format!("{} {hash}", module.path.display()),
        ));
    }
    if let Some(printer) = &plan.printer {
        let hash = crate::wire::hex(&printer.sha256);
        heading.push(("Sheets are printed by", printer.words()));
        heading.push(("Its SHA-256", hash));
    }
    if let Some(before) = &plan.ledger {
        let (origin, size) = (&before.head.origin, before.head.size);
        let root = crate::wire::hex(&before.head.root);
        heading.push((
            "Ledger",
            format!("{origin}, from entry {size} on, root {root}"),
        ));
        let cas = before.cas.iter();
        heading.extend(cas.map(|ca| ("CA", format!("{}: {}", ca.name, ca.words()))));
    }
    for blob in plan.components.iter().flat_map(|one| &one.blobs) {
        let (ca, file, onto) = (&blob.ca, &blob.file, &blob.onto);
        let words = format!("{ca}: {file}, onto `{onto}`");
        heading.push(("Wrapped key", words));
        heading.push(("Wrapped key, SHA-256", crate::wire::hex(&blob.sha256)));
    }
    for copy in plan.copies_that_end() {
        let end = match &copy.end {
            End::Destroyed(device) => format!("in `{device}`: destroyed"),
            End::Overwritten { copy, file } => format!("{copy}: {} is overwritten", file.display()),
            End::ByHand { copy, words } => format!("{copy}: by hand, {words}"),
            End::Missing { copy, words } => format!("{copy}: MISSING, {words}"),
        };
        heading.push(("Copy that ends", format!("{}, {end}", copy.ca)));
    }
    for bundle in plan.signing().iter().flat_map(|sign| &sign.bundles) {
        let (file, items) = (&bundle.file, bundle.items);
        let id = crate::wire::hex(&bundle.id);
        heading.push(("Bundle", format!("{file}, id {id}, {items} items")));
        heading.push(("Bundle, words", crate::wire::words(&bundle.header)));
    }
    heading.push(("Plan, SHA-256", crate::wire::hex(&plan.sha256)));
    heading.push(("Plan, words", plan.words()));
    heading
}

/// A sheet of the appendix: its title, and rows of a name and what it says, which is empty where
/// it is filled in by hand.
struct Sheet {
    title: String,
    rows: Vec<(String, String)>,
}

fn sheets(plan: &Plan) -> Vec<Sheet> {
    let mut sheets = vec![inventory(plan)];
    // What was there before has a card.
    let is_made = plan.ledger_key().is_some() || !plan.cas().is_empty();
    sheets.extend(is_made.then(|| key_card(plan)));
    for device in &plan.devices {
        if let Some(envelope) = &device.pin_envelope {
            sheets.push(secret_sheet(plan, device, "PIN", envelope));
        }
        if let Some(envelope) = &device.unlock_envelope {
            sheets.push(secret_sheet(
                plan,
                device,
                &device.unlocked_by().to_string(),
                envelope,
            ));
        }
    }
    // Those of an earlier ceremony are there.
    let given_out = plan.custody.as_ref().filter(|_| plan.ledger.is_none());
    if let Some(custody) = given_out {
        let holders = custody.holders.iter().enumerate();
        let forms = holders.map(|(number, holder)| share_sheet(plan, custody, (number, holder)));
        sheets.extend(forms);
    }
    sheets.extend(components::sheets(plan));
    sheets.extend(papers(plan));
    sheets.push(Sheet {
        title: COPIED.to_owned(),
        rows: blanks(&[
            "32 words of the transcript",
            "32 words of the signed head",
            "Signatures of all",
        ]),
    });
    // Whoever finds a sheet alone sees what it belongs to.
    for sheet in &mut sheets {
        let of = ("Of the ceremony".to_owned(), name(plan));
        sheet.rows.insert(0, of);
    }
    sheets
}

/// What stands at the head of each page: which ceremony, from when, by which plan.
pub(super) fn on_each_page(plan: &Plan) -> String {
    format!(
        "{}: {}; from {}",
        plan.kind().as_str(),
        name(plan),
        plan.window.0
    )
}

/// What a ceremony is called on a sheet: its purpose, and the first words of its plan.
fn name(plan: &Plan) -> String {
    let words = plan.words();
    let first: Vec<_> = words.split(' ').take(3).collect();
    format!("{}; plan {} …", plan.purpose, first.join(" "))
}

/// A form for a share: a line for each word, which its custodian alone sees.
fn share_sheet(plan: &Plan, custody: &Custody, (number, holder): (usize, &Holder)) -> Sheet {
    let words = (1..=SHARE_WORDS).map(|word| (format!("Word {word}"), String::new()));
    let rest = blanks(&[
        "Generation of the secret",
        "Counter at first",
        "Sealed by",
        "Date",
    ]);
    Sheet {
        title: format!(
            "Share {} of {}, for {} alone: for envelope {}; {} shares open the devices{}",
            number + 1,
            custody.quorum.shares(),
            holder.name,
            holder.envelope,
            custody.quorum.threshold(),
            by_printer(plan.printer.is_some()),
        ),
        rows: words.chain(rest).collect(),
    }
}

/// A form for a secret, which is written by hand and goes into an envelope of its own.
fn secret_sheet(plan: &Plan, device: &Device, secret: &str, envelope: &str) -> Sheet {
    let is_printed = plan.printer.is_some() && device.pins == Pins::Random;
    Sheet {
        title: format!(
            "{secret} of `{}`: for envelope {envelope}, opened by nobody alone{}",
            device.name,
            by_printer(is_printed)
        ),
        rows: blanks(&[
            &format!("Device, serial {}", device.serial()),
            &format!("{secret}, by hand"),
            "Sealed by",
            "Date",
        ]),
    }
}

/// A form is there for when no sheet comes.
fn by_printer(is_printed: bool) -> &'static str {
    if is_printed { FALLBACK } else { "" }
}

/// What is destroyed before all when the words were shown, with a box for each.
fn papers(plan: &Plan) -> Option<Sheet> {
    let Task::Retire(retire) = &plan.task else {
        return None;
    };
    let papers = retire.papers.iter();
    let rows =
        papers.map(|paper| format!("{}, envelope {}: destroyed at", paper.what, paper.envelope));
    let rows: Vec<_> = rows.chain(["Before the eyes of".to_owned()]).collect();
    let names: Vec<_> = rows.iter().map(String::as_str).collect();
    (!retire.papers.is_empty()).then(|| Sheet {
        title: "Papers that are destroyed when the words were shown".to_owned(),
        rows: blanks(&names),
    })
}

fn inventory(plan: &Plan) -> Sheet {
    let rows = plan.devices.iter().map(|device| {
        let name = format!("{}: {}", device.name, device.words());
        let mut bags = format!("from bag {} into bag {}", device.bag, device.new_bag);
        if let Some(envelope) = &device.pin_envelope {
            bags += &format!(", PIN in envelope {envelope}");
        }
        if let Some(envelope) = &device.unlock_envelope {
            bags += &format!(", {} in envelope {envelope}", device.unlocked_by());
        }
        (name, bags)
    });
    let shares = held_by("Share", plan.custody.as_ref());
    Sheet {
        title: "Inventory".to_owned(),
        rows: rows
            .chain(shares)
            .chain(components::inventory(plan))
            .collect(),
    }
}

/// Each sheet that a custodian keeps.
fn held_by(what: &str, custody: Option<&Custody>) -> Vec<(String, String)> {
    let holders = custody.into_iter().flat_map(|custody| &custody.holders);
    let row = |(number, holder): (usize, &Holder)| {
        let words = format!("with {}, in envelope {}", holder.name, holder.envelope);
        (format!("{what} {number}"), words)
    };
    (1..).zip(holders).map(row).collect()
}

fn key_card(plan: &Plan) -> Sheet {
    let cas = plan.cas().iter().map(|ca| {
        (
            format!(
                "Fingerprint of CA `{}` ({}, for {}s)",
                ca.name, ca.algorithm, ca.certificates
            ),
            String::new(),
        )
    });
    let ledger = plan.ledger_key().map(|key| {
        let name = format!("Fingerprint of the ledger key ({})", key.algorithm);
        (name, String::new())
    });
    Sheet {
        title: "Key card, to hang up".to_owned(),
        rows: cas.chain(ledger).collect(),
    }
}

fn blanks(names: &[&str]) -> Vec<(String, String)> {
    names
        .iter()
        .map(|name| ((*name).to_owned(), String::new()))
        .collect()
}

/// What stands on a form whose sheet comes from the printer.
const FALLBACK: &str = ". The sheet comes from the printer; this form is for when it fails, and is destroyed empty else";
/// As many words as a share of 128 bits has (SLIP-0039).
const SHARE_WORDS: usize = 20;
/// The sheet that the words of the end go onto.
const COPIED: &str = "What is copied by hand at the end";
/// What whoever has never seen the program is told before the first step.
const HOW: &str = "Who is named reads aloud; who is asked types. Is something otherwise, type ! in the place of the answer, \
    then what it is; it stays in the record. Behind that, the number that is really on a bag or an envelope is taken, when a \
    second person types it, too.";
/// The columns of the steps; the last three are boxes.
const COLUMNS: [&str; 8] = [
    "Step",
    "Who",
    "Says",
    "Is typed",
    "Is seen",
    "Time",
    "Initials",
    "Deviation",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::plan::tests::filled;

    #[test]
    fn both_papers_show_every_word_of_every_step() {
        let plan = Plan::parse(filled(3).replace("Room 5", "Room <5> & | `x`").as_bytes()).unwrap();
        let (page, text) = (html(&plan), markdown(&plan));
        for row in rows(&plan) {
            let typed = row.typed.iter().flat_map(|(asked, answer)| [asked, answer]);
            for words in [&row.number, &row.actor, &row.say, &row.expect]
                .into_iter()
                .chain(typed)
            {
                assert!(
                    page.contains(&crate::output::page::marked(words)),
                    "{words} {page}"
                );
                assert!(text.contains(&text::escaped(words)), "{words} {text}");
            }
        }
        for (_, words) in heading(&plan) {
            assert!(
                page.contains(&crate::output::page::marked(&words)),
                "{words}"
            );
            assert!(text.contains(&text::escaped(&words)), "{words}");
        }
        assert!(!page.contains("<5>"), "{page}");
    }

    #[test]
    fn the_paper_holds_what_the_witness_is_asked_for_in_its_heading_alone() {
        let plan = Plan::parse(filled(3).as_bytes()).unwrap();
        let first: Vec<_> = plan.words().split(' ').take(8).map(str::to_owned).collect();
        assert_eq!(markdown(&plan).matches(&first.join(" ")).count(), 1);
    }

    #[test]
    fn a_page_wants_nothing_from_anywhere() {
        let page = html(&Plan::parse(filled(3).as_bytes()).unwrap());
        for foreign in ["http", "src=", "href=", "url(", "@import", "<script"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}
