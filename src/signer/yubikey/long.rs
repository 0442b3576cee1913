//! The commands that we make ourselves: a PIN, a signature, and the import of RSA 4096.
//!
//! Version 0.9.0-rc.0 of the `yubikey` crate panics at an Ed25519 message of 255 bytes, has room
//! for 1014, and for 1024 bytes of a key.

use ::yubikey::piv::AlgorithmId;
use ::yubikey::{Error, PinPolicy, TouchPolicy, YubiKey};
use zeroize::Zeroizing;

use super::Slot;
use super::channel::{Channel, Command, Talk};

/// One signature of `input`, which is as the key's type wants it.
pub(super) fn sign(
    talk: &Talk<'_>,
    input: &[u8],
    algorithm: AlgorithmId,
    slot: Slot,
) -> Result<Vec<u8>, Error> {
    let answer = talk.send(&Command {
        instruction: AUTHENTICATE,
        first: algorithm.into(),
        second: slot.number(),
        data: &template(input),
    })?;
    Ok(bare(&answer).ok_or(Error::ParseError)?.to_vec())
}

/// Shows a PIN (SP 800-73-4 part 2, 3.2.1): padded with ones to its greatest length.
pub(super) fn verify(talk: &Talk<'_>, pin: &str) -> Result<(), Error> {
    let mut padded = Zeroizing::new([0xff; PIN_MAX]);
    let place = padded.get_mut(..pin.len()).ok_or(Error::SizeError)?;
    place.copy_from_slice(pin.as_bytes());
    let verify = Command {
        instruction: VERIFY,
        first: 0,
        second: CARD_PIN,
        data: padded.as_slice(),
    };
    talk.send(&verify).map(drop)
}

/// How many tries the PIN has left. An empty PIN asks for them, unless another program showed the
/// right one since the applet was selected: a card forgets it at the next selection.
pub(super) fn tries_left(talk: &Talk<'_>) -> Result<u8, Error> {
    for first in [None, Some(SELECT)] {
        if let Some(select) = first {
            talk.send(&select)?;
        }
        match talk.send(&NO_PIN) {
            Err(Error::WrongPin { tries }) => return Ok(tries),
            Err(error) => return Err(error),
            Ok(_right_already) => {}
        }
    }
    Err(Error::GenericError)
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
    let import = Command {
        instruction: IMPORT,
        first: AlgorithmId::Rsa4096.into(),
        second: slot.number(),
        data: &data,
    };
    let sent = Channel::open(card)?.transact(|talk| talk.send(&import));
    sent.map(drop)
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
fn bare(answer: &[u8]) -> Option<&[u8]> {
    content(content(answer, 0x7c)?, 0x82)
}

/// The content of the one record `tag` that `bytes` are.
fn content(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (length, content) = match bytes {
        [found, length @ 0..=0x7f, rest @ ..] if *found == tag => (usize::from(*length), rest),
        [found, 0x81, length, rest @ ..] if *found == tag => (usize::from(*length), rest),
        [found, 0x82, high, low, rest @ ..] if *found == tag => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    (content.len() == length).then_some(content)
}

/// The applet's identifier without its version (SP 800-73-4 part 1, 2.2), as cards take it.
pub(super) const SELECT: Command<'static> = Command {
    instruction: 0xa4,
    first: 4,
    second: 0,
    data: &[0xa0, 0, 0, 3, 8],
};
const NO_PIN: Command<'static> = Command {
    instruction: VERIFY,
    first: 0,
    second: CARD_PIN,
    data: &[],
};
const VERIFY: u8 = 0x20;
const CARD_PIN: u8 = 0x80;
/// The bytes of a PIN.
const PIN_MAX: usize = 8;
const AUTHENTICATE: u8 = 0x87;
const IMPORT: u8 = 0xfe;
/// The bytes of a prime of RSA 4096.
const HALF: usize = 256;

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
    fn an_answer_is_two_records_and_nothing_else() {
        for length in [64, 71, 128, 256, 512] {
            let signature = vec![9; length];
            let answer = record(0x7c, &record(0x82, &signature));
            assert_eq!(bare(&answer), Some(signature.as_slice()));
            for cut in 0..answer.len() {
                assert_eq!(bare(&answer[..cut]), None);
            }
            assert_eq!(bare(&[&answer[..], &[0]].concat()), None);
        }
    }
}
