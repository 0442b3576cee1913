//! The desk's protocol, held against orders of events that a scheduler chooses.
//!
//! The very files of the desk are taken in once more, over primitives by which `shuttle`
//! decides who goes on. It finds a deadlock by itself; the rest is asserted here: every
//! ticket is answered, nothing goes out before it is recorded, nothing is left open.

#![allow(
    unreachable_pub,
    dead_code,
    clippy::duplicate_mod,
    reason = "the desk's files are taken in whole, and what is public in them is seen here alone"
)]

#[path = "absences.rs"]
mod absences;
#[path = "away.rs"]
mod away;
#[path = "board.rs"]
mod board;
#[path = "chunk.rs"]
mod chunk;
#[path = "committer.rs"]
mod committer;
#[path = "front.rs"]
mod front;
#[path = "manner.rs"]
mod manner;
#[path = "state.rs"]
mod state;
#[path = "ticket.rs"]
mod ticket;
#[path = "trial.rs"]
mod trial;
#[path = "trials.rs"]
mod trials;
#[path = "worker.rs"]
mod worker;

mod stay;

mod sync {
    use std::time::Duration;

    pub(super) use shuttle::sync::mpsc::{
        Receiver, RecvTimeoutError, Sender, TryRecvError, channel,
    };
    pub(super) use shuttle::sync::{Condvar, Mutex, MutexGuard};
    pub(super) use shuttle::thread::{JoinHandle, spawn};
    pub(super) use std::sync::PoisonError;

    /// Any wait may end at once.
    pub(super) fn wait_at_most<'a, T>(
        _changed: &Condvar,
        mutex: &'a Mutex<T>,
        state: MutexGuard<'a, T>,
        _longest: Duration,
    ) -> MutexGuard<'a, T> {
        drop(state);
        shuttle::thread::yield_now();
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

use std::sync::Arc;
use std::time::Duration;

use ssh_key::Signature;
use ssh_key::public::KeyData;

use super::SubmitError;
use crate::issue::tests::book::{BookFault, Pages, Said, book};
use crate::issue::tests::{Fake, Fault, NOW, fake_ca, open, wanted};
use crate::issue::{Lost, RunEnd, SharedLedger};
use crate::ledger::SerialChoice;
use crate::signer::{OpeningError, Signer, SignerError};
use front::Desk;
use manner::Manner;
use ticket::Ticket;

/// A device at which others may come between, and which may come back.
struct Device {
    fake: Fake,
    comes_back: bool,
    /// How often it is looked for in vain before it comes back.
    away: usize,
}

impl Signer for Device {
    fn public_key(&self) -> &KeyData {
        self.fake.public_key()
    }

    fn device(&self) -> &str {
        self.fake.device()
    }

    fn sign(&mut self, message: &[u8]) -> Result<Signature, SignerError> {
        shuttle::thread::yield_now();
        self.fake.sign(message)
    }

    fn reopen(&mut self) -> Result<(), OpeningError> {
        shuttle::thread::yield_now();
        if self.comes_back && self.away > 0 {
            self.away -= 1;
        } else if self.comes_back {
            return self.fake.reopen();
        }
        Err(OpeningError::KeyChanged {
            device: "token".to_owned(),
        })
    }
}

/// What goes wrong in a run, and who stops it.
#[derive(Clone)]
struct Trouble {
    devices: Vec<(Fault, bool)>,
    steps: usize,
    book: BookFault,
    somebody_stops: bool,
    somebody_holds: bool,
    somebody_tries: bool,
}

/// More orders than there is room for, and what must hold whatever comes first.
fn run(trouble: &Trouble) {
    let (book, pages) = book(trouble.steps, trouble.book);
    let ledger: SharedLedger = Arc::new(std::sync::Mutex::new(book));
    let device = |(fault, comes_back): &(Fault, bool)| -> Box<dyn Signer> {
        Box::new(Device {
            fake: Fake::new(*fault),
            comes_back: *comes_back,
            away: 0,
        })
    };
    let ca = fake_ca();
    let ca_key = ca.public_key().clone();
    let devices = open(ca, trouble.devices.iter().map(device).collect());
    let lost: Lost = Arc::new(|_, _| ());
    let desk = Arc::new(Desk::open_with(
        devices,
        ledger,
        (|| NOW, Manner::Ends(lost), None),
        Duration::ZERO,
    ));
    let stopping = trouble.somebody_stops.then(|| {
        let desk = Arc::clone(&desk);
        shuttle::thread::spawn(move || desk.stop())
    });
    let holding = trouble.somebody_holds.then(|| {
        let (desk, pages) = (Arc::clone(&desk), Arc::clone(&pages));
        let is_torn = trouble.steps != usize::MAX;
        shuttle::thread::spawn(move || hold(&desk, &pages, is_torn))
    });
    let trying = trouble.somebody_tries.then(|| {
        let desk = Arc::clone(&desk);
        shuttle::thread::spawn(move || desk.try_key(Duration::ZERO))
    });
    let tickets: Vec<Ticket> = (0..ORDERS)
        .filter_map(|tag| desk.submit(wanted(tag, &ca_key, SerialChoice::Next)).ok())
        .collect();
    for ticket in tickets {
        if let Ok(issued) = ticket.wait() {
            let page = usize::try_from(issued.serial.number()).unwrap() - 1;
            let said = pages.lock().unwrap()[page];
            assert_eq!(said, Said::Issued, "it went out before it was recorded");
        }
    }
    for other in [stopping, holding, trying].into_iter().flatten() {
        other.join().unwrap();
    }
    let desk = Arc::into_inner(desk).unwrap();
    let ended = desk.close();
    the_book_is_whole(&ended, &pages);
}

