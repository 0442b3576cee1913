//! What a ceremony is to sign: the certificates that its bundles ask for, and those of an emergency.

use std::io::BufReader;
use std::path::Path;

use super::{OwnEntries, Walk};
use crate::bundle::Opened;
use crate::ceremony::emergency::is_that_of;
use crate::ledger::{Event, RequestId, Reserved};
use crate::wire::RawCertificate;

impl OwnEntries<'_> {
    pub(super) fn takes_bundle(&self, event: &Event) -> bool {
        let Event::BundleTaken(taken) = event else {
            return false;
        };
        let mut bundles = self
            .plan
            .signing()
            .into_iter()
            .flat_map(|sign| &sign.bundles);
        bundles.any(|one| one.id == taken.id && one.header == taken.sha256)
    }

    pub(super) fn is_own_reservation(
        &self,
        walk: &mut Walk,
        position: u64,
        reserved: &Reserved,
    ) -> bool {
        let is_own = match self.plan.compromise() {
            None => self.asked_for(reserved) && walk.before.contains(&reserved.ca),
            Some(_) => self.asked_for(reserved) && walk.made.contains(&reserved.ca),
        };
        let known = if is_own {
            &mut walk.reserved
        } else {
            &mut walk.foreign
        };
        known.insert(position);
        is_own
    }

    pub(super) fn asked_for(&self, reserved: &Reserved) -> bool {
        let theft = self.plan.compromise().into_iter();
        let mut emergencies = theft.flat_map(|theft| &theft.emergencies);
        let content = RawCertificate::of_to_be_signed(&reserved.to_be_signed).ok();
        if emergencies.any(|one| {
            one.name.as_str() == reserved.requester
                && one.role.as_str() == reserved.role
                && content
                    .as_ref()
                    .is_some_and(|content| is_that_of(one, content))
        }) {
            return true;
        }
        let grounds = reserved.grounds.as_ref();
        let id = grounds.and_then(|grounds| grounds.request_id);
        id.is_some_and(|id| self.requests.contains(&id))
    }
}

/// The ids of what a bundle asks for; none where it is not there yet.
pub(super) fn requests(bundle: &Path) -> Vec<RequestId> {
    let Ok(file) = crate::file::open(bundle) else {
        return Vec::new();
    };
    let length = file.metadata().map_or(0, |found| found.len());
    match Opened::read(BufReader::new(file), length) {
        Ok(opened) => opened
            .items()
            .flatten()
            .map(|item| item.content().id)
            .collect(),
        Err(_unread) => Vec::new(),
    }
}
