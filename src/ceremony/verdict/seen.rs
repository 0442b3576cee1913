//! What was seen of one step so far, and whether that is all that belongs to it.

mod components;
mod create;
mod custody;
mod intent;
mod ledger;
mod named;
mod once;
mod restore;
mod retire;
mod room;
mod sheets;
mod sign;

use std::collections::{BTreeMap, BTreeSet};

use super::fault::VerdictFault;
use crate::ceremony::facts::{
    RETIRED, SERVERS, STAGE, STAGE_MADE, STAGE_TRUSTED, emergency_fact, retired_fact,
};
use crate::ceremony::instant::Instant;
use crate::ceremony::plan::{Plan, emergency_file, emergency_test_file};
use crate::ceremony::steps::{Act, Ask, Step, Wanted};
use crate::ceremony::transcript::Event;

/// What was seen of the step that is under way.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// How many of the questions were answered, in their order.
    answered: usize,
    /// How many of them by a secret that stands nowhere.
    typed_back: usize,
    /// What was read off clocks, since they were last asked for.
    clocks: Vec<Instant>,
    has_intent: bool,
    /// What was written down as otherwise, since the step was begun.
    deviations: Vec<(String, String)>,
    /// The questions, of earlier steps too, that were answered by what is missing.
    missing: BTreeSet<(String, String)>,
    /// Of which questions the sheet was printed, or written by hand instead.
    sheets: BTreeSet<String>,
    /// The last value of each fact, with its line.
    facts: BTreeMap<String, (u64, String)>,
    /// The last SHA-256 of each file, with its line.
    files: BTreeMap<String, (u64, String)>,
    /// The facts and files that were told since the step was begun.
    told: BTreeSet<String>,
    /// What was told again otherwise than before, where a run that goes on may find it so.
    told_again: Vec<String>,
}

impl Seen {
    /// What of it counts for the step behind this one.
    pub(super) fn next_step(self) -> Self {
        Self {
            missing: self.missing,
            ..Self::default()
        }
    }

    pub(super) fn asked_anew(&mut self) {
        self.answered = 0;
        self.deviations.clear();
        self.typed_back = 0;
        self.clocks.clear();
        self.told.clear();
    }

    /// Takes the next line of the step.
    pub(super) fn take(
        &mut self,
        plan: &Plan,
        step: &Step,
        (line, time): (u64, u64),
        event: &Event,
    ) -> Result<(), VerdictFault> {
        match event {
            Event::Answer {
                ask, by, answer, ..
            } => self.answer((plan, step), (line, time), (ask, by), answer),
            Event::TypedBack { ask, by, .. } => self.typed_back(plan, step, line, (ask, by)),
            Event::Printed {
                ask, by, program, ..
            } => self.sheet(plan, step, (line, ask, by), Some(program)),
            Event::NotPrinted { ask, by, .. } => self.sheet(plan, step, (line, ask, by), None),
            Event::OtherAnswer { ask, by, .. } => match self.next(step) {
                Some((_, next)) if next.name == *ask && next.who == *by && !is_secret(next) => {
                    Ok(())
                }
                _ => Err(foreign(line, "an answer")),
            },
            Event::Deviation { by, text, .. } => self.deviation(plan, step, line, (by, text)),
            Event::Intent { locator, .. } => self.intent(plan, step, line, locator),
            Event::Fact { name, value, .. } => {
                self.require_answers(step, line)?;
                if !named::tells_of(plan, step.act, name) {
                    let name = name.clone();
                    return Err(VerdictFault::ForeignFact { line, name });
                }
                room::decided_then(plan, step, (line, time), (name, value))?;
                if step.act == Act::Clocks {
                    self.clocks_are((line, time), value)?;
                }
                self.was_read(plan, step, (line, name))?;
                self.fact_told(step, line, (name, value))
            }
            Event::File { name, sha256, .. } => {
                self.require_answers(step, line)?;
                if !named::writes(plan, step.act, name) {
                    return Err(foreign(line, "a file"));
                }
                self.file_told(step, line, (name, sha256))
            }
            Event::Done { .. } => self.done(plan, step, line),
            Event::Begin { .. }
            | Event::GoOn { .. }
            | Event::Late { .. }
            | Event::Clock { .. }
            | Event::ForeignEntry { .. }
            | Event::End { .. } => Err(foreign(line, "a line of no step")),
        }
    }

