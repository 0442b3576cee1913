//! GF(256), and the polynomials over it that Shamir's scheme is made of.
//!
//! The field is that of AES (FIPS 197, 4), with the polynomial x⁸ + x⁴ + x³ + x + 1. Values are
//! secret, so that nothing here looks a value up in a table or branches by one: the time that it
//! takes tells nothing. The places of the points are no secret.

use zeroize::{Zeroize, Zeroizing};

/// A point of as many polynomials as the value has bytes.
#[derive(Clone)]
pub(super) struct Point {
    /// The place at which the polynomials are known.
    pub(super) x: u8,
    /// What each of them is there.
    pub(super) value: Zeroizing<Vec<u8>>,
}

/// The polynomials' values at `x`: those of the lowest degree that go through all points, which
/// stand at different places and are equally long (Lagrange).
pub(super) fn interpolate(points: &[Point], x: u8) -> Zeroizing<Vec<u8>> {
    if let Some(there) = points.iter().find(|point| point.x == x) {
        return there.value.clone();
    }
    let len = points.first().map_or(0, |point| point.value.len());
    let mut sum = Zeroizing::new(vec![0; len]);
    for point in points {
        let others = points.iter().filter(|other| other.x != point.x);
        let basis = others.fold(1, |product, other| {
            let above = x ^ other.x;
            let below = inverse(point.x ^ other.x);
            multiply(product, multiply(above, below))
        });
        for (total, value) in sum.iter_mut().zip(point.value.iter()) {
            *total ^= multiply(basis, *value);
        }
    }
    sum
}

fn multiply(mut left: u8, mut right: u8) -> u8 {
    let mut product = 0;
    for _bit in 0..8 {
        product ^= left & mask(right & 1);
        left = left << 1 ^ REDUCE & mask(left >> 7);
        right >>= 1;
    }
    left.zeroize();
    product
}

/// All bits for 1, none for 0.
fn mask(bit: u8) -> u8 {
    bit.wrapping_neg()
}

/// `value` to the power of 254, which is its inverse; 0 for 0.
fn inverse(value: u8) -> u8 {
    let mut power = value;
    let mut product = 1;
    for _bit in 1..8 {
        power = multiply(power, power);
        product = multiply(product, power);
    }
    product
}

/// The field's polynomial without x⁸.
const REDUCE: u8 = 0x1b;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_that_of_aes() {
        // FIPS 197, 4.2 and 4.2.1.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
        assert!((1..=255).all(|value| multiply(value, inverse(value)) == 1));
        assert_eq!(inverse(0), 0);
        let all = || 0..=255_u8;
        for left in all().step_by(7) {
            for right in all() {
                assert_eq!(multiply(left, right), multiply(right, left));
                let apart = multiply(left, right) ^ multiply(left, 0x35);
                assert_eq!(multiply(left, right ^ 0x35), apart);
            }
        }
    }
}
