//! The file of `ssh-keygen -O write-attestation=` (PROTOCOL.u2f, "ssh-sk-attest-v01").

use super::super::cbor::Reader;
use super::FidoError;
use crate::wire::{Cursor, WireError};

/// What ssh-keygen writes of an enrolment, and doesn't look at.
pub(super) struct AttestationFile<'a> {
    /// X.509 in DER, the first of the security key's chain; empty for self attestation.
    pub(super) certificate: &'a [u8],
    /// The signature by the key of that certificate.
    pub(super) signature: &'a [u8],
    /// WebAuthn, 6.1: in the file it stands within a CBOR byte string.
    pub(super) authenticator_data: &'a [u8],
}

impl<'a> AttestationFile<'a> {
    /// Reads it to its last byte. What is reserved must be empty, since it could change
    /// the meaning of the rest.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, FidoError> {
        let mut input = Cursor::new(bytes);
        match input.string().map_err(short)? {
            V01 => {}
            V00 => return Err(FidoError::V00),
            _ => return Err(FidoError::File("it begins otherwise")),
        }
        let certificate = input.string().map_err(short)?;
        let signature = input.string().map_err(short)?;
        let data = input.string().map_err(short)?;
        let flags = input.u32().map_err(short)?;
        let reserved = input.string().map_err(short)?;
        if flags != 0 || !reserved.is_empty() || !input.is_empty() {
            return Err(FidoError::File("there is more in it than is known"));
        }
        Ok(Self {
            certificate,
            signature,
            authenticator_data: unwrap(data)?,
        })
    }
}

/// ssh-keygen's own test provider leaves the data out, as one that attests nothing may.
fn unwrap(data: &[u8]) -> Result<&[u8], FidoError> {
    if data.is_empty() {
        return Ok(data);
    }
    let mut reader = Reader::new(data);
    let inner = reader.bytes()?;
    match reader.rest() {
        [] => Ok(inner),
        _ => Err(FidoError::File(
            "there is something behind the authenticator data",
        )),
    }
}

fn short(_: WireError) -> FidoError {
    FidoError::File("it is cut short")
}

const V01: &[u8] = b"ssh-sk-attest-v01";
/// Written by OpenSSH before 8.4; without the data that the signature is over.
const V00: &[u8] = b"ssh-sk-attest-v00";
