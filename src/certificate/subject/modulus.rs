//! RSA moduli that give their factors away by themselves.
//!
//! What is looked for is what CA/Browser Forum's baseline requirements (6.1.1.3, 6.1.6) ask of
//! a CA: small factors (NIST SP 800-89, 5.3.3, asks for none below 752), primes that lie close
//! together (Fermat's method, 100 rounds), and keys of the ROCA fault; and powers. What takes
//! longer, `thorough` looks at. A factor that two keys share, and a key whose holder published
//! its private half aren't seen: that wants other keys.

use std::sync::LazyLock;

use crypto_bigint::BoxedUint;

use super::Weakness;

/// Refuses a modulus, big-endian and odd, whose factors are found in a moment.
pub(super) fn check_modulus(modulus: &[u8]) -> Result<(), Weakness> {
    if let Some(prime) = small_factor(modulus) {
        return Err(Weakness::SmallFactor(prime));
    }
    if is_roca(modulus) {
        return Err(Weakness::Roca);
    }
    if let Some(exponent) = odd_power(modulus) {
        return Err(Weakness::Power(exponent));
    }
    look_near_the_root(modulus)
}

/// The smallest prime below [`SIEVED`] that divides it.
fn small_factor(modulus: &[u8]) -> Option<u32> {
    let residues = GROUPS.iter().map(|(product, primes)| {
        let residue = remainder(modulus, *product);
        primes.iter().find(|prime| residue.is_multiple_of(**prime))
    });
    residues.flatten().next().copied()
}

/// The odd prime that a modulus is a power by: a cube, a fifth power, up to [`LAST_EXPONENT`].
/// A modulus of up to 4096 bits and without factors below [`SIEVED`] is no higher one.
///
/// A power is one modulo every prime. Where an exponent divides what is below a prime, one
/// number in so many is a power there; of other moduli, one in 2^128 is one modulo all that
/// are tried.
fn odd_power(modulus: &[u8]) -> Option<u32> {
    let exponents = PRIMES.iter().copied().filter(|exponent| *exponent > 2);
    let mut exponents = exponents.take_while(|exponent| *exponent <= LAST_EXPONENT);
    exponents.find(|exponent| {
        let telling = PRIMES.iter().filter(|prime| **prime % exponent == 1);
        let mut telling = telling.take(TELLING);
        telling.all(|prime| is_power_modulo(remainder(modulus, *prime), *exponent, *prime))
    })
}

/// Euler's criterion: `exponent` divides `prime` - 1, and `prime` is no factor of `number`.
fn is_power_modulo(number: u32, exponent: u32, prime: u32) -> bool {
    let (number, prime) = (u64::from(number), u64::from(prime));
    let mut left = (prime - 1) / u64::from(exponent);
    let (mut power, mut square) = (1, number);
    while left > 0 {
        if left % 2 == 1 {
            power = power * square % prime;
        }
        square = square * square % prime;
        left /= 2;
    }
    power == 1
}

/// Whether a modulus has the form of the keys that Infineon's library made (Nemec and others,
/// "The Return of Coppersmith's Attack", CCS 2017, 2.3 and 3.2; CVE-2017-15361): a power of
/// 65537 modulo the product of the first primes.
///
/// One modulus in 2^154 of others has that form too.
fn is_roca(modulus: &[u8]) -> bool {
    let mut logarithms: Vec<Logarithm> = Vec::new();
    for prime in PRIMES.iter().filter(|prime| **prime <= LAST_OF_ROCA) {
        // A single power must fit all primes: exponents agree where their orders have a
        // common factor (the Chinese remainder theorem).
        match Logarithm::of(remainder(modulus, *prime), *prime) {
            Some(found) if logarithms.iter().all(|other| found.agrees(other)) => {
                logarithms.push(found);
            }
            _ => return false,
        }
    }
    true
}

/// To which power 65537 is something, modulo a small prime.
struct Logarithm {
    exponent: u32,
    /// The order of 65537: the power counts modulo this.
    order: u32,
}

impl Logarithm {
    fn of(residue: u32, prime: u32) -> Option<Self> {
        let generator = 65537 % prime;
        let powers = std::iter::successors(Some(1), |last| Some(last * generator % prime));
        let (mut exponent, mut order) = (None, 0);
        for power in powers {
            if power == 1 && order > 0 {
                break;
            }
            if power == residue {
                exponent = Some(order);
            }
            order += 1;
        }
        exponent.map(|exponent| Self { exponent, order })
    }

    fn agrees(&self, other: &Self) -> bool {
        let common = common_factor(self.order, other.order);
        self.exponent % common == other.exponent % common
    }
}

/// Fermat's method: a product of two close factors is a² − b² with a just above its root.
fn look_near_the_root(modulus: &[u8]) -> Result<(), Weakness> {
    // Room above the modulus, so that nothing here wraps.
    let room = modulus.len().saturating_add(8);
    let wide = [
        vec![0; room.saturating_sub(modulus.len())],
        modulus.to_vec(),
    ]
    .concat();
    let modulus = BoxedUint::from_be_slice_vartime(&wide);
    let root = modulus.floor_sqrt_vartime();
    if root.wrapping_mul(&root) == modulus {
        return Err(Weakness::Square);
    }
    let one = BoxedUint::one_with_precision(modulus.bits_precision());
    let mut a = root.wrapping_add(&one);
    let mut square = a.wrapping_mul(&a).wrapping_sub(&modulus);
    for _round in 0..ROUNDS {
        if is_square(&square) {
            return Err(Weakness::ClosePrimes);
        }
        // (a + 1)² is a² and twice a and one.
        let next = a.wrapping_add(&one);
        square = square.wrapping_add(&a).wrapping_add(&next);
        a = next;
    }
    Ok(())
}

