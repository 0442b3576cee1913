//! What a run that goes on looks at first: the clocks, and what the ledger took since.

use std::collections::BTreeMap;

use super::acts::whose;
use super::{Conduct, ConductError};
use crate::ceremony::facts::MISSING;
use crate::ceremony::instant::{FIVE_MINUTES, Instant};
use crate::ceremony::own_entries::{OwnEntries, Stranger};
use crate::ceremony::steps::{Act, Ask, Step, missing, steps};
use crate::ceremony::transcript::Event;
use crate::ledger::{Ledger, LedgerError, file::OpenError};

impl Conduct<'_> {
    /// Says that the ceremony goes on, and looks at what may have changed since. No line is written before the
    /// clocks agree: behind one of a later time nothing could be written until then.
    pub(super) fn go_on(&mut self, cut: u64) -> Result<(), ConductError> {
        let clocks = self.clocks_anew()?;
        self.write(Event::GoOn { cut })?;
        for (by, time) in clocks {
            let time = time.to_string();
            self.write(Event::Clock { by, time })?;
        }
        self.foreign_entries()
    }

    /// A step is gone through once more, as a run that goes on does it.
    pub(super) fn anew(&mut self, why: &str) -> Result<(), ConductError> {
        self.room.show(why);
        self.room
            .show("This step begins anew; first those who read clocks read them again.");
        self.go_on(0)
    }

    /// Whether nothing of a step was answered or noted as missing.
    pub(super) fn is_all_there(&self, step: &Step) -> bool {
        let answered = missing(&steps(self.plan), self.transcript());
        if answered.iter().any(|(of, _)| *of == step.name) {
            return false;
        }
        let facts = self.transcript().events().filter_map(|event| match event {
            Event::Fact { step, name, value } => Some((step, name, value)),
            _ => None,
        });
        let own = facts.filter(|(of, ..)| **of == step.name);
        // What is told last of something counts.
        let last: BTreeMap<_, _> = own.map(|(_, name, value)| (name, value)).collect();
        !last.values().any(|value| value.contains(MISSING))
    }

    /// Who read their clocks at the beginning reads them again: the machine's may have been set since.
    fn clocks_anew(&mut self) -> Result<Vec<(String, Instant)>, ConductError> {
        let mut all = steps(self.plan).into_iter();
        let step = all.find(|step| step.act == Act::Clocks);
        let step = step.filter(|step| self.transcript().is_done(&step.name));
        let mut clocks = Vec::new();
        for ask in step.into_iter().flat_map(|step| step.asks) {
            let time = self.time_of(&ask)?;
            clocks.push((ask.who, time));
        }
        let now = self.room.minute();
        if clocks
            .iter()
            .any(|(_, time)| time.apart(now) > FIVE_MINUTES)
        {
            let times: Vec<_> = clocks.iter().map(|(_, time)| *time).chain([now]).collect();
            let who = clocks.iter().map(|(who, _)| who.as_str());
            return Err(ConductError::Clocks(whose(who, &times)));
        }
        Ok(clocks)
    }

    fn time_of(&mut self, ask: &Ask) -> Result<Instant, ConductError> {
        let question = format!("{}: {}\n> ", ask.who, ask.question);
        loop {
            let answer = self.room.ask(&question).map_err(ConductError::Ask)?;
            match answer.parse() {
                Ok(time) => return Ok(time),
                Err(_form) => self.room.show("That is no time. Again."),
            }
        }
    }

    /// What the ledger took while this ceremony was under way, and the plan doesn't have, is shown, and a
    /// witness says what it is.
    pub(super) fn foreign_entries(&mut self) -> Result<(), ConductError> {
        for Stranger { position, what } in self.strangers()? {
            let is_it = |event: &Event| matches!(event, Event::ForeignEntry { position: known, .. } if *known == position);
            if self.transcript().events().any(is_it) {
                continue;
            }
            self.room.show(&format!(
                "The ledger has entry {position}, which is none of the plan's: {what}. It is written down as a deviation."
            ));
            let by = self.witness()?;
            let text = self.text_of(&by, "what is that entry?")?;
            self.write(Event::ForeignEntry {
                position,
                what,
                by,
                text,
            })?;
        }
        Ok(())
    }

    fn strangers(&self) -> Result<Vec<Stranger>, ConductError> {
        let Some(config) = self.config()? else {
            return Ok(Vec::new());
        };
        let ledger = match Ledger::open_to_read(&config.ledger()) {
            Err(LedgerError::Open(OpenError::Missing(_))) => return Ok(Vec::new()),
            ledger => ledger?,
        };
        let own = OwnEntries::of(self.plan, self.transcript(), |name| self.folder.join(name));
        let end = ledger.checkpoint()?.map_or(0, |head| head.size);
        Ok(own.strangers(&ledger, end)?)
    }
}
