//! The data objects in which Yubico's tools keep what they need of a card's management key.

use super::CardFault;
use super::device::Device;
use super::records::Records;

/// A data object that holds records.
pub(super) struct Object {
    pub(super) id: u32,
    pub(super) name: &'static str,
    pub(super) tag: u8,
}

/// The records in an object; none if it holds something else.
pub(super) fn read_object(
    device: &mut Device,
    object: &Object,
) -> Result<Option<Records>, CardFault> {
    let Object { id, tag, .. } = *object;
    match device.call(move |card| card.fetch_object(id)) {
        Ok(bytes) => Ok(Records::within(tag, &bytes)),
        Err(CardFault::NotFound) => Ok(Some(Records::default())),
        Err(fault) => Err(fault),
    }
}

/// Whether the card says that it keeps its management key behind its PIN, which nobody need show
/// for the question.
pub(super) fn keeps_management_key(device: &mut Device) -> Result<bool, CardFault> {
    let admin = read_object(device, &ADMIN)?;
    let flags = admin.as_ref().and_then(|records| records.find(ADMIN_FLAGS));
    Ok(matches!(flags, Some([flags]) if flags & KEY_IS_PROTECTED != 0))
}

/// Readable by anybody (ykman, pivman data).
pub(super) const ADMIN: Object = Object {
    id: 0x005f_ff00,
    name: "5fff00",
    tag: 0x80,
};
/// The object for printed information, which wants the PIN to be read.
pub(super) const PROTECTED: Object = Object {
    id: 0x005f_c109,
    name: "5fc109",
    tag: 0x88,
};
pub(super) const ADMIN_FLAGS: u8 = 0x81;
pub(super) const ADMIN_SALT: u8 = 0x82;
pub(super) const KEY_IS_PROTECTED: u8 = 0x02;
pub(super) const PROTECTED_KEY: u8 = 0x89;
