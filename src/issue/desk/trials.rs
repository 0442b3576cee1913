//! When a key signed last, and whether it is to be tried.

use std::time::{Duration, Instant};

/// When the key signed last, and whether it is to be tried.
#[derive(Debug, Default)]
pub(super) struct Trials {
    pub(super) signed: Option<Instant>,
    pub(super) began: Option<Instant>,
    pub(super) is_wanted: bool,
}

impl Trials {
    /// Wants one, unless one began within this time; says whether it does.
    pub(super) fn want(&mut self, apart: Duration) -> bool {
        let is_soon = self.began.is_some_and(|began| began.elapsed() < apart);
        if !is_soon {
            self.began = Some(Instant::now());
            self.is_wanted = true;
        }
        !is_soon
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_are_so_far_apart_at_least() {
        let mut trials = Trials::default();
        assert!(trials.want(Duration::from_secs(60)));
        assert!(!trials.want(Duration::from_secs(60)));
        assert!(trials.want(Duration::ZERO));
    }
}
