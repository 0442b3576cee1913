//! What is not as it should be, and how bad that is.

use serde_json::{Value, json};

use crate::cli::base::failure::Failure;
use crate::cli::base::monitoring::State;

/// Something to be done, or to be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) state: State,
    pub(super) words: String,
    /// What to do, where a command does it.
    pub(super) way: Option<String>,
}

impl Finding {
    pub(super) fn new(state: State, words: impl Into<String>) -> Self {
        Self {
            state,
            words: words.into(),
            way: None,
        }
    }

    /// Names the way on.
    pub(super) fn way(mut self, way: impl Into<String>) -> Self {
        self.way = Some(way.into());
        self
    }

    /// What a command met, with its own hint.
    pub(super) fn met(state: State, place: &str, failure: &Failure) -> Self {
        Self {
            state,
            words: format!("{place}: {}", failure.words()),
            way: failure.hints().first().cloned(),
        }
    }

    pub(super) fn line(&self) -> String {
        format!("{}: {}", self.state.word(), self.words)
    }

    pub(super) fn json(&self) -> Value {
        json!({ "state": self.state.word(), "says": self.words, "way": self.way })
    }
}

/// The worst of all; OK where there is none.
pub(super) fn worst(findings: &[Finding]) -> State {
    let states = findings.iter().map(|finding| finding.state);
    states.max().unwrap_or(State::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_counts_and_nothing_is_fine() {
        assert_eq!(worst(&[]), State::Ok);
        let of = |state| Finding::new(state, "x");
        let all = [of(State::Warning), of(State::Critical), of(State::Ok)];
        assert_eq!(worst(&all), State::Critical);
    }
}
