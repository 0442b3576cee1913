//! Challenges that requests answer: each for one session, five minutes, one request.
//!
//! A challenge says itself until when it counts, with a MAC over that and the session, by the key
//! that lies with the sessions: so a request that a killed server left open can come again. That a
//! request counts once rests on its id, in the ledger; here it is seen to that no second one answers
//! the same challenge.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::sessions::TokenHash;
use crate::ledger::{Nonce, RequestId};

/// Challenges by one key.
pub(super) struct Challenges {
    key: [u8; 32],
    answered: Mutex<Answered>,
}

/// Which request answered which challenge, as long as it counts: by the minute in which that is over, so that
/// what is over goes at once. Looking through all of them for each request would take longer than the rest of it.
#[derive(Default)]
struct Answered(HashMap<u64, HashMap<Mark, RequestId>>);

/// What a challenge is known by again: half of its MAC, which nobody chooses.
type Mark = [u8; 8];

impl Challenges {
    pub(super) fn by(key: [u8; 32]) -> Self {
        Self {
            key,
            answered: Mutex::default(),
        }
    }

    /// A new one for a session, and when it is over. `now` is in Unix seconds.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub(super) fn make(
        &self,
        session: &TokenHash,
        now: u64,
    ) -> Result<(Nonce, u64), getrandom::Error> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)?;
        let expires = now.saturating_add(LIFE);
        Ok((self.of(session, expires, random), expires))
    }

    /// Takes the challenge for the request of this id, if it is one of the session's that still
    /// counts. The same request may come again.
    pub(super) fn take(
        &self,
        session: &TokenHash,
        challenge: &Nonce,
        id: &RequestId,
        now: u64,
    ) -> bool {
        if !self.is_ours(session, challenge) || expires(challenge) <= now {
            return false;
        }
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.take(challenge, id, now)
    }

    fn is_ours(&self, session: &TokenHash, challenge: &Nonce) -> bool {
        let [_, _, _, _, _, _, _, _, random @ ..] = challenge;
        let Some(random) = random.first_chunk::<8>() else {
            return false;
        };
        let expected = self.of(session, expires(challenge), *random);
        subtle::ConstantTimeEq::ct_eq(&expected[..], &challenge[..]).into()
    }

    fn of(&self, session: &TokenHash, expires: u64, random: [u8; 8]) -> Nonce {
        let mut challenge = Nonce::default();
        let (head, mac_place) = challenge.split_at_mut(16);
        let (time, rest) = head.split_at_mut(8);
        time.copy_from_slice(&expires.to_be_bytes());
        rest.copy_from_slice(&random);
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

impl Answered {
    /// Whether it is this request that answers a challenge which counts now.
    fn take(&mut self, challenge: &Nonce, id: &RequestId, now: u64) -> bool {
        self.0.retain(|minute, _| *minute >= now / MINUTE);
        if self.0.values().map(HashMap::len).sum::<usize>() >= MOST {
            return false;
        }
        let Some(mark) = challenge.last_chunk() else {
            return false;
        };
        let of_minute = self.0.entry(expires(challenge) / MINUTE).or_default();
        of_minute.entry(*mark).or_insert(*id) == id
    }
}

fn expires(challenge: &Nonce) -> u64 {
    challenge
        .first_chunk::<8>()
        .map_or(0, |time| u64::from_be_bytes(*time))
}

/// In seconds.
const LIFE: u64 = 5 * MINUTE;
const MINUTE: u64 = 60;
/// So many answers of five minutes are remembered.
const MOST: usize = 500_000;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_400_000;
    const SESSION: TokenHash = [7; 32];

    #[test]
    fn one_request_of_one_session_answers_it_in_its_time() {
        let challenges = Challenges::by([1; 32]);
        let (challenge, expires) = challenges.make(&SESSION, NOW).unwrap();
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
    fn no_answer_is_remembered_longer_than_its_challenge_counts_and_a_minute() {
        let challenges = Challenges::by([1; 32]);
        for second in 0..3 * LIFE {
            let now = NOW + second;
            let (challenge, _) = challenges.make(&SESSION, now).unwrap();
            let id = |half: u64| {
                let mut id = RequestId::default();
                id[..8].copy_from_slice(&half.to_be_bytes());
                id
            };
            assert!(challenges.take(&SESSION, &challenge, &id(second), now));
            assert!(!challenges.take(&SESSION, &challenge, &id(second + 1), now));
        }
        let answered = challenges.answered.lock().unwrap();
        let kept: usize = answered.0.values().map(HashMap::len).sum();
        let kept = u64::try_from(kept).unwrap();
        assert!((LIFE..=LIFE + MINUTE).contains(&kept), "{kept}");
    }

    #[test]
    fn it_outlives_the_server_and_nobody_makes_one_or_a_longer_one() {
        let (challenge, _) = Challenges::by([1; 32]).make(&SESSION, NOW).unwrap();
        let again = Challenges::by([1; 32]);
        assert!(again.take(&SESSION, &challenge, &[1; 16], NOW));
        for at in 0..challenge.len() {
            let mut other = challenge;
            other[at] ^= 1;
            assert!(!again.take(&SESSION, &other, &[2; 16], NOW), "byte {at}");
        }
        let others = Challenges::by([2; 32]);
        assert!(!others.take(&SESSION, &challenge, &[1; 16], NOW));
    }
}
