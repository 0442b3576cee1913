//! The ledger has the copy of a key that the plan wants, and nothing by which another could be made.

use crate::ceremony::plan::{Ca, Copies, Plan};
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::{Became, CopyKind, KnownCopy, Ledger, Origin};

/// What the ledger says of where a key came from.
pub(super) fn origin_of(ca: &Ca) -> Origin {
    match ca.copies {
        Copies::None => Origin::Generated,
        Copies::Wrapped(_) => Origin::Extractable,
    }
}

/// Holds the copies of a CA's key against the plan: one in the token that it names; what it travelled
/// by was destroyed.
pub(super) fn has_copy(ledger: &Ledger, plan: &Plan, ca: &Ca) -> Result<(), VerdictFault> {
    let Copies::Wrapped(device) = &ca.copies else {
        return Ok(());
    };
    let known = ledger.cas()?;
    let known = known.iter().find(|one| one.name() == ca.name.as_str());
    let left = known.map(|one| ledger.copies_left(one)).transpose()?;
    let left = left.unwrap_or_default();
    let serial = plan.device(device).map(|device| device.serial());
    let is_it = |copy: &KnownCopy| {
        let ends = serial.as_ref().map(|serial| format!("serial {serial}"));
        copy.seen.kind == CopyKind::Wrapped
            && copy.seen.became == Became::Made
            && ends.is_some_and(|ends| copy.seen.holder.contains(&ends))
    };
    let travels =
        |copy: &KnownCopy| matches!(copy.seen.kind, CopyKind::WrappingKey | CopyKind::Blob);
    let words = if !left.iter().any(is_it) {
        "has no copy of its key in"
    } else if left.iter().any(travels) {
        "still has what its key was wrapped by, on its way to"
    } else {
        return Ok(());
    };
    let words = format!("CA `{}` {words} `{device}`", ca.name);
    Err(VerdictFault::Ledger(words))
}
