//! Heads that were kept elsewhere: read, and checked by who signed them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;
use ssh_key::HashAlg;
use ssh_key::public::KeyData;

use super::failure::{Advised, At, Failure};
use super::words::{number_of, path};
use crate::certificate::subject::fingerprint;
use crate::config::{SubjectFile, read_limited};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::{NoteError, NoteKey, unverified_text};
use crate::ledger::{Ledger, ProofError};
use crate::server::fetch::Mark;

/// A head, where it was found, and whose signature it was believed by.
pub(crate) struct Kept {
    pub(crate) file: PathBuf,
    pub(crate) head: Checkpoint,
    /// Whether it has a signature at all: what a server keeps has none.
    pub(crate) is_signed: bool,
    /// The fingerprint of a key that signed it; none where that was not checked.
    pub(crate) signer: Option<String>,
}

/// A head as it was read. It can be held against a ledger once that was asked what it says of
/// whoever signed it, and not before.
pub(crate) struct Claimed {
    file: PathBuf,
    head: Checkpoint,
    is_signed: bool,
    /// Of the keys that were named, those that signed it.
    signers: Vec<KeyData>,
}

/// Heads to hold something against.
#[derive(Debug, Args)]
pub(crate) struct Against {
    /// A head that was kept elsewhere, as `ledger checkpoint` printed it or as a server keeps
    /// it; may be given more than once
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,

    /// The public key of who signed these heads (Ed25519 or P-256); may be given more than once.
    /// Without it, whoever wrote a head is believed, and that is said
    #[arg(long, value_name = "FILE", requires = "against")]
    signer: Vec<PathBuf>,
}

impl Against {
    pub(crate) fn read(&self) -> Result<Vec<Claimed>, Failure> {
        let heads = self.against.iter();
        heads.map(|file| claimed(file, &self.signer)).collect()
    }
}

/// The heads, each as far as this ledger believes who signed it.
pub(crate) fn believed_by(ledger: &Ledger, heads: Vec<Claimed>) -> Result<Vec<Kept>, Failure> {
    let revoked = ledger.revoked_ledger_keys()?;
    let heads = heads.into_iter();
    heads.map(|head| head.believed(&revoked)).collect()
}

/// A small text file that was kept elsewhere.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    read_limited(path, LARGEST).in_file(path)
}

/// Reads a head; one that is signed must be so by one of `signers`, if any is named.
pub(crate) fn claimed(file: &Path, signers: &[PathBuf]) -> Result<Claimed, Failure> {
    let text = read_text(file)?;
    let Ok(note) = unverified_text(&text) else {
        // What a server keeps has no signature: it checked that of the list it came with.
        let head = match Mark::parse(&text) {
            Ok(mark) => marked(mark).in_file(file)?,
            Err(_no_mark) => bare(&text).in_file(file)?,
        };
        return Ok(Claimed {
            file: file.to_owned(),
            head,
            is_signed: false,
            signers: Vec::new(),
        });
    };
    let head = Checkpoint::parse(note).in_file(file)?;
    Ok(Claimed {
        signers: signed_by(&text, &head, signers).in_file(file)?,
        file: file.to_owned(),
        head,
        is_signed: true,
    })
}

/// The head that a server kept beside a list.
fn marked(mark: Mark) -> Result<Checkpoint, Failure> {
    let head = mark
        .head
        .ok_or_else(|| Failure::new("the lists that this server saw carried no head"))?;
    Ok(Checkpoint {
        origin: head.origin,
        size: head.size,
        root: head.root,
    })
}

/// The head in a text that has no signature: three lines, wherever they begin.
fn bare(text: &str) -> Result<Checkpoint, Failure> {
    let begin = text.find(ORIGIN).unwrap_or(text.len());
    Ok(Checkpoint::parse(text.get(begin..).unwrap_or_default())?)
}

/// Which of `signers` signed the note: at least one, if any is named.
fn signed_by(note: &str, head: &Checkpoint, signers: &[PathBuf]) -> Result<Vec<KeyData>, Failure> {
    let (mut signed, mut refused) = (Vec::new(), None);
    for signer in signers {
        let key = SubjectFile::read(signer).in_file(signer)?.key;
        match NoteKey::new(&head.origin, &key)?.open(note) {
            Ok(_) => signed.push(key),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) if signed.is_empty() => Err(error.into()),
        _ => Ok(signed),
    }
}

