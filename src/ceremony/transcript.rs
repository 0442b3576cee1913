//! The transcript: hash-chained JSON lines, of which the last one's hash is copied onto paper.
//!
//! Pure: bytes to lines and back. A chain that is consistent with itself proves nothing; what makes it
//! evidence is its last value in words on paper, and in a ledger under a signed head.
//! `docs/formats/transcript.md` gives each line.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::wire::hex;

/// One line: its number, its time, the hash of the line before, and what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// Unix time in seconds, by the clock of the machine.
    pub time: u64,
    /// SHA-256 of the line before, without its line feed, in hexadecimal; 64 zeros in the first.
    pub before: String,
    /// What happened.
    pub event: Event,
}

/// What happened. No field has room for a secret: a PIN is asked for elsewhere, and an answer that
/// was not the wanted one is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// The ceremony of a plan begins.
    Begin {
        /// SHA-256 of the plan, in hexadecimal.
        plan: String,
        /// What the plan is for.
        purpose: String,
        /// The program and its version.
        program: String,
        /// Where randomness comes from.
        random: String,
    },
    /// The program was started again after it was cut short.
    GoOn {
        /// Bytes of a line that was not written whole, and were cut off.
        cut: u64,
    },
    /// The window of the plan was over, and somebody said why the ceremony goes on.
    Late {
        /// Who said so.
        by: String,
        /// Why.
        text: String,
    },
    /// What somebody's clock said when the program was started again.
    Clock {
        /// Who read it.
        by: String,
        /// The time.
        time: String,
    },
    /// The ledger has an entry that is none of the plan's, and somebody said what it is.
    ForeignEntry {
        /// Where it stands in the ledger.
        position: u64,
        /// What it says.
        what: String,
        /// Who said what it is.
        by: String,
        /// What they said.
        text: String,
    },
    /// Somebody gave the answer that was wanted.
    Answer {
        /// The step.
        step: String,
        /// The question, by its name.
        ask: String,
        /// Who answered.
        by: String,
        /// The answer.
        answer: String,
    },
    /// Somebody gave another answer than was wanted, and was asked again.
    OtherAnswer {
        /// The step.
        step: String,
        /// The question, by its name.
        ask: String,
        /// Who answered.
        by: String,
    },
    /// Somebody typed a secret back off the paper, as it was shown. What it is stands nowhere.
    TypedBack {
        /// The step.
        step: String,
        /// The question, by its name.
        ask: String,
        /// Who typed it.
        by: String,
    },
    /// A program took the sheet of a secret for one person. What is on it stands nowhere.
    Printed {
        /// The step.
        step: String,
        /// The question for which it is typed back, by its name.
        ask: String,
        /// Whose sheet it is.
        by: String,
        /// The program.
        program: String,
    },
    /// The sheet of a secret was not printed, or is written by hand instead.
    NotPrinted {
        /// The step.
        step: String,
        /// The question for which it is typed back, by its name.
        ask: String,
        /// Whose sheet it is.
        by: String,
        /// Why.
        why: String,
    },
    /// Something went otherwise than the plan says.
    Deviation {
        /// The step.
        step: String,
        /// Who said so.
        by: String,
        /// What it was.
        text: String,
    },
    /// A key is about to be made, in this place and in no other.
    Intent {
        /// The step.
        step: String,
        /// Names exactly the key.
        locator: String,
    },
    /// What the program found or made.
    Fact {
        /// The step.
        step: String,
        /// What it is.
        name: String,
        /// Its value.
        value: String,
    },
    /// A file was written.
    File {
        /// The step.
        step: String,
        /// Its name in the folder of the ceremony.
        name: String,
        /// SHA-256, in hexadecimal.
        sha256: String,
    },
    /// A step was done.
    Done {
        /// The step.
        step: String,
    },
    /// The transcript ends. What follows stands in the ledger.
    End {
        /// The ledger, by its name.
        ledger: String,
        /// How many entries it has.
        size: u64,
        /// The root over them, in hexadecimal.
        root: String,
    },
}

/// A transcript whose chain holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    lines: Vec<Line>,
    value: [u8; 32],
}

/// Why bytes are no transcript, by the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {fault}")]
pub struct TranscriptError {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: LineFault,
}

/// What is wrong with a line of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// It has no end.
    #[error("was not written whole")]
    Torn,
    /// No JSON of a known form, or in another spelling than the one that is written.
    #[error("is not in the form of a transcript")]
    Form,
    /// A line was left out, put in, doubled or moved.
    #[error("has another number than follows")]
    Number,
    /// The line before it is another one than was there.
    #[error("does not follow from the line before it")]
    Chain,
    /// The clock was set back.
    #[error("is older than the line before it")]
    Time,
    /// Too many lines.
    #[error("is one too many")]
    TooMany,
}

