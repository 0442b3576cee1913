//! What goes otherwise than the plan has it: said at any question, and written down in the words of who saw it.

use super::{Conduct, ConductError, DEVIATION};
use crate::ceremony::room::may_hold_a_pin;
use crate::ceremony::steps::{Ask, OrMissing, Step, Wanted, is_same, steps};
use crate::ceremony::transcript::Event;
use crate::certificate::KeyId;
use crate::secret::Pin;

impl Conduct<'_> {
    /// That something is missing is a deviation, and stands before the answer.
    pub(super) fn note_missing(
        &mut self,
        step: &Step,
        ask: &Ask,
        answer: &str,
    ) -> Result<(), ConductError> {
        match &ask.wanted {
            Wanted::OrMissing(asked) if asked.is_missing(answer) => self.write(Event::Deviation {
                step: step.name.clone(),
                by: ask.who.clone(),
                text: asked.deviation(),
            }),
            _ => Ok(()),
        }
    }

    /// A secret that is typed unseen, or first what is otherwise.
    pub(super) fn secret_or_deviation(
        &mut self,
        step: &Step,
        ask: &Ask,
    ) -> Result<Pin, ConductError> {
        loop {
            let secret = self
                .room
                .ask_secret(&format!("{}: {}", ask.who, ask.question))?;
            if secret.expose() != DEVIATION {
                return Ok(secret);
            }
            self.deviation(step, &ask.who)?;
        }
    }

    /// Whether another number than the plan's is there, which a second person reads, too: both are written down.
    pub(super) fn is_other_number(
        &mut self,
        step: &Step,
        ask: &Ask,
        there: &str,
    ) -> Result<bool, ConductError> {
        let Some(text) = ask.other_number(self.plan, there) else {
            return Ok(false);
        };
        let Some(second) = ask.second_reader(self.plan) else {
            return Ok(false);
        };
        let question =
            format!("{second}: the number that you read there, since it is not the plan's\n> ");
        let read = self.room.ask(&question).map_err(ConductError::Ask)?;
        if !is_same(&read, there) || self.pins.is_in(there) {
            return Ok(false);
        }
        self.write(Event::Deviation {
            step: step.name.clone(),
            by: ask.who.clone(),
            text,
        })?;
        Ok(true)
    }

    /// Writes down what went otherwise, in the words of who saw it; false where that is nothing to be written.
    pub(super) fn deviation(&mut self, step: &Step, by: &str) -> Result<bool, ConductError> {
        let Some(text) = self.text(by, "what is otherwise?")? else {
            return Ok(false);
        };
        self.write(Event::Deviation {
            step: step.name.clone(),
            by: by.to_owned(),
            text,
        })?;
        Ok(true)
    }

    /// A text of one line, that holds no secret; none where it may be one.
    pub(super) fn text(
        &mut self,
        by: &str,
        question: &str,
    ) -> Result<Option<String>, ConductError> {
        let text = self.room.ask(&format!("{by}: {question}\n> "));
        let text = text.map_err(ConductError::Ask)?;
        let refused = if KeyId::parse(&text).is_err() {
            "Nothing was written: one line, of at most 255 bytes."
        } else if self.pins.is_in(&text) {
            "Nothing was written: the text holds a secret."
        } else if may_hold_a_pin(&text, &self.words_of_the_steps()) {
            // A run that goes on doesn't know the secrets of the one before.
            "Nothing was written: six digits or more in a row may be a PIN. Say it without them, or on the paper."
        } else {
            return Ok(Some(text));
        };
        self.room.show(refused);
        Ok(None)
    }

    /// Whatever the plan has people read and type: its numbers are no secrets.
    fn words_of_the_steps(&self) -> String {
        let mut words = String::new();
        for step in steps(self.plan) {
            words += &format!(" {}", step.say);
            for ask in step.asks {
                words += &format!(" {}", ask.question);
                if let Wanted::Text(text)
                | Wanted::Number(text)
                | Wanted::OrMissing(OrMissing { text, .. }) = ask.wanted
                {
                    words += &format!(" {text}");
                }
            }
        }
        words
    }
}
