//! The finger at the card's contact, and what a private key's use costs in time.

use std::time::{Duration, Instant};

use super::{apdu::Status, policy::TouchPolicy};

/// What the finger at the card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finger {
    /// It touches as soon as it is asked to.
    Present,
    /// Nobody is there; the card waits, then gives up.
    Absent,
    /// It touches this long after it was asked.
    After(Duration),
}

/// The contact: who touches it, when it was touched last, and how long the caller has to wait.
pub(crate) struct Touch {
    finger: Finger,
    timeout: Duration,
    signature_time: Duration,
    last: Option<Instant>,
    delay: Duration,
}

impl Touch {
    pub(crate) fn new() -> Self {
        Self {
            finger: Finger::Present,
            timeout: TIMEOUT,
            signature_time: Duration::ZERO,
            last: None,
            delay: Duration::ZERO,
        }
    }

    pub(crate) fn set_finger(&mut self, finger: Finger) {
        self.finger = finger;
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    pub(crate) fn set_signature_time(&mut self, time: Duration) {
        self.signature_time = time;
    }

    /// Asks for the touch that `policy` wants. A touch that doesn't come in time has the same
    /// status as a missing PIN, as on a real card.
    pub(crate) fn ask(&mut self, policy: TouchPolicy, now: Instant) -> Result<(), Status> {
        if policy == TouchPolicy::Never || (policy == TouchPolicy::Cached && self.is_fresh(now)) {
            return Ok(());
        }
        let wait = match self.finger {
            Finger::Present => Some(Duration::ZERO),
            Finger::After(wait) => Some(wait).filter(|wait| *wait <= self.timeout),
            Finger::Absent => None,
        };
        self.delay += wait.unwrap_or(self.timeout);
        self.last = Some(now + wait.ok_or(Status::SECURITY_NOT_SATISFIED)?);
        Ok(())
    }

    /// Counts the time that one use of a private key takes.
    pub(crate) fn spend_a_signature(&mut self) {
        self.delay += self.signature_time;
    }

    /// What the caller has to wait for this answer.
    pub(crate) fn take_delay(&mut self) -> Duration {
        std::mem::take(&mut self.delay)
    }

    /// A cached touch holds for 15 seconds, but not over a loss of power.
    pub(crate) fn forget(&mut self) {
        self.last = None;
    }

    fn is_fresh(&self, now: Instant) -> bool {
        self.last
            .is_some_and(|last| now.saturating_duration_since(last) < CACHED_FOR)
    }
}

const TIMEOUT: Duration = Duration::from_secs(15);
const CACHED_FOR: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cached_touch_holds_for_fifteen_seconds() {
        let (mut touch, start) = (Touch::new(), Instant::now());
        touch.ask(TouchPolicy::Cached, start).unwrap();
        touch.set_finger(Finger::Absent);
        assert_eq!(
            touch.ask(TouchPolicy::Cached, start + Duration::from_secs(14)),
            Ok(())
        );
        assert_eq!(
            touch.ask(TouchPolicy::Cached, start + Duration::from_secs(15)),
            Err(Status::SECURITY_NOT_SATISFIED)
        );
    }

    #[test]
    fn a_touch_that_is_always_wanted_is_never_cached() {
        let (mut touch, start) = (Touch::new(), Instant::now());
        touch.ask(TouchPolicy::Always, start).unwrap();
        touch.set_finger(Finger::Absent);
        assert_eq!(
            touch.ask(TouchPolicy::Always, start),
            Err(Status::SECURITY_NOT_SATISFIED)
        );
        assert_eq!(touch.take_delay(), TIMEOUT);
    }

    #[test]
    fn a_finger_that_comes_too_late_is_no_touch() {
        let mut touch = Touch::new();
        touch.set_timeout(Duration::from_secs(1));
        touch.set_finger(Finger::After(Duration::from_secs(2)));
        assert_eq!(
            touch.ask(TouchPolicy::Always, Instant::now()),
            Err(Status::SECURITY_NOT_SATISFIED)
        );
        assert_eq!(touch.take_delay(), Duration::from_secs(1));
    }
}
