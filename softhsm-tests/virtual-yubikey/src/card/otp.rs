//! The OTP applet, as far as firmware 4 needs it to tell its serial.

use super::{
    apdu::{Command, Status},
    model::Model,
};

pub(crate) const APPLICATION_ID: &[u8] = &[0xa0, 0x00, 0x00, 0x05, 0x27, 0x20, 0x01, 0x01];

/// The status structure: firmware, programming sequence 0, no slot configured.
pub(crate) fn greeting(model: &Model) -> Vec<u8> {
    [&model.firmware.bytes()[..], &[0, 0, 0]].concat()
}

pub(crate) fn answer(model: &Model, command: &Command) -> Result<Vec<u8>, Status> {
    match (command.instruction, command.p1) {
        (API_REQUEST, GET_SERIAL) => Ok(model.serial.to_be_bytes().to_vec()),
        (API_REQUEST, _) => Err(Status::WRONG_PARAMETERS),
        (READ_STATUS, _) => Ok(greeting(model)),
        _ => Err(Status::INSTRUCTION_NOT_SUPPORTED),
    }
}

const API_REQUEST: u8 = 0x01;
const READ_STATUS: u8 = 0x03;
const GET_SERIAL: u8 = 0x10;
