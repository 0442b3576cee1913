//! Ed25519 messages of lengths that the `yubikey` crate cannot send.
//!
//! Version 0.9.0-rc.0 panics at 255 bytes and has room for 1014. They go over a second
//! connection to the same card, which shares what the first one verified.

use std::ffi::CString;

use ::yubikey::{Error, YubiKey};
use pcsc::{Card, Context, Disposition, Protocols, Scope, ShareMode};

use super::Slot;

/// Whether the crate sends an Ed25519 message of this length.
pub(super) fn is_sent_by_crate(length: usize) -> bool {
    length != 255 && length <= 1014
}

/// One Ed25519 signature of `message`, in as many commands as it takes.
pub(super) fn sign(card: &YubiKey, message: &[u8], slot: Slot) -> Result<Vec<u8>, Error> {
    let reader = CString::new(card.name()).map_err(|_| Error::GenericError)?;
    let context = Context::establish(Scope::User)?;
    let mut second = context.connect(&reader, ShareMode::Shared, Protocols::T1)?;
    let signature = exchange(&mut second, &template(message), slot);
    // Dropped as it is, it would reset the card.
    let _left = second.disconnect(Disposition::LeaveCard);
    signature
}

fn exchange(card: &mut Card, data: &[u8], slot: Slot) -> Result<Vec<u8>, Error> {
    let transaction = card.transaction()?;
    let mut parts = data.chunks(PART_MAX).peekable();
    let mut buffer = [0; 258];
    while let Some(part) = parts.next() {
        let class = if parts.peek().is_some() { CHAINED } else { 0 };
        let length = u8::try_from(part.len()).map_err(|_| Error::SizeError)?;
        let header = [class, AUTHENTICATE, ED25519, slot.number(), length];
        let answer = transaction.transmit(&[&header[..], part].concat(), &mut buffer)?;
        match answer.split_last_chunk() {
            Some((signature, [0x90, 0])) if class == 0 => return bare(signature),
            Some(([], [0x90, 0])) => {}
            Some((_, [0x69, 0x82])) => return Err(Error::AuthenticationError),
            _ => return Err(Error::GenericError),
        }
    }
    Err(Error::SizeError)
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
const ED25519: u8 = 0xe0;
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
