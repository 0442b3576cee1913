//! Just enough of X.509 (RFC 5280) to write the certificates of an attestation, byte for byte as
//! a YubiKey writes them: its extensions hold raw bytes where DER is due.

use sha2::{Digest as _, Sha256};

use super::{
    apdu::Status,
    crypto::{Algorithm, PrivateKey, fill_random},
    tlv,
};

/// What one certificate says, except for who signs it.
pub(crate) struct Contents<'a> {
    pub(crate) subject: &'a str,
    pub(crate) issuer: &'a str,
    /// The subject's public key, in DER.
    pub(crate) public_key_info: Vec<u8>,
    pub(crate) extensions: Vec<Extension>,
}

/// One extension: the DER of its identifier (without tag and length), and its raw value.
pub(crate) struct Extension {
    pub(crate) identifier: Vec<u8>,
    pub(crate) critical: bool,
    pub(crate) value: Vec<u8>,
}

impl Extension {
    /// The subject may issue certificates, with at most `path_length` more below it.
    pub(crate) fn authority(path_length: u8) -> Self {
        Self {
            identifier: vec![0x55, 0x1d, 0x13],
            critical: true,
            value: sequence(&[
                tlv::write(&[BOOLEAN], &[0xff]),
                tlv::write(&[INTEGER], &[path_length]),
            ]),
        }
    }

    /// The subject's key may sign certificates and revocation lists, and nothing else.
    pub(crate) fn certificate_signing() -> Self {
        Self {
            identifier: vec![0x55, 0x1d, 0x0f],
            critical: true,
            // One unused bit, then keyCertSign and cRLSign (RFC 5280, 4.2.1.3).
            value: tlv::write(&[BIT_STRING], &[0x01, 0x06]),
        }
    }

    /// One of Yubico's: 1.3.6.1.4.1.41482.3.`last`.
    pub(crate) fn yubico(last: u8, value: Vec<u8>) -> Self {
        Self {
            identifier: [YUBICO_PIV, &[last]].concat(),
            critical: false,
            value,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let critical = if self.critical {
            tlv::write(&[BOOLEAN], &[0xff])
        } else {
            Vec::new()
        };
        sequence(&[
            tlv::write(&[OBJECT_IDENTIFIER], &self.identifier),
            critical,
            tlv::write(&[OCTET_STRING], &self.value),
        ])
    }
}

/// A certificate in DER, signed with SHA-256 by `issuer`.
pub(crate) fn issue(contents: &Contents<'_>, issuer: &PrivateKey) -> Result<Vec<u8>, Status> {
    let algorithm = signature_algorithm(issuer.algorithm());
    let body = sequence(&[
        tlv::write(&[0xa0], &tlv::write(&[INTEGER], &[2])),
        serial_number()?,
        algorithm.clone(),
        name(contents.issuer),
        validity(),
        name(contents.subject),
        contents.public_key_info.clone(),
        extensions(&contents.extensions),
    ]);
    let signature = sign(issuer, &body)?;
    Ok(sequence(&[body, algorithm, bit_string(&signature)]))
}

/// A non-negative number as a DER INTEGER.
pub(crate) fn integer(number: u32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let mut short: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    if short.first().is_none_or(|first| *first >= 0x80) {
        short.insert(0, 0);
    }
    tlv::write(&[INTEGER], &short)
}

fn sign(issuer: &PrivateKey, body: &[u8]) -> Result<Vec<u8>, Status> {
    let digest = Sha256::digest(body);
    match issuer {
        PrivateKey::Rsa(algorithm, _) => issuer.sign(&padded(&digest, algorithm.bits() / 8)),
        PrivateKey::P256(_) | PrivateKey::P384(_) => issuer.sign(&digest),
        PrivateKey::Ed25519(_) => issuer.sign(body),
    }
}

/// EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 9.2).
fn padded(digest: &[u8], length: usize) -> Vec<u8> {
    let info = [SHA256_DIGEST_INFO, digest].concat();
    let filling = vec![0xff; length.saturating_sub(info.len() + 3)];
    [&[0, 1][..], &filling, &[0], &info].concat()
}

fn signature_algorithm(algorithm: Algorithm) -> Vec<u8> {
    let object = |bytes| tlv::write(&[OBJECT_IDENTIFIER], bytes);
    match algorithm {
        Algorithm::P256 | Algorithm::P384 => sequence(&[object(ECDSA_WITH_SHA256)]),
        Algorithm::Ed25519 => sequence(&[object(ED25519)]),
        Algorithm::Rsa1024 | Algorithm::Rsa2048 | Algorithm::Rsa3072 | Algorithm::Rsa4096 => {
            sequence(&[object(RSA_WITH_SHA256), tlv::write(&[NULL], &[])])
        }
    }
}

/// 16 random bytes, positive and without a leading zero.
fn serial_number() -> Result<Vec<u8>, Status> {
    let mut random = [0; 15];
    fill_random(&mut random)?;
    Ok(tlv::write(&[INTEGER], &[&[0x5a][..], &random].concat()))
}

/// A name of one part: the common name.
fn name(common: &str) -> Vec<u8> {
    let part = sequence(&[
        tlv::write(&[OBJECT_IDENTIFIER], COMMON_NAME),
        tlv::write(&[UTF8_STRING], common.as_bytes()),
    ]);
    sequence(&[tlv::write(&[SET], &part)])
}

/// The dates that real attestation certificates carry: they say nothing about freshness.
fn validity() -> Vec<u8> {
    sequence(&[
        tlv::write(&[UTC_TIME], b"160314000000Z"),
        tlv::write(&[GENERALIZED_TIME], b"20520417000000Z"),
    ])
}

fn extensions(all: &[Extension]) -> Vec<u8> {
    let encoded: Vec<Vec<u8>> = all.iter().map(Extension::encode).collect();
    if encoded.is_empty() {
        return Vec::new();
    }
    tlv::write(&[0xa3], &sequence(&encoded))
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv::write(&[SEQUENCE], &parts.concat())
}

fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv::write(&[BIT_STRING], &[&[0][..], bytes].concat())
}

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// 2.5.4.3
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// 1.3.6.1.4.1.41482.3
const YUBICO_PIV: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xc4, 0x0a, 0x03];
/// 1.2.840.10045.4.3.2
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// 1.2.840.113549.1.1.11
const RSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
/// 1.3.101.112
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// The DigestInfo of RFC 8017, 9.2, note 1, up to the digest.
const SHA256_DIGEST_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_an_integer_as_der_wants_it() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(127), [2, 1, 127]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(integer(12_345_678), [2, 4, 0, 0xbc, 0x61, 0x4e]);
    }
}
