//! A CA's key that goes since another is put into its slot: the ledger keeps that, too.

use ssh_key::HashAlg;

use super::EstablishError;
use crate::ledger::{Became, Ca, CopyKind, CopySeen, Ledger};
use crate::signer::yubikey::Replaceable;
use crate::signer::{self, Locator};

/// The CA's key that is in the slot where another is to be put in its place; none if none is.
pub(super) fn about_to_go(
    ledger: Option<&Ledger>,
    locator: &Locator,
    replace: &[Replaceable],
) -> Result<Option<Ca>, EstablishError> {
    let (Some(ledger), false) = (ledger, replace.is_empty()) else {
        return Ok(None);
    };
    // What can't be looked at is told by whoever puts the new key there.
    let Ok(Some(there)) = signer::shown(locator) else {
        return Ok(None);
    };
    let there = there.fingerprint(HashAlg::Sha256);
    if !replace.contains(&Replaceable::Key(there)) {
        return Ok(None);
    }
    let mut cas = ledger.cas()?.into_iter();
    Ok(cas.find(|ca| ca.public_key().fingerprint(HashAlg::Sha256) == there))
}

/// Has the ledger keep that a CA's key went out of a slot, since another was put into its place and
/// read back there.
pub(super) fn went(
    ledger: &mut Ledger,
    ca: &Ca,
    locator: &Locator,
    (keyboard, time): (&str, u64),
) -> Result<(), EstablishError> {
    let holder = signer::holder(locator)?;
    let device = holder.locator.to_string();
    let mut known = ledger.copies(ca)?.into_iter();
    let known = known.find(|copy| copy.seen.device == device);
    if known
        .as_ref()
        .is_some_and(|copy| copy.seen.became == Became::Destroyed)
    {
        return Ok(());
    }
    let seen = CopySeen {
        ca: ca.position(),
        kind: known.map_or(CopyKind::Original, |copy| copy.seen.kind),
        became: Became::Destroyed,
        device,
        holder: holder.words,
        word: "another key was put into its slot".to_owned(),
        keyboard: keyboard.to_owned(),
    };
    Ok(ledger.record_copy(seen, time)?)
}
