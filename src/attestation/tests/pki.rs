//! Just enough of X.509 to write certificates as makers of cards do, right and wrong.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use ssh_key::public::{EcdsaPublicKey, KeyData, RsaPublicKey, SkEcdsaSha2NistP256};

/// A P-256 key, the same for each number.
#[derive(Clone)]
pub(super) struct Key(SigningKey);

impl Key {
    pub(super) fn new(number: u8) -> Self {
        Self(SigningKey::from_slice(&[number; 32]).unwrap())
    }

    pub(super) fn point(&self) -> Vec<u8> {
        let point = self.0.verifying_key().to_sec1_point(false);
        point.as_bytes().to_vec()
    }

    pub(super) fn ssh(&self) -> KeyData {
        KeyData::Ecdsa(EcdsaPublicKey::from_sec1_bytes(&self.point()).unwrap())
    }

    pub(super) fn sk(&self, application: &str) -> KeyData {
        let key = p256::PublicKey::from_sec1_bytes(&self.point()).unwrap();
        KeyData::SkEcdsaSha2NistP256(SkEcdsaSha2NistP256::new(key.into(), application))
    }

    /// ECDSA with SHA-256, in DER.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(message);
        signature.to_der().as_bytes().to_vec()
    }

    fn info(&self) -> Vec<u8> {
        let algorithm = sequence(&[tlv(6, EC), tlv(6, P256)]);
        sequence(&[algorithm, bit_string(&self.point())])
    }
}

/// Any RSA key of 2048 bits; nobody has its private half.
pub(super) fn rsa_ssh() -> KeyData {
    let modulus = ssh_key::Mpint::from_positive_bytes(&[0xff; 256]);
    let exponent = ssh_key::Mpint::from_positive_bytes(&[1, 0, 1]);
    KeyData::Rsa(RsaPublicKey::new(exponent, modulus).unwrap())
}

/// One certificate to be.
#[derive(Clone)]
pub(super) struct Contents {
    pub(super) subject: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) key_info: Vec<u8>,
    pub(super) extensions: Vec<Vec<u8>>,
    pub(super) algorithm: Vec<u8>,
}

impl Contents {
    pub(super) fn new(subject: &str, key: &Key, issuer: &str) -> Self {
        Self {
            subject: name(subject),
            issuer: name(issuer),
            key_info: key.info(),
            extensions: Vec::new(),
            algorithm: sequence(&[tlv(6, ECDSA_SHA256)]),
        }
    }

    pub(super) fn with(mut self, extensions: &[Vec<u8>]) -> Self {
        self.extensions.extend_from_slice(extensions);
        self
    }

    /// The part that is signed.
    pub(super) fn body(&self) -> Vec<u8> {
        let extensions = if self.extensions.is_empty() {
            Vec::new()
        } else {
            tlv(0xa3, &sequence(&self.extensions))
        };
        let validity = [tlv(0x17, b"160314000000Z"), tlv(0x18, b"20520417000000Z")];
        sequence(&[
            tlv(0xa0, &tlv(2, &[2])),
            tlv(2, &[1]),
            self.algorithm.clone(),
            self.issuer.clone(),
            sequence(&validity),
            self.subject.clone(),
            self.key_info.clone(),
            extensions,
        ])
    }

    pub(super) fn signed_by(&self, key: &Key) -> Vec<u8> {
        self.with_signature(&key.sign(&self.body()))
    }

    pub(super) fn with_signature(&self, signature: &[u8]) -> Vec<u8> {
        sequence(&[self.body(), self.algorithm.clone(), bit_string(signature)])
    }
}

/// An authority with its own key and certificate.
#[derive(Clone)]
pub(super) struct Authority {
    pub(super) name: String,
    pub(super) key: Key,
    pub(super) der: Vec<u8>,
}

impl Authority {
    pub(super) fn root(name: &str, number: u8) -> Self {
        let key = Key::new(number);
        let der = Contents::new(name, &key, name).with(&[authority(Some(3))]);
        Self {
            name: name.to_owned(),
            der: der.signed_by(&key),
            key,
        }
    }

    pub(super) fn issue(&self, name: &str, number: u8, extensions: &[Vec<u8>]) -> Self {
        let key = Key::new(number);
        let contents = Contents::new(name, &key, &self.name).with(extensions);
        Self {
            name: name.to_owned(),
            der: contents.signed_by(&self.key),
            key,
        }
    }

    pub(super) fn pem(&self) -> String {
        super::armour::armoured("CERTIFICATE", &self.der)
    }
}

/// Basic constraints of an authority, critical.
pub(super) fn authority(path_length: Option<u8>) -> Vec<u8> {
    let length = path_length.map_or_else(Vec::new, |length| tlv(2, &[length]));
    let value = sequence(&[tlv(1, &[0xff]), length]);
    extension(BASIC_CONSTRAINTS, true, &value)
}

/// Basic constraints of what is no authority.
pub(super) fn no_authority() -> Vec<u8> {
    extension(BASIC_CONSTRAINTS, true, &sequence(&[]))
}

/// Key usage: digitalSignature alone.
pub(super) fn signs_no_certificates() -> Vec<u8> {
    extension(&[0x55, 0x1d, 0x0f], true, &tlv(3, &[7, 0x80]))
}

/// One of Yubico's under 1.3.6.1.4.1.41482.3.
pub(super) fn yubico(last: u8, value: &[u8]) -> Vec<u8> {
    extension(&[YUBICO_PIV, &[last]].concat(), false, value)
}

pub(super) fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical {
        tlv(1, &[0xff])
    } else {
        Vec::new()
    };
    sequence(&[tlv(6, oid), critical, tlv(4, value)])
}

pub(super) fn name(common: &str) -> Vec<u8> {
    let part = sequence(&[tlv(6, &[0x55, 4, 3]), tlv(0x0c, common.as_bytes())]);
    sequence(&[tlv(0x31, &part)])
}

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(3, &[&[0], bytes].concat())
}

pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match u8::try_from(length) {
        Ok(short) if short < 0x80 => vec![tag, short],
        Ok(byte) => vec![tag, 0x81, byte],
        Err(_) => {
            let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
            vec![tag, 0x82, high, low]
        }
    };
    [&header, content].concat()
}

const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const YUBICO_PIV: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0xc4, 0x0a, 3];
