//! Commands of our own to a card: a PIN and a signature in one transaction, and what the
//! `yubikey` crate has no room for.
//!
//! Version 0.9.0-rc.0 of the crate gives PIN and signature a transaction each, between which
//! another program may select an applet, and keeps a copy of the PIN that nobody wipes. So
//! both go over a connection of our own: a second one to the same card, which shares what the
//! first one proved, or the only one, where a card was found to sign.

use std::ffi::CString;

use ::yubikey::{Error, YubiKey};
use pcsc::{Card, Context, Disposition, Protocols, Scope, ShareMode, Transaction};
use zeroize::Zeroizing;

/// A connection to a card; leaves the card as it is when it is dropped.
pub(super) struct Channel(Option<Card>);

/// The card, while no other program can talk to it.
pub(super) struct Talk<'a>(Transaction<'a>);

/// A command whose data may be longer than one command holds.
pub(super) struct Command<'a> {
    pub(super) instruction: u8,
    pub(super) first: u8,
    pub(super) second: u8,
    pub(super) data: &'a [u8],
}

impl Channel {
    /// The connection that `card` is.
    pub(super) fn of(card: Card) -> Self {
        Self(Some(card))
    }

    /// Ends the connection.
    pub(super) fn end(mut self, disposition: Disposition) {
        if let Some(card) = self.0.take() {
            let _ended = card.disconnect(disposition);
        }
    }

    /// Connects to the card that `card` is connected to.
    pub(super) fn open(card: &YubiKey) -> Result<Self, Error> {
        let reader = CString::new(card.name()).map_err(|_| Error::GenericError)?;
        let context = Context::establish(Scope::User)?;
        let card = context.connect(&reader, ShareMode::Shared, Protocols::T1)?;
        Ok(Self(Some(card)))
    }

    /// Does `work` in one transaction.
    pub(super) fn transact<T>(
        &mut self,
        work: impl FnOnce(&Talk<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let card = self.0.as_mut().ok_or(Error::GenericError)?;
        let talk = Talk(card.transaction()?);
        let answer = work(&talk);
        // Dropped as it is, a transaction ends the same way.
        let _ended = talk.0.end(Disposition::LeaveCard);
        answer
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if let Some(card) = self.0.take() {
            // Dropped as it is, it would reset the card.
            let _left = card.disconnect(Disposition::LeaveCard);
        }
    }
}

impl Talk<'_> {
    /// Sends a command in as many parts as it takes, and collects the parts of the answer.
    pub(super) fn send(&self, command: &Command<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut parts = command.data.chunks(PART_MAX).peekable();
        let mut buffer = Zeroizing::new([0; BUFFER]);
        let mut last: &[u8] = &[];
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                last = part;
                break;
            }
            let sent = command.part(CHAINED, part)?;
            accepted(self.0.transmit(&sent, buffer.as_mut_slice())?)?;
        }
        let sent = command.part(0, last)?;
        let mut whole = Zeroizing::new(Vec::with_capacity(ANSWER_MAX));
        let mut more = collect(self.0.transmit(&sent, buffer.as_mut_slice())?, &mut whole)?;
        while more && whole.len() < ANSWER_MAX {
            more = collect(
                self.0.transmit(&GET_RESPONSE, buffer.as_mut_slice())?,
                &mut whole,
            )?;
        }
        Ok(whole)
    }
}

impl Command<'_> {
    /// Wiped, since it may hold a PIN or a part of a private key.
    fn part(&self, class: u8, part: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let length = u8::try_from(part.len()).map_err(|_| Error::SizeError)?;
        let header = [class, self.instruction, self.first, self.second, length];
        let mut command = Zeroizing::new(Vec::with_capacity(header.len() + PART_MAX));
        command.extend(header);
        command.extend_from_slice(part);
        Ok(command)
    }
}

/// A part before the last one has no answer.
fn accepted(answer: &[u8]) -> Result<(), Error> {
    match answer {
        [0x90, 0] => Ok(()),
        other => Err(refusal(other)),
    }
}

/// Adds a part of an answer to the whole; says whether there is more.
fn collect(answer: &[u8], whole: &mut Vec<u8>) -> Result<bool, Error> {
    match answer.split_last_chunk() {
        Some((part, [0x90, 0])) => {
            whole.extend_from_slice(part);
            Ok(false)
        }
        Some((part, [0x61, _])) => {
            whole.extend_from_slice(part);
            Ok(true)
        }
        _ => Err(refusal(answer)),
    }
}

/// What a status means (SP 800-73-4 part 2, table 3), in the crate's words.
fn refusal(answer: &[u8]) -> Error {
    match answer.last_chunk() {
        Some([0x63, tries @ 0xc0..=0xcf]) => Error::WrongPin {
            tries: tries & 0x0f,
        },
        Some([0x69, 0x83]) => Error::WrongPin { tries: 0 },
        Some([0x69, 0x82]) => Error::AuthenticationError,
        _ => Error::GenericError,
    }
}

const CHAINED: u8 = 0x10;
const PART_MAX: usize = 255;
/// 256 bytes of an answer, and its status.
const BUFFER: usize = 258;
/// A signature of RSA 4096, and the records around it, with room.
const ANSWER_MAX: usize = 1024;
const GET_RESPONSE: [u8; 5] = [0, 0xc0, 0, 0, 0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_parts_is_put_together() {
        let mut whole = Vec::new();
        assert_eq!(collect(&[1, 2, 0x61, 3], &mut whole), Ok(true));
        assert_eq!(collect(&[3, 0x90, 0], &mut whole), Ok(false));
        assert_eq!(whole, [1, 2, 3]);
    }

    #[test]
    fn each_refusal_is_told_by_its_name() {
        for (answer, error) in [
            (&[0x63, 0xc2][..], Error::WrongPin { tries: 2 }),
            (&[0x69, 0x83], Error::WrongPin { tries: 0 }),
            (&[0x69, 0x82], Error::AuthenticationError),
            (&[0x6a, 0x80], Error::GenericError),
            (&[0x90], Error::GenericError),
            (&[], Error::GenericError),
        ] {
            assert_eq!(collect(answer, &mut Vec::new()), Err(error), "{answer:?}");
        }
        assert_eq!(accepted(&[1, 0x90, 0]), Err(Error::GenericError));
    }

    #[test]
    fn a_command_says_how_long_its_data_is() {
        let command = Command {
            instruction: 0x87,
            first: 0x11,
            second: 0x9c,
            data: &[],
        };
        let part = command.part(CHAINED, &[7, 8]).unwrap();
        assert_eq!(part.as_slice(), [0x10, 0x87, 0x11, 0x9c, 2, 7, 8]);
        assert!(matches!(command.part(0, &[0; 256]), Err(Error::SizeError)));
    }
}
