//! What a rehearsal found was made for it: the ledger has the CAs of its plan before it, and no more.

use std::ops::ControlFlow;

use crate::ceremony::plan::Plan;
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::{CopyKind, Entry, Event, Ledger};

/// Up to the head of the plan, the ledger of a rehearsal has what was made to be found, and nothing that
/// anybody did with it: it is no ledger of a CA that signs.
pub(super) fn thrown_away(ledger: &Ledger, plan: &Plan) -> Result<(), VerdictFault> {
    let planned = plan.ledger.as_ref().filter(|_| plan.rehearsal_of.is_some());
    let Some(planned) = planned else {
        return Ok(());
    };
    let is_known = |name: &str| planned.cas.iter().any(|ca| ca.name.as_str() == name);
    let signs = plan.signing().is_some();
    let wraps = planned.cas.iter().any(|ca| plan.finds_wrapped(&ca.name));
    let mut stranger = None;
    ledger.each_entry(1, &mut |position, bytes| {
        if position > planned.head.size {
            return ControlFlow::Break(());
        }
        let is_made = match Entry::from_bytes(bytes).map(|entry| entry.event) {
            Ok(Event::CaAdded(added)) => is_known(&added.name),
            Ok(Event::CopySeen(seen)) if is_of_wrapped_key(seen.kind) => wraps,
            Ok(event) => is_of_the_making(&event) || (signs && is_of_bundles(&event)),
            Err(_) => false,
        };
        if is_made {
            return ControlFlow::Continue(());
        }
        stranger = Some(position);
        ControlFlow::Break(())
    })?;
    match stranger {
        None => Ok(()),
        Some(position) => Err(VerdictFault::Ledger(format!(
            "entry {position} is none of those that are made for a rehearsal"
        ))),
    }
}

/// What comes with CAs, a ledger key and devices that are made.
fn is_of_the_making(event: &Event) -> bool {
    matches!(
        event,
        Event::HeadPlaces(_)
            | Event::PlaceAllowed(_)
            | Event::SuffixesSet(_)
            | Event::Bound(_)
            | Event::NotBound(_)
            | Event::CopySeen(_)
            | Event::EvidenceSeen(_)
            | Event::LedgerKeyAdded(_)
            | Event::SecretsDerived(_)
    )
}

fn is_of_wrapped_key(kind: CopyKind) -> bool {
    matches!(kind, CopyKind::Blob | CopyKind::WrappingKey)
}

/// What comes with the registrar of the bundles that are made.
fn is_of_bundles(event: &Event) -> bool {
    matches!(event, Event::RequesterAdded(_) | Event::DutiesSet(_))
}
