//! The data objects: certificates, and what hosts keep on a card.

use std::collections::BTreeMap;

use super::{
    super::{
        apdu::{Command, Status},
        tlv,
    },
    Piv,
};

/// The objects by their identifiers of three bytes.
#[derive(Default)]
pub(crate) struct Objects(BTreeMap<Vec<u8>, Vec<u8>>);

impl Objects {
    /// Keeps an object; an empty one is deleted.
    pub(crate) fn put(&mut self, identifier: &[u8], value: Vec<u8>) {
        if value.is_empty() {
            self.0.remove(identifier)
        } else {
            self.0.insert(identifier.to_vec(), value)
        };
    }

    /// Deletes all but the certificate of slot f9.
    pub(crate) fn reset(&mut self) {
        self.0.retain(|identifier, _| identifier == ATTESTATION);
    }

    fn read(&self, identifier: &[u8]) -> Result<Vec<u8>, Status> {
        let value = self.0.get(identifier).ok_or(Status::NOT_FOUND)?;
        Ok(tlv::write(&[OBJECT], value))
    }
}

impl Piv {
    /// GET DATA (SP 800-73-4 part 2, 3.1.2). Some objects want the PIN, the one among them in
    /// which hosts keep a PIN-protected management key.
    pub(crate) fn get_data(&self, command: &Command) -> Result<Vec<u8>, Status> {
        require_whole_applet(command)?;
        let identifier = tlv::read_only(IDENTIFIER, &command.data)?;
        if identifier == DISCOVERY {
            return Ok(DISCOVERY_OBJECT.to_vec());
        }
        if PIN_PROTECTED.contains(&identifier) && !self.pins.is_verified() {
            return Err(Status::SECURITY_NOT_SATISFIED);
        }
        self.objects.read(identifier)
    }

    /// PUT DATA (3.3.1), at most 3052 bytes; wants the management key.
    pub(crate) fn put_data(&mut self, command: &Command) -> Result<(), Status> {
        require_whole_applet(command)?;
        self.management.require()?;
        let records = tlv::read_all(&command.data)?;
        let [(IDENTIFIER, identifier @ [0x5f, _, _]), (OBJECT, value)] = records.as_slice() else {
            return Err(Status::WRONG_DATA);
        };
        if value.len() > LARGEST {
            return Err(Status::NO_SPACE);
        }
        self.objects.put(identifier, value.to_vec());
        Ok(())
    }
}

fn require_whole_applet(command: &Command) -> Result<(), Status> {
    match (command.p1, command.p2) {
        (0x3f, 0xff) => Ok(()),
        _ => Err(Status::WRONG_PARAMETERS),
    }
}

/// The certificate of slot f9.
pub(crate) const ATTESTATION: &[u8] = &[0x5f, 0xff, 0x01];
const DISCOVERY: &[u8] = &[0x7e];
/// The applet's identifier, and that its own PIN is the one to use (SP 800-73-4 part 1, 3.3.2).
const DISCOVERY_OBJECT: &[u8] = &[
    0x7e, 0x12, 0x4f, 0x0b, 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x5f,
    0x2f, 0x02, 0x40, 0x00,
];
/// Fingerprints, face, printed information, iris.
const PIN_PROTECTED: [&[u8]; 4] = [
    &[0x5f, 0xc1, 0x03],
    &[0x5f, 0xc1, 0x08],
    &[0x5f, 0xc1, 0x09],
    &[0x5f, 0xc1, 0x21],
];
const IDENTIFIER: u8 = 0x5c;
const OBJECT: u8 = 0x53;
const LARGEST: usize = 3052;