    /// Whoever is asked says what is otherwise, in the place of an answer.
    fn deviation(
        &mut self,
        plan: &Plan,
        step: &Step,
        line: u64,
        (by, text): (&str, &str),
    ) -> Result<(), VerdictFault> {
        let may_say = |ask: &Ask| !is_secret(ask) || sheets::is_printed(plan, ask);
        let next = self.next(step);
        if !next.is_some_and(|(_, ask)| ask.who == by && may_say(ask)) {
            return Err(foreign(
                line,
                "a deviation of somebody who is asked nothing",
            ));
        }
        self.deviations.push((by.to_owned(), text.to_owned()));
        Ok(())
    }

    fn answer(
        &mut self,
        (plan, step): (&Plan, &Step),
        (line, time): (u64, u64),
        (name, by): (&str, &str),
        answer: &str,
    ) -> Result<(), VerdictFault> {
        let next = self.next(step);
        let is_it = |(_, ask): &(usize, &Ask)| {
            let is_taken = ask.wanted.takes(answer) || self.is_other_number(plan, ask, answer);
            ask.name == name && ask.who == by && is_taken
        };
        let Some((at, ask)) = next.filter(is_it) else {
            let (ask, by) = (name.to_owned(), by.to_owned());
            return Err(VerdictFault::Answer { line, ask, by });
        };
        // Beyond five minutes the run stops, and the step is gone through again.
        if ask.wanted == Wanted::Time {
            let told = answer.parse::<Instant>();
            self.clocks.extend(told.as_ref().ok());
            let apart = told.map_or(u64::MAX, |told| told.apart(Instant::of(time)));
            self.facts
                .insert(ask.name.clone(), (line, apart.to_string()));
        }
        if ask.wanted == Wanted::Rehearsal {
            self.facts
                .insert(ask.name.clone(), (line, answer.to_owned()));
        }
        self.note_missing((step, ask), line, answer)?;
        self.answered = at + 1;
        Ok(())
    }

    fn typed_back(
        &mut self,
        plan: &Plan,
        step: &Step,
        line: u64,
        (name, by): (&str, &str),
    ) -> Result<(), VerdictFault> {
        let is_it = |(_, ask): &(usize, &Ask)| ask.name == name && ask.who == by && is_secret(ask);
        let Some((at, ask)) = self.next(step).filter(is_it) else {
            let (ask, by) = (name.to_owned(), by.to_owned());
            return Err(VerdictFault::Answer { line, ask, by });
        };
        self.has_sheet(plan, step, (line, name, by))?;
        self.note_missing((step, ask), line, "")?;
        self.answered = at + 1;
        self.typed_back += 1;
        Ok(())
    }

