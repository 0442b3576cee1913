//! Challenges that requests answer: each for one session, five minutes, one request.
//!
//! A challenge says itself until when it counts and which one it is, with a MAC over that and the session, by the
//! key that lies with the sessions: so a request that a killed server left open can come again. That a request
//! counts once rests on its id, in the ledger; here it is seen to that no second one answers the same challenge.
//!
//! Of a challenge that was answered, a bit is kept; and which request answered it, until the ledger tells that.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::sessions::TokenHash;
use crate::ledger::{Nonce, RequestId};

/// Challenges by one key.
pub(super) struct Challenges {
    key: [u8; 32],
    /// Which start of the server it is: numbers begin anew with each.
    run: [u8; 5],
    known: Mutex<Known>,
}

/// What is known of the challenges that still count.
#[derive(Default)]
struct Known {
    given: Given,
    open: Open,
}

/// Which of the challenges of this run were answered, by the minute in which they were given.
#[derive(Default)]
struct Given {
    next: u64,
    minutes: VecDeque<Minute>,
}

/// The challenges of a minute: a bit for each, from the number of the first.
struct Minute {
    minute: u64,
    first: u64,
    answered: Vec<u8>,
}

/// Which request answered which challenge, where the ledger doesn't tell it: by the minute in which that is over, so
/// that what is over goes at once. Looking through all of them for each request would take longer than the rest of it.
#[derive(Default)]
struct Open(HashMap<u64, HashMap<Mark, RequestId>>);

/// What a challenge is known by again: half of its MAC, which nobody chooses.
type Mark = [u8; 8];

/// What a challenge says before its MAC: five bytes of the time when it is over, in Unix seconds, five of the run,
/// and six of its number.
type Head = [u8; 16];

impl Challenges {
    /// # Errors
    /// If the system has no random numbers.
    pub(super) fn by(key: [u8; 32]) -> Result<Self, getrandom::Error> {
        let mut run = [0; 5];
        getrandom::fill(&mut run)?;
        Ok(Self {
            key,
            run,
            known: Mutex::default(),
        })
    }

    /// A new one for a session, and when it is over. `now` is in Unix seconds.
    pub(super) fn make(&self, session: &TokenHash, now: u64) -> (Nonce, u64) {
        let expires = now.saturating_add(LIFE);
        let number = self.known().given.give(now);
        let [_, _, _, time @ ..] = expires.to_be_bytes();
        let [_, _, number @ ..] = number.to_be_bytes();
        let mut head = Head::default();
        let parts = [&time[..], &self.run, &number];
        let bytes = parts.into_iter().flatten();
        head.iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from);
        (self.of(session, &head), expires)
    }

    /// Takes the challenge for the request of this id, if it is one of the session's that still
    /// counts. The same request may come again, until it is settled.
    pub(super) fn take(
        &self,
        session: &TokenHash,
        challenge: &Nonce,
        id: &RequestId,
        now: u64,
    ) -> bool {
        let Some(told) = self.told(session, challenge) else {
            return false;
        };
        if told.expires <= now {
            return false;
        }
        let mut known = self.known();
        let Known { given, open } = &mut *known;
        if let Some(before) = open.request(&told) {
            return before == id;
        }
        // Of another run's challenge nothing is known but what came in this one.
        let is_free = told.run != self.run || given.is_free(told.number);
        if !is_free || !open.add(&told, *id, now) {
            return false;
        }
        if told.run == self.run {
            given.answer(told.number);
        }
        true
    }

    /// The ledger tells from now on which request answered it.
    pub(super) fn settled(&self, session: &TokenHash, challenge: &Nonce) {
        // Of another run's, the bit is missing that says it was answered.
        let told = self.told(session, challenge);
        if let Some(told) = told.filter(|told| told.run == self.run) {
            self.known().open.remove(&told);
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a challenge of this session says.
    fn told(&self, session: &TokenHash, challenge: &Nonce) -> Option<Told> {
        let (head, _) = challenge.split_first_chunk()?;
        let expected = self.of(session, head);
        let is_ours: bool = subtle::ConstantTimeEq::ct_eq(&expected[..], &challenge[..]).into();
        let (time, rest) = head.split_first_chunk::<5>()?;
        let (run, number) = rest.split_first_chunk()?;
        is_ours.then_some(Told {
            expires: of_bytes(time),
            run: *run,
            number: of_bytes(number),
            mark: *challenge.last_chunk()?,
        })
    }

    fn of(&self, session: &TokenHash, head: &Head) -> Nonce {
        let mut challenge = Nonce::default();
        let (head_place, mac_place) = challenge.split_at_mut(head.len());
        head_place.copy_from_slice(head);
        // A MAC of SHA-256 takes a key of any length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) {
            mac.update(session);
            mac.update(head);
            let whole: [u8; 32] = mac.finalize().into_bytes().into();
            let (kept, _) = whole.split_at(mac_place.len());
            mac_place.copy_from_slice(kept);
        }
        challenge
    }
}

