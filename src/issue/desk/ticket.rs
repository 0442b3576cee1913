//! What whoever submits gets, and where the answer to it comes from.

use std::time::Duration;

use super::sync::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use crate::issue::{IssueError, Issued};

/// Stands for one submitted order. Its answer comes exactly once.
pub struct Ticket(Receiver<Result<Issued, IssueError>>);

/// The other end of a [`Ticket`]. Dropped without an answer, by a panic, it answers too:
/// the ticket then says that the run broke.
pub(super) struct Answer(Sender<Result<Issued, IssueError>>);

/// Both ends.
pub(super) fn pair() -> (Answer, Ticket) {
    let (answer, ticket) = channel();
    (Answer(answer), Ticket(ticket))
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
    pub(super) fn give(self, answer: Result<Issued, IssueError>) {
        // Whoever dropped the ticket doesn't want to know; the ledger knows.
        let _nobody_waits = self.0.send(answer);
    }
}
