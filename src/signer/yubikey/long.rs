//! What the `yubikey` crate has no room for: long Ed25519 messages, and RSA keys of 4096 bits.
//!
//! Version 0.9.0-rc.0 panics at a message of 255 bytes and has room for 1014, and for 1024
//! bytes of a key. They go over a second connection to the same card, which shares what the
//! first one proved: PIN and management key alike.

use std::ffi::CString;

use ::yubikey::piv::AlgorithmId;
use ::yubikey::{Error, PinPolicy, TouchPolicy, YubiKey};
use pcsc::{Card, Context, Disposition, Protocols, Scope, ShareMode};
use zeroize::Zeroizing;

use super::Slot;

/// Whether the crate sends an Ed25519 message of this length.
pub(super) fn is_sent_by_crate(length: usize) -> bool {
    length != 255 && length <= 1014
}

/// One Ed25519 signature of `message`, in as many commands as it takes.
pub(super) fn sign(card: &YubiKey, message: &[u8], slot: Slot) -> Result<Vec<u8>, Error> {
    let command = Long {
        instruction: AUTHENTICATE,
        algorithm: AlgorithmId::Ed25519,
        slot,
        data: &template(message),
    };
    bare(&command.send(card)?)
}

/// Brings an RSA key of 4096 bits into `slot`. `numbers` are p, q, d mod p−1, d mod q−1 and
/// 1/q mod p, big-endian and of at most 256 bytes each.
pub(super) fn import_rsa4096(
    card: &YubiKey,
    numbers: &[Zeroizing<Vec<u8>>; 5],
    slot: Slot,
    pin: PinPolicy,
    touch: TouchPolicy,
) -> Result<(), Error> {
    let mut data = Zeroizing::new(Vec::with_capacity(5 * (4 + HALF) + 6));
    for (tag, number) in (1..).zip(numbers) {
        let padding = HALF.checked_sub(number.len()).ok_or(Error::SizeError)?;
        data.extend([tag, 0x82, 1, 0]);
        data.extend(std::iter::repeat_n(0, padding));
        data.extend_from_slice(number);
    }
    data.extend([0xaa, 1, pin.into(), 0xab, 1, touch.into()]);
    let command = Long {
        instruction: IMPORT,
        algorithm: AlgorithmId::Rsa4096,
        slot,
        data: &data,
    };
    command.send(card).map(drop)
}

/// A command whose data may be longer than one command holds.
struct Long<'a> {
    instruction: u8,
    algorithm: AlgorithmId,
    slot: Slot,
    data: &'a [u8],
}

impl Long<'_> {
    fn send(&self, card: &YubiKey) -> Result<Vec<u8>, Error> {
        let reader = CString::new(card.name()).map_err(|_| Error::GenericError)?;
        let context = Context::establish(Scope::User)?;
        let mut second = context.connect(&reader, ShareMode::Shared, Protocols::T1)?;
        let answer = self.exchange(&mut second);
        // Dropped as it is, it would reset the card.
        let _left = second.disconnect(Disposition::LeaveCard);
        answer
    }

    fn exchange(&self, card: &mut Card) -> Result<Vec<u8>, Error> {
        let transaction = card.transaction()?;
        let mut parts = self.data.chunks(PART_MAX).peekable();
        let mut buffer = [0; 258];
        while let Some(part) = parts.next() {
            let class = if parts.peek().is_some() { CHAINED } else { 0 };
            let answer = transaction.transmit(&self.command(class, part)?, &mut buffer)?;
            match answer.split_last_chunk() {
                Some((answer, [0x90, 0])) if class == 0 => return Ok(answer.to_vec()),
                Some(([], [0x90, 0])) => {}
                Some((_, [0x69, 0x82])) => return Err(Error::AuthenticationError),
                _ => return Err(Error::GenericError),
            }
        }
        Err(Error::SizeError)
    }

    /// Wiped, since it may hold a part of a private key.
    fn command(&self, class: u8, part: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let length = u8::try_from(part.len()).map_err(|_| Error::SizeError)?;
        let (algorithm, slot) = (self.algorithm.into(), self.slot.number());
        let header = [class, self.instruction, algorithm, slot, length];
        let mut command = Zeroizing::new(Vec::with_capacity(header.len() + PART_MAX));
        command.extend(header);
        command.extend_from_slice(part);
        Ok(command)
    }
}

/// Dynamic authentication template (SP 800-73-4 part 2, table 7): an empty response is
/// what is asked for, the challenge is what is signed.
fn template(message: &[u8]) -> Vec<u8> {
    let challenge = [&[0x82, 0][..], &record(0x81, message)].concat();
    record(0x7c, &challenge)
}

fn record(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    let [high, low] = length.to_be_bytes();
    let head = match length {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [&head, content].concat()
}

/// The signature without the two records around it.
fn bare(answer: &[u8]) -> Result<Vec<u8>, Error> {
    match answer.strip_prefix(&[0x7c, 66, 0x82, 64]) {
        Some(signature) if signature.len() == 64 => Ok(signature.to_vec()),
        _ => Err(Error::ParseError),
    }
}

const CHAINED: u8 = 0x10;
const AUTHENTICATE: u8 = 0x87;
const IMPORT: u8 = 0xfe;
/// The bytes of a prime of RSA 4096.
const HALF: usize = 256;
const PART_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_as_long_as_it_says() {
        for length in [1, 121, 122, 127, 128, 250, 255, 256, 1015, 3000] {
            let template = template(&vec![7; length]);
            let head = match template[1] {
                0x82 => 4,
                0x81 => 3,
                _ => 2,
            };
            let said = template[2.min(head - 1)..head]
                .iter()
                .fold(0, |said, byte| said * 256 + usize::from(*byte));
            assert_eq!(said, template.len() - head, "{length}");
            assert_eq!(template[head..head + 3], [0x82, 0, 0x81]);
            assert!(template.ends_with(&vec![7; length]));
        }
    }

    #[test]
    fn an_answer_is_64_bytes_in_two_records_and_nothing_else() {
        let answer = [&[0x7c, 66, 0x82, 64][..], &[9; 64]].concat();
        assert_eq!(bare(&answer).unwrap(), [9; 64]);
        for length in 0..answer.len() {
            assert!(matches!(bare(&answer[..length]), Err(Error::ParseError)));
        }
    }
}
