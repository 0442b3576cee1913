//! Token buckets: how often somebody may ask, by whatever tells them from others.
//!
//! A bucket holds as many tokens as are given out a minute, and is full at first. Of each it is kept when it
//! would be full again, which tells how many are left: no clock has to tick for it. One that is full again
//! is forgotten.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// The buckets of all that asked of late.
pub(super) struct Buckets<K> {
    full_at: HashMap<K, Instant>,
    swept: Option<Instant>,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self {
            full_at: HashMap::new(),
            swept: None,
        }
    }
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    /// Takes a token out of somebody's bucket of this size.
    ///
    /// # Errors
    /// In how many seconds there is one again.
    pub(super) fn take(&mut self, who: K, size: u32, now: Instant) -> Result<(), u64> {
        let full_at = self.full_at.get(&who).copied().unwrap_or(now).max(now);
        let after = full_at + MINUTE / size.max(1);
        let late = after.saturating_duration_since(now + MINUTE);
        if !late.is_zero() {
            return Err(late.as_secs() + 1);
        }
        if !self.full_at.contains_key(&who) {
            self.make_room(now);
        }
        self.full_at.insert(who, after);
        Ok(())
    }

    /// Where there are too many, those that are full go, which is looked at once a second; else any.
    fn make_room(&mut self, now: Instant) {
        if self.full_at.len() < MOST {
            return;
        }
        let is_due = |swept| now.saturating_duration_since(swept) >= Duration::from_secs(1);
        if self.swept.is_none_or(is_due) {
            self.swept = Some(now);
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        if self.full_at.len() >= MOST
            && let Some(any) = self.full_at.keys().next().copied()
        {
            self.full_at.remove(&any);
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const MOST: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_full_at_first_and_fills_again_evenly() {
        let (mut buckets, begun) = (Buckets::default(), Instant::now());
        for _ in 0..60 {
            buckets.take("peter", 60, begun).unwrap();
        }
        assert_eq!(buckets.take("peter", 60, begun), Err(2));
        buckets.take("erik", 60, begun).unwrap();
        let later = begun + Duration::from_secs(3);
        for _ in 0..3 {
            buckets.take("peter", 60, later).unwrap();
        }
        assert_eq!(buckets.take("peter", 60, later), Err(2));
        let filled = begun + Duration::from_secs(120);
        for _ in 0..60 {
            buckets.take("peter", 60, filled).unwrap();
        }
        assert!(buckets.take("peter", 60, filled).is_err());
    }

    #[test]
    fn whoever_is_refused_pays_nothing_for_it() {
        let (mut buckets, begun) = (Buckets::default(), Instant::now());
        buckets.take(1, 1, begun).unwrap();
        for _ in 0..100 {
            assert_eq!(buckets.take(1, 1, begun), Err(61));
        }
        buckets.take(1, 1, begun + MINUTE).unwrap();
    }

    #[test]
    fn another_size_counts_at_once() {
        let (mut buckets, begun) = (Buckets::default(), Instant::now());
        for _ in 0..10 {
            buckets.take(1, 100, begun).unwrap();
        }
        buckets.take(1, 2, begun).unwrap();
        buckets.take(1, 2, begun).unwrap_err();
        buckets.take(1, 1000, begun).unwrap();
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let (mut buckets, begun) = (Buckets::default(), Instant::now());
        for who in 0..MOST + 10 {
            buckets.take(who, 60, begun).unwrap();
        }
        assert_eq!(buckets.full_at.len(), MOST);
        buckets.take(MOST + 10, 60, begun + MINUTE).unwrap();
        assert_eq!(buckets.full_at.len(), 1);
    }
}
