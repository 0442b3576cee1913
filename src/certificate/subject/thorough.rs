//! What of an RSA modulus is looked at for some milliseconds, once a key and run.
//!
//! A factor below [`BOUND`], and whether the modulus is itself a prime: its private half is
//! then the inverse of the exponent modulo one less, which anybody computes.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use sha2::{Digest, Sha256};

use super::Weakness;
use super::modulus::SIEVED;

/// Refuses a modulus, big-endian and odd, that has no factor below [`SIEVED`].
pub(super) fn check(modulus: &[u8]) -> Result<(), Weakness> {
    let hash: [u8; 32] = Sha256::digest(modulus).into();
    // What panicked elsewhere left a set of hashes, and no half of one.
    let passed = || PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    if passed().contains(&hash) {
        return Ok(());
    }
    if let Some(prime) = factor(modulus) {
        return Err(Weakness::SmallFactor(prime));
    }
    if is_prime(modulus) {
        return Err(Weakness::Prime);
    }
    let mut passed = passed();
    if passed.len() >= REMEMBERED {
        passed.clear();
    }
    passed.insert(hash);
    Ok(())
}

/// The smallest prime from [`SIEVED`] up to [`BOUND`] that divides it.
fn factor(modulus: &[u8]) -> Option<u32> {
    let words = words(modulus);
    let divisors = GROUPS.iter().filter_map(|group| {
        let reduced = reduce(&words, group.product);
        let mut primes = group.primes.iter().copied();
        primes.find(|prime| reduced.is_multiple_of(u64::from(*prime)))
    });
    divisors.into_iter().next()
}

/// The number times a power of two, modulo an odd `product`: a prime divides the one exactly
/// if it divides the other (Montgomery's reduction, word by word, without one division).
fn reduce(words: &[u64], product: u64) -> u64 {
    let inverse = inverse(product);
    words.iter().fold(0, |carry, word| {
        let (rest, borrow) = word.overflowing_sub(carry);
        let quotient = rest.wrapping_mul(inverse);
        let high = (u128::from(quotient) * u128::from(product)) >> 64;
        // Half of a product of two words has room for one more.
        u64::try_from(high).unwrap_or_default() + u64::from(borrow)
    })
}

/// The inverse of an odd number modulo 2^64: each round of Newton's doubles the bits.
fn inverse(odd: u64) -> u64 {
    let first = odd.wrapping_mul(3) ^ 2;
    (0..4).fold(first, |inverse, _round| {
        inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)))
    })
}

/// Fermat's test to the base of two: of moduli that are two primes, none is known to pass that
/// anybody has made by chance.
fn is_prime(modulus: &[u8]) -> bool {
    let number = BoxedUint::from_be_slice_vartime(modulus);
    let bits = number.bits_precision();
    let Some(odd) = Option::<Odd<_>>::from(Odd::new(number)) else {
        return false;
    };
    let exponent = odd.wrapping_sub(BoxedUint::one_with_precision(bits));
    let params = BoxedMontyParams::new_vartime(odd);
    let one = BoxedMontyForm::one(&params);
    let power = (0..exponent.bits_vartime())
        .rev()
        .fold(one.clone(), |power, bit| {
            let square = power.square();
            if exponent.bit_vartime(bit) {
                square.double()
            } else {
                square
            }
        });
    power == one
}

/// The least significant word first.
fn words(big_endian: &[u8]) -> Vec<u64> {
    let words = big_endian.rchunks(8).map(|bytes| {
        let shift = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
        bytes.iter().fold(0, shift)
    });
    words.collect()
}

/// As many primes as have a product of 63 bits.
struct Group {
    product: u64,
    primes: Vec<u32>,
}

/// The primes from [`SIEVED`] up to [`BOUND`], found once a process in 2 ms.
static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| {
    let mut groups: Vec<Group> = Vec::new();
    for prime in primes() {
        let product = |group: &Group| {
            let product = group.product.checked_mul(u64::from(prime))?;
            (product >> 63 == 0).then_some(product)
        };
        match groups
            .last_mut()
            .and_then(|last| Some((product(last)?, last)))
        {
            Some((product, group)) => {
                group.product = product;
                group.primes.push(prime);
            }
            None => groups.push(Group {
                product: u64::from(prime),
                primes: vec![prime],
            }),
        }
    }
    groups
});

/// The odd primes from [`SIEVED`] up to [`BOUND`]: of each number 2i + 1, its place i is kept.
fn primes() -> Vec<u32> {
    let mut crossed_out = vec![false; BOUND / 2];
    let mut primes = Vec::new();
    for place in 1..crossed_out.len() {
        if crossed_out.get(place) != Some(&false) {
            continue;
        }
        let number = 2 * place + 1;
        let multiples = crossed_out
            .iter_mut()
            .skip(number.saturating_mul(number) / 2);
        multiples.step_by(number).for_each(|one| *one = true);
        if number >= SIEVED {
            primes.extend(u32::try_from(number));
        }
    }
    primes
}

/// The keys of this run that passed, by the SHA-256 of their moduli: a request's is looked at
/// when it is read and when it is decided.
static PASSED: Mutex<BTreeSet<[u8; 32]>> = Mutex::new(BTreeSet::new());
/// So many are remembered, in a megabyte at most.
const REMEMBERED: usize = 10_000;
/// Factors are found up to here: 2 ms for RSA 3072.
const BOUND: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_primes_between_the_bounds_are_there_once() {
        let primes = primes();
        // As many as π(2^20) and π(70,000) differ by (OEIS A007053: 82,025).
        assert_eq!(primes.len(), 82_025 - 6_935);
        assert_eq!(
            (primes.first(), primes.last()),
            (Some(&70_001), Some(&1_048_573))
        );
        let grouped: Vec<u32> = GROUPS
            .iter()
            .flat_map(|group| group.primes.clone())
            .collect();
        assert_eq!(grouped, primes);
    }

    #[test]
    fn what_is_reduced_is_divided_by_what_divides_the_number_alone() {
        let number = 70_001_u128 * 1_048_573 * 0xffff_ffff_ffff_fffb;
        let bytes = number.to_be_bytes();
        for prime in [70_001, 70_003, 1_048_571, 1_048_573, 999_983] {
            let reduced = reduce(&words(&bytes), prime);
            assert_eq!(
                reduced.is_multiple_of(prime),
                number.is_multiple_of(u128::from(prime)),
                "{prime}"
            );
        }
        assert_eq!(factor(&bytes), Some(70_001));
    }

    #[test]
    fn primes_are_told_from_products() {
        // 2^521 - 1 is a prime (Robinson 1952); 2^523 - 1 is none.
        let mersenne = |bits: usize| {
            let mut bytes = vec![0xff; bits.div_ceil(8)];
            bytes[0] = u8::try_from((1_u32 << (bits % 8)) - 1).unwrap();
            bytes
        };
        assert!(is_prime(&mersenne(521)));
        assert!(!is_prime(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
        let product = [0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0f];
        assert!(!is_prime(&product));
    }
}
