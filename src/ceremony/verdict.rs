//! Whether a transcript is that of a plan: pure, line by line, by the same steps that were conducted.

mod fault;
mod seen;
#[cfg(test)]
pub(super) mod tests;

use super::instant::Instant;
use super::plan::Plan;
use super::steps::{Step, steps};
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
    account: Account,
}

impl Judge<'_> {
    fn begin(&mut self, time: u64, event: &Event) -> Result<(), VerdictFault> {
        let Event::Begin { plan, purpose, .. } = event else {
            return Err(VerdictFault::NoBegin);
        };
        if *plan != hex(&self.plan.sha256) || *purpose != self.plan.purpose {
            return Err(VerdictFault::OtherPlan(plan.clone()));
        }
        self.account.times.0 = time;
        self.in_window(1, time)
    }

    fn in_window(&self, line: u64, time: u64) -> Result<(), VerdictFault> {
        let (from, until) = self.plan.window;
        let time = Instant::of(time);
        if from <= time && time < until {
            return Ok(());
        }
        Err(VerdictFault::Window { line, time })
    }

    fn line(&mut self, line: u64, time: u64, event: &Event) -> Result<(), VerdictFault> {
        match event {
            Event::Begin { .. } => Err(VerdictFault::NoBegin),
            Event::GoOn { .. } => {
                self.account.went_on += 1;
                // Whoever goes on asks the whole step again.
                self.seen.asked_anew();
                self.in_window(line, time)
            }
            Event::End { ledger, size, root } => self.end(line, ledger, *size, root),
            of_step => self.of_step(line, time, of_step),
        }
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
        if self.seen.is_new() {
            self.in_window(line, time)?;
        }
        self.seen.take(self.plan, step, (line, time), event)?;
        match event {
            Event::Deviation { step, by, text } => {
                let deviation = (step.clone(), by.clone(), text.clone());
                self.account.deviations.push(deviation);
            }
            Event::OtherAnswer { .. } => self.account.other_answers += 1,
            Event::File { name, sha256, .. } => {
                self.account.files.retain(|(file, _)| file != name);
                self.account.files.push((name.clone(), sha256.clone()));
            }
            Event::Done { .. } => {
                self.account.rehearsal = self.account.rehearsal.or(self.seen.rehearsal());
                self.seen = Seen::default();
                self.at += 1;
            }
            _ => {}
        }
        Ok(())
    }
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
