//! How long whoever guessed a password wrong waits before the next try.
//!
//! It counts by login name *and* household: a name alone would let anybody lock out whoever has it, and a
//! household alone would let one colleague lock out the office. A name that nobody has counts alike.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::peer::network;

/// Those who guessed wrong of late.
#[derive(Default)]
pub(super) struct BackOff(Mutex<HashMap<(IpAddr, String), Guesses>>);

#[derive(Clone, Copy, Debug)]
struct Guesses {
    wrong: u32,
    /// The first second in which the next one is heard.
    next: u64,
    /// The first second in which they are forgotten.
    forgotten: u64,
}

impl BackOff {
    /// Whether a guess is heard now. It counts as a wrong one until [`Self::right`] says otherwise, so that many
    /// at once are as many as one after another.
    ///
    /// # Errors
    /// In how many seconds one is.
    pub(super) fn guess(&self, peer: IpAddr, name: &str, now: u64) -> Result<(), u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (network(peer), name.to_ascii_lowercase());
        let before = all.get(&key).filter(|one| one.forgotten > now).copied();
        if let Some(one) = before
            && one.next > now
        {
            return Err(one.next - now);
        }
        make_room(&mut all, now);
        let wrong = before.map_or(0, |one| one.wrong).saturating_add(1);
        let guesses = Guesses {
            wrong,
            next: now.saturating_add(wait(wrong)),
            forgotten: now.saturating_add(MEMORY),
        };
        all.insert(key, guesses);
        Ok(())
    }

    /// Forgets the guesses of somebody who knew the password.
    pub(super) fn right(&self, peer: IpAddr, name: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&(network(peer), name.to_ascii_lowercase()));
    }
}

/// Five are free, then it doubles.
fn wait(wrong: u32) -> u64 {
    match wrong.checked_sub(FREE) {
        None | Some(0) => 0,
        Some(more) => 1_u64
            .checked_shl(more)
            .filter(|seconds| *seconds < LONGEST)
            .unwrap_or(LONGEST),
    }
}

/// Where too many are kept, what is forgotten next goes first.
fn make_room(all: &mut HashMap<(IpAddr, String), Guesses>, now: u64) {
    if all.len() < MOST {
        return;
    }
    all.retain(|_, one| one.forgotten > now);
    let oldest = all.iter().min_by_key(|(_, one)| one.forgotten);
    if let Some(key) = oldest.map(|(key, _)| key.clone())
        && all.len() >= MOST
    {
        all.remove(&key);
    }
}

const FREE: u32 = 5;
/// In seconds.
const LONGEST: u64 = 300;
const MEMORY: u64 = 60 * 60;
const MOST: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_400_000;

    fn at(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn wrong_guesses_wait_longer_and_longer_and_a_right_one_forgets_them() {
        let (back_off, peer) = (BackOff::default(), at("192.0.2.1"));
        for _ in 0..=FREE {
            back_off.guess(peer, "peter", NOW).unwrap();
        }
        assert_eq!(back_off.guess(peer, "Peter", NOW), Err(2));
        let (mut now, mut waits) = (NOW, Vec::new());
        for _ in 0..10 {
            let wait = back_off.guess(peer, "peter", now).err().unwrap_or(0);
            waits.push(wait);
            now += wait;
            back_off.guess(peer, "peter", now).unwrap();
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        back_off.right(peer, "peter");
        back_off.guess(peer, "peter", now).unwrap();
        back_off.guess(peer, "peter", now).unwrap();
    }

    #[test]
    fn nobody_locks_out_another_household_or_a_colleague() {
        let (back_off, thief) = (BackOff::default(), at("192.0.2.1"));
        while back_off.guess(thief, "peter", NOW).is_ok() {}
        back_off.guess(at("192.0.2.2"), "peter", NOW).unwrap();
        back_off.guess(thief, "erik", NOW).unwrap();
        back_off.guess(thief, "peter", NOW + MEMORY).unwrap();
        while back_off.guess(at("2001:db8::1"), "peter", NOW).is_ok() {}
        assert!(back_off.guess(at("2001:db8::2"), "peter", NOW).is_err());
        back_off.guess(at("2001:db8:0:1::1"), "peter", NOW).unwrap();
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let back_off = BackOff::default();
        for number in 0..MOST + 10 {
            let name = format!("name{number}");
            back_off.guess(at("192.0.2.1"), &name, NOW).unwrap();
        }
        assert_eq!(back_off.0.lock().unwrap().len(), MOST);
    }
}
