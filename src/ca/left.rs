//! Where the key of a CA is left, by the ledger alone: what somebody may have of it who took one of these.

use std::ops::ControlFlow;

use crate::ledger::{Became, Bound, Ca, CopyKind, CopySeen, Entry, Event, Ledger, LedgerError};
use crate::signer::Locator;

/// A place of a key that was not destroyed: a device, a wrapped key, or what that was wrapped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftPlace {
    /// Its locator, or what the ledger calls it where it is in no device.
    pub device: String,
    /// The same for people.
    pub holder: String,
    /// What it is.
    pub kind: CopyKind,
    /// What became of it.
    pub became: Became,
}

/// The places that are left of a CA's key, by the entries of its ledger up to this one, in the order in which they
/// were first told of.
///
/// # Errors
/// [`LedgerError`].
pub fn left_places(ledger: &Ledger, ca: &Ca, end: u64) -> Result<Vec<LeftPlace>, LedgerError> {
    let mut places: Vec<LeftPlace> = Vec::new();
    ledger.each_entry(ca.position(), &mut |position, bytes| {
        if position > end {
            return ControlFlow::Break(());
        }
        match Entry::from_bytes(bytes).map(|entry| entry.event) {
            Ok(Event::CopySeen(seen)) if seen.ca == ca.position() => see(&mut places, seen.into()),
            // A copy that the ledger was told of is bound as well, and has better words.
            Ok(Event::Bound(bound))
                if bound.ca == ca.position()
                    && !places.iter().any(|one| one.is_at(&bound.device)) =>
            {
                places.push(bound.into());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    places.retain(|place| place.became != Became::Destroyed);
    Ok(places)
}

/// The newest entry of a place counts.
fn see(places: &mut Vec<LeftPlace>, seen: LeftPlace) {
    match places.iter_mut().find(|one| one.is_at(&seen.device)) {
        Some(known) => *known = seen,
        None => places.push(seen),
    }
}

impl LeftPlace {
    fn is_at(&self, device: &str) -> bool {
        let own = self.device.parse::<Locator>().ok();
        let both = own.zip(device.parse::<Locator>().ok());
        self.device == device
            || both.is_some_and(|(own, other)| own.covers(&other) || other.covers(&own))
    }
}

impl From<CopySeen> for LeftPlace {
    fn from(seen: CopySeen) -> Self {
        let holder = if seen.holder.is_empty() {
            seen.device.clone()
        } else {
            seen.holder
        };
        Self {
            device: seen.device,
            holder,
            kind: seen.kind,
            became: seen.became,
        }
    }
}

impl From<Bound> for LeftPlace {
    fn from(bound: Bound) -> Self {
        Self {
            holder: bound.device.clone(),
            device: bound.device,
            kind: CopyKind::Original,
            became: Became::Made,
        }
    }
}
