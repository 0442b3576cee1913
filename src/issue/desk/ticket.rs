//! What whoever submits gets, and where the answer to it comes from.

use std::time::Duration;

use super::sync::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use crate::issue::{IssueError, Issued};

/// Stands for one submitted order. Its answer comes exactly once.
pub struct Ticket(Receiver<Result<Issued, IssueError>>);

/// Where the answer to an order goes, for a front that can't wait on a thread of its own.
pub trait Reply: Send {
    /// Takes the answer. Called wherever it is known, once: it must wait for nothing.
    fn give(self: Box<Self>, answer: Result<Issued, IssueError>);

    /// Whether anybody still waits for it. An order that nobody waits for gets no serial; one
    /// that has a serial goes all the way.
    fn is_awaited(&self) -> bool;
}

/// The other end of a [`Ticket`] or a [`Reply`]. Dropped without an answer, by a panic, it answers
/// too: that the run broke.
pub(super) struct Answer(Option<Box<dyn Reply>>);

/// Both ends.
pub(super) fn pair() -> (Answer, Ticket) {
    let (answer, ticket) = channel();
    (Answer::to(Box::new(ToTicket(answer))), Ticket(ticket))
}

struct ToTicket(Sender<Result<Issued, IssueError>>);

impl Reply for ToTicket {
    fn give(self: Box<Self>, answer: Result<Issued, IssueError>) {
        // Whoever dropped the ticket doesn't want to know; the ledger knows.
        let _nobody_waits = self.0.send(answer);
    }

    fn is_awaited(&self) -> bool {
        true
    }
}

impl Ticket {
    /// Waits for the answer: the certificate, which the ledger holds by now, or why there
    /// is none.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn wait(self) -> Result<Issued, IssueError> {
        self.0.recv().unwrap_or(Err(IssueError::Panicked))
    }

    /// The answer, if it comes within `longest`.
    pub fn wait_for(&self, longest: Duration) -> Option<Result<Issued, IssueError>> {
        match self.0.recv_timeout(longest) {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Err(IssueError::Panicked)),
        }
    }

    /// The answer, if it is there.
    pub fn look(&self) -> Option<Result<Issued, IssueError>> {
        match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(IssueError::Panicked)),
        }
    }
}

impl Answer {
    pub(super) fn to(reply: Box<dyn Reply>) -> Self {
        Self(Some(reply))
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.0.as_ref().is_some_and(|reply| reply.is_awaited())
    }

    pub(super) fn give(mut self, answer: Result<Issued, IssueError>) {
        if let Some(reply) = self.0.take() {
            reply.give(answer);
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(reply) = self.0.take() {
            reply.give(Err(IssueError::Panicked));
        }
    }
}
