//! What a revoker signs.

use sha2::{Digest, Sha256};
use ssh_encoding::{Decode, Encode};

use crate::ledger::{Barred, Entry, EntryError, Event, Revoked};
use crate::request::{DetachedError, verify_detached};

/// A revocation by a revoker, before the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Which one it is beside its mirror, from 1.
    pub number: u64,
    /// SHA-256 of the one before; zeros for the first.
    pub before: [u8; 32],
    /// The name of the ledger.
    pub origin: String,
    /// When it was made, in Unix seconds.
    pub made: u64,
    /// Who made it.
    pub revoker: String,
    /// The public key blob of the key that signs it.
    pub key: Vec<u8>,
    /// What is revoked.
    pub revoked: Option<Revoked>,
    /// Who is never served again.
    pub barred: Option<Barred>,
}

/// Why bytes are no statement that counts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Something else, or of a version that is not known.
    #[error("not a revocation of version 1")]
    Version,
    /// Not in the form of SSH's types.
    #[error("the revocation is malformed")]
    Form(#[from] ssh_encoding::Error),
    /// What it revokes is no revocation.
    #[error("what it revokes")]
    Entry(#[from] EntryError),
    /// It revokes nothing.
    #[error("it revokes nothing")]
    Nothing,
    /// It is not signed by the key that it names.
    #[error("the revocation is not signed by its revoker")]
    Signature(#[from] DetachedError),
}

impl Statement {
    /// The bytes that the revoker signs.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, StatementError> {
        let mut out = Vec::with_capacity(512);
        MAGIC.encode(&mut out)?;
        self.number.encode(&mut out)?;
        self.before.encode(&mut out)?;
        self.origin.as_str().encode(&mut out)?;
        self.made.encode(&mut out)?;
        self.revoker.as_str().encode(&mut out)?;
        self.key.encode(&mut out)?;
        let revoked = self.revoked.clone().map(Event::Revoked);
        self.entry(revoked)?.encode(&mut out)?;
        self.entry(self.barred.clone().map(Event::Barred))?
            .encode(&mut out)?;
        Ok(out)
    }

    /// Reads [`Self::to_bytes`] back.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StatementError> {
        let input = &mut &*bytes;
        if !matches!(Vec::<u8>::decode(input).as_deref(), Ok(MAGIC)) {
            return Err(StatementError::Version);
        }
        let mut statement = Self {
            number: u64::decode(input)?,
            before: Decode::decode(input)?,
            origin: String::decode(input)?,
            made: u64::decode(input)?,
            revoker: String::decode(input)?,
            key: Vec::decode(input)?,
            revoked: None,
            barred: None,
        };
        let (revoked, barred) = (Vec::<u8>::decode(input)?, Vec::<u8>::decode(input)?);
        statement.revoked = match event(&revoked)? {
            Some(Event::Revoked(revoked)) => Some(revoked),
            Some(_) => return Err(StatementError::Version),
            None => None,
        };
        statement.barred = match event(&barred)? {
            Some(Event::Barred(barred)) => Some(barred),
            Some(_) => return Err(StatementError::Version),
            None => None,
        };
        if statement.revoked.is_none() && statement.barred.is_none() {
            return Err(StatementError::Nothing);
        }
        // Each has one encoding: salt and time of its entries are none of its own.
        if input.is_empty() && statement.to_bytes()? == bytes {
            Ok(statement)
        } else {
            Err(ssh_encoding::Error::Length.into())
        }
    }

    /// What the ledger is to record of it, said to come from this keyboard.
    #[must_use]
    pub fn entries(&self, keyboard: &str) -> Vec<Entry> {
        let revoked = self.revoked.clone().map(|revoked| {
            Event::Revoked(Revoked {
                keyboard: keyboard.to_owned(),
                ..revoked
            })
        });
        let barred = self.barred.clone().map(|barred| {
            Event::Barred(Barred {
                keyboard: keyboard.to_owned(),
                ..barred
            })
        });
        let entry = |event| Entry {
            time: self.made,
            salt: [0; 16],
            event,
        };
        revoked.into_iter().chain(barred).map(entry).collect()
    }

    /// Reads a statement that its revoker signed.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn signed(bytes: &[u8], signature: &[u8]) -> Result<Self, StatementError> {
        let statement = Self::from_bytes(bytes)?;
        verify_detached(&statement.key, REVOCATION_NAMESPACE, bytes, signature)?;
        Ok(statement)
    }

    /// What the ledger names it by, and the next one its predecessor: SHA-256 of the signed bytes.
    ///
    /// # Errors
    /// As [`Self::to_bytes`].
    pub fn sha256(&self) -> Result<[u8; 32], StatementError> {
        Ok(Sha256::digest(self.to_bytes()?).into())
    }

    fn entry(&self, event: Option<Event>) -> Result<Vec<u8>, StatementError> {
        let Some(event) = event else {
            return Ok(Vec::new());
        };
        let entry = Entry {
            time: self.made,
            salt: Default::default(),
            event,
        };
        Ok(entry.to_bytes()?)
    }
}

fn event(bytes: &[u8]) -> Result<Option<Event>, StatementError> {
    match bytes {
        [] => Ok(None),
        bytes => Ok(Some(Entry::from_bytes(bytes)?.event)),
    }
}

/// What the signature of a statement is for.
pub const REVOCATION_NAMESPACE: &str = "revocation@punchmark";
const MAGIC: &[u8] = b"punchmark-revocation-v1";

#[cfg(test)]
pub(super) mod tests {
    use ssh_key::{HashAlg, PrivateKey, SshSig};

    use super::*;

    pub(in crate::revocation) fn key() -> PrivateKey {
        let pair = ssh_key::private::Ed25519Keypair::from_seed(&[7; 32]);
        PrivateKey::from(pair)
    }

    pub(in crate::revocation) fn statement(number: u64, before: [u8; 32]) -> Statement {
        Statement {
            number,
            before,
            origin: "punchmark.ledger/00".to_owned(),
            made: 1_800_000_000 + number,
            revoker: "anna".to_owned(),
            key: key().public_key().to_bytes().unwrap(),
            revoked: Some(Revoked {
                serials: vec![(number, number)],
                reason: "lost".to_owned(),
                ..Revoked::default()
            }),
            barred: None,
        }
    }

    pub(in crate::revocation) fn signed(statement: &Statement) -> (Vec<u8>, Vec<u8>) {
        let bytes = statement.to_bytes().unwrap();
        let sig = SshSig::sign(&key(), REVOCATION_NAMESPACE, HashAlg::Sha512, &bytes).unwrap();
        let mut signature = Vec::new();
        sig.encode(&mut signature).unwrap();
        (bytes, signature)
    }

    #[test]
    fn what_was_signed_is_read_and_nothing_that_was_changed() {
        let (bytes, signature) = signed(&statement(1, [0; 32]));
        assert_eq!(
            Statement::signed(&bytes, &signature).unwrap(),
            statement(1, [0; 32])
        );
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(
                Statement::signed(&changed, &signature).is_err(),
                "byte {at}"
            );
        }
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(
                Statement::signed(&bytes, &changed).is_err(),
                "byte {at} of the signature"
            );
        }
        for length in 0..bytes.len() {
            assert!(
                Statement::from_bytes(&bytes[..length]).is_err(),
                "cut to {length}"
            );
        }
        let mut nothing = statement(1, [0; 32]);
        nothing.revoked = None;
        let nothing = Statement::from_bytes(&nothing.to_bytes().unwrap());
        assert!(matches!(nothing, Err(StatementError::Nothing)));
    }
}
