//! The ledger has the copy of a key that the plan wants, and nothing by which another could be made.

use super::told::is_told;
use crate::ca::components_name;
use crate::ceremony::conduct::copy_fact;
use crate::ceremony::facts::{COMPONENTS_CHECK, blob_fact, blob_in_words};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Ca, Copies, Plan, wrapped_file};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::{Became, CopyKind, KnownCopy, Ledger, Origin};
use crate::signer::Locator;

/// What the ledger says of where a key came from.
pub(super) fn origin_of(ca: &Ca) -> Origin {
    match ca.copies {
        Copies::None => Origin::Generated,
        Copies::Wrapped(_) | Copies::Components => Origin::Extractable,
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
    if ca.copies.is_wrapped_by_components() {
        if are_as_told((plan, transcript), ca, &left) {
            return Ok(());
        }
        return fault("has another wrapped key than the transcript tells of".to_owned());
    }
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

/// One wrapped key and the components of one wrapping key are left, which are those of the transcript.
fn are_as_told((plan, transcript): (&Plan, &Transcript), ca: &Ca, left: &[KnownCopy]) -> bool {
    let of_kind = |kind: CopyKind| {
        let mut of_kind = left.iter().filter(move |copy| copy.seen.kind == kind);
        let one = of_kind.next();
        one.filter(|_| of_kind.next().is_none())
            .filter(|copy| copy.seen.became == Became::Made)
            .map(|copy| &copy.seen)
    };
    let (Some(blob), Some(key), Some(components)) = (
        of_kind(CopyKind::Blob),
        of_kind(CopyKind::WrappingKey),
        &plan.components,
    ) else {
        return false;
    };
    let kept = components.kept(&wrapped_file(&ca.name));
    let sha256 = blob.device.strip_prefix("blob:").and_then(bytes_of_hex);
    let check = transcript.fact(COMPONENTS_CHECK).and_then(bytes_of_hex);
    let told = sha256.map(|sha256| blob_in_words(&sha256, &kept));
    told.as_deref() == transcript.fact(&blob_fact(&ca.name))
        && blob.holder == kept
        && check.map(|check| components_name(&check)).as_ref() == Some(&key.device)
        && key.holder == components.words()
}

fn bytes_of_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let read = base16ct::lower::decode(text, &mut bytes).map(<[u8]>::len);
    (read == Ok(32)).then_some(bytes)
}
