//! Who waits for somebody else's server: so few that a slow one takes no thread of the others.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts those who wait for one server.
#[derive(Default)]
pub(super) struct Waiting(AtomicUsize);

/// A place among them, until it is dropped.
pub(super) struct Place<'w>(&'w AtomicUsize);

impl Waiting {
    /// A place; none where as many wait already as may, of the threads that are there for all.
    pub(super) fn place(&self, most: usize) -> Option<Place<'_>> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        let place = Place(&self.0);
        (before < most).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_wait_and_no_more() {
        let waiting = Waiting::default();
        let mut places: Vec<_> = (0..8).map(|_| waiting.place(8).unwrap()).collect();
        assert!(waiting.place(8).is_none() && waiting.place(8).is_none());
        places.pop();
        assert!(waiting.place(8).is_some());
    }
}
