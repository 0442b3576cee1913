//! How many orders are reserved at a time.

use std::time::Duration;

/// How long signatures took since the last look, and how many there were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    pub(super) signatures: u32,
    pub(super) time: Duration,
}

/// The size of the next chunk, by how long the last one took.
///
/// A slow token (a finger on a card) gets one at a time, so that a certificate comes
/// out as soon as it is signed and a crash leaves one spent serial; a fast one gets
/// so many that two durable commits a chunk cost little.
#[derive(Debug)]
pub(super) struct ChunkSize(usize);

impl Default for ChunkSize {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl ChunkSize {
    pub(super) fn get(&self) -> usize {
        self.0
    }

    /// Learns from the signatures that were made since the last look, by so many signers.
    pub(super) fn paced(&mut self, pace: Pace, signers: usize) {
        if let Some(each) = pace.time.checked_div(pace.signatures) {
            let each_signs = u32::try_from(self.0.div_ceil(signers.max(1)));
            self.learn(each.saturating_mul(each_signs.unwrap_or(u32::MAX)));
        }
    }

    fn learn(&mut self, elapsed: Duration) {
        self.0 = if elapsed < SHORT {
            (self.0 * 4).min(LARGEST)
        } else if elapsed > LONG {
            (self.0 / 2).max(1)
        } else {
            self.0
        };
    }
}

/// Until it is known how long a signature takes.
const FIRST: usize = 1;
const LARGEST: usize = 256;
const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_token_gets_large_chunks_and_a_slow_one_single_orders() {
        let mut size = ChunkSize::default();
        (0..5).for_each(|_| size.learn(Duration::from_millis(1)));
        assert_eq!(size.get(), LARGEST);
        (0..9).for_each(|_| size.learn(Duration::from_secs(5)));
        assert_eq!(size.get(), 1);
    }

    #[test]
    fn two_signers_are_given_twice_as_much() {
        let pace = Pace {
            signatures: 4,
            time: Duration::from_millis(600),
        };
        let (mut one, mut two) = (ChunkSize(4), ChunkSize(4));
        one.paced(pace, 1);
        two.paced(pace, 2);
        assert_eq!((one.get(), two.get()), (2, 4));
        two.paced(Pace::default(), 2);
        assert_eq!(two.get(), 4);
    }

    #[test]
    fn stays_where_a_chunk_takes_a_fair_time() {
        let mut size = ChunkSize::default();
        size.learn(Duration::from_millis(100));
        assert_eq!(size.get(), FIRST);
    }
}
