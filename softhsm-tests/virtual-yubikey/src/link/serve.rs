//! One session of a card in a reader: its commands, and the faults that strike them.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use super::{
    MOMENT, Presence, Shared,
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
            Some(Fault::Silence) => return self.wait(Duration::MAX),
            Some(Fault::Nonsense(bytes)) => return wire.send(&bytes),
            Some(Fault::Cut(length)) => return wire.send(answer.get(..length).unwrap_or(answer)),
            Some(Fault::Late(delay)) => self.wait(delay)?,
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

    /// The card's answer, after the time that it takes.
    fn transmit(&self, command: &[u8]) -> io::Result<Vec<u8>> {
        let answer = self.state().card.transmit(command, Instant::now());
        self.wait(answer.after)?;
        Ok(answer.bytes)
    }

    fn pull(&self, back: Option<Duration>) -> io::Error {
        self.state().leave(match back {
            Some(after) => Presence::OutUntil(Instant::now() + after),
            None => Presence::Out,
        });
        pulled()
    }

    /// Waits, but no longer than the card is in its reader.
    fn wait(&self, time: Duration) -> io::Result<()> {
        let start = Instant::now();
        loop {
            let left = time.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            if self.state().presence != Presence::In {
                return Err(pulled());
            }
            thread::sleep(left.min(MOMENT));
        }
    }
}

fn pulled() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the card was pulled")
}
