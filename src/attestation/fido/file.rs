//! The file of `ssh-keygen -O write-attestation=` (PROTOCOL.u2f, "ssh-sk-attest-v01").

use ssh_encoding::Decode;

use super::super::cbor::Reader;
use super::FidoError;

/// What ssh-keygen writes of an enrolment, and doesn't look at.
pub(super) struct AttestationFile<'a> {
    /// X.509 in DER, the first of the security key's chain; empty for self attestation.
    pub(super) certificate: &'a [u8],
    /// By the key of that certificate.
    pub(super) signature: &'a [u8],
    /// WebAuthn, 6.1: in the file it stands within a CBOR byte string.
    pub(super) authenticator_data: &'a [u8],
}

impl<'a> AttestationFile<'a> {
    /// Reads it to its last byte. What is reserved must be empty, since it could change
    /// the meaning of the rest.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, FidoError> {
        let input = &mut &*bytes;
        match string(input)? {
            V01 => {}
            V00 => return Err(FidoError::V00),
            _ => return Err(FidoError::File("it begins otherwise")),
        }
        let (certificate, signature) = (string(input)?, string(input)?);
        let data = string(input)?;
        let flags = u32::decode(input).map_err(|_form| SHORT)?;
        if flags != 0 || !string(input)?.is_empty() || !input.is_empty() {
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

/// An SSH string (RFC 4251, 5), borrowed.
fn string<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], FidoError> {
    let length = usize::decode(input).map_err(|_form| SHORT)?;
    let (string, rest) = input.split_at_checked(length).ok_or(SHORT)?;
    *input = rest;
    Ok(string)
}

const V01: &[u8] = b"ssh-sk-attest-v01";
/// Written by OpenSSH before 8.4; without the data that the signature is over.
const V00: &[u8] = b"ssh-sk-attest-v00";
const SHORT: FidoError = FidoError::File("it is cut short");
