//! What a server does beside its requests, until a signal ends it: it reads the certificate of TLS again where that
//! changed or where SIGHUP asks for it, and says that it lives.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use super::tls::Tls;
use super::{Line, Log, Manager};
use crate::wire::chain;

/// Who looks after a server.
pub(super) struct Upkeep<'a> {
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) manager: &'a Manager,
    pub(super) log: &'a Log,
}

/// The signals that a server hears.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Hears them from now on.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn heard() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

impl Upkeep<'_> {
    /// Looks after it until SIGTERM or SIGINT.
    pub(super) async fn until_end(&self, mut signals: Signals) {
        self.manager.ready(SERVES);
        let every = self.manager.every().unwrap_or(LOOK).clamp(BREATH, LOOK);
        let mut tick = interval(every);
        // After a machine that slept, one look is as good as a hundred.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = signals.terminate.recv() => break,
                _ = signals.interrupt.recv() => break,
                _ = signals.hangup.recv() => self.reload(),
                _ = tick.tick() => self.look(),
            }
        }
        self.manager.ends();
    }

    fn reload(&self) {
        self.manager.reloads();
        self.note("a changed config counts from the next start on".to_owned());
        self.read_again();
        self.manager.ready(SERVES);
    }

    fn look(&self) {
        self.manager.lives();
        if self.tls.as_ref().is_some_and(|tls| tls.has_changed()) {
            self.read_again();
        }
    }

    fn read_again(&self) {
        let Some(tls) = &self.tls else {
            return;
        };
        self.note(match tls.read_again() {
            Ok(()) => "certificate and key of [serve] were read again".to_owned(),
            Err(error) => format!(
                "certificate and key of [serve] stay as they were: {}",
                chain(&error)
            ),
        });
    }

    fn note(&self, words: String) {
        (self.log)(&Line::Note(words));
    }
}

const SERVES: &str = "serves";
/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(1);
/// However impatient a manager is.
const BREATH: Duration = Duration::from_millis(10);
