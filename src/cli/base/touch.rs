//! Who waits for a finger, and which certificate it is for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::terminal::{ring, say, somebody_is_there};
use crate::secret::Notice;
use crate::signer::yubikey::TouchPolicy;

/// What every device of a run says of its finger; shared by all that hear and show it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touches(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// How many certificates the run is for, if that is known.
    keys: Option<u64>,
    signed: u64,
    /// The devices that opened with the PIN of every new one.
    with_factory_pin: Vec<String>,
    waiting: Vec<String>,
    /// Where there is one, words stand beside it; else on a line of their own.
    bar: Option<ProgressBar>,
}

impl Touches {
    /// From now on, touches are counted up to `keys`.
    pub(crate) fn expect(&self, keys: Option<u64>) {
        self.state().keys = keys;
    }

    pub(crate) fn show_beside(&self, bar: ProgressBar) {
        self.state().bar = Some(bar);
    }

    /// The devices that opened with the PIN of every new one, each once.
    pub(crate) fn with_factory_pin(&self) -> Vec<String> {
        self.state().with_factory_pin.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says it even where people want errors only: without a touch the command stands still.
impl Notice for Touches {
    fn touch(&self, device: &str, limit: Duration) {
        let mut state = self.state();
        state.waiting.push(device.to_owned());
        match &state.bar {
            Some(bar) => {
                bar.set_style(style(state.keys));
                bar.set_message(state.words());
            }
            None => say(&format!(
                "{}; it waits {} seconds",
                state.ask(device, state.waiting.len()),
                limit.as_secs()
            )),
        }
    }

    fn missed(&self, device: &str) -> bool {
        self.gave_up(device);
        if !somebody_is_there() {
            return false;
        }
        ring();
        let words = format!("{device} was not touched in time; it is asked once more");
        match &self.state().bar {
            Some(bar) => bar.println(words),
            None => say(&words),
        }
        true
    }

    fn has_factory_pin(&self, device: &str) {
        let mut state = self.state();
        if !state.with_factory_pin.iter().any(|known| known == device) {
            state.with_factory_pin.push(device.to_owned());
        }
    }

    fn signed(&self, device: &str) {
        self.state().signed += 1;
        self.gave_up(device);
    }

    fn gave_up(&self, device: &str) {
        let mut state = self.state();
        state.waiting.retain(|waiting| waiting != device);
        if let Some(bar) = &state.bar {
            bar.set_message(state.words());
        }
    }
}

impl State {
    /// All that wait, on one line.
    fn words(&self) -> String {
        let asked = self.waiting.iter().zip(1..);
        let asked: Vec<_> = asked.map(|(device, nth)| self.ask(device, nth)).collect();
        asked.join(", ")
    }

    /// The words for the n-th device that waits.
    fn ask(&self, device: &str, nth: usize) -> String {
        let number = self.signed + u64::try_from(nth).unwrap_or(u64::MAX);
        match self.keys {
            Some(keys) if keys > 1 => format!("touch {device} now ({number} of {keys})"),
            Some(_) => format!("touch {device} now"),
            None if number > 1 => format!("touch {device} now (number {number})"),
            None => format!("touch {device} now"),
        }
    }
}

/// What is asked for stands first, where a narrow terminal shows it too.
fn style(keys: Option<u64>) -> ProgressStyle {
    let template = match keys {
        Some(_) => "{msg} {wide_bar} {pos} of {len} keys",
        None => "{msg} {spinner} {pos} keys",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// What a person should know of touches before a run; nothing where there is one at most.
pub(crate) fn announcement(policy: Option<TouchPolicy>, keys: Option<u64>) -> Option<String> {
    match (policy, keys) {
        (_, Some(0 | 1)) => None,
        (Some(TouchPolicy::Always), Some(keys)) => {
            Some(format!("this run needs {keys} touches, one a certificate"))
        }
        (Some(TouchPolicy::Always), None) => Some("each certificate needs a touch".to_owned()),
        (Some(TouchPolicy::Cached), _) => {
            Some("this run needs a touch about every 15 seconds".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(15);

    fn touches(keys: Option<u64>) -> (Touches, ProgressBar) {
        let (touches, bar) = (Touches::default(), ProgressBar::hidden());
        touches.expect(keys);
        touches.show_beside(bar.clone());
        (touches, bar)
    }

    #[test]
    fn each_touch_says_which_one_it_is() {
        let (touches, bar) = touches(Some(40));
        for number in 1..=3 {
            touches.touch("YubiKey 1", LIMIT);
            let words = format!("touch YubiKey 1 now ({number} of 40)");
            assert_eq!(bar.message(), words);
            touches.signed("YubiKey 1");
            assert_eq!(bar.message(), "");
        }
    }

    #[test]
    fn two_that_wait_are_both_named_and_a_failed_one_counts_for_nothing() {
        let (touches, bar) = touches(Some(2));
        touches.touch("YubiKey 1", LIMIT);
        touches.touch("YubiKey 2", LIMIT);
        let both = "touch YubiKey 1 now (1 of 2), touch YubiKey 2 now (2 of 2)";
        assert_eq!(bar.message(), both);
        touches.gave_up("YubiKey 1");
        assert_eq!(bar.message(), "touch YubiKey 2 now (1 of 2)");
    }

    #[test]
    fn what_is_ahead_is_said_for_more_than_one() {
        use TouchPolicy as T;
        for (policy, keys, words) in [
            (Some(T::Always), Some(40), Some("needs 40 touches, one a")),
            (Some(T::Always), None, Some("each certificate")),
            (Some(T::Cached), Some(40), Some("every 15 seconds")),
            (Some(T::Always), Some(1), None),
            (Some(T::Never), Some(40), None),
            (None, Some(40), None),
        ] {
            let said = announcement(policy, keys);
            match words {
                Some(words) => assert!(said.unwrap().contains(words), "{words}"),
                None => assert_eq!(said, None),
            }
        }
    }
}
