//! How a ledger file stands to the heads that are kept of it.

use std::fs::File;
use std::io;

use super::empty;
use super::room::{self, FIRST, Tail, frame_from};
use crate::ledger::heads::{HeadsError, KeptHead, KeptHeads};

/// How the file stands to the heads that are kept of it.
#[derive(Debug)]
pub enum Standing {
    /// Nothing was ever written to it, so that nothing can be missing.
    New,
    /// It goes on from every kept head.
    Kept,
    /// It does not, or there is none: nothing is written before [`FileFrames::adopt`](super::FileFrames::adopt).
    Refused(HeadsError),
}

/// Whether the file has the frame that a kept head was written with. Every file begins with none.
fn has(file: &File, kept: &KeptHead) -> io::Result<bool> {
    if kept.head.size == 0 {
        return Ok(kept.head == empty() && kept.next == FIRST);
    }
    let frame = room::whole_frame_at(file, kept.last)?;
    Ok(frame.is_some_and(|frame| frame.after == kept.head && frame.next == kept.next))
}

/// The end of the frames, from a kept head on where the file has it; else from the first.
pub(super) fn walk(file: &File, start: Option<KeptHead>) -> io::Result<KeptHead> {
    let mut end = KeptHead {
        head: empty(),
        last: FIRST,
        next: FIRST,
    };
    if let Some(start) = start
        && has(file, &start)?
    {
        end = start;
    }
    while let Some(frame) = frame_from(file, end.next, &end.head)? {
        end = KeptHead {
            head: frame.after,
            last: end.next,
            next: frame.next,
        };
    }
    Ok(end)
}

/// Holds the file against every kept head.
pub(super) fn standing(
    file: &File,
    heads: Option<&KeptHeads>,
    end: KeptHead,
) -> io::Result<Standing> {
    let Some(heads) = heads else {
        return Ok(Standing::New);
    };
    let mut found = false;
    for (path, kept) in heads.each() {
        found = true;
        let (path, size) = (path.to_path_buf(), kept.head.size);
        if size > end.head.size {
            let found = end.head.size;
            let refused = match room::tail(file, end.next)? {
                Some(Tail { offset, .. }) => HeadsError::Broken { path, offset },
                None => HeadsError::Older {
                    path,
                    kept: size,
                    found,
                },
            };
            return Ok(Standing::Refused(refused));
        }
        // The frame at the end was read to get there.
        if kept != end && !has(file, &kept)? {
            return Ok(Standing::Refused(HeadsError::Forked { path, kept: size }));
        }
    }
    Ok(if found {
        Standing::Kept
    } else if end.head.size == 0 {
        Standing::New
    } else {
        Standing::Refused(heads.missing())
    })
}
