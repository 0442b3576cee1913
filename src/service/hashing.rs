//! Who may have a password hashed now: two at a time, since each takes memory and a core.
//!
//! Few more wait, and no household takes all places: of one, two are heard at a time. A place is given up
//! when its [`Turn`] is dropped.

use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::peer::network;

/// The places.
#[derive(Default)]
pub(super) struct Hashing {
    /// The household of each who is here, in the order of their coming. The first [`AT_ONCE`] have their turn.
    here: Mutex<Vec<(IpAddr, u64)>>,
    moved: Condvar,
    next: std::sync::atomic::AtomicU64,
}

/// Somebody's turn.
pub(super) struct Turn<'a> {
    hashing: &'a Hashing,
    number: u64,
}

/// So many wait that nobody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crowded;

impl Hashing {
    /// Waits for a turn, for some seconds at most.
    ///
    /// # Errors
    /// [`Crowded`].
    pub(super) fn turn(&self, peer: IpAddr) -> Result<Turn<'_>, Crowded> {
        let turn = self.place(network(peer))?;
        let until = Instant::now() + PATIENCE;
        let mut here = self.here();
        while !is_among_first(&here, turn.number) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(here);
                return Err(Crowded);
            }
            let waited = self.moved.wait_timeout(here, left);
            here = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(turn)
    }

    fn place(&self, household: IpAddr) -> Result<Turn<'_>, Crowded> {
        let mut here = self.here();
        let of_household = here.iter().filter(|(one, _)| *one == household).count();
        if here.len() >= MOST || of_household >= MOST_OF_ONE {
            return Err(Crowded);
        }
        let number = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        here.push((household, number));
        let hashing = self;
        Ok(Turn { hashing, number })
    }

    fn here(&self) -> MutexGuard<'_, Vec<(IpAddr, u64)>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.hashing
            .here()
            .retain(|(_, number)| *number != self.number);
        self.hashing.moved.notify_all();
    }
}

fn is_among_first(here: &[(IpAddr, u64)], number: u64) -> bool {
    here.iter().take(AT_ONCE).any(|(_, one)| *one == number)
}

const AT_ONCE: usize = 2;
/// Each waits on a thread, of which the server has more for all else.
const MOST: usize = 12;
const MOST_OF_ONE: usize = 2;
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn at(number: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, number])
    }

    #[test]
    fn two_have_their_turn_at_once_and_the_others_after_them() {
        let hashing = Hashing::default();
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (hashing, now, most) = (&hashing, &now, &most);
                scope.spawn(move || {
                    let _turn = hashing.turn(at(number)).ok().unwrap();
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                    now.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
        assert!(hashing.here().is_empty());
    }

    #[test]
    fn one_household_takes_not_the_places_of_all() {
        let hashing = Hashing::default();
        let first = hashing.turn(at(1)).ok().unwrap();
        let _second = hashing.turn(at(1)).ok().unwrap();
        assert_eq!(hashing.turn(at(1)).err(), Some(Crowded));
        let third = hashing.place(at(2)).ok().unwrap();
        assert!(!is_among_first(&hashing.here(), third.number));
        drop(first);
        assert!(is_among_first(&hashing.here(), third.number));
        let _others: Vec<_> = (3..20)
            .filter_map(|number| hashing.place(at(number)).ok())
            .collect();
        assert_eq!(hashing.here().len(), MOST);
    }
}
