//! What stands between the secret and what is split: SLIP-39's passphrase, a Feistel cipher.
//!
//! Our passphrase is empty, so that this keeps no secret; it is there since SLIP-0039,
//! "Encryption of the master secret", has it, and others must be able to put our shares together.

use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

/// What is split, out of a secret of an even number of bytes.
pub(super) fn encrypt(secret: &[u8], pass: &[u8], exponent: u8, salt: &[u8]) -> Zeroizing<Vec<u8>> {
    rounds(secret, pass, exponent, salt, [0, 1, 2, 3])
}

/// The secret, out of what was split.
pub(super) fn decrypt(split: &[u8], pass: &[u8], exponent: u8, salt: &[u8]) -> Zeroizing<Vec<u8>> {
    rounds(split, pass, exponent, salt, [3, 2, 1, 0])
}

fn rounds(
    text: &[u8],
    pass: &[u8],
    exponent: u8,
    salt: &[u8],
    order: [u8; 4],
) -> Zeroizing<Vec<u8>> {
    let (left, right) = text.split_at_checked(text.len() / 2).unwrap_or_default();
    let mut left = Zeroizing::new(left.to_vec());
    let mut right = Zeroizing::new(right.to_vec());
    for round in order {
        let key = Zeroizing::new([&[round], pass].concat());
        let salted = Zeroizing::new([salt, &right].concat());
        let mut mixed = Zeroizing::new(vec![0; right.len()]);
        pbkdf2_hmac::<Sha256>(&key, &salted, ITERATIONS_A_ROUND << exponent, &mut mixed);
        for (byte, of_left) in mixed.iter_mut().zip(left.iter()) {
            *byte ^= of_left;
        }
        left = std::mem::replace(&mut right, mixed);
    }
    Zeroizing::new([right.as_slice(), &left].concat())
}

/// 10,000 for all four rounds; an exponent, which is below 16, doubles it each time.
const ITERATIONS_A_ROUND: u32 = 2500;