    /// The next question, with its place: what is asked of something that is missing isn't asked.
    fn next<'s>(&self, step: &'s Step) -> Option<(usize, &'s Ask)> {
        let mut rest = step.asks.iter().enumerate().skip(self.answered);
        rest.find(|(_, ask)| ask.wanted.is_asked(&self.missing))
    }

    /// Another number than the plan's stands behind a deviation that says both.
    fn is_other_number(&self, plan: &Plan, ask: &Ask, answer: &str) -> bool {
        let told = ask.other_number(plan, answer);
        told.is_some_and(|told| self.deviations.contains(&(ask.who.clone(), told)))
    }

    /// Whoever says that something is missing says so in a deviation before.
    fn note_missing(
        &mut self,
        (step, ask): (&Step, &Ask),
        line: u64,
        answer: &str,
    ) -> Result<(), VerdictFault> {
        let question = (step.name.clone(), ask.name.clone());
        if !ask.wanted.is_missing(answer) {
            self.missing.remove(&question);
            return Ok(());
        }
        if let Wanted::OrMissing(asked) = &ask.wanted {
            let deviation = (ask.who.clone(), asked.deviation());
            if !self.deviations.contains(&deviation) {
                let missing = format!("the deviation of {}, {:?}", ask.who, deviation.1);
                return Err(VerdictFault::Missing { line, missing });
            }
        }
        self.missing.insert(question);
        Ok(())
    }

    fn require_answers(&self, step: &Step, line: u64) -> Result<(), VerdictFault> {
        match self.next(step) {
            None => Ok(()),
            Some((_, ask)) => Err(VerdictFault::Missing {
                line,
                missing: format!("the answer of {} to `{}`", ask.who, ask.name),
            }),
        }
    }

    fn done(&self, plan: &Plan, step: &Step, line: u64) -> Result<(), VerdictFault> {
        self.require_answers(step, line)?;
        match step.act {
            Act::Nothing | Act::End => Ok(()),
            Act::Clocks => self.clocks(step, line),
            Act::Rehearsal => self.rehearsed(step, line),
            Act::Machine => self.machine(plan, line),
            Act::Devices => self.devices(plan, line),
            Act::Ledger => self.ledger_before(plan, line),
            Act::CanWrap => self.can_wrap(plan, line),
            Act::Shares => self.shares(plan, line),
            Act::Components => self.components(plan, line),
            Act::OpenComponents => self.opened_components(plan, line),
            Act::Bring(number) => self.brought(plan, number, line),
            Act::OpenAgain => self.opened_again(plan, line),
            Act::Pins(number) => self.pins(plan, number, line),
            Act::Custody => self.custody(plan, line),
            Act::Key(number) => self.key_of_ca(plan, number, line),
            Act::LedgerKey => self.ledger_key(plan, line),
            Act::MediumIn => self.medium_in(plan, line),
            Act::ShowBundle(number) => self.shown(plan, number, line),
            Act::TestCertificate(number) => self.tested(plan, number, line),
            Act::SignBundle(number) => self.signed(plan, number, line),
            Act::MediumOut => self.medium_out(plan, line),
            Act::List => self.list(plan, line),
            Act::Lines => self.lines_of(plan, line),
            Act::Copies => self.copies(plan, line),
            Act::Retire(number) => self.retired(plan, number, line),
            Act::EndCopy(number) => self.end_of_copy(number, line),
            Act::StageMade => self.is(line, STAGE, STAGE_MADE),
            Act::Lost => self.lost(plan, line),
            Act::TestKey(number) => self.test_signed(plan, number, line),
            Act::TakePlace(number) => self.took_place(plan, number, line),
            Act::TryCopy(number) => self.tried(plan, number, line),
            Act::FirstDrill => self.first_drill(plan, line),
            Act::TestEmergency(number) => self.linted(line, &emergency_test_file(number)),
            Act::Emergency(number) => {
                self.fact(line, &emergency_fact(number))?;
                self.file(line, &emergency_file(number)).map(drop)
            }
            Act::StageTrusted => {
                self.fact(line, SERVERS)?;
                self.is(line, STAGE, STAGE_TRUSTED)
            }
            Act::Counters => self.counters(plan, line),
            Act::Places => self.places(plan, line),
            Act::ShutOut => {
                let old = plan.old_ca().ok_or_else(|| foreign(line, "an end"))?;
                self.is(line, &retired_fact(&old.name), RETIRED)
            }
        }
    }

    fn fact(&self, line: u64, name: &str) -> Result<&(u64, String), VerdictFault> {
        let missing = || VerdictFault::Missing {
            line,
            missing: name.to_owned(),
        };
        self.facts.get(name).ok_or_else(missing)
    }

    fn is(&self, line: u64, name: &str, wanted: &str) -> Result<(), VerdictFault> {
        let (line, value) = self.fact(line, name)?;
        if value == wanted {
            return Ok(());
        }
        Err(VerdictFault::Fact {
            line: *line,
            name: name.to_owned(),
        })
    }

    fn files(&self, line: u64, wanted: &[String]) -> Result<(), VerdictFault> {
        let mut wanted = wanted.iter();
        wanted.try_for_each(|name| self.file(line, name).map(drop))
    }

    /// The SHA-256 of a file that was written, in hexadecimal.
    fn file(&self, line: u64, name: &str) -> Result<&String, VerdictFault> {
        let missing = || VerdictFault::Missing {
            line,
            missing: name.to_owned(),
        };
        let file = self.files.get(name);
        file.map(|(_, sha256)| sha256).ok_or_else(missing)
    }
}

/// Whether a question is answered by a secret that stands nowhere.
fn is_secret(ask: &Ask) -> bool {
    matches!(
        ask.wanted,
        Wanted::Secret { .. }
            | Wanted::Before { .. }
            | Wanted::Share(_)
            | Wanted::ShareAgain(_)
            | Wanted::Component(_)
            | Wanted::ComponentAgain(_)
    )
}

fn foreign(line: u64, what: &'static str) -> VerdictFault {
    VerdictFault::Foreign { line, what }
}

/// The fact that is the value of the rehearsal's transcript.
const REHEARSAL: &str = "rehearsal";
