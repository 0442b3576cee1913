//! Where the desk's answer goes: to whoever waits on the other side, if anybody does.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot::{Receiver, Sender, channel};

use crate::issue::{IssueError, Issued};
use crate::service::ServedCa;

/// The answer, once it comes.
pub(in crate::service) type Waiting = Receiver<Result<Issued, IssueError>>;

/// The desk's end of an order.
pub(super) struct Reply {
    answer: Sender<Result<Issued, IssueError>>,
    place: Place,
    since: Instant,
}

/// A place among those that wait for a CA, which was entered; it is given up when it is dropped.
pub(super) struct Place(Arc<ServedCa>);

impl Place {
    pub(super) fn of(ca: Arc<ServedCa>) -> Self {
        Self(ca)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.busy.leave();
    }
}

impl Reply {
    pub(super) fn new(place: Place) -> (Self, Waiting) {
        let (answer, waiting) = channel();
        let since = Instant::now();
        let reply = Self {
            answer,
            place,
            since,
        };
        (reply, waiting)
    }
}

impl crate::issue::Reply for Reply {
    fn give(self: Box<Self>, answer: Result<Issued, IssueError>) {
        let (ca, now) = (&self.place.0, Instant::now());
        ca.busy.answered(now);
        let waited = now.saturating_duration_since(self.since);
        ca.counts.answered(waited, answer.is_ok());
        // Whoever has the answer may ask again at once, and finds the place free.
        drop(self.place);
        // Whoever went away comes again with the same request, and finds it in the ledger.
        let _gone = self.answer.send(answer);
    }

    fn is_awaited(&self) -> bool {
        !self.answer.is_closed()
    }
}