impl Claimed {
    /// The head, if the ledger that it is held against does not say that all who signed it were
    /// revoked, and count for less: these keys by their SHA-256, each with the last size of a head
    /// that is believed of it.
    pub(crate) fn believed(self, revoked: &HashMap<[u8; 32], u64>) -> Result<Kept, Failure> {
        let sha256 = |key: &KeyData| key.fingerprint(HashAlg::Sha256).sha256();
        let last_size = |key: &KeyData| revoked.get(&sha256(key)?).copied();
        let is_believed = |key: &&KeyData| last_size(key).is_none_or(|last| self.head.size <= last);
        let by = self.signers.iter().find(is_believed).map(fingerprint);
        if by.is_some() || self.signers.is_empty() {
            return Ok(self.kept(by));
        }
        let last = self.signers.iter().filter_map(last_size).max().unwrap_or(0);
        let by = self.signers.first().map(fingerprint);
        let words = self.kept(by).words();
        Err(Failure::new(format!(
            "{words}, is not believed: that key was revoked, and counts up to {last} entries"
        ))
        .hint("hold the ledger against a head that another key signed"))
    }

    /// The head where no ledger is at hand that could say that who signed it was revoked.
    pub(crate) fn without_a_ledger(self) -> Kept {
        let by = self.signers.first().map(fingerprint);
        self.kept(by)
    }

    fn kept(self, signer: Option<String>) -> Kept {
        let Self {
            file,
            head,
            is_signed,
            ..
        } = self;
        Kept {
            file,
            head,
            is_signed,
            signer,
        }
    }
}

impl Kept {
    /// What it is, for people, and what of it was not checked.
    pub(crate) fn words(&self) -> String {
        let (file, entries) = (path(&self.file), number_of(self.head.size, "entry"));
        match &self.signer {
            None if !self.is_signed => {
                format!("{file}, a head of {entries}, which is unsigned")
            }
            Some(key) => format!("{file}, a head of {entries}, signed by {key}"),
            None => format!("{file}, a head of {entries} whose signature was NOT checked"),
        }
    }
}

/// Holds the ledger against a head that it must extend.
pub(crate) fn extends(ledger: &Ledger, kept: &Checkpoint) -> Result<(), Failure> {
    ledger.extends(kept).map_err(|error| match error {
        ProofError::Forked { .. } | ProofError::Shorter { .. } => {
            Failure::from(error).hint(CHANGED)
        }
        other => other.into(),
    })
}

/// What the user should do about a ledger that is not what it was.
pub(crate) const CHANGED: &str = "keep this file as it is, and compare it with a backup: it was \
    changed, cut short, or an older copy was put back";

impl Advised for NoteError {}

/// The most that is read of a head or a proof.
const LARGEST: u64 = 64 * 1024;
/// What the name of every ledger begins with.
const ORIGIN: &str = "punchmark.ledger/";

#[cfg(test)]
mod tests {
    use super::*;
    use ssh_key::private::Ed25519Keypair;

    fn key(seed: u8) -> KeyData {
        KeyData::Ed25519(Ed25519Keypair::from_seed(&[seed; 32]).public)
    }

    /// What is said of a head of five entries that these signed, where key 1 counts up to four
    /// entries, and key 2 up to five.
    fn believed(signers: &[u8]) -> Result<Option<String>, Failure> {
        let sha256 = |seed| key(seed).fingerprint(HashAlg::Sha256).sha256().unwrap();
        let claimed = Claimed {
            file: PathBuf::from("head.txt"),
            head: Checkpoint {
                origin: format!("{ORIGIN}0123456789abcdef"),
                size: 5,
                root: [7; 32],
            },
            is_signed: true,
            signers: signers.iter().copied().map(key).collect(),
        };
        let revoked = HashMap::from([(sha256(1), 4), (sha256(2), 5)]);
        claimed.believed(&revoked).map(|kept| kept.signer)
    }

    #[test]
    fn a_head_counts_by_any_signer_that_is_believed_up_to_its_size() {
        let print = |seed| Some(fingerprint(&key(seed)));
        assert_eq!(believed(&[3]).unwrap(), print(3));
        assert_eq!(believed(&[2]).unwrap(), print(2));
        assert_eq!(believed(&[1, 2]).unwrap(), print(2));
        assert_eq!(believed(&[]).unwrap(), None, "nobody was asked");
        let words = believed(&[1]).err().map(|failure| failure.words());
        let words = words.unwrap_or_default();
        assert!(words.contains("is not believed"), "{words}");
        assert!(words.contains("counts up to 4 entries"), "{words}");
    }
}
