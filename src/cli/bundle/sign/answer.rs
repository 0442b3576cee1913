//! Writing the answer: all of it is read back from the ledger, so that it can be written again.

use std::io;

use serde_json::json;

use super::{Sign, Work};
use crate::bundle::{AnswerError, AnswerHeader, Answered, Item, SignedBase, write_answer};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::ledger_key;
use crate::cli::base::signed_head;
use crate::cli::base::terminal::warn;
use crate::cli::base::words::{number_of, path};
use crate::config;
use crate::krl::{BASE_NAMESPACE, ListHead};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::key::LedgerKey;
use crate::ledger::{KnownBundle, Ledger, State};
use crate::output;
use crate::revocation::{Prune, list_base};
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
        let mut ledger = context.ledger_after_asking(&work.config)?;
        let (head, note) = signed_head::sign(&mut ledger, key, &work.key)?;
        let bundle = ledger.bundles()?.into_iter();
        let bundle = bundle.into_iter().find(|one| one.taken.id == work.taken.id);
        let bundle = bundle.ok_or_else(|| Failure::new("the ledger has no such bundle"))?;
        let header = AnswerHeader {
            id: work.taken.id,
            sha256: work.taken.sha256,
            head: note,
            items: 0,
            frames: 0,
            bytes: 0,
            checksum: [0; 32],
        };
        let base = base(&ledger, &head, key)?;
        let header = write_file(work, &ledger, (&bundle, base.as_ref()), &head, header)?;
        let refused = bundle.closed.map_or(0, |end| end.refused.len());
        tell(work, &header, (&head, refused), context)?;
        Ok(if refused == 0 {
            Exit::Done
        } else {
            Exit::Refused
        })
    }
}

fn write_file(
    work: &Work,
    ledger: &Ledger,
    (bundle, base): (&KnownBundle, Option<&SignedBase>),
    head: &Checkpoint,
    header: AnswerHeader,
) -> Result<AnswerHeader, Failure> {
    let items = (1_u64..).zip(work.carried.items()?);
    let items = items.map(|(number, item)| answered(number, &item?, ledger, bundle));
    let span = (work.carried.header.against.size, head.size);
    let mut written = None;
    let staged = output::stage_by(&work.out, MODE, |file| {
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
            return Err(staged
                .err()
                .map_or_else(|| Failure::new("no answer"), Failure::from));
        }
    };
    output::release(vec![staged?])
        .into_iter()
        .collect::<Result<(), _>>()
        .in_file(&work.out)?;
    Ok(header)
}

/// What lists outside are held to, where this key delegated them.
fn base(
    ledger: &Ledger,
    head: &Checkpoint,
    key: &mut LedgerKey,
) -> Result<Option<SignedBase>, Failure> {
    let now = config::now();
    let Some(delegation) = ledger.delegation(now)? else {
        return Ok(None);
    };
    if delegation.by() != ledger_key::blob(key.public_key())? {
        warn(
            "another ledger key delegated the signing of lists: no list can be made of this answer",
        );
        return Ok(None);
    }
    let list_head = ListHead {
        origin: head.origin.clone(),
        size: head.size,
        root: head.root,
    };
    let over = Prune::ExpiredBefore(now.saturating_sub(MARGIN));
    let base = list_base(ledger, list_head, now, over)?;
    let bytes = base.to_bytes().at("the base of lists")?;
    let signature = key.sign_list(BASE_NAMESPACE, &bytes)?;
    Ok(Some(SignedBase { bytes, signature }))
}

/// What an item got, by the ledger.
fn answered(
    number: u64,
    item: &Item,
    ledger: &Ledger,
    bundle: &KnownBundle,
) -> Result<Answered, Failure> {
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
        _ => Err(Failure::new(format!(
            "item {number} has no certificate in the ledger"
        ))),
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

/// How long an expired certificate stays in the base, in seconds: the clock here may be wrong by a day.
const MARGIN: u64 = 86_400;
/// Whoever carries it need not keep it secret: certificates are public.
const MODE: u32 = 0o644;