impl Transcript {
    /// Reads all lines, each of which must follow from the one before.
    ///
    /// # Errors
    /// [`TranscriptError`], at the first line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, TranscriptError> {
        let mut transcript = Self::default();
        for (number, text) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            let add = |transcript: &mut Self| {
                let text = text.strip_suffix(b"\n").ok_or(LineFault::Torn)?;
                transcript.add(text)
            };
            add(&mut transcript).map_err(|fault| TranscriptError {
                line: number,
                fault,
            })?;
        }
        Ok(transcript)
    }

    fn add(&mut self, text: &[u8]) -> Result<(), LineFault> {
        if self.lines.len() >= LINES_MAX {
            return Err(LineFault::TooMany);
        }
        let line: Line = serde_json::from_slice(text).map_err(|_form| LineFault::Form)?;
        // There is one spelling of a line, so that nothing can be put beside what is read.
        if line.text() != text {
            return Err(LineFault::Form);
        }
        let next = self.next_line(line.time, line.event.clone());
        if line.number != next.number {
            return Err(LineFault::Number);
        }
        if line.before != next.before {
            return Err(LineFault::Chain);
        }
        if self.lines.last().is_some_and(|last| line.time < last.time) {
            return Err(LineFault::Time);
        }
        self.value = Sha256::digest(text).into();
        self.lines.push(line);
        Ok(())
    }

    /// Adds what happened, and gives the bytes of its line. `time` is no earlier than that of the
    /// line before.
    ///
    /// # Errors
    /// [`LineFault`].
    pub fn push(&mut self, time: u64, event: Event) -> Result<Vec<u8>, LineFault> {
        let mut text = self.next_line(time, event).text();
        self.add(&text)?;
        text.push(b'\n');
        Ok(text)
    }

    fn next_line(&self, time: u64, event: Event) -> Line {
        let number = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        Line {
            number: number.saturating_add(1),
            time,
            before: hex(&self.value),
            event,
        }
    }

    /// Whether bytes behind the last line can be what a killed run, or a cut of power, left of the next.
    pub(super) fn may_go_on_with(&self, torn: &[u8]) -> bool {
        let number = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        let start = format!("{{\"number\":{},\"time\":", number.saturating_add(1));
        let mut same = start.bytes().zip(torn);
        same.all(|(wanted, found)| wanted == *found) || torn.iter().all(|byte| *byte == 0)
    }

    /// Every line, in order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What has happened, in order.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.lines.iter().map(|line| &line.event)
    }

    /// SHA-256 of the last line, without its line feed; zeros where there is none.
    #[must_use]
    pub fn value(&self) -> [u8; 32] {
        self.value
    }

    /// Whether a step was done.
    #[must_use]
    pub fn is_done(&self, name: &str) -> bool {
        self.events()
            .any(|event| matches!(event, Event::Done { step } if step == name))
    }

    /// Where the key of a step was to be made.
    #[must_use]
    pub fn intent(&self, name: &str) -> Option<&str> {
        self.events().find_map(|event| match event {
            Event::Intent { step, locator } if step == name => Some(locator.as_str()),
            _ => None,
        })
    }

    /// The last value of a fact.
    #[must_use]
    pub fn fact(&self, wanted: &str) -> Option<&str> {
        let facts = self.facts().filter(|(name, _)| *name == wanted);
        facts.map(|(_, value)| value).last()
    }

    /// The last answer to a question of a step.
    pub fn answer(&self, step: &str, name: &str) -> Option<&str> {
        let answers = self.events().filter_map(|event| match event {
            Event::Answer {
                step: of,
                ask,
                answer,
                ..
            } if of == step && ask == name => Some(answer.as_str()),
            _ => None,
        });
        answers.last()
    }

    /// Every fact by its name, in order; the last of a name counts.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.events().filter_map(|event| match event {
            Event::Fact { name, value, .. } => Some((name.as_str(), value.as_str())),
            _ => None,
        })
    }

    /// Whether nothing more may be added.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.events()
            .any(|event| matches!(event, Event::End { .. }))
    }
}

impl Event {
    /// The step that it belongs to; none where it is about the whole ceremony.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        match self {
            Self::Answer { step, .. }
            | Self::OtherAnswer { step, .. }
            | Self::TypedBack { step, .. }
            | Self::Printed { step, .. }
            | Self::NotPrinted { step, .. }
            | Self::Deviation { step, .. }
            | Self::Intent { step, .. }
            | Self::Fact { step, .. }
            | Self::File { step, .. }
            | Self::Done { step } => Some(step),
            Self::Begin { .. }
            | Self::GoOn { .. }
            | Self::Late { .. }
            | Self::Clock { .. }
            | Self::ForeignEntry { .. }
            | Self::End { .. } => None,
        }
    }
}

impl Line {
    /// The line without its line feed.
    fn text(&self) -> Vec<u8> {
        // Numbers and text alone: nothing of it can fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The longest transcript that is read.
pub const TRANSCRIPT_BYTES_MAX: usize = 16 * 1024 * 1024;
const LINES_MAX: usize = 100_000;
