//! `punchmark ledger checkpoint`: the head, signed by a key that is no CA's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::certificate::subject::fingerprint;
use crate::cli::base::advice::ledger::empty_ledger;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::head::{extends, read_text};
use crate::cli::base::ledger_key;
use crate::cli::base::private_key::PassphraseFile;
use crate::cli::base::signed_head;
use crate::cli::base::terminal::product;
use crate::config::{self, LedgerKeyPlace};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::key::LedgerKey;
use crate::ledger::{CheckpointSigned, HEADS, Ledger};
use crate::output;

/// The key that signs heads.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Sign {
    /// The ledger key, which is no CA's: an Ed25519 key file that is encrypted and lies apart,
    /// or the locator of an Ed25519 or P-256 key in a device [default: the config's ledger-key]
    #[arg(long, value_name = "KEY")]
    key: Option<OsString>,

    #[command(flatten)]
    passphrase: PassphraseFile,
}

impl Sign {
    /// Signs only a head that extends the last one that this key signed.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let place = ledger_key::place(self.key.as_ref(), &config)?.ok_or_else(|| {
            Failure::new("no ledger key is named")
                .hint("name it with --key, or as `ledger-key` in the config")
        })?;
        let looked = context.ledger_to_look(&config)?;
        let before = looked.checkpoint()?.ok_or_else(empty_ledger)?;
        let mut key = ledger_key::open(context, &place, &looked.cas()?, &self.passphrase)?;
        drop(looked);
        let mut ledger = context.ledger_after_asking(&config)?;
        let beside = head_file(&place, &before)?;
        if beside.exists() {
            extends_last(&ledger, &last(&beside, &key)?, &beside)?;
        }
        ledger_key::signs(&mut ledger, key.public_key(), &place, HEADS)?;
        let head = ledger.checkpoint()?.ok_or_else(empty_ledger)?;
        let note = key.sign_head(&head)?;
        // Recorded before it is anywhere: a head that somebody has is one that the ledger knows.
        record(&mut ledger, &head, &key)?;
        output::write(&beside, note.as_bytes(), 0o644).at("cannot write")?;
        product(note.trim_end())?;
        Ok(Exit::Done)
    }
}

/// Refuses a ledger that does not go on from the last head. One that was resumed without entries
/// which that head knows never will: a person who knows that begins anew beside it.
fn extends_last(ledger: &Ledger, last: &Checkpoint, beside: &Path) -> Result<(), Failure> {
    let Err(error) = ledger.extends(last) else {
        return Ok(());
    };
    if !ledger.was_resumed_below(last.size)? {
        return extends(ledger, last);
    }
    let file = beside.display();
    Err(Failure::from(error).hint(format!(
        "if the entries that this head knows were lost and the ledger went on by `ledger resume`, \
         keep the head as evidence under another name, and the next one begins anew: \
         mv '{file}' '{file}.lost'"
    )))
}

/// The ledger says what was signed of it: who finds a head elsewhere can look for it here.
fn record(ledger: &mut Ledger, head: &Checkpoint, key: &LedgerKey) -> Result<(), Failure> {
    let signed = CheckpointSigned {
        size: head.size,
        root: head.root,
        key: fingerprint(key.public_key()),
        keyboard: config::keyboard(),
    };
    Ok(ledger.record_checkpoint(signed, config::now())?)
}

/// The last head that the key signed. Its signature is checked: another hand could write
/// a head of another ledger there, which would let this key sign that one.
fn last(path: &Path, key: &LedgerKey) -> Result<Checkpoint, Failure> {
    let note = read_text(path)?;
    let origin = Checkpoint::parse(crate::ledger::note::unverified_text(&note)?)?.origin;
    Ok(Checkpoint::parse(key.note_key(&origin)?.open(&note)?)?)
}

/// Where the last head lies: beside the key file as `KEY.head`; for a key in a device, in
/// the user's state folder.
fn head_file(place: &LedgerKeyPlace, head: &Checkpoint) -> Result<PathBuf, Failure> {
    match place {
        LedgerKeyPlace::File(key) => {
            let mut path: OsString = key.as_os_str().to_owned();
            path.push(".head");
            Ok(path.into())
        }
        LedgerKeyPlace::Device(_) => signed_head::path(&head.origin),
    }
}

const EXAMPLES: &str = "\
Examples:
  ssh-keygen -t ed25519 -C 'ledger key' -f /media/stick/ledger_key
  punchmark ledger checkpoint --key /media/stick/ledger_key > head-of-november.txt
  punchmark ledger checkpoint --key 'pkcs11:token=Audit;object=ledger' > head.txt";
