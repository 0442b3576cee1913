//! A checkpoint: how long the ledger was, and its root then (C2SP tlog-checkpoint).

use std::fmt;

use ssh_encoding::base64::{Base64, Encoding};

use super::merkle::Hash;
use crate::wire::hex;

/// The head of a ledger at some time. Kept elsewhere, it shows a ledger that was cut
/// short or written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which ledger; see [`origin`].
    pub origin: String,
    /// How many entries it had.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// A text that is no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a checkpoint: its {0} is malformed")]
pub struct CheckpointError(&'static str);

/// The name of the ledger whose first entry has this leaf hash. The entry has random
/// bytes in it, so that no two ledgers share a name.
#[must_use]
pub fn origin(first_leaf: &Hash) -> String {
    let (id, _) = first_leaf.split_at(8);
    format!("punchmark.ledger/{}", hex(id))
}

impl Checkpoint {
    /// Reads the text of a checkpoint; lines after the third are extensions, passed over.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.split_terminator('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty());
        let origin = origin.ok_or(CheckpointError("origin"))?;
        let size = lines
            .next()
            .and_then(decimal)
            .ok_or(CheckpointError("size"))?;
        let root = lines.next().and_then(hash).ok_or(CheckpointError("root"))?;
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = Base64::encode_string(&self.root);
        writeln!(f, "{}\n{}\n{root}", self.origin, self.size)
    }
}

/// Digits without a leading zero, as the format has it.
fn decimal(text: &str) -> Option<u64> {
    let plain = text == "0" || !text.starts_with(['0', '+']);
    plain.then(|| text.parse().ok()).flatten()
}

fn hash(text: &str) -> Option<Hash> {
    Base64::decode_vec(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes() {
        let checkpoint = Checkpoint {
            origin: origin(&[0xab; 32]),
            size: 42,
            root: [3; 32],
        };
        let text = checkpoint.to_string();
        assert!(
            text.starts_with("punchmark.ledger/abababababababab\n42\nAwMD"),
            "{text}"
        );
        assert_eq!(Checkpoint::parse(&text), Ok(checkpoint));
    }

    #[test]
    fn refuses_what_is_malformed_by_the_name_of_the_field() {
        let root = Base64::encode_string(&[3; 32]);
        for (text, field) in [
            (String::new(), "origin"),
            (format!("\n1\n{root}\n"), "origin"),
            (format!("o\n01\n{root}\n"), "size"),
            (format!("o\n+1\n{root}\n"), "size"),
            (format!("o\n18446744073709551616\n{root}\n"), "size"),
            ("o\n1\nAAAA\n".to_owned(), "root"),
            ("o\n1\n".to_owned(), "root"),
        ] {
            assert_eq!(
                Checkpoint::parse(&text),
                Err(CheckpointError(field)),
                "{text:?}"
            );
        }
    }
}
