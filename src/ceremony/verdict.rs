//! Whether a transcript is that of a plan: pure, line by line, by the same steps that were conducted.

mod fault;
mod form;
mod otherwise;
mod seen;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeSet;

use super::facts::CLOCKS;
use super::instant::{FIVE_MINUTES, Instant};
use super::plan::Plan;
use super::steps::{Act, Step, steps};
use super::transcript::{Event, Transcript};
use crate::ledger::checkpoint::Checkpoint;
use crate::wire::hex;

pub use fault::VerdictFault;

use seen::Seen;

/// What a transcript that is right says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What went otherwise, with the step and who said so.
    pub deviations: Vec<(String, String, String)>,
    /// How often an answer was not the wanted one.
    pub other_answers: usize,
    /// How often the program was started again.
    pub went_on: usize,
    /// Clocks that were more than five minutes apart, whereupon the program stopped: by the line.
    pub clocks_apart: Vec<(u64, String)>,
    /// Entries of the ledger that the transcript names as none of the plan's, by their positions.
    pub foreign_entries: BTreeSet<u64>,
    /// What it says of each of them, with its line.
    pub foreign_words: Vec<(u64, u64, String)>,
    /// What a run that went on told otherwise than the one before it.
    pub told_again: Vec<String>,
    /// Entries that the ledger took between the end of the transcript and the signed head, and that are no
    /// ceremony's.
    pub behind_the_end: Vec<String>,
    /// What a drill found missing, and whom the end of a stolen key locks out.
    pub missing: Vec<String>,
    /// What an audit of the ledger remarks, and that leaves it in order.
    pub remarks: Vec<String>,
    /// Each file that was written, with its SHA-256 in hexadecimal.
    pub files: Vec<(String, String)>,
    /// The value of the rehearsal's transcript, where the plan requires one.
    pub rehearsal: Option<[u8; 32]>,
    /// When the first and the last line were written, in Unix seconds.
    pub times: (u64, u64),
    /// The head of the ledger before the ceremony was entered.
    pub head: Option<Checkpoint>,
}

/// Reads a transcript against the plan.
///
/// # Errors
/// [`VerdictFault`], the first thing that is wrong.
pub fn judge(plan: &Plan, transcript: &Transcript) -> Result<Account, VerdictFault> {
    let mut judge = Judge {
        plan,
        steps: steps(plan),
        at: 0,
        seen: Seen::default(),
        is_late: false,
        goes_on: false,
        clocks: Vec::new(),
        files_of_before: Vec::new(),
        account: Account::default(),
    };
    for line in transcript.lines() {
        let number = line.number;
        if judge.account.head.is_some() {
            return Err(VerdictFault::BehindTheEnd { line: number });
        }
        if number == 1 {
            judge.begin(line.time, &line.event)?;
        } else {
            judge.line(number, line.time, &line.event)?;
        }
        judge.account.times.1 = line.time;
    }
    if judge.account.head.is_none() {
        return Err(VerdictFault::NoEnd);
    }
    Ok(judge.account)
}

struct Judge<'p> {
    plan: &'p Plan,
    steps: Vec<Step>,
    /// The step that is under way.
    at: usize,
    /// What was seen of it.
    seen: Seen,
    /// Whether somebody said why it goes on behind its window.
    is_late: bool,
    /// Whether the program was started again, and no line of a step was written since.
    goes_on: bool,
    /// Whose clocks are still to be read, since the program was started again; the next is the last.
    clocks: Vec<String>,
    /// The files of the steps before this one.
    files_of_before: Vec<(String, String)>,
    account: Account,
}

