//! A ledger key delegates the signing of lists to another key, for a time: to that of a mirror, which
//! lies where lists are published.
//!
//! A [`Delegation`] exists only where the ledger key signed it. It lies beside a list, as
//! `LIST.delegation` (`docs/formats/delegation.md`), and a server that knows the ledger key holds it, not
//! the key. What such a list may say, the [base](super::base) beside it bounds.

use std::fmt;
use std::str::SplitTerminator;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use ssh_key::{PublicKey, Signature};

use super::lines::{KEY_BYTES_MAX, WORD_BYTES_MAX, bytes, decimal, ledger_name, value};
use super::word;
use crate::wire::hex;

/// That a key signs the lists of a ledger until a time; nobody signed it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegationStatement {
    /// The name of the ledger.
    pub ledger: String,
    /// Which delegation of this ledger it is, from 1: a server that saw a later one takes no earlier.
    pub number: u64,
    /// The last second, in Unix time, in which a list by the key is taken.
    pub until: u64,
    /// The public key blob of the key that signs lists.
    pub key: Vec<u8>,
}

/// A statement with the word of the ledger key for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    statement: DelegationStatement,
    by: Vec<u8>,
    word: Vec<u8>,
}

/// Why a file is no delegation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DelegationError {
    /// More bytes than are read.
    #[error("more than {DELEGATION_BYTES_MAX} bytes")]
    TooLong,
    /// Another file, or one of a later version.
    #[error("no delegation that this version knows")]
    FirstLine,
    /// A line that is missing, or is not the one form of what it says.
    #[error("line `{0}` is missing or malformed")]
    Line(&'static str),
    /// It is not signed by the key that it names, or is of a key to itself.
    #[error("not signed by the key that it names")]
    Signature,
}

impl DelegationStatement {
    /// What the ledger key signs, so that [`Self::signed`] makes an SSHSIG of it.
    pub(crate) fn to_be_signed(&self) -> ssh_key::Result<Vec<u8>> {
        word::to_be_signed(DELEGATION_NAMESPACE, &self.text())
    }

    /// The bytes of the SSHSIG that a key's signature of [`Self::to_be_signed`] makes.
    pub(crate) fn signed(key: &PublicKey, signature: Signature) -> ssh_key::Result<Vec<u8>> {
        word::signed(DELEGATION_NAMESPACE, key, signature)
    }

    /// The text that is signed.
    fn text(&self) -> String {
        let Self {
            ledger,
            number,
            until,
            key,
        } = self;
        let key = hex(&Sha256::digest(key));
        format!("{STATEMENT}\n{ledger}\n{number}\n{until}\n{key}\n")
    }
}

impl Delegation {
    /// The delegation by the key with this blob; none where its word is not for this very statement,
    /// or the key delegates to itself.
    #[must_use]
    pub fn new(statement: DelegationStatement, by: Vec<u8>, word: Vec<u8>) -> Option<Self> {
        let text = statement.text();
        let is_right =
            word::is_of_one_for_another(DELEGATION_NAMESPACE, &text, (&by, &word), &statement.key);
        is_right.then_some(Self {
            statement,
            by,
            word,
        })
    }

    /// What was signed.
    #[must_use]
    pub fn statement(&self) -> &DelegationStatement {
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
        let mut line = |name| value(lines.next(), name);
        let statement = DelegationStatement {
            ledger: (line("ledger").and_then(ledger_name))
                .ok_or(DelegationError::Line("ledger"))?,
            number: (line("number").and_then(decimal)).ok_or(DelegationError::Line("number"))?,
            until: (line("until").and_then(decimal)).ok_or(DelegationError::Line("until"))?,
            key: (line("key").and_then(key)).ok_or(DelegationError::Line("key"))?,
        };
        let by = (line("by").and_then(key)).ok_or(DelegationError::Line("by"))?;
        let word = line("word").and_then(|text| bytes(text, WORD_BYTES_MAX));
        let word = word.ok_or(DelegationError::Line("word"))?;
        if lines.next().is_some() {
            return Err(DelegationError::Line("end"));
        }
        Self::new(statement, by, word).ok_or(DelegationError::Signature)
    }
}

impl fmt::Display for Delegation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DelegationStatement {
            ledger,
            number,
            until,
            key,
        } = &self.statement;
        writeln!(f, "{FIRST_LINE}\nledger {ledger}\nnumber {number}")?;
        writeln!(f, "until {until}\nkey {}", Base64::encode_string(key))?;
        writeln!(f, "by {}", Base64::encode_string(&self.by))?;
        writeln!(f, "word {}", Base64::encode_string(&self.word))
    }
}

