//! A desk that stays open: orders come in, certificates go out.
//!
//! # Who holds what
//!
//! - Whoever has the [`Desk`] may [`submit`](Desk::submit) a [`Wanted`], which is bounded and
//!   never waits, and gets a [`Ticket`]. The order then lies in *waiting*; nothing was taken
//!   for it.
//! - The **committer**, one thread, alone writes to the ledger. In one durable step it records
//!   what it has in hand and takes serials for *what waits now*, up to a chunk; it never waits
//!   for more to come. What got a serial lies in *reserved*.
//! - Each **session** of a device is a thread. It takes the next of *reserved*, signs it, and
//!   puts it into *tried*, from where the committer takes it in hand: verifies it, records it
//!   with its next step, and only then gives the answer to its ticket.
//!
//! One lock guards all of these places ([`board`]). Nobody signs, verifies or writes while
//! holding it, so that no device can hold up another or the ledger.
//!
//! # What ends what
//!
//! - `close`: no more orders; those that were taken go all the way. A session goes home when
//!   nothing waits, nothing is reserved and nothing is at another device, from which it could
//!   come back; the committer when nothing is left at all.
//! - `hold`: serials are taken for nobody for a while, in which another run may have the ledger.
//!   What has one goes all the way; what waits goes on waiting until it is let go.
//! - `stop`: the same as `close`, but what has no serial yet is answered at once.
//! - A device that can sign no more leaves its order to the other sessions, and is looked for
//!   again after a pause, twice as long each time until it signed. It counts again once it is back with the
//!   CA's key; it never shows a refused PIN twice. The last session that fails ends the desk:
//!   reserved orders are given up, which the ledger keeps, and waiting ones are answered.
//! - A desk that is *to stay* ([`Desk::open_to_stay`]) goes on without a session that can sign, as long as one
//!   looks for its device. It is *away* then: what has a serial is given up, what waits is answered at once, and
//!   no order is taken. A session counts again once its device signed the self-test's message by the CA's key
//!   (where that wants no finger). A trial that fails is a loss, too. A device that refuses its PIN, or whose
//!   test does not verify, is out for good with all its sessions; the last one that is ends the desk.
//! - A trial is asked for by whoever wants to know whether the key still signs. A session that
//!   finds nothing to sign makes it, once; the ledger has no part in it, and how it ends changes nothing else.
//! - A signature that does not verify takes its device out for good, with all its sessions.
//! - The ledger fails: nothing of that step is released, and nothing is tried again. What is
//!   reserved stays open in the ledger, as after a crash.
//! - A panic: in a device's code it fails its order and ends the desk; in the committer it
//!   ends the desk as the ledger's failure does. An answer that is dropped answers too. That is
//!   so where the program is built to unwind; a released one ends at a panic, as at a kill.
//!
//! # What holds, whatever happens in between
//!
//! Every ticket gets one answer. No certificate is released before the step that records it
//! has returned. No serial is taken that the ledger is not told the outcome of, but where the
//! ledger itself fails. Nobody waits for somebody who has gone home. Its tests hold this
//! against every order of events that its scheduler finds.

mod absences;
mod away;
mod board;
mod chunk;
mod committer;
mod front;
mod manner;
mod state;
mod sync;
#[cfg(test)]
mod tests;
mod ticket;
mod trial;
mod trials;
mod worker;

pub use front::Desk;
pub use ticket::{Reply, Ticket};
pub use trial::Trial;

use super::IssueError;
use crate::ledger::Wanted;

/// Why an order could not be left at a desk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// As many wait as it has room for. The order comes back, to be left later.
    #[error("the desk is full")]
    Full(Box<Wanted>),
    /// No device of the CA can sign, and all are looked for.
    #[error("no device of the CA can sign now")]
    Away,
    /// It takes no order any more.
    #[error("the desk takes no orders any more")]
    Closed,
    /// It is nothing for this CA and its devices.
    #[error(transparent)]
    Unfit(IssueError),
}

/// How many orders may wait, beside those that have a serial.
const ROOM: usize = 1024;
