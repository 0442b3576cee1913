//! What the fields of a line may be by themselves, whatever stands around it.
//!
//! Each kind of line is taken apart here without a rest, so that the compiler asks for a field that is new. What
//! a field says beside its form is held against plan, steps and ledger elsewhere; a text that people said is
//! their own word, and still one that a run takes.

use super::fault::VerdictFault;
use crate::ceremony::conduct::RANDOM;
use crate::ceremony::plan::Plan;
use crate::ceremony::steps::{Wanted, steps};
use crate::ceremony::transcript::{Event, TRANSCRIPT_BYTES_MAX};
use crate::certificate::{KeyId, is_plain};

/// Refuses a line with a field that no run writes.
pub(super) fn require_form(plan: &Plan, line: u64, event: &Event) -> Result<(), VerdictFault> {
    let (field, wanted) = match event {
        Event::Begin {
            plan: _,
            purpose: _,
            program,
            random,
        } => {
            require(line, is_line(program), ("program", ONE_LINE))?;
            ("random", (random == RANDOM).then_some(()).ok_or(RANDOM))
        }
        Event::GoOn { cut } => ("cut", is_part(*cut).then_some(()).ok_or(PART)),
        Event::Late { by: _, text } => ("text", said(text)),
        Event::Clock { by: _, time: _ } => return Ok(()),
        Event::ForeignEntry {
            position: _,
            what,
            by: _,
            text,
        } => {
            require(line, is_line(what), ("what", ONE_LINE))?;
            ("text", said(text))
        }
        Event::Answer {
            step: _,
            ask: _,
            by: _,
            answer,
        } => ("answer", typed(answer)),
        Event::NotPrinted {
            step: _,
            ask: _,
            by: _,
            why,
        } => ("why", one_line(why)),
        Event::Deviation { step, by: _, text } if is_of_plan(plan, step, text) => return Ok(()),
        Event::Deviation {
            step: _,
            by: _,
            text,
        } => ("text", said(text)),
        Event::File {
            step: _,
            name: _,
            sha256,
        } => ("sha256", is_sha256(sha256).then_some(()).ok_or(SHA256)),
        // What more they say is held against the plan, word for word.
        Event::OtherAnswer {
            step: _,
            ask: _,
            by: _,
        }
        | Event::TypedBack {
            step: _,
            ask: _,
            by: _,
        }
        | Event::Printed {
            step: _,
            ask: _,
            by: _,
            program: _,
        }
        | Event::Intent {
            step: _,
            locator: _,
        }
        | Event::Fact {
            step: _,
            name: _,
            value: _,
        }
        | Event::Done { step: _ }
        | Event::End {
            ledger: _,
            size: _,
            root: _,
        } => return Ok(()),
    };
    wanted.map_err(|wanted| VerdictFault::Form {
        line,
        field,
        wanted,
    })
}

fn require(
    line: u64,
    holds: bool,
    (field, wanted): (&'static str, &'static str),
) -> Result<(), VerdictFault> {
    holds.then_some(()).ok_or(VerdictFault::Form {
        line,
        field,
        wanted,
    })
}

/// What somebody said of something: a run takes no other text.
fn said(text: &str) -> Result<(), &'static str> {
    KeyId::parse(text).map(drop).map_err(|_form| SAID)
}

/// An answer counts whatever its case and white space: a tabulator is no fault, another line is.
fn typed(text: &str) -> Result<(), &'static str> {
    let is_blank = |c: char| c.is_whitespace() && !LINE_ENDS.contains(&c);
    let is_typed = text.chars().all(|c| is_plain(c) || is_blank(c));
    is_typed.then_some(()).ok_or(ONE_LINE)
}

fn one_line(text: &str) -> Result<(), &'static str> {
    is_line(text).then_some(()).ok_or(ONE_LINE)
}

/// Whether a text shows as itself, on one line.
pub(super) fn is_line(text: &str) -> bool {
    text.chars().all(is_plain)
}

/// A run that goes on cuts off less than a whole transcript.
fn is_part(cut: u64) -> bool {
    usize::try_from(cut).is_ok_and(|cut| cut < TRANSCRIPT_BYTES_MAX)
}

fn is_sha256(text: &str) -> bool {
    let mut bytes = [0; 32];
    let read = base16ct::lower::decode(text, &mut bytes).map(<[u8]>::len);
    read == Ok(32)
}

/// What the plan itself has people say of what is missing may be longer than what they type.
fn is_of_plan(plan: &Plan, step: &str, text: &str) -> bool {
    let steps = steps(plan);
    let mut asks = steps
        .iter()
        .filter(|one| one.name == step)
        .flat_map(|one| &one.asks);
    asks.any(|ask| matches!(&ask.wanted, Wanted::OrMissing(asked) if asked.deviation() == text))
}

const LINE_ENDS: [char; 7] = [
    '\n', '\u{b}', '\u{c}', '\r', '\u{85}', '\u{2028}', '\u{2029}',
];
const ONE_LINE: &str = "one line of printable text";
const SAID: &str = "one line of 1 to 255 bytes of printable text, as a run takes it";
const SHA256: &str = "64 lower-case hexadecimal digits";
const PART: &str = "less than a transcript has room for";
