//! The ledger, lent to a command of this machine, so that what must be written needn't wait for the
//! server's end ([`lent`]).
//!
//! One command has it at a time. All desks rest meanwhile: nothing is open in the ledger that the command
//! could take for a crash's. Whoever asks for something waits, since the ledger stays locked within the
//! server too. What the command wrote counts from the first request on: ledger and judges are made anew.

use std::error::Error;
use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;

use super::current::Current;
use super::{Line, Log, ServedCa, Service, Whereabouts};
use crate::issue::{Desk, Judge, LedgerPlace, lent};
use crate::ledger::Ledger;
use crate::wire::chain;

/// Where the ledger is, and who opens it anew.
pub struct Lending {
    /// The ledger's place, which borrows nothing.
    pub place: LedgerPlace,
    /// Opens it to write, and makes the judges of the CAs, in their order.
    pub again: Again,
}

/// The ledger after somebody else wrote to it, with the judges that it calls for.
pub type Again = Box<dyn Fn() -> Result<(Ledger, Vec<Judge<'static>>), Box<dyn Error>> + Send>;

/// What opens it by the config that was read last.
pub(super) type SharedAgain = Arc<Mutex<Again>>;

/// A socket on which nobody is lent anything yet.
pub(super) struct Lender {
    listener: UnixListener,
    place: LedgerPlace,
    again: SharedAgain,
}

impl Lender {
    /// Listens beside the ledger, whose lock the server has: so a socket that is there was left by
    /// one that was killed.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn beside((place, again): (LedgerPlace, SharedAgain)) -> io::Result<Self> {
        let at = lent::socket(&place.path);
        remove(&at)?;
        let listener = UnixListener::bind(&at)?;
        fs::set_permissions(&at, Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            place,
            again,
        })
    }

    /// Lends for as long as the process lives, on a thread of its own.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn start(self, current: Arc<Current>, log: Log) -> io::Result<()> {
        let lend = move || {
            for borrower in self.listener.incoming() {
                match borrower {
                    Ok(borrower) if is_of_ours(&borrower) => self.lend(borrower, &current, &log),
                    Ok(_stranger) => {}
                    // Out of descriptors: none comes by haste.
                    Err(_) => thread::sleep(PAUSE),
                }
            }
        };
        thread::Builder::new().name("lend".to_owned()).spawn(lend)?;
        Ok(())
    }

    fn lend(&self, mut borrower: UnixStream, current: &Current, log: &Log) {
        let who = socket_peercred(&borrower).map_or(0, |peer| peer.pid.as_raw_nonzero().get());
        let lent = Arc::clone(&current.service().lent);
        let _unless_it_ends = lent.lock();
        // No config is read while that is locked.
        let service = current.service();
        hold(&service.cas);
        let mut ledger = service
            .ledger
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let since = Instant::now();
        let words = match self.place.look(&mut |_leap| true) {
            // The writer, and its lock, are gone by that.
            Ok(reader) => {
                *ledger = reader;
                service.is_now(Whereabouts::Lent);
                if borrower.write_all(lent::WORD).is_ok() {
                    wait_until_closed(&mut borrower, (who, since), log);
                }
                let time = since.elapsed().as_millis();
                let Some(back) = self.had_back(&service, log) else {
                    // Nothing is asked of the desks any more: what waits at them is told that they close.
                    return;
                };
                *ledger = back;
                service.is_now(Whereabouts::Here);
                service.bell.ring();
                format!("process {who} had the ledger for {time} ms")
            }
            Err(error) => format!("the ledger isn't lent to process {who}: {}", chain(&error)),
        };
        drop(ledger);
        let_go(&service.cas);
        log(&Line::Note(words));
    }

    /// Opens it again, however long that takes: without it nothing can be answered. None if the server ends
    /// meanwhile.
    fn had_back(&self, service: &Service, log: &Log) -> Option<Ledger> {
        let mut pause = PAUSE;
        loop {
            let again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
            let again = again();
            let error = match again {
                Ok((ledger, judges)) => {
                    for (ca, judge) in service.cas.iter().zip(judges) {
                        ca.judge_by(judge);
                    }
                    return Some(ledger);
                }
                Err(error) => error,
            };
            service.is_now(Whereabouts::Missed);
            log(&Line::Note(format!(
                "the ledger can't be had back, all requests wait, and it is tried again in {} s: {}; mend it, \
                 or where the config is what must change, mend that and start the server again",
                pause.as_secs(),
                chain(&*error)
            )));
            if ends_within(service, pause) {
                return None;
            }
            pause = pause.saturating_mul(2).min(LONG_PAUSE);
        }
    }
}

/// Waits so long, or until the server ends; says whether it does.
fn ends_within(service: &Service, pause: Duration) -> bool {
    let until = Instant::now() + pause;
    loop {
        if service.ends.load(Ordering::Relaxed) {
            return true;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        thread::sleep(left.min(MOMENT));
    }
}

/// Does this to the ledger while no desk has anything open in it. Requests wait meanwhile.
pub(super) fn at_rest<T>(service: &Service, what: impl FnOnce(&mut Ledger) -> T) -> T {
    let _unless_it_ends = service.lent.lock();
    hold(&service.cas);
    let mut ledger = service
        .ledger
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let done = what(&mut ledger);
    drop(ledger);
    let_go(&service.cas);
    done
}

/// No socket stays when a server ends well.
pub(super) fn remove(socket: &Path) -> io::Result<()> {
    match fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _gone => Ok(()),
    }
}

/// Root, and the server's own account: who else could connect may not write to the ledger.
fn is_of_ours(borrower: &UnixStream) -> bool {
    socket_peercred(borrower).is_ok_and(|peer| peer.uid.is_root() || peer.uid == geteuid())
}

/// Waits until nothing is open that any desk has a serial for.
fn hold(cas: &[Arc<ServedCa>]) {
    cas.iter().for_each(|ca| {
        ca.at_desk(&Desk::hold);
    });
    let rest = |ca: &Arc<ServedCa>| ca.at_desk(&Desk::rests).unwrap_or(true);
    while !cas.iter().all(rest) {
        thread::sleep(GLANCE);
    }
}

fn let_go(cas: &[Arc<ServedCa>]) {
    cas.iter().for_each(|ca| {
        ca.at_desk(&Desk::let_go);
    });
}

fn wait_until_closed(borrower: &mut UnixStream, (who, since): (i32, Instant), log: &Log) {
    let _without_words = borrower.set_read_timeout(Some(LONG));
    loop {
        match borrower.read(&mut [0; 16]) {
            Err(error) if is_late(&error) => log(&Line::Note(format!(
                "process {who} has the ledger for {} s now, and all requests wait",
                since.elapsed().as_secs()
            ))),
            Ok(0) | Err(_) => return,
            Ok(_words) => {}
        }
    }
}

fn is_late(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

const GLANCE: Duration = Duration::from_millis(2);
const MOMENT: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_secs(1);
/// Between two tries to have the ledger back.
const LONG_PAUSE: Duration = Duration::from_secs(30);
/// After so long it is told that requests wait.
const LONG: Duration = Duration::from_secs(10);
