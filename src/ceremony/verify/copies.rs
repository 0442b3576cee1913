//! The ledger has the copy of a key that the plan wants, and nothing by which another could be made.

use super::told::is_told;
use crate::ceremony::conduct::copy_fact;
use crate::ceremony::key_place;
use crate::ceremony::plan::{Ca, Copies, Plan};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::{Became, CopyKind, KnownCopy, Ledger, Origin};
use crate::signer::Locator;

/// What the ledger says of where a key came from.
pub(super) fn origin_of(ca: &Ca) -> Origin {
    match ca.copies {
        Copies::None => Origin::Generated,
        Copies::Wrapped(_) => Origin::Extractable,
        Copies::InMemory(_) => Origin::Imported,
    }
}

/// Holds the copies of a CA's key against the plan: one in each device that it names; what it travelled
/// by was destroyed.
pub(super) fn has_copies(
    ledger: &Ledger,
    (plan, transcript): (&Plan, &Transcript),
    ca: &Ca,
) -> Result<(), VerdictFault> {
    let Some(kind) = ca.copies.kind() else {
        return Ok(());
    };
    let known = ledger.cas()?;
    let known = known.iter().find(|one| one.name() == ca.name.as_str());
    let left = known.map(|one| ledger.copies_left(one)).transpose()?;
    let left = left.unwrap_or_default();
    let fault = |words: String| Err(VerdictFault::Ledger(format!("CA `{}` {words}", ca.name)));
    for name in ca.copies.devices() {
        let is_it = |copy: &KnownCopy| {
            let there = copy.seen.device.parse::<Locator>();
            let device = plan.device(name);
            copy.seen.kind == kind
                && copy.seen.became == Became::Made
                && device
                    .zip(there.ok())
                    .is_some_and(|(device, there)| key_place::narrowed(&there, device).is_some())
        };
        match left.iter().find(|copy| is_it(copy)) {
            None => return fault(format!("has no copy of its key in `{name}`")),
            Some(copy) => is_told(transcript, &copy_fact(ca, name), &copy.seen.holder)?,
        }
    }
    let travels =
        |copy: &KnownCopy| matches!(copy.seen.kind, CopyKind::WrappingKey | CopyKind::Blob);
    if left.iter().any(travels) {
        return fault("still has what its key was wrapped by, on its way".to_owned());
    }
    Ok(())
}
