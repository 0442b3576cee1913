//! From what was looked at to certificates: whom a person vouches for is asked first.

use super::Sign;
use super::arguments::is_request;
use super::manifest::Subjects;
use super::vouch::{vouch, vouch_for_lines};
use crate::batch::{Batch, Ended, HowFar, Looked};
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::issuing::Run;
use crate::issue::SharedLedger;

impl Sign {
    /// Whether a person is asked for something, who may take an hour for it, or nothing is signed. The ledger is
    /// then not locked meanwhile, and all is decided again afterwards.
    pub(super) fn is_attended(&self, manifest: Option<&Subjects>, context: &Context) -> bool {
        self.dry_run
            || context.waits_for_a_pin()
            || self.asked.vouched_for().is_some()
            || manifest.is_some_and(Subjects::name_somebody)
    }

    /// A person is asked about all that was named; a list may have no end.
    pub(super) fn how_far(&self, attended: bool) -> HowFar {
        if self.dry_run || (attended && self.files_from.is_none()) {
            return HowFar::All;
        }
        HowFar::First
    }

    pub(super) fn refuse_to_vouch_for_a_list(&self) -> Result<(), Failure> {
        if self.files_from.is_some() && self.asked.vouched_for().is_some() {
            return Err(Failure::usage(VOUCH_ONE_BY_ONE));
        }
        Ok(())
    }

    /// Signs what was looked at, and what stands behind it. `locked` is the ledger if it is
    /// open to write already.
    pub(super) fn go_on(
        &self,
        batch: &Batch<'_>,
        looked: Looked,
        locked: Option<SharedLedger>,
        run: &Run<'_>,
        context: &Context,
    ) -> Result<Ended, Failure> {
        run.warn(&looked, context);
        if self.manifest.is_some() {
            vouch_for_lines(&looked, context)?;
        }
        if let Some(name) = self.asked.vouched_for() {
            let requests = self.files.iter().filter(|file| is_request(file));
            vouch(name, &looked, requests.count(), context)?;
        }
        run.issue(batch, looked, locked, (context, self.asks))
    }
}

const VOUCH_ONE_BY_ONE: &str =
    "--requester vouches for keys that are named one by one, not for a list";
