//! What a server does beside its requests, until a signal ends it: it reads the certificate of TLS again where that
//! changed, and that and the config where SIGHUP asks for it, and says that it lives.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};

use super::Manager;
use super::reload::{Reloader, SERVES};

/// Who looks after a server.
pub(super) struct Upkeep<'a> {
    pub(super) reloader: Arc<Reloader>,
    pub(super) manager: &'a Manager,
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
        // One that reads again may wait for a command that has the ledger.
        let mut reading: Option<JoinHandle<String>> = None;
        loop {
            tokio::select! {
                _ = signals.terminate.recv() => break,
                _ = signals.interrupt.recv() => break,
                _ = signals.hangup.recv(), if reading.is_none() => reading = Some(self.read_again()),
                status = read(&mut reading) => {
                    reading = None;
                    self.manager.ready(&status);
                }
                _ = tick.tick() => self.look(reading.is_some()),
            }
        }
        self.manager.ends();
    }

    fn read_again(&self) -> JoinHandle<String> {
        self.manager.reloads();
        let reloader = Arc::clone(&self.reloader);
        spawn_blocking(move || reloader.read_again())
    }

    fn look(&self, is_read: bool) {
        self.manager.lives();
        if !is_read && self.reloader.has_other_certificate() {
            self.reloader.certificate();
        }
    }
}

/// What was read; never anything where nothing is.
async fn read(reading: &mut Option<JoinHandle<String>>) -> String {
    match reading {
        Some(reading) => reading.await.unwrap_or_else(|error| error.to_string()),
        None => std::future::pending().await,
    }
}

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(1);
/// However impatient a manager is.
const BREATH: Duration = Duration::from_millis(10);
