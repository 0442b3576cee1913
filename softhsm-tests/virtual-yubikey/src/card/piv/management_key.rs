//! The management key, which key management on the card wants to be proved.

use aes::{Aes128, Aes192, Aes256};
use cipher::{BlockCipherEncrypt, KeyInit};
use des::TdesEde3;

use super::super::{
    apdu::{Command, Status},
    crypto::fill_random,
    model::Firmware,
    policy::TouchPolicy,
    tlv,
};

/// The key, and how far its proof has come in this session.
pub(crate) struct ManagementKey {
    pub(crate) algorithm: Cipher,
    pub(crate) touch: TouchPolicy,
    value: Vec<u8>,
    proof: Proof,
}

/// The ciphers that a management key may be for (SP 800-78-4, table 6-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cipher {
    TripleDes,
    Aes128,
    Aes192,
    Aes256,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Proof {
    None,
    /// The card sent this, encrypted, and waits for the plain text.
    Witness(Vec<u8>),
    /// The card sent this, and waits for it to come back encrypted.
    Challenge(Vec<u8>),
    Done,
}

impl ManagementKey {
    /// The key that every card of this firmware leaves the factory with.
    pub(crate) fn factory(firmware: Firmware) -> Self {
        Self {
            algorithm: if firmware.is_5_7() {
                Cipher::Aes192
            } else {
                Cipher::TripleDes
            },
            touch: TouchPolicy::Never,
            value: FACTORY_KEY.to_vec(),
            proof: Proof::None,
        }
    }

    pub(crate) fn is_factory(&self) -> bool {
        self.value == FACTORY_KEY
    }

    pub(crate) fn forget_session(&mut self) {
        self.proof = Proof::None;
    }

    /// Whether the key was proved in this session.
    pub(crate) fn require(&self) -> Result<(), Status> {
        match self.proof {
            Proof::Done => Ok(()),
            _ => Err(Status::SECURITY_NOT_SATISFIED),
        }
    }

    /// One step of GENERAL AUTHENTICATE (SP 800-73-4 part 2, 3.2.4): the card challenges the
    /// host, or both challenge each other. A wrong step ends the proof.
    pub(crate) fn step(&mut self, p1: u8, records: &[(u8, &[u8])]) -> Result<Vec<u8>, Status> {
        if Cipher::read(p1)? != self.algorithm {
            return Err(Status::WRONG_DATA);
        }
        let proof = std::mem::replace(&mut self.proof, Proof::None);
        match (proof, records) {
            (_, [(WITNESS, [])]) => {
                let witness = self.random_block()?;
                let answer = self.encrypted(&witness)?;
                self.proof = Proof::Witness(witness);
                Ok(template(WITNESS, &answer))
            }
            (_, [(CHALLENGE, [])]) => {
                let challenge = self.random_block()?;
                self.proof = Proof::Challenge(challenge.clone());
                Ok(template(CHALLENGE, &challenge))
            }
            (Proof::Witness(sent), both) => self.answer_witness(&sent, both),
            (Proof::Challenge(sent), [(RESPONSE, response)]) => {
                self.finish(self.encrypted(&sent)? == *response)?;
                Ok(Vec::new())
            }
            _ => Err(Status::WRONG_DATA),
        }
    }

    /// SET MANAGEMENT KEY: algorithm, then a record of the new key; P2 says whether it wants a
    /// touch.
    pub(crate) fn replace(&mut self, command: &Command, firmware: Firmware) -> Result<(), Status> {
        self.require()?;
        let touch = match (command.p1, command.p2) {
            (0xff, 0xff) => TouchPolicy::Never,
            (0xff, 0xfe) => TouchPolicy::Always,
            _ => return Err(Status::WRONG_PARAMETERS),
        };
        let (algorithm, record) = command.data.split_first().ok_or(Status::WRONG_DATA)?;
        let algorithm = Cipher::read(*algorithm)?;
        let value = tlv::read_only(REFERENCE, record)?;
        let known = algorithm == Cipher::TripleDes || firmware.has_aes_management_keys();
        if !known || value.len() != algorithm.key_length() {
            return Err(Status::WRONG_DATA);
        }
        self.algorithm = algorithm;
        self.touch = touch;
        self.value = value.to_vec();
        Ok(())
    }

    fn answer_witness(&mut self, sent: &[u8], both: &[(u8, &[u8])]) -> Result<Vec<u8>, Status> {
        let part = |tag| tlv::find(both, tag).ok_or(Status::WRONG_DATA);
        let (witness, challenge) = (part(WITNESS)?, part(CHALLENGE)?);
        let answer = self.encrypted(challenge)?;
        self.finish(witness == sent)?;
        Ok(template(RESPONSE, &answer))
    }

    fn finish(&mut self, right: bool) -> Result<(), Status> {
        if !right {
            return Err(Status::SECURITY_NOT_SATISFIED);
        }
        self.proof = Proof::Done;
        Ok(())
    }

    fn random_block(&self) -> Result<Vec<u8>, Status> {
        let mut block = vec![0; self.algorithm.block_length()];
        fill_random(&mut block)?;
        Ok(block)
    }

    fn encrypted(&self, block: &[u8]) -> Result<Vec<u8>, Status> {
        match self.algorithm {
            Cipher::TripleDes => encrypt::<TdesEde3>(&self.value, block),
            Cipher::Aes128 => encrypt::<Aes128>(&self.value, block),
            Cipher::Aes192 => encrypt::<Aes192>(&self.value, block),
            Cipher::Aes256 => encrypt::<Aes256>(&self.value, block),
        }
    }
}

impl Cipher {
    fn read(byte: u8) -> Result<Self, Status> {
        match byte {
            // Zero is the default algorithm of SP 800-78-4.
            0x00 | 0x03 => Ok(Self::TripleDes),
            0x08 => Ok(Self::Aes128),
            0x0a => Ok(Self::Aes192),
            0x0c => Ok(Self::Aes256),
            _ => Err(Status::WRONG_DATA),
        }
    }

    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::TripleDes => 0x03,
            Self::Aes128 => 0x08,
            Self::Aes192 => 0x0a,
            Self::Aes256 => 0x0c,
        }
    }

    fn key_length(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::TripleDes | Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    fn block_length(self) -> usize {
        match self {
            Self::TripleDes => 8,
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
        }
    }
}

/// Encrypts one block. (The card never decrypts: it compares with what it encrypted or sent.)
fn encrypt<C: KeyInit + BlockCipherEncrypt>(key: &[u8], block: &[u8]) -> Result<Vec<u8>, Status> {
    let cipher = C::new_from_slice(key).map_err(|_| Status::INTERNAL)?;
    let mut block = cipher::Block::<C>::try_from(block).map_err(|_| Status::WRONG_DATA)?;
    cipher.encrypt_block(&mut block);
    Ok(block.to_vec())
}

fn template(tag: u8, value: &[u8]) -> Vec<u8> {
    tlv::write(&[0x7c], &tlv::write(&[tag], value))
}

/// The key reference of the management key.
pub(crate) const REFERENCE: u8 = 0x9b;
const WITNESS: u8 = 0x80;
const CHALLENGE: u8 = 0x81;
const RESPONSE: u8 = 0x82;
/// Published by Yubico, and the same on every card, for 3DES and for AES-192.
const FACTORY_KEY: [u8; 24] = [
    1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8,
];
