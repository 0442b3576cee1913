//! What every command that signs does: the books that cases are held against, and the way from
//! what was looked at to certificates: the key is opened, the lock taken.

use std::sync::{Arc, Mutex};

use super::advice::intake::warn_of_faults;
use super::asks_for_pins::AsksForPins;
use super::context::Context;
use super::failure::{Advised, Failure};
use super::foreseen::warn_before;
use super::progress::Progress;
use super::terminal::say;
use super::touch::announcement;
use crate::batch::{Batch, Books, BooksError, Decision, Ended, Looked, Report};
use crate::ca::KnownCa;
use crate::config::{CaConfig, Config};
use crate::issue::{OpenCa, SharedLedger};
use crate::ledger::Ledger;
use crate::secret::AskPin;
use crate::signer::RsaHash;

/// Reads the books, and says what is odd about the allowed signers.
pub(crate) fn books(config: &Config, ledger: &Ledger, context: &Context) -> Result<Books, Failure> {
    let books = Books::read(config, ledger)?;
    if let Some(signers) = books.allowed_signers().filter(|_| context.talks()) {
        warn_of_faults(signers);
    }
    Ok(books)
}

impl Advised for BooksError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::LedgerKey(error) => error.hint(),
        }
    }
}

/// What is known of a run before anything is opened for it.
pub(crate) struct Run<'a> {
    pub(crate) config: &'a Config,
    pub(crate) known: &'a KnownCa,
    pub(crate) progress: &'a Progress,
    /// How many keys there are, if that can be known before.
    pub(crate) count: Option<u64>,
    /// The hash of an RSA CA, where one was chosen.
    pub(crate) hash: Option<RsaHash>,
}

impl Run<'_> {
    /// Says what is alarming about what was looked at, before anybody is asked for anything.
    pub(crate) fn warn(&self, looked: &Looked, context: &Context) {
        if context.talks() {
            warn_before(looked);
        }
    }

    /// Signs what was looked at, and what stands behind it. `locked` is the ledger if it is
    /// open to write already.
    pub(crate) fn issue(
        &self,
        batch: &Batch<'_>,
        looked: Looked,
        locked: Option<SharedLedger>,
        (context, asks): (&Context, AsksForPins),
    ) -> Result<Ended, Failure> {
        self.issue_with(batch, looked, locked, (context, &mut context.pins(asks)))
    }

    /// The same by PINs that were asked for before, of the same devices.
    pub(crate) fn issue_with(
        &self,
        batch: &Batch<'_>,
        looked: Looked,
        locked: Option<SharedLedger>,
        (context, pins): (&Context, &mut dyn AskPin),
    ) -> Result<Ended, Failure> {
        let ca = self.open_key(pins)?;
        self.announce(&ca, context);
        let (ledger, decision) = match locked {
            Some(ledger) => (ledger, Decision::Stands),
            None => {
                let ledger = match self.count {
                    Some(1) => context.ledger_again(self.config, self.known.ca()),
                    _ => context.ledger_for_long_again(self.config, self.known.ca()),
                }?;
                let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
                (ledger, Decision::IsMadeAgain)
            }
        };
        Ok(batch.run(ca, &ledger, looked, decision))
    }

    fn open_key(&self, pins: &mut dyn AskPin) -> Result<OpenCa, Failure> {
        let CaConfig { keys, .. } = &self.known.config;
        let (ca, sessions) = (&self.known.agreed, sessions(self.count));
        Ok(OpenCa::open(ca, keys, self.hash, sessions, pins)?)
    }

    /// What a person should know before the first touch, and from here on is shown.
    fn announce(&self, ca: &OpenCa, context: &Context) {
        let touches = context.touches();
        touches.expect(self.count);
        match announcement(ca.touch(), self.count) {
            Some(words) if context.talks() => say(&words),
            _ => {}
        }
        self.progress.start(touches);
        for (locator, error) in ca.absent() {
            let device = &locator.to_string();
            self.progress.tell(Report::DeviceLost { device, error });
        }
    }
}

/// How many sessions of a device are of use: one for one key, else as many as there are
/// processors to check what comes back. Where a device has fewer, or gains nothing by them, it
/// gets fewer.
fn sessions(keys: Option<u64>) -> usize {
    if keys == Some(1) {
        return 1;
    }
    std::thread::available_parallelism().map_or(1, |processors| processors.get().min(SESSIONS_MAX))
}

/// SoftHSM gains nothing by more, and a small device has room for few.
const SESSIONS_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_wants_one_session_and_many_as_many_as_there_are_processors() {
        let processors = std::thread::available_parallelism().unwrap().get();
        assert_eq!(sessions(Some(1)), 1);
        assert_eq!(sessions(Some(2)), processors.min(SESSIONS_MAX));
        assert_eq!(sessions(None), processors.min(SESSIONS_MAX));
    }
}
