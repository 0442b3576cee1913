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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ceremony::plan::tests::filled;
    use crate::ledger::checkpoint::Checkpoint;
    use crate::ledger::{Credential, Event, RequesterAdded, for_tests};

    #[test]
    fn an_entry_of_nobody_s_is_hidden_told_or_behind_the_end() {
        let plan = Plan::parse(filled(3).as_bytes()).unwrap();
        let mut ledger = for_tests::ledger(Box::new(|_| Ok(())));
        let added = RequesterAdded {
            name: "mallory".to_owned(),
            credential: Credential::Key(vec![1]),
            keyboard: String::new(),
        };
        ledger.forge(Event::RequesterAdded(added), 1).unwrap();
        let verdict = |end: u64, told: &[u64]| {
            let mut account = Account {
                head: Some(Checkpoint {
                    origin: String::new(),
                    size: end,
                    root: [0; 32],
                }),
                foreign_entries: told.iter().copied().collect(),
                ..Account::default()
            };
            let outputs = Outputs(BTreeMap::new());
            let (at, transcript) = ((&ledger, ledger.size()), Transcript::default());
            let entries = outputs.entries(&plan, at, &transcript, &mut account);
            entries.map(|()| account.behind_the_end)
        };
        let hidden = verdict(1, &[]).unwrap_err();
        assert!(
            matches!(&hidden, VerdictFault::HiddenEntry { position: 1, what } if what.contains("mallory")),
            "{hidden}"
        );
        assert!(
            hidden.to_string().contains("the transcript hides it"),
            "{hidden}"
        );
        // One that another line tells of is hidden all the same.
        let hidden = verdict(1, &[2]).unwrap_err();
        assert!(
            matches!(&hidden, VerdictFault::HiddenEntry { position: 1, .. }),
            "{hidden}"
        );
        assert!(verdict(1, &[1]).unwrap().is_empty());
        assert_eq!(verdict(0, &[]).unwrap().len(), 1);
    }
}
