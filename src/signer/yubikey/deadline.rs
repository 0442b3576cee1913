//! Work on a card within a time: a card or a foreign transaction may block without end.

use std::panic;
use std::sync::Once;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use super::CardFault;

/// How long to wait for an answer, and what to say meanwhile.
pub(super) struct Patience<'a> {
    limit: Duration,
    nudge: Option<(Duration, &'a dyn Fn())>,
}

impl<'a> Patience<'a> {
    /// Waits so long, in silence.
    pub(super) fn of(limit: Duration) -> Self {
        Self { limit, nudge: None }
    }

    /// Calls `nudge` if there is no answer after a while; in any case where that is no time at all.
    pub(super) fn nudging(self, after: Duration, nudge: &'a dyn Fn()) -> Self {
        Self {
            nudge: Some((after, nudge)),
            ..self
        }
    }

    fn await_answer<T>(&self, answer: &Receiver<T>) -> Result<T, RecvTimeoutError> {
        let Some((after, nudge)) = self.nudge else {
            return answer.recv_timeout(self.limit);
        };
        if after.is_zero() {
            nudge();
            return answer.recv_timeout(self.limit);
        }
        match answer.recv_timeout(after) {
            Err(RecvTimeoutError::Timeout) => {
                nudge();
                answer.recv_timeout(self.limit.saturating_sub(after))
            }
            answered => answered,
        }
    }
}

/// Does `work` on a thread of its own. What is late goes on alone, and is thrown away.
///
/// The `yubikey` crate panics on some answers that are cut short. In a program that unwinds such a panic ends
/// the thread alone, and is told as [`CardFault::Malformed`]; a released program, which doesn't, ends there
/// as by a kill.
pub(super) fn within<T: Send + 'static>(
    patience: &Patience<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CardFault> {
    keep_panics_quiet();
    let (sender, answer) = sync_channel(1);
    let work = move || {
        let _too_late = sender.send(work());
    };
    thread::Builder::new()
        .name(THREAD.to_owned())
        .spawn(work)
        .map_err(|_| CardFault::NoThread)?;
    patience.await_answer(&answer).map_err(|error| match error {
        RecvTimeoutError::Timeout => CardFault::Silent {
            seconds: patience.limit.as_secs(),
        },
        RecvTimeoutError::Disconnected => CardFault::Malformed,
    })
}

/// A panic on such a thread is an answer, and no news for a person.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().name() != Some(THREAD) {
                loud(panic);
            }
        }));
    });
}

const THREAD: &str = "card";

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[test]
    fn a_silent_card_and_a_panic_are_faults() {
        let late = within(&Patience::of(SOON), || thread::sleep(10 * SOON));
        assert_eq!(late, Err(CardFault::Silent { seconds: 0 }));
        let cut: &[u8] = &[];
        let panicked = within(&Patience::of(50 * SOON), move || cut[0]);
        assert_eq!(panicked, Err(CardFault::Malformed));
    }

    #[test]
    fn a_person_is_nudged_only_where_the_answer_is_not_there_yet() {
        let nudged = Cell::new(0);
        let nudge = || nudged.set(nudged.get() + 1);
        let patience = Patience::of(50 * SOON).nudging(2 * SOON, &nudge);
        assert_eq!(within(&patience, || 1), Ok(1));
        assert_eq!(nudged.get(), 0);
        assert_eq!(within(&patience, || thread::sleep(4 * SOON)), Ok(()));
        assert_eq!(nudged.get(), 1);
    }

    #[test]
    fn what_is_certain_is_said_however_soon_the_answer_is_there() {
        let nudged = Cell::new(0);
        let nudge = || nudged.set(nudged.get() + 1);
        let patience = Patience::of(50 * SOON).nudging(Duration::ZERO, &nudge);
        let (sender, answer) = sync_channel(1);
        sender.send(1).unwrap();
        assert_eq!(patience.await_answer(&answer), Ok(1));
        assert_eq!(nudged.get(), 1);
    }
}