/// What a challenge says.
struct Told {
    expires: u64,
    run: [u8; 5],
    number: u64,
    mark: Mark,
}

impl Given {
    /// The number of a new one.
    fn give(&mut self, now: u64) -> u64 {
        let minute = now / MINUTE;
        let is_over = |old: &Minute| old.minute + LIFE / MINUTE < minute;
        while self.minutes.front().is_some_and(is_over) {
            self.minutes.pop_front();
        }
        let number = self.next;
        self.next += 1;
        // A clock that went back gives on in the newest minute.
        if self.minutes.back().is_none_or(|last| last.minute < minute) {
            self.minutes.push_back(Minute {
                minute,
                first: number,
                answered: Vec::new(),
            });
        }
        if let Some(last) = self.minutes.back_mut()
            && (number - last.first).is_multiple_of(8)
        {
            last.answered.push(0);
        }
        number
    }

    fn is_free(&mut self, number: u64) -> bool {
        self.bit(number).is_some_and(|(byte, bit)| *byte & bit == 0)
    }

    fn answer(&mut self, number: u64) {
        if let Some((byte, bit)) = self.bit(number) {
            *byte |= bit;
        }
    }

    fn bit(&mut self, number: u64) -> Option<(&mut u8, u8)> {
        let mut minutes = self.minutes.iter_mut().rev();
        let minute = minutes.find(|minute| minute.first <= number)?;
        let at = number - minute.first;
        let byte = minute.answered.get_mut(usize::try_from(at / 8).ok()?)?;
        Some((byte, 1 << (at % 8)))
    }
}

impl Open {
    fn request(&self, told: &Told) -> Option<&RequestId> {
        self.0.get(&told.minute())?.get(&told.mark)
    }

    /// Notes who answered; false where so many are noted that no more can be.
    fn add(&mut self, told: &Told, id: RequestId, now: u64) -> bool {
        self.0.retain(|minute, _| *minute >= now / MINUTE);
        if self.0.values().map(HashMap::len).sum::<usize>() >= MOST {
            return false;
        }
        let of_minute = self.0.entry(told.minute()).or_default();
        of_minute.insert(told.mark, id);
        true
    }

    fn remove(&mut self, told: &Told) {
        if let Some(of_minute) = self.0.get_mut(&told.minute()) {
            of_minute.remove(&told.mark);
        }
    }
}

impl Told {
    /// In which it is over.
    fn minute(&self) -> u64 {
        self.expires / MINUTE
    }
}

