//! Heads that were kept elsewhere: read, and checked by who signed them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;
use ssh_key::Fingerprint;

use crate::certificate::subject::fingerprint;
use crate::cli::base::failure::{Advised, At, Failure};
use crate::cli::base::words::path;
use crate::config::{SubjectFile, read_limited};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::{NoteError, NoteKey, unverified_text};
use crate::ledger::{Ledger, ProofError};
use crate::server::fetch::Mark;

/// A head, where it was found, and whose signature it was believed by.
pub(super) struct Kept {
    pub(super) file: PathBuf,
    pub(super) head: Checkpoint,
    /// Whether it has a signature at all: what a server keeps has none.
    pub(super) is_signed: bool,
    /// The fingerprint of the key that signed it; none where that was not checked.
    pub(super) signer: Option<String>,
}

/// Heads to hold something against.
#[derive(Debug, Args)]
pub(super) struct Against {
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
    pub(super) fn read(&self) -> Result<Vec<Kept>, Failure> {
        let heads = self.against.iter();
        heads.map(|file| kept(file, &self.signer)).collect()
    }
}

/// A small text file that was kept elsewhere.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    read_limited(path, LARGEST).in_file(path)
}

/// Reads a head; one that is signed must be so by one of `signers`, if any is named.
pub(super) fn kept(file: &Path, signers: &[PathBuf]) -> Result<Kept, Failure> {
    let text = read_text(file)?;
    let Ok(note) = unverified_text(&text) else {
        // What a server keeps has no signature: it checked that of the list it came with.
        let head = match Mark::parse(&text) {
            Ok(mark) => marked(mark).in_file(file)?,
            Err(_no_mark) => bare(&text).in_file(file)?,
        };
        return Ok(Kept {
            file: file.to_owned(),
            head,
            is_signed: false,
            signer: None,
        });
    };
    let head = Checkpoint::parse(note).in_file(file)?;
    Ok(Kept {
        signer: signer(&text, &head, signers).in_file(file)?,
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

/// The fingerprint of the first of `signers` that signed the note.
fn signer(note: &str, head: &Checkpoint, signers: &[PathBuf]) -> Result<Option<String>, Failure> {
    let mut refused = None;
    for signer in signers {
        let key = SubjectFile::read(signer).in_file(signer)?.key;
        match NoteKey::new(&head.origin, &key)?.open(note) {
            Ok(_) => return Ok(Some(fingerprint(&key))),
            Err(error) => refused = Some(error),
        }
    }
    refused.map_or(Ok(None), |error| Err(error.into()))
}

impl Kept {
    /// Refuses a head that the ledger itself says not to believe: its signer was revoked.
    pub(super) fn refuse_unbelieved(
        &self,
        revoked: &HashMap<[u8; 32], u64>,
    ) -> Result<(), Failure> {
        let signer = self.signer.as_deref();
        let known = revoked
            .iter()
            .find(|(key, _)| signer == Some(&*Fingerprint::Sha256(**key).to_string()));
        match known {
            Some((_, last)) if self.head.size > *last => Err(Failure::new(format!(
                "{}, is not believed: that key was revoked, and counts up to {last} entries",
                self.words()
            ))
            .hint("hold the ledger against a head that another key signed")),
            _ => Ok(()),
        }
    }

    /// What it is, for people, and what of it was not checked.
    pub(super) fn words(&self) -> String {
        let (file, size) = (path(&self.file), self.head.size);
        match &self.signer {
            None if !self.is_signed => {
                format!("{file}, a head of {size} entries, which is unsigned")
            }
            Some(key) => format!("{file}, a head of {size} entries, signed by {key}"),
            None => format!("{file}, a head of {size} entries whose signature was NOT checked"),
        }
    }
}

/// Holds the ledger against a head that it must extend.
pub(super) fn extends(ledger: &Ledger, kept: &Checkpoint) -> Result<(), Failure> {
    ledger.extends(kept).map_err(|error| match error {
        ProofError::Forked { .. } | ProofError::Shorter { .. } => {
            Failure::from(error).hint(CHANGED)
        }
        other => other.into(),
    })
}

/// What the user should do about a ledger that is not what it was.
pub(super) const CHANGED: &str = "keep this file as it is, and compare it with a backup: it was \
    changed, cut short, or an older copy was put back";

impl Advised for NoteError {}

/// The most that is read of a head or a proof.
const LARGEST: u64 = 64 * 1024;
/// What the name of every ledger begins with.
const ORIGIN: &str = "punchmark.ledger/";
