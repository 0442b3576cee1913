//! How long is waited for everything together.

use std::time::{Duration, Instant};

use super::super::ask::AskError;
use super::super::settings::Settings;

/// One deadline for all that is asked over a connection.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    ends: Instant,
    seconds: u64,
}

impl Clock {
    pub(super) fn of(settings: &Settings) -> Self {
        let now = Instant::now();
        Self {
            ends: now.checked_add(settings.timeout).unwrap_or(now),
            seconds: settings.timeout.as_secs(),
        }
    }

    pub(super) fn left(self) -> Result<Duration, AskError> {
        let left = self.ends.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(self.timed_out());
        }
        Ok(left)
    }

    pub(super) fn timed_out(self) -> AskError {
        AskError::TimedOut {
            seconds: self.seconds,
        }
    }
}