/// A number of at most eight bytes, the first of which counts most.
fn of_bytes(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// In seconds.
const LIFE: u64 = 5 * MINUTE;
const MINUTE: u64 = 60;
/// So many answers are remembered that the ledger doesn't tell, of five minutes.
const MOST: usize = 200_000;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_400_000;
    const SESSION: TokenHash = [7; 32];

    fn by(key: u8) -> Challenges {
        Challenges::by([key; 32]).unwrap()
    }

    #[test]
    fn one_request_of_one_session_answers_it_in_its_time() {
        let challenges = by(1);
        let (challenge, expires) = challenges.make(&SESSION, NOW);
        assert_eq!(expires, NOW + LIFE);
        let take =
            |session: u8, id: u8, now| challenges.take(&[session; 32], &challenge, &[id; 16], now);
        assert!(!take(8, 1, NOW), "another session");
        assert!(take(7, 1, NOW));
        assert!(take(7, 1, expires - 1), "the same request again");
        assert!(!take(7, 2, NOW), "another request");
        assert!(!take(7, 1, expires), "too late");
    }

    #[test]
    fn what_the_ledger_tells_is_not_remembered_and_answered_by_nobody_else() {
        let challenges = by(1);
        let many: Vec<Nonce> = (0..40).map(|_| challenges.make(&SESSION, NOW).0).collect();
        for (at, challenge) in many.iter().enumerate().filter(|(at, _)| at % 3 == 0) {
            let id = [u8::try_from(at).unwrap(); 16];
            assert!(challenges.take(&SESSION, challenge, &id, NOW));
            challenges.settled(&SESSION, challenge);
            // The ledger is asked first, so that the same request needn't be known here.
            assert!(!challenges.take(&SESSION, challenge, &id, NOW));
        }
        assert!(challenges.known().open.0.values().all(HashMap::is_empty));
        for (at, challenge) in many.iter().enumerate() {
            let is_taken = challenges.take(&SESSION, challenge, &[200; 16], NOW);
            assert_eq!(is_taken, at % 3 != 0, "{at}");
        }
        // Nobody else settles it.
        challenges.settled(&[8; 32], &many[1]);
        assert!(challenges.take(&SESSION, &many[1], &[200; 16], NOW));
    }

    #[test]
    fn nothing_is_remembered_longer_than_a_challenge_counts_and_a_minute() {
        let challenges = by(1);
        for second in 0..3 * LIFE {
            let now = NOW + second;
            let (challenge, _) = challenges.make(&SESSION, now);
            let id = |half: u64| {
                let mut id = RequestId::default();
                id[..8].copy_from_slice(&half.to_be_bytes());
                id
            };
            assert!(challenges.take(&SESSION, &challenge, &id(second), now));
            assert!(!challenges.take(&SESSION, &challenge, &id(second + 1), now));
        }
        let known = challenges.known();
        let open: usize = known.open.0.values().map(HashMap::len).sum();
        let open = u64::try_from(open).unwrap();
        assert!((LIFE..=LIFE + MINUTE).contains(&open), "{open}");
        assert_eq!(known.given.minutes.len(), 6);
        let bytes: usize = (known.given.minutes.iter())
            .map(|minute| minute.answered.len())
            .sum();
        assert!(bytes <= 6 * 8, "{bytes}");
    }

    #[test]
    fn it_outlives_the_server_and_nobody_makes_one_or_a_longer_one() {
        let (challenge, _) = by(1).make(&SESSION, NOW);
        let again = by(1);
        let (other, _) = again.make(&SESSION, NOW);
        assert_ne!(challenge, other, "the same number of two runs");
        assert!(again.take(&SESSION, &challenge, &[1; 16], NOW));
        assert!(again.take(&SESSION, &challenge, &[1; 16], NOW));
        assert!(!again.take(&SESSION, &challenge, &[2; 16], NOW));
        again.settled(&SESSION, &challenge);
        assert!(!again.take(&SESSION, &challenge, &[2; 16], NOW));
        assert!(again.take(&SESSION, &other, &[2; 16], NOW));
        for at in 0..challenge.len() {
            let mut other = challenge;
            other[at] ^= 1;
            assert!(!again.take(&SESSION, &other, &[2; 16], NOW), "byte {at}");
        }
        assert!(!by(2).take(&SESSION, &challenge, &[1; 16], NOW));
    }

    #[test]
    fn a_clock_that_goes_back_costs_no_challenge() {
        let challenges = by(1);
        for now in [NOW, NOW + 61, NOW + 2, NOW + 130] {
            let (challenge, _) = challenges.make(&SESSION, now);
            assert!(
                challenges.take(&SESSION, &challenge, &[1; 16], now),
                "{now}"
            );
            assert!(
                !challenges.take(&SESSION, &challenge, &[2; 16], now),
                "{now}"
            );
        }
    }
}
