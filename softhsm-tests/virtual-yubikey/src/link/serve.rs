//! One session of a card in a reader: its commands, and the faults that strike them.

use std::{
    io,
    sync::PoisonError,
    time::{Duration, Instant},
};

use super::{
    Presence, Shared,
    wire::{Message, Wire},
};
use crate::fault::{Fault, Pull};

impl Shared {
    /// Serves until the wire is cut, from either side.
    pub(super) fn serve(&self, wire: &Wire) -> io::Result<()> {
        loop {
            match wire.receive()? {
                Message::PowerOff | Message::PowerOn | Message::Reset => {
                    self.state().card.power_off();
                }
                Message::AnswerToReset => {
                    let answer = self.notice();
                    wire.send(answer)?;
                }
                Message::Command(command) => self.command(wire, &command)?,
            }
        }
    }

    fn notice(&self) -> &'static [u8] {
        let mut state = self.state();
        state.noticed = true;
        state.card.answer_to_reset()
    }

    /// One command, with the fault that the plan has for it.
    fn command(&self, wire: &Wire, command: &[u8]) -> io::Result<()> {
        let fault = self.record(command);
        match fault {
            Some(Fault::Pull(Pull::Before, back)) => return Err(self.pull(back)),
            Some(Fault::Status(status)) => return wire.send(&status.to_be_bytes()),
            _ => {}
        }
        let answer = self.transmit(command)?;
        self.deliver(wire, &answer, fault)
    }

    /// What arrives of an answer, for a card that has done its work.
    fn deliver(&self, wire: &Wire, answer: &[u8], fault: Option<Fault>) -> io::Result<()> {
        match fault {
            Some(Fault::Pull(Pull::During, back)) => return Err(self.pull(back)),
            Some(Fault::Silence) => return self.wait(Instant::now(), Duration::MAX),
            Some(Fault::Nonsense(bytes)) => return wire.send(&bytes),
            Some(Fault::Cut(length)) => return wire.send(answer.get(..length).unwrap_or(answer)),
            Some(Fault::Late(delay)) => self.wait(Instant::now(), delay)?,
            _ => {}
        }
        wire.send(answer)?;
        match fault {
            Some(Fault::Pull(Pull::After, back)) => Err(self.pull(back)),
            _ => Ok(()),
        }
    }

    fn record(&self, command: &[u8]) -> Option<Fault> {
        let mut state = self.state();
        if let Some(header) = command.first_chunk() {
            state.headers.push(*header);
        }
        state.plan.strike(command)
    }

    /// The card's answer, after the time that it takes; our own sums are a part of it.
    fn transmit(&self, command: &[u8]) -> io::Result<Vec<u8>> {
        let start = Instant::now();
        let answer = self.state().card.transmit(command, start);
        self.wait(start, answer.after)?;
        Ok(answer.bytes)
    }

    fn pull(&self, back: Option<Duration>) -> io::Error {
        self.leave(match back {
            Some(after) => Presence::OutUntil(Instant::now() + after),
            None => Presence::Out,
        });
        pulled()
    }

    /// Waits until `time` is over, but no longer than the card is in its reader. In one sleep:
    /// each one ends a little late.
    fn wait(&self, start: Instant, time: Duration) -> io::Result<()> {
        let mut state = self.state();
        loop {
            let left = time.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            if state.presence != Presence::In {
                return Err(pulled());
            }
            let waited = self.left.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn pulled() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the card was pulled")
}
