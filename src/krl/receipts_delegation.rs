//! A ledger key lets another key sign receipts, for a time: one that lies where certificates are given out.
//!
//! A statement of its own, in a namespace of its own: a key that may sign receipts signs no list by that, and one
//! that may sign lists no receipt. It goes out with each receipt (`docs/formats/receipt.md`).

use std::fmt;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use ssh_key::{PublicKey, Signature};

use super::delegation::{DelegationError, lines_behind};
use super::lines::{KEY_BYTES_MAX, WORD_BYTES_MAX, bytes, decimal, ledger_name, value};
use super::word;
use crate::wire::hex;

/// That a key signs the receipts of a ledger until a time; nobody signed it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptsStatement {
    /// The name of the ledger.
    pub ledger: String,
    /// The last second, in Unix time, in which a certificate's receipt by the key counts.
    pub until: u64,
    /// The public key blob of the key that signs receipts.
    pub key: Vec<u8>,
}

/// A statement with the word of the ledger key for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptsDelegation {
    statement: ReceiptsStatement,
    by: Vec<u8>,
    word: Vec<u8>,
}

impl ReceiptsStatement {
    /// What the ledger key signs, so that [`Self::signed`] makes an SSHSIG of it.
    pub(crate) fn to_be_signed(&self) -> ssh_key::Result<Vec<u8>> {
        word::to_be_signed(RECEIPTS_NAMESPACE, &self.text())
    }

    /// The bytes of the SSHSIG that a key's signature of [`Self::to_be_signed`] makes.
    pub(crate) fn signed(key: &PublicKey, signature: Signature) -> ssh_key::Result<Vec<u8>> {
        word::signed(RECEIPTS_NAMESPACE, key, signature)
    }

    /// The text that is signed.
    fn text(&self) -> String {
        let Self { ledger, until, key } = self;
        let key = hex(&Sha256::digest(key));
        format!("{STATEMENT}\n{ledger}\n{until}\n{key}\n")
    }
}

impl ReceiptsDelegation {
    /// The delegation by the key with this blob; none where its word is not for this very statement,
    /// or the key delegates to itself.
    #[must_use]
    pub fn new(statement: ReceiptsStatement, by: Vec<u8>, word: Vec<u8>) -> Option<Self> {
        let text = statement.text();
        let is_right =
            word::is_of_one_for_another(RECEIPTS_NAMESPACE, &text, (&by, &word), &statement.key);
        is_right.then_some(Self {
            statement,
            by,
            word,
        })
    }

    /// What was signed.
    #[must_use]
    pub fn statement(&self) -> &ReceiptsStatement {
        &self.statement
    }

    /// The public key blob of the ledger key that signed it.
    #[must_use]
    pub fn by(&self) -> &[u8] {
        &self.by
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`DelegationError`].
    pub fn parse(text: &[u8]) -> Result<Self, DelegationError> {
        let mut lines = lines_behind(FIRST_LINE, text)?;
        let mut line = |name| value(lines.next(), name).ok_or(DelegationError::Line(name));
        let wrong = DelegationError::Line;
        let statement = ReceiptsStatement {
            ledger: ledger_name(line("ledger")?).ok_or(wrong("ledger"))?,
            until: decimal(line("until")?).ok_or(wrong("until"))?,
            key: bytes(line("key")?, KEY_BYTES_MAX).ok_or(wrong("key"))?,
        };
        let by = bytes(line("by")?, KEY_BYTES_MAX).ok_or(wrong("by"))?;
        let word = bytes(line("word")?, WORD_BYTES_MAX).ok_or(wrong("word"))?;
        if lines.next().is_some() {
            return Err(wrong("end"));
        }
        Self::new(statement, by, word).ok_or(DelegationError::Signature)
    }
}

impl fmt::Display for ReceiptsDelegation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReceiptsStatement { ledger, until, key } = &self.statement;
        writeln!(f, "{FIRST_LINE}\nledger {ledger}\nuntil {until}")?;
        writeln!(f, "key {}", Base64::encode_string(key))?;
        writeln!(f, "by {}", Base64::encode_string(&self.by))?;
        writeln!(f, "word {}", Base64::encode_string(&self.word))
    }
}

/// What the signature of such a delegation is for.
pub const RECEIPTS_NAMESPACE: &str = "receipts-delegation@punchmark";

const FIRST_LINE: &str = "punchmark receipts delegation 1";
const STATEMENT: &str = "punchmark receipts delegation";

#[cfg(test)]
mod tests {
    use super::super::delegation::tests::delegation as of_lists;
    use super::super::rollover::tests::{LEDGER, blob, key as private};
    use super::*;

    fn delegation(by: u8, key: u8) -> ReceiptsDelegation {
        let statement = ReceiptsStatement {
            ledger: LEDGER.to_owned(),
            until: 1_798_000_000,
            key: blob(key),
        };
        let message = statement.to_be_signed().unwrap();
        let signature: Signature = signature::Signer::sign(&private(by), &message);
        let word = ReceiptsStatement::signed(private(by).public_key(), signature).unwrap();
        ReceiptsDelegation::new(statement, blob(by), word).unwrap()
    }

    #[test]
    fn reads_back_what_it_writes_and_nothing_that_was_changed() {
        let delegation = delegation(1, 2);
        let text = delegation.to_string();
        assert_eq!(ReceiptsDelegation::parse(text.as_bytes()), Ok(delegation));
        for (from, to, error) in [
            ("until 1", "until 2", DelegationError::Signature),
            ("until 1", "until 01", DelegationError::Line("until")),
            (LEDGER, "other", DelegationError::Signature),
            (
                "receipts delegation 1",
                "receipts delegation 2",
                DelegationError::FirstLine,
            ),
            ("\nby ", "\nfor ", DelegationError::Line("by")),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_eq!(
                ReceiptsDelegation::parse(changed.as_bytes()),
                Err(error),
                "{to}"
            );
        }
        let more = format!("{text}more\n");
        let error = ReceiptsDelegation::parse(more.as_bytes()).unwrap_err();
        assert_eq!(error, DelegationError::Line("end"));
    }

    /// Whoever may sign lists may sign no receipts by that.
    #[test]
    fn a_delegation_of_lists_is_none_of_receipts() {
        let lists = of_lists(1, 3, 2, 1_798_000_000).to_string();
        let error = ReceiptsDelegation::parse(lists.as_bytes()).unwrap_err();
        assert_eq!(error, DelegationError::FirstLine);
        let word = lists.lines().last().unwrap().strip_prefix("word ").unwrap();
        let statement = delegation(1, 2).statement().clone();
        let word = Base64::decode_vec(word).unwrap();
        assert_eq!(ReceiptsDelegation::new(statement, blob(1), word), None);
    }
}
