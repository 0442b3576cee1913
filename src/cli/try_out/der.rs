//! Just enough of DER (X.690) and X.509 (RFC 5280) to write the certificates of a trial.

/// One certificate, but for who signs it.
pub(super) struct Contents<'a> {
    pub(super) subject: &'a str,
    pub(super) issuer: &'a str,
    /// The subject's P-256 point, uncompressed (SEC 1, 2.3.3).
    pub(super) point: &'a [u8],
    pub(super) extensions: &'a [Vec<u8>],
}

impl Contents<'_> {
    /// The part that is signed (RFC 5280, 4.1.2). The dates are those of real attestations,
    /// which say nothing of time.
    pub(super) fn to_be_signed(&self, serial: &[u8]) -> Vec<u8> {
        let validity = [
            tlv(UTC_TIME, b"160314000000Z"),
            tlv(GENERALIZED_TIME, b"20520417000000Z"),
        ];
        let algorithm = [tlv(OBJECT, EC_KEY), tlv(OBJECT, P256)];
        sequence(&[
            tlv(0xa0, &tlv(INTEGER, &[2])),
            tlv(INTEGER, serial),
            ecdsa_with_sha256(),
            name(self.issuer),
            sequence(&validity),
            name(self.subject),
            sequence(&[sequence(&algorithm), bits(self.point)]),
            tlv(0xa3, &sequence(self.extensions)),
        ])
    }
}

/// The whole certificate: what was signed, and an ECDSA signature over it in DER.
pub(super) fn certificate(to_be_signed: &[u8], signature: &[u8]) -> Vec<u8> {
    sequence(&[to_be_signed.to_vec(), ecdsa_with_sha256(), bits(signature)])
}

/// Basic constraints of an authority, with at most so many below it; critical.
pub(super) fn authority(path_length: u8) -> Vec<u8> {
    let value = sequence(&[tlv(BOOLEAN, &[0xff]), tlv(INTEGER, &[path_length])]);
    let parts = [
        tlv(OBJECT, BASIC_CONSTRAINTS),
        tlv(BOOLEAN, &[0xff]),
        tlv(OCTETS, &value),
    ];
    sequence(&parts)
}

/// One of Yubico's extensions, 1.3.6.1.4.1.41482.3.`last`, with the bytes that cards write.
pub(super) fn yubico(last: u8, value: &[u8]) -> Vec<u8> {
    let identifier = [YUBICO_PIV, &[last]].concat();
    sequence(&[tlv(OBJECT, &identifier), tlv(OCTETS, value)])
}

/// A number as a DER INTEGER: in its shortest form, with a zero before a leading high bit.
pub(super) fn integer(number: u32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let mut short: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    if short.first().is_none_or(|first| *first >= 0x80) {
        short.insert(0, 0);
    }
    tlv(INTEGER, &short)
}

fn name(common: &str) -> Vec<u8> {
    let part = sequence(&[tlv(OBJECT, COMMON_NAME), tlv(UTF8, common.as_bytes())]);
    sequence(&[tlv(SET, &part)])
}

fn ecdsa_with_sha256() -> Vec<u8> {
    sequence(&[tlv(OBJECT, ECDSA_SHA256)])
}

fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(BITS, &[&[0], bytes].concat())
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// Tag, length in its shortest form, content.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let header = match (length.as_slice(), u8::try_from(length.len())) {
        ([], _) => vec![tag, 0],
        ([short @ ..0x80], _) => vec![tag, *short],
        (long, Ok(count)) => [&[tag, 0x80 | count], long].concat(),
        // A length has at most eight bytes.
        (_, Err(_)) => Vec::new(),
    };
    [header, content.to_vec()].concat()
}

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OCTETS: u8 = 0x04;
const OBJECT: u8 = 0x06;
const UTF8: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// 2.5.4.3
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// 2.5.29.19
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// 1.3.6.1.4.1.41482.3
const YUBICO_PIV: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xc4, 0x0a, 0x03];
/// 1.2.840.10045.2.1
const EC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.10045.3.1.7
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 1.2.840.10045.4.3.2
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

#[cfg(test)]
mod tests {
    use super::{integer, tlv};

    #[test]
    fn a_number_is_written_in_its_shortest_form() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(127), [2, 1, 127]);
        assert_eq!(integer(12_345_678), [2, 4, 0, 0xbc, 0x61, 0x4e]);
    }

    #[test]
    fn a_length_is_written_in_its_shortest_form() {
        assert_eq!(tlv(4, &[]), [4, 0]);
        assert_eq!(tlv(4, &[7; 127])[..2], [4, 127]);
        assert_eq!(tlv(4, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tlv(4, &[7; 300])[..4], [4, 0x82, 1, 44]);
    }
}