/// Another run has the ledger for a while: nothing is open in it meanwhile, and nothing becomes so.
fn hold(desk: &Desk, pages: &Pages, is_torn: bool) {
    let open = || pages.lock().unwrap().contains(&Said::Reserved);
    desk.hold();
    while !desk.rests() {
        shuttle::thread::yield_now();
    }
    let written = pages.lock().unwrap().len();
    for _while_another_writes in 0..3 {
        assert!(is_torn || !open(), "something is open at a desk that rests");
        assert_eq!(pages.lock().unwrap().len(), written);
        shuttle::thread::yield_now();
    }
    assert!(desk.rests());
    desk.let_go();
}

fn the_book_is_whole(ended: &Result<(), RunEnd>, pages: &Pages) {
    let open = pages.lock().unwrap().contains(&Said::Reserved);
    let torn = matches!(ended, Err(RunEnd::Ledger(_) | RunEnd::Panicked));
    assert!(!open || torn, "{ended:?} left something open");
}

fn holds(trouble: Trouble) {
    let mut config = shuttle::Config::new();
    config.stack_size = STACK;
    let scheduler = shuttle::scheduler::RandomScheduler::new(SCHEDULES);
    shuttle::Runner::new(scheduler, config).run(move || run(&trouble));
}

fn no_trouble(devices: &[(Fault, bool)]) -> Trouble {
    Trouble {
        devices: devices.to_vec(),
        steps: usize::MAX,
        book: BookFault::Fails,
        somebody_stops: false,
        somebody_holds: false,
        somebody_tries: false,
    }
}

#[test]
fn two_sessions_issue_all_there_is() {
    holds(no_trouble(&[(Fault::None, false), (Fault::None, false)]));
}

#[test]
fn a_device_may_go_and_come_back_or_stay_away() {
    for first in [Fault::Gone(0), Fault::Gone(1)] {
        for comes_back in [true, false] {
            holds(no_trouble(&[(first, comes_back), (Fault::None, false)]));
            holds(no_trouble(&[
                (first, comes_back),
                (Fault::Gone(1), comes_back),
            ]));
        }
        holds(no_trouble(&[(first, false)]));
    }
}

#[test]
fn a_device_may_lie_or_break() {
    for fault in [
        Fault::Lies(0),
        Fault::Lies(1),
        Fault::Panics(0),
        Fault::Panics(1),
    ] {
        holds(no_trouble(&[(fault, false), (Fault::None, false)]));
        holds(no_trouble(&[(fault, false), (fault, false)]));
        holds(no_trouble(&[(fault, false)]));
    }
}

#[test]
fn the_ledger_may_fail_or_break_at_any_step() {
    for steps in 0..4 {
        for book in [BookFault::Fails, BookFault::Panics] {
            holds(Trouble {
                steps,
                book,
                ..no_trouble(&[(Fault::None, false), (Fault::Gone(1), true)])
            });
        }
    }
}

#[test]
fn somebody_may_stop_it_at_any_moment() {
    for devices in [
        [(Fault::None, false), (Fault::None, false)],
        [(Fault::Gone(1), true), (Fault::Lies(1), false)],
    ] {
        holds(Trouble {
            somebody_stops: true,
            ..no_trouble(&devices)
        });
    }
}

#[test]
fn somebody_may_hold_it_for_a_while_at_any_moment() {
    for devices in [
        [(Fault::None, false), (Fault::None, false)],
        [(Fault::Gone(1), true), (Fault::Lies(1), false)],
        [(Fault::Gone(1), false), (Fault::Panics(1), false)],
    ] {
        for somebody_stops in [false, true] {
            holds(Trouble {
                somebody_stops,
                somebody_holds: true,
                ..no_trouble(&devices)
            });
        }
        holds(Trouble {
            steps: 2,
            somebody_holds: true,
            ..no_trouble(&devices)
        });
    }
}

#[test]
fn somebody_may_try_the_key_at_any_moment() {
    for devices in [
        [(Fault::None, false), (Fault::None, false)],
        [(Fault::Gone(1), true), (Fault::Lies(1), false)],
        [(Fault::Gone(1), false), (Fault::Panics(1), false)],
    ] {
        for somebody_stops in [false, true] {
            holds(Trouble {
                somebody_stops,
                somebody_tries: true,
                ..no_trouble(&devices)
            });
        }
    }
}

const ORDERS: u8 = 5;
/// Fewer than there are orders, so that some meet a full desk.
const ROOM: usize = 4;
/// Verifying a signature takes more than a scheduled thread has by default.
const STACK: usize = 1 << 20;
const SCHEDULES: usize = 150;
