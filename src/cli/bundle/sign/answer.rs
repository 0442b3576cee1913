//! The answer of a bundle, signed and written.

use serde_json::json;

use super::{Sign, Work};
use crate::bundle::{AnswerHeader, OfferedBase, signed_base};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::ledger_key;
use crate::cli::base::signed_head;
use crate::cli::base::terminal::warn;
use crate::cli::base::words::{number_of, path};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::key::LedgerKey;
use crate::wire::{hex, words};

impl Sign {
    /// The answer of a bundle that was signed before.
    pub(super) fn write_again(&self, work: &Work, context: &Context) -> Result<Exit, Failure> {
        let cas = context.ledger_to_look(&work.config)?.cas()?;
        let mut key = ledger_key::open(context, &work.key, &cas, (&self.passphrase, self.asks))?;
        self.write(work, &mut key, context)
    }

    /// Signs the head, and writes what leads to it.
    pub(super) fn write(
        &self,
        work: &Work,
        key: &mut LedgerKey,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let mut ledger = context.ledger_for_long_after_asking(&work.config)?;
        let (head, note) = signed_head::sign(&mut ledger, key, &work.key)?;
        let session = &work.session;
        let base = match signed_base(&ledger, &head, key)? {
            OfferedBase::Signed(base) => Some(base),
            OfferedBase::Undelegated => None,
            OfferedBase::DelegatedByAnother => {
                warn(
                    "another ledger key delegated the signing of lists: no list can be made of this answer",
                );
                None
            }
        };
        let of = (&head, note, base.as_ref());
        let (header, refused) = session.write_answer(&ledger, of, &work.out)?;
        tell(work, &header, (&head, refused), context)?;
        Ok(if refused == 0 {
            Exit::Done
        } else {
            Exit::Refused
        })
    }
}

fn tell(
    work: &Work,
    header: &AnswerHeader,
    (head, refused): (&Checkpoint, usize),
    context: &Context,
) -> Result<(), Failure> {
    let signed = header
        .items
        .saturating_sub(u64::try_from(refused).unwrap_or(u64::MAX));
    let signed_words = number_of(signed, "certificate");
    let out = path(&work.out);
    let root = words(&head.root);
    let said = format!(
        "{out} answers bundle {}: {signed_words}, {refused} refused\n  head      {} entries of {}\n  \
         root      {}\n  words     {root}",
        hex(&header.id),
        head.size,
        head.origin,
        hex(&head.root)
    );
    let object = json!({
        "answer": out, "bundle": hex(&header.id), "certificates": signed, "refused": refused,
        "origin": head.origin, "size": head.size, "root": hex(&head.root), "words": root,
    });
    context.tell(&said, object)
}
