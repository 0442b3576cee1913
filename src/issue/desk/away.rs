//! What happens at the board when a session is lost, comes back, or goes home.

use std::time::{Duration, Instant};

use super::board::Board;
use super::state::{Job, State};
use super::sync::wait_at_most;
use crate::issue::RunEnd;

/// What became of a job whose session was lost.
pub(super) enum Loss {
    /// Another session signs it.
    Left,
    /// Nobody can, and the desk waits for its devices. The session doesn't count any more.
    Away(Job),
    /// Nobody can, and the desk is to end.
    Ends(Job),
}

impl Board {
    /// A session can sign no more, and leaves its job to the others; the last one gets it
    /// back. The session doesn't count from here on, until it is [`Self::back`], but where the desk is to end.
    pub(super) fn lost(&self, job: Job) -> Loss {
        let mut state = self.state();
        let is_last = state.sessions <= 1;
        if state.end_is_hard() || is_last && (!state.stays || state.takes_no_more()) {
            return Loss::Ends(job);
        }
        state.sessions -= 1;
        let loss = if is_last {
            state.go_away();
            Loss::Away(job)
        } else {
            state.at_devices -= 1;
            state.reserved.push_front(job);
            Loss::Left
        };
        drop(state);
        self.wake_all();
        loss
    }

    /// A session without a job was found to be lost; says whether its device is to be looked for.
    pub(super) fn lost_idle(&self) -> bool {
        let mut state = self.state();
        if !state.stays || state.takes_no_more() {
            return false;
        }
        state.sessions -= 1;
        if state.sessions == 0 {
            state.go_away();
        }
        drop(state);
        self.wake_all();
        true
    }

    /// A session of this device is lost; says whether that is to be told.
    pub(super) fn misses(&self, device: usize) -> bool {
        self.state().absences.lost(device)
    }

    /// Waits before a lost device is looked for again, or until another session has found it. False if it is
    /// needed no more.
    pub(super) fn rest(&self, device: usize, longest: Duration) -> bool {
        let mut state = self.state();
        let sightings = state.absences.sightings(device);
        let until = Instant::now() + longest;
        loop {
            if state.takes_no_more() || state.expelled.contains(&device) {
                return false;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || state.absences.sightings(device) != sightings {
                return true;
            }
            state = wait_at_most(&self.work, &self.state, state, left);
        }
    }

    /// A lost session can sign again; says whether that is to be told.
    pub(super) fn back(&self, device: usize) -> bool {
        let mut state = self.state();
        state.sessions += 1;
        let is_told = state.absences.back(device);
        drop(state);
        self.wake_all();
        is_told
    }

    /// A session that can sign goes home. The last one ends the desk if orders are left, or may still come,
    /// unless it stays and another one looks for its device.
    pub(super) fn leave(&self) {
        let mut state = self.state();
        state.sessions -= 1;
        state.at_work -= 1;
        if state.sessions == 0 {
            without_sessions(&mut state);
        }
        drop(state);
        self.wake_all();
    }

    /// A session that was lost goes home for good. The last one ends the desk if orders may still come.
    pub(super) fn leave_lost(&self) {
        let mut state = self.state();
        state.at_work -= 1;
        if state.at_work == 0 && !state.takes_no_more() {
            state.end_all(RunEnd::Signer);
        }
        drop(state);
        self.wake_all();
    }

    /// A device lied, or refuses its PIN, and signs nothing any more. Says whether that is new.
    pub(super) fn expel(&self, device: usize) -> bool {
        let mut state = self.state();
        let is_new = !state.expelled.contains(&device);
        if is_new {
            state.expelled.push(device);
        }
        drop(state);
        self.work.notify_all();
        is_new
    }
}

fn without_sessions(state: &mut State) {
    if state.stays && state.at_work > 0 && !state.takes_no_more() {
        state.go_away();
        return;
    }
    let left = !(state.waiting.is_empty() && state.reserved.is_empty() && state.reserving == 0);
    if left || !state.takes_no_more() {
        state.end_all(RunEnd::Signer);
    }
}
