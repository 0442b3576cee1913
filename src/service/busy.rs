//! How many orders wait for a CA, and how long one more would wait.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The orders of one CA that have no answer yet, and the pace of answers.
#[derive(Debug, Default)]
pub(super) struct Busy {
    waiting: AtomicUsize,
    /// Microseconds from one answer to the next while others waited, smoothed; 0 before the first.
    pace: AtomicU64,
    last: Mutex<Option<Instant>>,
}

impl Busy {
    /// Takes a place among those that wait; none where as many wait as may.
    ///
    /// # Errors
    /// In how many seconds there may be one.
    pub(super) fn enter(&self) -> Result<(), u64> {
        let entered = self
            .waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| {
                (waiting < MOST).then_some(waiting + 1)
            });
        entered.map(drop).map_err(|_full| self.wait())
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Gives the place up: there is an answer, or the order was never left.
    pub(super) fn leave(&self) {
        self.waiting.fetch_sub(1, Ordering::AcqRel);
    }

    /// Learns from an answer that came now.
    pub(super) fn answered(&self, now: Instant) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.replace(now);
        let waited = self.waiting.load(Ordering::Acquire) > 1;
        let Some(gap) = before.map(|before| now.saturating_duration_since(before)) else {
            return;
        };
        if waited {
            let gap = u64::try_from(gap.as_micros()).unwrap_or(u64::MAX);
            let pace = self.pace.load(Ordering::Acquire);
            let smooth = if pace == 0 {
                gap
            } else {
                (pace.saturating_mul(7).saturating_add(gap)) / 8
            };
            self.pace.store(smooth, Ordering::Release);
        }
    }

    /// How long all that wait take at this pace, in whole seconds.
    pub(super) fn wait(&self) -> u64 {
        let waiting = u32::try_from(self.waiting.load(Ordering::Acquire)).unwrap_or(u32::MAX);
        let pace = Duration::from_micros(self.pace.load(Ordering::Acquire));
        let seconds = pace.saturating_mul(waiting).as_secs();
        (seconds + 1).min(LONGEST)
    }
}

/// So many wait at a time.
const MOST: usize = 256;
/// Nobody is sent away for longer, in seconds.
const LONGEST: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_says_when_to_come_again_by_the_pace_of_its_answers() {
        let busy = Busy::default();
        let mut now = Instant::now();
        for _ in 0..MOST {
            busy.enter().unwrap();
        }
        assert_eq!(busy.enter(), Err(1));
        for _ in 0..100 {
            now += Duration::from_millis(100);
            busy.answered(now);
        }
        assert_eq!(busy.enter(), Err(26));
        busy.leave();
        busy.enter().unwrap();
    }

    #[test]
    fn nobody_is_sent_away_for_longer_than_a_minute() {
        let busy = Busy::default();
        let mut now = Instant::now();
        (0..MOST).for_each(|_| busy.enter().unwrap());
        for _ in 0..9 {
            now += Duration::from_secs(10);
            busy.answered(now);
        }
        assert_eq!(busy.wait(), LONGEST);
    }
}
