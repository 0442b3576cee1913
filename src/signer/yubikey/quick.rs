//! A card that is found to sign, by as few commands as tell what must be known.
//!
//! The `yubikey` crate asks for the firmware too, and a second connection is wanted for what it
//! has no room for. Here one transaction selects the applet, and reads serial and what the slot
//! holds. That is all that a signature wants of firmware from 5.3; whatever else is met (older
//! firmware, an empty slot, a card that another program holds) is left to the long way, which has
//! a word for each fault.

use ::yubikey::Error;
use ::yubikey::piv::SlotMetadata;
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};
use zeroize::Zeroizing;

use super::Slot;
use super::channel::{Channel, Command, Talk};
use super::held::{Held, holds_another};
use super::long::SELECT;

/// A card whose applet is selected, and the key in its slot.
pub(super) struct Found {
    pub(super) channel: Channel,
    pub(super) serial: u32,
    pub(super) held: Held,
    pub(super) metadata: SlotMetadata,
}

/// The one card with this serial, else the only one; none where that takes a longer look.
pub(super) fn look(serial: Option<u32>, slot: Slot) -> Option<Found> {
    let context = Context::establish(Scope::System).ok()?;
    let mut found: Option<Found> = None;
    for reader in context.list_readers_owned().ok()? {
        let name = reader.to_string_lossy();
        if holds_another(&name, serial) {
            continue;
        }
        let card = context.connect(&reader, ShareMode::Shared, Protocols::T1);
        let mut channel = match card {
            Ok(card) => Channel::of(card),
            // An empty reader, or one with a card of another protocol.
            Err(pcsc::Error::NoSmartcard | pcsc::Error::ProtoMismatch) => continue,
            Err(_) => return None,
        };
        match channel.transact(|talk| ask(talk, serial, slot)).ok()? {
            Answer::Another => channel.end(Disposition::LeaveCard),
            // Which of two is meant, only a person can say.
            Answer::Is(..) if found.is_some() => return None,
            Answer::Is(this, metadata) => {
                found = Some(Found {
                    held: Held::new(&name, this),
                    channel,
                    serial: this,
                    metadata,
                });
                if serial.is_some() {
                    break;
                }
            }
        }
    }
    found
}

/// What a card says.
enum Answer {
    /// It has another serial than the one that is looked for.
    Another,
    /// It may be the one, and this is what its slot holds.
    Is(u32, SlotMetadata),
}

fn ask(talk: &Talk<'_>, serial: Option<u32>, slot: Slot) -> Result<Answer, Error> {
    talk.send(&SELECT)?;
    let this = talk.send(&GET_SERIAL)?;
    let this: [u8; 4] = this.as_slice().try_into().map_err(|_| Error::ParseError)?;
    let this = u32::from_be_bytes(this);
    if serial.is_some_and(|serial| serial != this) {
        return Ok(Answer::Another);
    }
    let metadata = talk.send(&Command {
        instruction: GET_METADATA,
        first: 0,
        second: slot.number(),
        data: &[],
    })?;
    let metadata = SlotMetadata::try_from(Zeroizing::new(metadata.to_vec()))?;
    Ok(Answer::Is(this, metadata))
}

/// Yubico's own: the serial, from firmware 5.
const GET_SERIAL: Command<'static> = Command {
    instruction: 0xf8,
    first: 0,
    second: 0,
    data: &[],
};
/// Yubico's own: what a slot holds, from firmware 5.3.
const GET_METADATA: u8 = 0xf7;
