//! The management applet, as far as it tells what the device is.

use super::{
    apdu::{Command, Status},
    model::Model,
    tlv,
};

pub(crate) const APPLICATION_ID: &[u8] = &[0xa0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17];

pub(crate) fn greeting(model: &Model) -> Vec<u8> {
    format!("Virtual mgr - FW version {}", model.firmware).into_bytes()
}

pub(crate) fn answer(model: &Model, command: &Command) -> Result<Vec<u8>, Status> {
    match (command.instruction, command.p1) {
        (READ_CONFIG, 0) => Ok(device_info(model)),
        (READ_CONFIG, _) => Err(Status::WRONG_PARAMETERS),
        _ => Err(Status::INSTRUCTION_NOT_SUPPORTED),
    }
}

/// A length byte and the records that ykman reads; firmware 4 tells neither its form factor nor
/// its version here.
fn device_info(model: &Model) -> Vec<u8> {
    let mut records = [
        tlv::write(&[0x01], &APPLETS),
        tlv::write(&[0x02], &model.serial.to_be_bytes()),
        tlv::write(&[0x03], &APPLETS),
    ]
    .concat();
    if !model.firmware.is_4() {
        records.extend(tlv::write(&[0x04], &[Model::FORM_FACTOR]));
        records.extend(tlv::write(&[0x05], &model.firmware.bytes()));
    }
    records.extend(tlv::write(&[0x06], &[0, 0]));
    records.extend(tlv::write(&[0x07], &[15]));
    records.extend(tlv::write(&[0x08], &[0]));
    records.extend(tlv::write(&[0x0a], &[0]));
    let length = u8::try_from(records.len()).unwrap_or(u8::MAX);
    [vec![length], records].concat()
}

const READ_CONFIG: u8 = 0x1d;
/// OTP (0x01) and PIV (0x10), as a mask of two bytes.
const APPLETS: [u8; 2] = [0x00, 0x11];
