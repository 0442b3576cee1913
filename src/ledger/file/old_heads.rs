//! Heads that versions before 0.2.0 kept, held once against the file that went on from them.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::empty;
use super::room::{FIRST, frame_from};
use crate::ledger::checkpoint::{Checkpoint, CheckpointError};
use crate::ledger::heads::{HeadsError, KeptHead, KeptHeads};
use crate::ledger::merkle::{Frontier, Hash, leaf_hash};
use crate::ledger::old_head;
use crate::ledger::settings::FileSettings;

/// Such heads, each with its file.
#[derive(Debug)]
pub(super) struct OldHeads(Vec<(PathBuf, Result<Checkpoint, CheckpointError>)>);

impl OldHeads {
    /// The old heads of the ledger that these heads are of.
    pub(super) fn find(heads: Option<&KeptHeads>, settings: &FileSettings) -> Self {
        let of = |heads: &KeptHeads| old_head::find(heads.origin(), &settings.old_heads).collect();
        Self(heads.map(of).unwrap_or_default())
    }

    /// What keeps the file from being written to, if it does not go on from each of them.
    ///
    /// They may stand in the middle of a frame, so that the whole tree is made again. That
    /// happens once: afterwards the head is kept in the way of today.
    pub(super) fn refusal(&self, file: &File, end: KeptHead) -> io::Result<Option<HeadsError>> {
        for (path, head) in &self.0 {
            let path = path.clone();
            let refusal = match head {
                Err(source) => HeadsError::Old {
                    path,
                    source: source.clone(),
                },
                Ok(head) if head.size > end.head.size => HeadsError::Older {
                    path,
                    kept: head.size,
                    found: end.head.size,
                },
                Ok(head) if root_at(file, head.size)? != Some(head.root) => HeadsError::Forked {
                    path,
                    kept: head.size,
                },
                Ok(_) => continue,
            };
            return Ok(Some(refusal));
        }
        Ok(None)
    }

    /// Takes them away, once the head is kept in the way of today.
    pub(super) fn remove(&mut self) {
        for (path, _) in self.0.drain(..) {
            // One that stays is looked at again by the next run.
            let _stays = std::fs::remove_file(path);
        }
    }
}

/// The root over the first `size` entries.
fn root_at(file: &File, size: u64) -> io::Result<Option<Hash>> {
    let mut tree = Frontier::default();
    let (mut head, mut next) = (empty(), FIRST);
    while tree.size() < size
        && let Some(frame) = frame_from(file, next, &head)?
    {
        for entry in &frame.entries {
            if tree.size() < size {
                tree.push(leaf_hash(entry), |_, _| ());
            }
        }
        (head, next) = (frame.after, frame.next);
    }
    Ok((tree.size() == size).then(|| tree.root()))
}
