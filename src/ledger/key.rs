//! The ledger key: vouches for heads of the ledger and for its KRLs, and for nothing else.
//!
//! It is no CA's. What it signs is told apart by its first bytes: a checkpoint begins
//! with the ledger's name, an SSHSIG with its own magic; neither can be a certificate.

use ssh_key::Signature;
use ssh_key::private::Ed25519Keypair;
use ssh_key::public::KeyData;

use super::Ca;
use super::checkpoint::Checkpoint;
use super::note::{NoteError, NoteKey};
use crate::certificate::subject::fingerprint;
use crate::krl::rollover::RolloverStatement;
use crate::krl::{DelegationStatement, ListSignature, ReceiptsStatement};
use crate::secret::AskPin;
use crate::signer::{self, Locator, OpeningError, RsaHash, Signer, SignerError};
use crate::wire::verify::{SignatureError, verify_signature};

/// The ledger key, opened.
pub struct LedgerKey {
    holder: Holder,
    public_key: KeyData,
}

/// Where its private half is.
enum Holder {
    File(Box<Ed25519Keypair>),
    Device(Box<dyn Signer>),
}

/// Why the ledger key did not sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerKeyError {
    /// A CA's key is no ledger key: whoever keeps the ledger honest must not be who signs.
    #[error("the ledger key {fingerprint} is the key of CA `{ca}`")]
    IsCa {
        /// The CA.
        ca: String,
        /// The key.
        fingerprint: String,
    },
    /// The device did not give the key.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The device did not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The key file did not sign.
    #[error("the ledger key did not sign: {0}")]
    File(signature::Error),
    /// The signature is not that of the public key.
    #[error("the ledger key's signature does not verify with its own public key")]
    Signature(#[from] SignatureError),
    /// A key of another type, or a checkpoint that cannot be a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The SSHSIG could not be put together.
    #[error("the signature cannot be encoded")]
    Encode(#[from] ssh_key::Error),
}

impl LedgerKey {
    /// The key of a file that was decrypted. None of `cas` has it.
    ///
    /// # Errors
    /// [`LedgerKeyError::IsCa`].
    pub fn from_keypair(pair: Ed25519Keypair, cas: &[Ca]) -> Result<Self, LedgerKeyError> {
        Self::new(
            KeyData::Ed25519(pair.public),
            Holder::File(Box::new(pair)),
            cas,
        )
    }

    /// The key in a device: Ed25519 or ECDSA P-256. None of `cas` has it.
    ///
    /// # Errors
    /// [`LedgerKeyError::Opening`], [`LedgerKeyError::Note`] for a key of another type,
    /// [`LedgerKeyError::IsCa`].
    pub fn open(
        locator: &Locator,
        pins: &mut dyn AskPin,
        cas: &[Ca],
    ) -> Result<Self, LedgerKeyError> {
        let signer = signer::open(locator, RsaHash::default(), pins)?;
        let public_key = signer.public_key().clone();
        Self::new(public_key, Holder::Device(signer), cas)
    }

    fn new(public_key: KeyData, holder: Holder, cas: &[Ca]) -> Result<Self, LedgerKeyError> {
        if let Some(ca) = cas.iter().find(|ca| *ca.public_key() == public_key) {
            return Err(LedgerKeyError::IsCa {
                ca: ca.name().to_owned(),
                fingerprint: fingerprint(&public_key),
            });
        }
        // Its type, before anything depends on it.
        NoteKey::new("n", &public_key)?;
        Ok(Self { holder, public_key })
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &KeyData {
        &self.public_key
    }

    /// What its notes are verified with, under a ledger's name.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn note_key(&self, origin: &str) -> Result<NoteKey, NoteError> {
        NoteKey::new(origin, &self.public_key)
    }

    /// Signs a head, as a note under the ledger's own name.
    ///
    /// # Errors
    /// [`LedgerKeyError`].
    pub fn sign_head(&mut self, head: &Checkpoint) -> Result<String, LedgerKeyError> {
        self.sign_note(&head.origin, &head.to_string())
    }

    /// Signs the text of a head with whatever lines stand behind it, as a note under the name of the ledger.
    ///
    /// # Errors
    /// [`LedgerKeyError`].
    pub fn sign_note(&mut self, origin: &str, text: &str) -> Result<String, LedgerKeyError> {
        let key = self.note_key(origin)?;
        let signature = self.signature(text.as_bytes())?;
        Ok(key.note(text, &signature)?)
    }

    /// Signs a list, whole, as one of the namespace's kind: an armoured SSHSIG, as
    /// `ssh-keygen -Y verify` takes it.
    ///
    /// # Errors
    /// [`LedgerKeyError`].
    pub fn sign_list(&mut self, namespace: &str, list: &[u8]) -> Result<String, LedgerKeyError> {
        let message = ListSignature::to_be_signed(namespace, list)?;
        let signature = self.signature(&message)?;
        let key = self.public_key.clone();
        Ok(ListSignature::new(namespace, key, signature)?.to_armour()?)
    }

    /// Signs that one key takes over from another, of which it is one: an SSHSIG.
    ///
    /// # Errors
    /// [`LedgerKeyError`].
    pub fn sign_rollover(
        &mut self,
        statement: &RolloverStatement,
    ) -> Result<Vec<u8>, LedgerKeyError> {
        let signature = self.signature(&statement.to_be_signed()?)?;
        let key = self.public_key.clone().into();
        Ok(RolloverStatement::signed(&key, signature)?)
    }

    /// Signs that another key may sign lists until a time: an SSHSIG.
    ///
    /// # Errors
    /// [`LedgerKeyError`].
    pub fn sign_delegation(
        &mut self,
        statement: &DelegationStatement,
    ) -> Result<Vec<u8>, LedgerKeyError> {
        let signature = self.signature(&statement.to_be_signed()?)?;
        let key = self.public_key.clone().into();
        Ok(DelegationStatement::signed(&key, signature)?)
    }

    /// Signs that another key may sign receipts until a time: an SSHSIG.
    ///
    /// # Errors
    /// [`LedgerKeyError`].
    pub fn sign_receipts_delegation(
        &mut self,
        statement: &ReceiptsStatement,
    ) -> Result<Vec<u8>, LedgerKeyError> {
        let signature = self.signature(&statement.to_be_signed()?)?;
        let key = self.public_key.clone().into();
        Ok(ReceiptsStatement::signed(&key, signature)?)
    }

    /// Signs, and believes the signature only when it was verified.
    fn signature(&mut self, message: &[u8]) -> Result<Signature, LedgerKeyError> {
        let signature = match &mut self.holder {
            Holder::File(pair) => {
                signature::Signer::try_sign(&**pair, message).map_err(LedgerKeyError::File)?
            }
            Holder::Device(signer) => signer.sign(message)?,
        };
        verify_signature(message, &signature, &self.public_key)?;
        Ok(signature)
    }
}
