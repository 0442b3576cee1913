//! `punchmark mirror rebase`: where ledger and mirror have parted, the mirror begins anew from the ledger.

use std::collections::HashMap;
use std::ops::ControlFlow;

use clap::Args;
use serde_json::json;

use super::signed_copy::SignedCopy;
use crate::certificate::explain::Fields;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::faults::Faults;
use crate::cli::base::pending;
use crate::cli::base::terminal::say;
use crate::cli::base::words::{number_of, path};
use crate::config;
use crate::krl::{Header, has_all};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{Entry, Event, Ledger, Mirror};
use crate::revocation::{Pending, Prune, Rebased, krl};

/// Begin a mirror anew from its ledger, where the ledger went on without what the mirror has
///
/// That is so where an older copy of the ledger was put back and went on behind a gap (`ledger resume`), although the
/// mirror had more. The old frames stay beside the mirror, what differs is said, and that it began anew stands in
/// the file of what is pending. Nothing that the mirror revoked may be missing: no list would have it any more.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Rebase {
    #[command(flatten)]
    copy: SignedCopy,

    /// Say what differs, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Rebase {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let mut faults = Faults::default();
        let opened = self.copy.open(&mut faults);
        let (copy, kept) = faults.or(opened)?;
        let head = kept.head;
        copy.extends(&head).in_file(&self.copy.from)?;
        let place = config.ledger_place();
        let (mirror, refusal) = place.open_parted_mirror()?;
        let own = mirror.ledger().checkpoint()?;
        let own = own.ok_or_else(|| Failure::new("the mirror has no entry"))?;
        let mut pending = pending::hold_alone(&config, mirror.ledger())?;
        if own == head {
            return finish(mirror, &pending, &head, context);
        }
        if let Some(refusal) = refusal {
            return Err(Failure::from(crate::ledger::LedgerError::Unkept(refusal)));
        }
        parted(mirror.ledger(), &copy, (&own, &head))?;
        let common = copy.common_with(mirror.ledger())?;
        loses_nothing(&mirror, &copy, &head)?;
        let lost = behind(mirror.ledger(), common)?;
        lost.iter().for_each(|words| say(words));
        let object = json!({ "common": common, "mirror": own.size, "ledger": head.size,
            "only-in-mirror": lost });
        let plan = format!(
            "ledger and mirror have {} in common; the mirror has {} more, and the ledger {}",
            number_of(common, "entry"),
            own.size.saturating_sub(common),
            head.size.saturating_sub(common)
        );
        if self.dry_run {
            context.tell_plan(&plan, object)?;
            return Ok(Exit::Done);
        }
        context.confirm_or_go_on(&format!("{plan}. Begin the mirror anew?"))?;
        pending.note_rebase(Rebased {
            before: (own.size, own.root),
            after: (head.size, head.root),
            common,
            time: config::now(),
        })?;
        let kept = place
            .rebase_mirror(mirror, &copy, &head)
            .in_file(&self.copy.from)?;
        let words = format!(
            "{plan}; it began anew with {}, and the old frames are {}",
            number_of(head.size, "entry"),
            path(&kept)
        );
        context.tell(&words, object)?;
        Ok(Exit::Done)
    }
}

/// Ends what a run began that was cut off; a mirror of this very head has nothing to begin anew.
fn finish(
    mirror: Mirror,
    pending: &Pending,
    head: &Checkpoint,
    context: &Context,
) -> Result<Exit, Failure> {
    let after = pending.rebased().map(|rebased| rebased.after);
    if after != Some((head.size, head.root)) {
        return Err(Failure::new("the mirror ends at this head already"));
    }
    mirror.keep_head()?;
    let words = format!(
        "the mirror began anew with {}",
        number_of(head.size, "entry")
    );
    context.tell(&words, json!({ "ledger": head.size }))?;
    Ok(Exit::Done)
}

/// Whether the two went different ways: where one goes on from the other, nothing has to begin anew.
fn parted(
    mirror: &Ledger,
    copy: &Ledger,
    (own, head): (&Checkpoint, &Checkpoint),
) -> Result<(), Failure> {
    if own.origin != head.origin {
        return Err(Failure::new(format!(
            "the copy is of ledger {}, and the mirror of {}",
            head.origin, own.origin
        )));
    }
    if copy.extends(own).is_ok() {
        return Err(
            Failure::new("the ledger goes on from the mirror: they have not parted")
                .hint(
                    "the answer to the next bundle brings the rest: punchmark bundle accept; where nobody may make one yet, move the \
                     mirror's file out of its folder, and begin it from this copy: punchmark mirror init",
                ),
        );
    }
    if mirror.extends(head).is_ok() {
        return Err(Failure::new("the mirror goes on from the ledger: they have not parted").hint(
            "where the ledger is, it takes up what the mirror has: punchmark ledger resume --from MIRROR",
        ));
    }
    Ok(())
}

/// Whether all that the mirror's frames revoke is revoked by the ledger up to the head.
fn loses_nothing(mirror: &Mirror, copy: &Ledger, head: &Checkpoint) -> Result<(), Failure> {
    let mut is_newer = false;
    copy.each_entry(head.size.saturating_add(1), &mut |_, bytes| {
        let event = Entry::from_bytes(bytes).map(|entry| entry.event);
        is_newer |= !matches!(event, Ok(Event::CheckpointSigned(_)));
        ControlFlow::Continue(())
    })?;
    if is_newer {
        return Err(Failure::new("the copy goes on behind the head")
            .hint("sign a head over all of it, where the ledger is: punchmark ledger checkpoint"));
    }
    let list = |ledger: &Ledger| -> Result<_, Failure> {
        Ok(krl(
            ledger,
            &ledger.cas()?,
            Header::default(),
            Prune::Nothing,
        )?)
    };
    let (before, after) = (list(mirror.ledger())?, list(copy)?);
    has_all(&before, &after).map_err(|lacks| {
        Failure::from(lacks)
            .at("a list of the mirror that began anew")
            .hint("revoke it where the ledger is, and bring a newer copy")
    })
}

/// What the mirror has and the ledger doesn't: a line for each certificate, and one for the rest.
fn behind(mirror: &Ledger, common: u64) -> Result<Vec<String>, Failure> {
    let (mut reserved, mut told, mut others) = (HashMap::new(), Vec::new(), 0_u64);
    mirror.each_entry(common.saturating_add(1), &mut |position, bytes| {
        match Entry::from_bytes(bytes).map(|entry| entry.event) {
            Ok(Event::Reserved(one)) => drop(reserved.insert(position, one)),
            Ok(Event::Issued(issued)) => {
                told.extend(reserved.remove(&issued.reserved).map(|one| {
                    let fields = Fields::of_to_be_signed(&one.to_be_signed);
                    let (serial, requester) = (one.serial, &one.requester);
                    format!(
                        "  only in the mirror: serial {serial}, {requester}, {}",
                        fields.key_id
                    )
                }));
            }
            _ => others = others.saturating_add(1),
        }
        ControlFlow::Continue(())
    })?;
    told.push(format!(
        "  only in the mirror: {} more",
        number_of(others, "entry")
    ));
    Ok(told)
}

const EXAMPLES: &str = "\
Examples:
  punchmark mirror rebase --from /media/stick/punchmark.ledger --head /media/stick/head.txt \\
      --signer ledger_key.pub --dry-run";