impl Judge<'_> {
    /// A step may write its file anew where it was cut short; another step's file is left alone.
    fn is_one_file(&self, line: u64, name: &str, sha256: &str) -> Result<(), VerdictFault> {
        let mut before = self.files_of_before.iter();
        if before.any(|(file, other)| file == name && other != sha256) {
            let name = name.to_owned();
            return Err(VerdictFault::WrittenTwice { line, name });
        }
        Ok(())
    }

    fn begin(&mut self, time: u64, event: &Event) -> Result<(), VerdictFault> {
        let Event::Begin { plan, purpose, .. } = event else {
            return Err(VerdictFault::NoBegin);
        };
        if *plan != hex(&self.plan.sha256) || *purpose != self.plan.purpose {
            return Err(VerdictFault::OtherPlan(plan.clone()));
        }
        form::require_form(self.plan, 1, event)?;
        self.account.times.0 = time;
        self.in_window(1, time)
    }

    /// A line stands in the window, or behind one that says why it doesn't. A run goes by the same rule.
    fn in_window(&self, line: u64, time: u64) -> Result<(), VerdictFault> {
        let (from, until) = self.plan.window;
        let time = Instant::of(time);
        if self.is_late || (from <= time && time < until) {
            return Ok(());
        }
        Err(VerdictFault::Window { line, time })
    }

    fn line(&mut self, line: u64, time: u64, event: &Event) -> Result<(), VerdictFault> {
        form::require_form(self.plan, line, event)?;
        if let Event::Late { by, text } = event {
            return self.late((line, time), by, text);
        }
        self.in_window(line, time)?;
        match event {
            Event::Begin { .. } => Err(VerdictFault::NoBegin),
            Event::GoOn { .. } => {
                self.account.went_on += 1;
                // Whoever goes on asks the whole step again, and reads the clocks anew.
                self.seen.asked_anew();
                self.goes_on = true;
                self.clocks = self.clocks_to_read();
                Ok(())
            }
            Event::Clock { by, time: told } => self.clock(line, time, by, told),
            _ if !self.clocks.is_empty() => Err(VerdictFault::Missing {
                line,
                missing: format!("the clock of {}", self.clocks.join(" and that of ")),
            }),
            Event::ForeignEntry {
                position,
                what,
                by,
                text,
            } => self.foreign_entry(line, (*position, what), (by, text)),
            Event::End { ledger, size, root } => self.end(line, ledger, *size, root),
            of_step => self.of_step(line, time, of_step),
        }
    }

    /// Behind the step that reads the clocks, a run that goes on reads them first.
    fn clocks_to_read(&self) -> Vec<String> {
        let at = self.steps.iter().position(|step| step.act == Act::Clocks);
        let step = at.filter(|at| *at < self.at);
        let step = step.and_then(|at| self.steps.get(at));
        let asks = step.into_iter().flat_map(|step| &step.asks);
        asks.map(|ask| ask.who.clone()).rev().collect()
    }

    fn clock(&mut self, line: u64, time: u64, by: &str, told: &str) -> Result<(), VerdictFault> {
        if self.clocks.pop().as_deref() != Some(by) {
            let what = "a clock that nobody asked for";
            return Err(VerdictFault::Foreign { line, what });
        }
        let far = || VerdictFault::Clock {
            line,
            by: by.to_owned(),
        };
        let read = told.parse::<Instant>().map_err(|_form| far())?;
        if read.apart(Instant::of(time)) > FIVE_MINUTES {
            return Err(far());
        }
        Ok(())
    }

    fn end(&mut self, line: u64, ledger: &str, size: u64, root: &str) -> Result<(), VerdictFault> {
        if let Some(step) = self.steps.get(self.at) {
            return Err(VerdictFault::NotDone {
                line,
                step: step.name.clone(),
            });
        }
        let mut bytes = [0; 32];
        let read = base16ct::lower::decode(root, &mut bytes).map(<[u8]>::len);
        if read != Ok(32) {
            return Err(VerdictFault::Root { line });
        }
        self.account.head = Some(Checkpoint {
            origin: ledger.to_owned(),
            size,
            root: bytes,
        });
        Ok(())
    }

    /// A line of the step that is under way, and of no other.
    fn of_step(&mut self, line: u64, time: u64, event: &Event) -> Result<(), VerdictFault> {
        let Some(step) = self.steps.get(self.at) else {
            return Err(VerdictFault::AllDone { line });
        };
        let found = event.step().unwrap_or_default();
        if found != step.name {
            let (wanted, found) = (step.name.clone(), found.to_owned());
            return Err(VerdictFault::Order {
                line,
                wanted,
                found,
            });
        }
        self.seen.take(self.plan, step, (line, time), event)?;
        self.goes_on = false;
        match event {
            Event::Deviation { step, by, text } => {
                let deviation = (step.clone(), by.clone(), text.clone());
                self.account.deviations.push(deviation);
            }
            Event::OtherAnswer { .. } => self.account.other_answers += 1,
            Event::Fact { name, value, .. } if name == CLOCKS && are_apart(value) => {
                self.account.clocks_apart.push((line, value.clone()));
            }
            Event::File { name, sha256, .. } => {
                if !step.may_write_anew(self.plan, name) {
                    self.is_one_file(line, name, sha256)?;
                }
                self.account.files.retain(|(file, _)| file != name);
                self.account.files.push((name.clone(), sha256.clone()));
            }
            Event::Done { .. } => {
                self.files_of_before = self.account.files.clone();
                self.account.rehearsal = self.account.rehearsal.or(self.seen.rehearsal());
                let told_again = self.seen.told_again();
                self.account.told_again.extend_from_slice(told_again);
                self.seen = std::mem::take(&mut self.seen).next_step();
                self.at += 1;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether the times of the machine and of those who read clocks are further apart than a run takes.
fn are_apart(times: &str) -> bool {
    let times: Vec<Instant> = times
        .split(", ")
        .filter_map(|time| time.parse().ok())
        .collect();
    let is_far = |one: &Instant| times.iter().any(|other| one.apart(*other) > FIVE_MINUTES);
    times.iter().any(is_far)
}

/// What no file can say.
pub const UNKNOWN: [&str; 6] = [
    "who was in the room, and that nobody else was",
    "what the program did beside what it wrote: its SHA-256 is its own word",
    "the firmware of the devices, and that a token keeps a key as it says",
    "the randomness of the tokens",
    "seals, bags, envelopes, and what is on the paper",
    "what the ledger has taken since",
];
