//! What is done to all sessions: they are counted, and where the config changes, some end.

use std::sync::atomic::Ordering;

use super::{Session, Sessions, SessionsError};

impl Sessions {
    /// How many count.
    pub(in crate::service) fn count(&self, now: u64) -> usize {
        let all = self.all();
        all.values()
            .filter(|one| one.counts(now, self.idle()))
            .count()
    }

    /// From now on each ends after so many seconds without a request.
    pub(in crate::service) fn idle_after(&self, seconds: u64) {
        self.idle.store(seconds, Ordering::Relaxed);
    }

    /// Ends all but those that stay, and says how many.
    pub(in crate::service) fn end_others(&self, stays: &dyn Fn(&Session) -> bool) -> usize {
        let mut all = self.all();
        let before = all.len();
        all.retain(|_, session| stays(session));
        // Whether that could be kept changes nothing: it is asked anew each time.
        let _kept = self.keep(&all);
        before - all.len()
    }

    /// Ends these, and says how many. They are over for this run of the server even where that can't be kept.
    ///
    /// # Errors
    /// [`SessionsError`]: after the server's next start they would be there again.
    pub(in crate::service) fn end_those(
        &self,
        ends: &dyn Fn(&Session) -> bool,
    ) -> Result<usize, SessionsError> {
        let mut all = self.all();
        let before = all.len();
        all.retain(|_, session| !ends(session));
        // Also where none was: it may be that the last time could not be kept.
        self.keep(&all)?;
        Ok(before - all.len())
    }
}
