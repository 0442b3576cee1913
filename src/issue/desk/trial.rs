//! Whether the key still signs: when it did last, and a trial where that is long ago.
//!
//! A trial signs the self-test's message by a session that has nothing else to do. It is no
//! certificate, takes no serial, and is thrown away once it is verified.

use std::time::{Duration, Instant};

use super::board::Board;
use super::front::Desk;
use crate::signer::yubikey::TouchPolicy;

/// What a desk knows of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// How many sessions can sign, and how many there were when the desk was opened.
    pub sessions: (usize, usize),
    /// How long ago a signature of the key was verified; none where there was none yet.
    pub signed: Option<Duration>,
    /// How long ago it was asked to sign for a trial; none where it never was.
    pub asked: Option<Duration>,
}

impl Board {
    /// Has a session try the key, unless one did within this time.
    fn want_trial(&self, apart: Duration) {
        if self.state().trials.want(apart) {
            self.wake_all();
        }
    }

    /// A signature of the key was verified.
    pub(super) fn signed(&self) {
        self.state().trials.signed = Some(Instant::now());
    }

    fn trial(&self, opened: usize) -> Trial {
        let state = self.state();
        Trial {
            sessions: (state.sessions, opened),
            signed: state.trials.signed.map(|signed| signed.elapsed()),
            asked: state.trials.began.map(|began| began.elapsed()),
        }
    }
}

impl Desk {
    /// Has the key sign the self-test's message as soon as a session has nothing else to do, unless that
    /// was done within this time. Nobody is waited for.
    pub fn try_key(&self, apart: Duration) {
        self.board.want_trial(apart);
    }

    /// What is known of the key.
    pub fn trial(&self) -> Trial {
        self.board.trial(self.opened)
    }

    /// When a signature wants a finger, by the strictest of the devices that tell.
    pub fn touch(&self) -> Option<TouchPolicy> {
        self.touch
    }
}
