//! Lists that the server makes itself: when it starts, every so often, and soon after something was revoked.
//!
//! On a thread of its own, which has the ledger while no desk has anything open in it: a serial that is being
//! signed would stand in the list as given up. Whoever revokes rings the bell.

use std::error::Error;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::lend::at_rest;
use super::{Line, Log, Service};
use crate::issue::lock;
use crate::ledger::{Entry, Event, Ledger, LedgerError};
use crate::wire::chain;

/// Makes the lists of what the ledger revoked and knows, signs its head, and says in words what was made.
pub type Publish = Box<dyn FnMut(&mut Ledger) -> Result<String, Box<dyn Error>> + Send>;

/// Rings where something may have been revoked.
#[derive(Default)]
pub(super) struct Bell {
    rang: Mutex<bool>,
    heard: Condvar,
}

/// Who publishes, and what was published so far.
pub(super) struct Publisher {
    publish: Publish,
    every: Duration,
    /// Up to where the ledger is known to have revoked nothing since the last list.
    looked: u64,
}

impl Bell {
    /// Rings.
    pub(super) fn ring(&self) {
        *self.rang.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.heard.notify_all();
    }

    /// Waits until it rings, and so long at most; says whether it rang.
    fn wait(&self, at_most: Duration) -> bool {
        let rang = self.rang.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.heard.wait_timeout_while(rang, at_most, |rang| !*rang);
        let (mut rang, _late) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *rang)
    }
}

impl Publisher {
    pub(super) fn new(publish: Publish, every: u64) -> Self {
        Self {
            publish,
            every: Duration::from_secs(every),
            looked: 0,
        }
    }

    /// Publishes for as long as the process lives, on a thread of its own.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn start(mut self, service: Arc<Service>, log: Log) -> io::Result<()> {
        let publish = move || {
            let mut pause = SOON;
            loop {
                let next = match self.publish(&service) {
                    Ok(words) => {
                        log(&Line::Note(words));
                        pause = SOON;
                        self.every
                    }
                    Err(error) => {
                        let words = format!("no lists were made: {}", chain(&*error));
                        log(&Line::Note(words));
                        let next = pause;
                        pause = pause.saturating_mul(2).min(self.every);
                        next
                    }
                };
                self.wait(next, &service, &log);
            }
        };
        let thread = thread::Builder::new().name("publish".to_owned());
        thread.spawn(publish)?;
        Ok(())
    }

    fn publish(&mut self, service: &Service) -> Result<String, Box<dyn Error>> {
        at_rest(service, |ledger| {
            let words = (self.publish)(ledger)?;
            self.looked = ledger.size();
            Ok(words)
        })
    }

    /// Waits until lists are due: after so long, or where something was revoked.
    fn wait(&mut self, at_most: Duration, service: &Service, log: &Log) {
        let until = Instant::now() + at_most;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if !service.bell.wait(left) {
                return;
            }
            match self.is_anything_new(service) {
                Ok(false) => {}
                Ok(true) => return,
                Err(error) => return log(&Line::Note(chain(&error))),
            }
        }
    }

    /// Whether something was revoked since the last list. Each entry is looked at once.
    fn is_anything_new(&mut self, service: &Service) -> Result<bool, LedgerError> {
        let ledger = lock(&service.ledger);
        let mut is_new = false;
        ledger.each_entry(self.looked + 1, &mut |_, bytes| {
            let entry = Entry::from_bytes(bytes);
            is_new |= entry.is_ok_and(|entry| stands_in_lists(&entry.event));
            if is_new {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        if !is_new {
            self.looked = ledger.size();
        }
        Ok(is_new)
    }
}

fn stands_in_lists(event: &Event) -> bool {
    matches!(
        event,
        Event::Revoked(_) | Event::Resumed(_) | Event::LedgerKeyRevoked(_)
    )
}

/// After what went wrong for the first time.
const SOON: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_that_rang_is_heard_once() {
        let bell = Bell::default();
        bell.ring();
        bell.ring();
        assert!(bell.wait(Duration::ZERO));
        assert!(!bell.wait(Duration::from_millis(1)));
    }
}
