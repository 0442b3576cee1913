//! Writing the answer: all of it is read back from the ledger, so that it can be written again.

use std::io;
use std::path::Path;

use super::{BundleSession, BundleSessionError};
use crate::bundle::{AnswerError, AnswerHeader, Answered, Item, SignedBase, write_answer};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{KnownBundle, Ledger, State};
use crate::output;

impl BundleSession {
    /// Writes the answer: what each item got, and the frames up to a head, whose note leads to them.
    /// Gives its header, and how many items were refused.
    ///
    /// # Errors
    /// [`BundleSessionError`]; there is no file then.
    pub fn write_answer(
        &self,
        ledger: &Ledger,
        (head, note, base): (&Checkpoint, String, Option<&SignedBase>),
        out: &Path,
    ) -> Result<(AnswerHeader, usize), BundleSessionError> {
        let mut bundles = ledger.bundles()?.into_iter();
        let bundle = bundles.find(|one| one.taken.id == self.taken.id);
        let bundle = bundle.ok_or(BundleSessionError::NoBundle)?;
        let header = AnswerHeader {
            id: self.taken.id,
            sha256: self.taken.sha256,
            head: note,
            items: 0,
            frames: 0,
            bytes: 0,
            checksum: [0; 32],
        };
        let header = self.write_file(ledger, (&bundle, base), (head, header), out)?;
        Ok((header, bundle.closed.map_or(0, |end| end.refused.len())))
    }

    fn write_file(
        &self,
        ledger: &Ledger,
        (bundle, base): (&KnownBundle, Option<&SignedBase>),
        (head, header): (&Checkpoint, AnswerHeader),
        out: &Path,
    ) -> Result<AnswerHeader, BundleSessionError> {
        let items = (1_u64..).zip(self.carried.items()?);
        let items = items.map(|(number, item)| answered(number, &item?, ledger, bundle));
        let span = (self.carried.header.against.size, head.size);
        let mut written = None;
        let staged = output::stage_by(out, MODE, |file| {
            let result = write_answer(file, header, items, base, |add| {
                Ok(ledger.each_frame_behind::<AnswerError>(span, add)?)
            });
            let failed = result.is_err();
            written = Some(result);
            if failed {
                return Err(io::Error::other("the answer"));
            }
            Ok(())
        });
        let header = match written {
            Some(result) => result?,
            None => {
                staged?;
                return Err(BundleSessionError::NoBundle);
            }
        };
        let released: Result<(), _> = output::release(vec![staged?]).into_iter().collect();
        released?;
        Ok(header)
    }
}

/// What an item got, by the ledger.
fn answered(
    number: u64,
    item: &Item,
    ledger: &Ledger,
    bundle: &KnownBundle,
) -> Result<Answered, BundleSessionError> {
    let refused = bundle
        .closed
        .as_ref()
        .map_or(&[][..], |end| end.refused.as_slice());
    let found = refused.binary_search_by_key(&number, |(refused, _)| *refused);
    if let Some((_, why)) = found.ok().and_then(|at| refused.get(at)) {
        return Ok(Answered::Refused(why.clone()));
    }
    let record = ledger.issued_for(&item.content().id, bundle.position)?;
    match record.map(|record| record.state) {
        Some(State::Issued(blob)) => Ok(Answered::Certificate(blob)),
        _ => Err(BundleSessionError::NoCertificate(number)),
    }
}

/// Whoever carries it need not keep it secret: certificates are public.
const MODE: u32 = 0o644;
