//! The ledger has nothing of the time of a ceremony that is neither the plan's nor said in the transcript.

use super::Outputs;
use crate::ceremony::own_entries::OwnEntries;
use crate::ceremony::plan::Plan;
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::{Account, VerdictFault};
use crate::ledger::Ledger;

impl Outputs<'_> {
    /// Each entry is the plan's, or one that the transcript names. Those behind its end, where it can name
    /// none, are told.
    pub(super) fn entries(
        &self,
        plan: &Plan,
        (ledger, head): (&Ledger, u64),
        transcript: &Transcript,
        account: &mut Account,
    ) -> Result<(), VerdictFault> {
        let end = account.head.as_ref().map_or(0, |head| head.size);
        let path = |name: &str| self.path(name).unwrap_or(name.as_ref()).to_owned();
        let own = OwnEntries::of(plan, transcript, path);
        for one in own.strangers(ledger, head)? {
            let (position, what) = (one.position, one.what);
            if position > end {
                let told = format!("entry {position}: {what}");
                account.behind_the_end.push(told);
            } else if !account.foreign_entries.contains(&position) {
                return Err(VerdictFault::HiddenEntry { position, what });
            }
        }
        Ok(())
    }
}
