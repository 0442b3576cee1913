//! Heads that a ledger key signs: each must extend the last one, which lies where the key does.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::advice::ledger::empty_ledger;
use super::failure::{At, Failure};
use super::head::{extends, read_text};
use super::ledger_key;
use crate::certificate::subject::fingerprint;
use crate::config::{self, LedgerKeyPlace};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::key::LedgerKey;
use crate::ledger::{CheckpointSigned, HEADS, Ledger};
use crate::output;

/// Signs the head of the ledger, if it extends the last one that this key signed.
pub(crate) fn sign(
    ledger: &mut Ledger,
    key: &mut LedgerKey,
    place: &LedgerKeyPlace,
) -> Result<(Checkpoint, String), Failure> {
    let beside = head_file(place, &ledger.checkpoint()?.ok_or_else(empty_ledger)?)?;
    if let (LedgerKeyPlace::Device(_), Some(folder)) = (place, beside.parent()) {
        std::fs::create_dir_all(folder).in_file(folder)?;
    }
    if beside.exists() {
        extends_last(ledger, &last(&beside, key)?, &beside)?;
    }
    ledger_key::signs(ledger, key.public_key(), place, HEADS)?;
    let head = ledger.checkpoint()?.ok_or_else(empty_ledger)?;
    let note = key.sign_head(&head)?;
    // Recorded before it is anywhere: a head that somebody has is one that the ledger knows.
    record(ledger, &head, key)?;
    output::write(&beside, note.as_bytes(), 0o644).at("cannot write")?;
    Ok((head, note))
}

/// The head that would be signed, and the file that it would be written to. The key isn't opened, and
/// so the signature of the last head not checked.
pub(crate) fn foresee(
    ledger: &Ledger,
    place: &LedgerKeyPlace,
) -> Result<(Checkpoint, PathBuf), Failure> {
    let head = ledger.checkpoint()?.ok_or_else(empty_ledger)?;
    let beside = head_file(place, &head)?;
    if beside.exists() {
        let note = read_text(&beside)?;
        let last = Checkpoint::parse(crate::ledger::note::unverified_text(&note)?)?;
        extends_last(ledger, &last, &beside)?;
    }
    Ok((head, beside))
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
        LedgerKeyPlace::Device(_) => path(&head.origin),
    }
}

/// Where that head lies, for the ledger of this name.
fn path(origin: &str) -> Result<PathBuf, Failure> {
    file(origin).ok_or_else(|| Failure::new("neither HOME nor XDG_STATE_HOME is set"))
}

/// `$XDG_STATE_HOME/punchmark/ID.signed-head`, else below `~/.local/state`.
fn file(origin: &str) -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let state = variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".local/state")))?;
    let id = origin.rsplit('/').next().map(OsStr::new)?;
    let mut path = state.join("punchmark").join(id).into_os_string();
    path.push(".signed-head");
    Some(path.into())
}
