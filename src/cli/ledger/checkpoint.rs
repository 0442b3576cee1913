//! `punchmark ledger checkpoint`: the head, signed by a key that is no CA's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use ssh_key::PublicKey;
use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;

use super::read_text;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::kept_head;
use crate::cli::private_key::read_private_key;
use crate::cli::terminal::{product, warn};
use crate::config;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::{NoteKey, unverified_text};
use crate::ledger::{CheckpointSigned, Ledger as _};
use crate::output;

/// The key that signs heads.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Sign {
    /// The ledger key: an Ed25519 key file, encrypted, that is no CA's and lies apart
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Sign {
    /// Signs only a head that extends the last one that this key signed, which lies
    /// beside the key as `KEY.head`.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut ledger = context.ledger(&context.config()?)?;
        let head = ledger.checkpoint()?.ok_or(Failure::EmptyLedger)?;
        let beside = head_file(&self.key);
        if beside.exists() {
            let last = Checkpoint::parse(unverified_text(&read_text(&beside)?)?)?;
            ledger.extends(&last)?;
        }
        let (note, key) = self.note(&head, context)?;
        let signed = CheckpointSigned {
            size: head.size,
            root: head.root,
            key,
            keyboard: config::keyboard(),
        };
        ledger.record_checkpoint(signed, config::now())?;
        kept_head::keep(&ledger)?;
        output::write(&beside, note.as_bytes(), 0o644).map_err(Failure::Write)?;
        product(note.trim_end())?;
        Ok(Exit::Done)
    }

    /// The signed head, and the fingerprint of the key that signed it.
    fn note(&self, head: &Checkpoint, context: &Context) -> Result<(String, String), Failure> {
        let (key, was_encrypted) = read_private_key(&self.key)?;
        if !was_encrypted && context.talks() {
            warn("this key file has no passphrase: whoever reads it can sign heads");
        }
        let pair = match key.key_data() {
            KeypairData::Ed25519(pair) => pair,
            _ => return Err(not_ed25519(&self.key, key.algorithm().as_str())),
        };
        let signer = NoteKey::new(&head.origin, pair.public)?;
        let fingerprint = key.fingerprint(Default::default()).to_string();
        Ok((signer.sign_note(&head.to_string(), pair)?, fingerprint))
    }
}

/// The signer of a head, which signs under the ledger's own name.
pub(super) fn note_key(public_key: &Path, text: &str) -> Result<NoteKey, Failure> {
    let line = read_text(public_key)?;
    let key = PublicKey::from_openssh(&line).map_err(|source| Failure::KeyFile {
        path: public_key.display().to_string(),
        source,
    })?;
    match key.key_data() {
        KeyData::Ed25519(key) => Ok(NoteKey::new(&Checkpoint::parse(text)?.origin, *key)?),
        other => Err(not_ed25519(public_key, other.algorithm().as_str())),
    }
}

fn not_ed25519(path: &Path, algorithm: &str) -> Failure {
    Failure::LedgerKeyType {
        path: path.display().to_string(),
        algorithm: algorithm.to_owned(),
    }
}

fn head_file(key: &Path) -> PathBuf {
    let mut path: OsString = key.as_os_str().to_owned();
    path.push(".head");
    path.into()
}

const EXAMPLES: &str = "\
Examples:
  ssh-keygen -t ed25519 -C 'ledger key' -f /media/stick/ledger_key
  punchmark ledger checkpoint --key /media/stick/ledger_key > head-of-november.txt";
