//! From what was looked at to certificates: a person is asked, the key opened, the lock taken.

use std::sync::{Arc, Mutex};

use super::Sign;
use super::arguments::is_request;
use super::foreseen::warn_before;
use super::progress::Progress;
use super::vouch::vouch;
use crate::batch::{Batch, Decision, Ended, HowFar, Looked, Report};
use crate::cli::base::context::{Context, KnownCa};
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::say;
use crate::cli::base::touch::announcement;
use crate::config::Config;
use crate::issue::{OpenCa, SharedLedger};

/// What is known of a run before anything is opened for it.
pub(super) struct Run<'a> {
    pub(super) config: &'a Config,
    pub(super) known: &'a KnownCa,
    pub(super) progress: &'a Progress,
    /// How many keys there are, if that can be known before.
    pub(super) count: Option<u64>,
}

impl Sign {
    /// Whether a person is asked for something, who may take an hour for it. The ledger is
    /// then not locked meanwhile, and all is decided again afterwards.
    pub(super) fn is_attended(&self, context: &Context) -> bool {
        context.asks_a_person() || self.asked.vouched_for().is_some()
    }

    /// A person is asked about all that was named; a list may have no end.
    pub(super) fn how_far(&self, attended: bool) -> HowFar {
        if attended && self.files_from.is_none() {
            return HowFar::All;
        }
        HowFar::First
    }

    pub(super) fn refuse_to_vouch_for_a_list(&self) -> Result<(), Failure> {
        if self.files_from.is_some() && self.asked.vouched_for().is_some() {
            return Err(Failure::usage(VOUCH_ONE_BY_ONE));
        }
        Ok(())
    }

    /// Signs what was looked at, and what stands behind it. `locked` is the ledger if it is
    /// open to write already.
    pub(super) fn go_on(
        &self,
        batch: &Batch<'_>,
        looked: Looked,
        locked: Option<SharedLedger>,
        run: &Run<'_>,
        context: &Context,
    ) -> Result<Ended, Failure> {
        if context.talks() {
            warn_before(&looked);
        }
        if let Some(name) = self.asked.vouched_for() {
            let requests = self.files.iter().filter(|file| is_request(file));
            vouch(name, &looked, requests.count(), context)?;
        }
        let ca = self.open_key(run, context)?;
        announce(&ca, run, context);
        let (ledger, decision) = match locked {
            Some(ledger) => (ledger, Decision::Stands),
            None => {
                let ledger = context.ledger_again(run.config, run.known.ca())?;
                let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
                (ledger, Decision::IsMadeAgain)
            }
        };
        Ok(batch.run(ca, &ledger, looked, decision))
    }

    fn open_key(&self, run: &Run<'_>, context: &Context) -> Result<OpenCa, Failure> {
        let mut pins = context.pins();
        let (ca, keys) = (&run.known.agreed, &run.known.config.keys);
        let sessions = sessions(run.count);
        Ok(OpenCa::open(ca, keys, self.hash, sessions, &mut pins)?)
    }
}

/// What a person should know before the first touch, and from here on is shown.
fn announce(ca: &OpenCa, run: &Run<'_>, context: &Context) {
    let touches = context.touches();
    touches.expect(run.count);
    match announcement(ca.touch(), run.count) {
        Some(words) if context.talks() => say(&words),
        _ => {}
    }
    run.progress.start(touches);
    for (locator, error) in ca.absent() {
        let device = &locator.to_string();
        run.progress.tell(Report::DeviceLost { device, error });
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

const VOUCH_ONE_BY_ONE: &str =
    "--requester vouches for keys that are named one by one, not for a list";
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