/// Two remainders tell 99 of 100 numbers from squares, before a root is taken.
fn is_square(number: &BoxedUint) -> bool {
    let bytes = number.to_be_bytes();
    let could_be = |modulus: u32| {
        let residue = remainder(&bytes, modulus);
        (0..modulus).any(|root| root * root % modulus == residue)
    };
    [64, 63, 65, 11].into_iter().all(could_be) && number.checked_sqrt_vartime().is_some()
}

fn remainder(big_endian: &[u8], divisor: u32) -> u32 {
    let (head, words) = big_endian.as_rchunks::<4>();
    let mut padded = [0; 4];
    for (to, from) in padded.iter_mut().rev().zip(head.iter().rev()) {
        *to = *from;
    }
    let divisor = u64::from(divisor);
    let fold =
        |rest: u64, word: &[u8; 4]| (rest << 32 | u64::from(u32::from_be_bytes(*word))) % divisor;
    let rest = std::iter::once(&padded).chain(words).fold(0, fold);
    // It is below a u32.
    u32::try_from(rest).unwrap_or(u32::MAX)
}

fn common_factor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_factor(b, a % b) }
}

/// All primes below [`SIEVED`].
static PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut crossed_out = vec![false; SIEVED];
    let mut primes = Vec::new();
    for number in 2..SIEVED {
        if crossed_out.get(number) == Some(&false) {
            primes.extend(u32::try_from(number));
            let multiples = crossed_out.iter_mut().skip(number.saturating_mul(number));
            multiples.step_by(number).for_each(|one| *one = true);
        }
    }
    primes
});

/// The primes, with the product of as many at a time as a remainder can be taken of.
static GROUPS: LazyLock<Vec<(u32, Vec<u32>)>> = LazyLock::new(|| {
    let mut groups: Vec<(u32, Vec<u32>)> = Vec::new();
    for prime in PRIMES.iter().copied() {
        let room = groups
            .last_mut()
            .and_then(|group| Some((group.0.checked_mul(prime)?, group)));
        match room {
            Some((product, group)) => {
                group.0 = product;
                group.1.push(prime);
            }
            None => groups.push((prime, vec![prime])),
        }
    }
    groups
});

/// Trial division by remainders goes up to here; less than a millisecond for RSA 3072.
pub(super) const SIEVED: usize = 70_000;
/// So many primes are asked whether a modulus is a power: a third of all say yes to a cube that
/// is none.
const TELLING: usize = 81;
const LAST_EXPONENT: u32 = 251;
/// The 39 primes of the smallest keys with the fault; larger ones have more.
const LAST_OF_ROCA: u32 = 167;
const ROUNDS: usize = 100;

#[cfg(test)]
mod tests {
    use ssh_key::public::KeyData;

    use super::super::{Subject, SubjectError};
    use super::*;
    use crate::certificate::key_line::read_public_key_line;

    fn taken(text: &str) -> Result<Subject, SubjectError> {
        Subject::try_from(key_of(text))
    }

    fn key_of(text: &str) -> KeyData {
        let line = text.lines().find(|line| line.contains("AAAA")).unwrap();
        read_public_key_line(line).unwrap().0
    }

    macro_rules! key {
        ($name:literal) => {
            include_str!(concat!("../../../softhsm-tests/vectors/", $name, ".pub"))
        };
    }

    #[test]
    fn a_modulus_that_gives_its_factors_away_is_no_subjects() {
        for (line, weakness) in [
            (
                key!("weak-keys/rsa-small-factor"),
                Weakness::SmallFactor(9973),
            ),
            (
                key!("weak-keys/rsa-factor-65537"),
                Weakness::SmallFactor(65537),
            ),
            (
                key!("weak-keys/rsa-factor-1048573"),
                Weakness::SmallFactor(1_048_573),
            ),
            (key!("weak-keys/rsa-prime"), Weakness::Prime),
            (key!("weak-keys/rsa-cube"), Weakness::Power(3)),
            (key!("weak-keys/rsa-fifth-power"), Weakness::Power(5)),
            (key!("weak-keys/rsa-square"), Weakness::Square),
            (key!("weak-keys/rsa-close-primes"), Weakness::ClosePrimes),
            (key!("weak-keys/rsa-roca"), Weakness::Roca),
        ] {
            assert_eq!(taken(line), Err(SubjectError::Weak(weakness)), "{line}");
        }
    }

    #[test]
    fn an_honest_modulus_is_taken() {
        for line in [
            key!("weak-keys/rsa-fine"),
            key!("keys/rsa2048"),
            key!("keys/rsa3072"),
        ] {
            assert!(taken(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_remainder_is_that_of_the_number_whatever_its_length() {
        let number = 0x01_2345_6789_abcd_ef01_u128;
        for cut in 0..16 {
            let bytes = &number.to_be_bytes()[cut..];
            let rest = bytes
                .iter()
                .fold(0, |rest: u128, byte| rest << 8 | u128::from(*byte));
            for divisor in [1, 2, 63, 9973, u32::MAX] {
                let expected = rest % u128::from(divisor);
                assert_eq!(u128::from(remainder(bytes, divisor)), expected);
            }
        }
    }

    #[test]
    fn the_first_primes_are_the_39_of_the_fault() {
        assert_eq!(PRIMES[..5], [2, 3, 5, 7, 11]);
        assert_eq!(PRIMES[38], LAST_OF_ROCA);
        assert_eq!(PRIMES.len(), 6935);
        let members: usize = GROUPS.iter().map(|(_, primes)| primes.len()).sum();
        assert_eq!(members, 6935);
    }
}