/// The lines of a file that begins with this one, and ends with its last one.
pub(super) fn lines_behind<'t>(
    first: &str,
    text: &'t [u8],
) -> Result<SplitTerminator<'t, char>, DelegationError> {
    if text.len() > DELEGATION_BYTES_MAX {
        return Err(DelegationError::TooLong);
    }
    let text = std::str::from_utf8(text).map_err(|_utf8| DelegationError::FirstLine)?;
    let mut lines = text.split_terminator('\n');
    if lines.next() != Some(first) || !text.ends_with('\n') {
        return Err(DelegationError::FirstLine);
    }
    Ok(lines)
}

fn key(text: &str) -> Option<Vec<u8>> {
    bytes(text, KEY_BYTES_MAX)
}

/// What the signature of a delegation is for.
pub const DELEGATION_NAMESPACE: &str = "delegation@punchmark";

/// The longest file that is read, in bytes: one of P-256 keys takes less than 2 KiB.
pub const DELEGATION_BYTES_MAX: usize = 8 * 1024;

const FIRST_LINE: &str = "punchmark list delegation 1";
const STATEMENT: &str = "punchmark list delegation";

#[cfg(test)]
pub(crate) mod tests {
    use super::super::rollover::tests::{LEDGER, blob, key as private};
    use super::*;

    pub(crate) fn statement(number: u64, key: u8, until: u64) -> DelegationStatement {
        DelegationStatement {
            ledger: LEDGER.to_owned(),
            number,
            until,
            key: blob(key),
        }
    }

    /// The word of a key for a statement.
    pub(crate) fn word_of(by: u8, statement: &DelegationStatement) -> Vec<u8> {
        let message = statement.to_be_signed().unwrap();
        let signature: Signature = signature::Signer::sign(&private(by), &message);
        DelegationStatement::signed(private(by).public_key(), signature).unwrap()
    }

    pub(crate) fn delegation(by: u8, number: u64, key: u8, until: u64) -> Delegation {
        let statement = statement(number, key, until);
        let word = word_of(by, &statement);
        Delegation::new(statement, blob(by), word).unwrap()
    }

    #[test]
    fn reads_back_what_it_writes() {
        let delegation = delegation(1, 3, 2, 1_798_000_000);
        let text = delegation.to_string();
        assert_eq!(Delegation::parse(text.as_bytes()), Ok(delegation));
    }

    #[test]
    fn it_counts_for_its_ledger_its_number_its_end_and_its_key_alone() {
        let good = statement(3, 2, 9);
        let word = word_of(1, &good);
        let changes: [fn(&mut DelegationStatement); 4] = [
            |statement| statement.ledger.push('0'),
            |statement| statement.number = 4,
            |statement| statement.until = 10,
            |statement| statement.key = blob(3),
        ];
        for change in changes {
            let mut changed = good.clone();
            change(&mut changed);
            assert_eq!(Delegation::new(changed, blob(1), word.clone()), None);
        }
        assert_eq!(Delegation::new(good.clone(), blob(4), word.clone()), None);
        let longer = [&word[..], &[0]].concat();
        assert_eq!(Delegation::new(good, blob(1), longer), None);
        let itself = statement(1, 1, 9);
        let word = word_of(1, &itself);
        assert_eq!(Delegation::new(itself, blob(1), word), None);
    }

    #[test]
    fn what_is_cut_or_written_otherwise_is_refused_by_the_name_of_the_line() {
        let good = delegation(1, 3, 2, 9).to_string();
        let lines: Vec<_> = good.lines().collect();
        for (kept, name) in [(1, "ledger"), (3, "until"), (5, "by"), (6, "word")] {
            let cut = lines[..kept].join("\n") + "\n";
            let read = Delegation::parse(cut.as_bytes());
            assert_eq!(read, Err(DelegationError::Line(name)));
        }
        for (from, to, error) in [
            ("number 3", "number 03", DelegationError::Line("number")),
            ("number 3", "number 4", DelegationError::Signature),
            ("until 9", "until +9", DelegationError::Line("until")),
            ("until 9", "until 10", DelegationError::Signature),
            ("delegation 1", "delegation 2", DelegationError::FirstLine),
        ] {
            let changed = good.replacen(from, to, 1);
            assert_eq!(Delegation::parse(changed.as_bytes()), Err(error), "{to}");
        }
        for (more, error) in [
            ("\n", DelegationError::Line("end")),
            ("", DelegationError::FirstLine),
        ] {
            let changed = format!(
                "{}{more}",
                if more.is_empty() {
                    good.trim_end()
                } else {
                    &good
                }
            );
            assert_eq!(Delegation::parse(changed.as_bytes()), Err(error));
        }
        let long = vec![b'\n'; DELEGATION_BYTES_MAX + 1];
        assert_eq!(Delegation::parse(&long), Err(DelegationError::TooLong));
    }
}
