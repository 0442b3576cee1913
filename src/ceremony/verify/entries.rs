//! The ledger has nothing of the time of a ceremony that is neither the plan's nor said in the transcript.

use ssh_key::public::KeyData;

use super::Outputs;
use super::own::Own;
use crate::ceremony::own_entries::{OwnEntries, Stranger};
use crate::ceremony::plan::Plan;
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::{Account, VerdictFault};
use crate::ledger::Ledger;

impl Outputs<'_> {
    /// Each entry is the plan's and as plan and transcript have it, or one that the transcript names. Those behind its
    /// end, where it can name none, are told.
    pub(super) fn entries(
        &self,
        (plan, transcript): (&Plan, &Transcript),
        (ledger, head): (&Ledger, u64),
        key: &KeyData,
        account: &mut Account,
    ) -> Result<(), VerdictFault> {
        let end = account.head.clone().ok_or(VerdictFault::NoEnd)?;
        let path = |name: &str| self.path(name).unwrap_or(name.as_ref()).to_owned();
        let own = OwnEntries::of(plan, transcript, path);
        let strangers = own.strangers(ledger, head)?;
        are_told(&strangers, end.size, account)?;
        let found = own.found().unwrap_or(end.size);
        let strangers = strangers.iter().map(|one| one.position).collect();
        let own = Own::of((plan, transcript), (ledger, &end), key)?;
        own.are_held((found, head), &strangers)
    }
}

/// What the transcript calls none of the plan's is that, and says what it says; and nothing else is.
fn are_told(strangers: &[Stranger], end: u64, account: &mut Account) -> Result<(), VerdictFault> {
    for (line, position, what) in &account.foreign_words {
        let there = strangers.iter().find(|one| one.position == *position);
        let there = there.filter(|one| one.position <= end);
        if there.is_none_or(|one| one.what != *what) {
            let wanted = there.map_or("nothing of the kind", |one| one.what.as_str());
            return Err(VerdictFault::NoStranger {
                line: *line,
                position: *position,
                wanted: wanted.to_owned(),
            });
        }
    }
    for Stranger { position, what } in strangers {
        if *position > end {
            let told = format!("entry {position}: {what}");
            account.behind_the_end.push(told);
        } else if !account.foreign_entries.contains(position) {
            let (position, what) = (*position, what.clone());
            return Err(VerdictFault::HiddenEntry { position, what });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ceremony::plan::tests::filled;
    use crate::ceremony::verdict::tests::KEY;
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
        let verdict = |end: u64, told: &[(u64, &str)]| {
            let words = told.iter().map(|(at, what)| (9, *at, (*what).to_owned()));
            let mut account = Account {
                head: Some(Checkpoint {
                    origin: String::new(),
                    size: end,
                    root: [0; 32],
                }),
                foreign_entries: told.iter().map(|(at, _)| *at).collect(),
                foreign_words: words.collect(),
                ..Account::default()
            };
            let outputs = Outputs(BTreeMap::new());
            let (at, transcript) = ((&ledger, ledger.size()), Transcript::default());
            let key: ssh_key::PublicKey = KEY.parse().unwrap();
            let entries = outputs.entries((&plan, &transcript), at, key.key_data(), &mut account);
            entries.map(|()| account.behind_the_end)
        };
        let enrolled = "somebody was enrolled \"mallory\"";
        let hidden = verdict(1, &[]).unwrap_err();
        assert!(
            matches!(&hidden, VerdictFault::HiddenEntry { position: 1, what } if what.contains("mallory")),
            "{hidden}"
        );
        assert!(
            hidden.to_string().contains("the transcript hides it"),
            "{hidden}"
        );
        assert!(verdict(1, &[(1, enrolled)]).unwrap().is_empty());
        assert_eq!(verdict(0, &[]).unwrap().len(), 1);
        // Another one, or with other words, or behind the end.
        for (end, told) in [
            (1, &[(2, enrolled)][..]),
            (1, &[(0, enrolled)]),
            (1, &[(1, "a challenge was made")]),
            (1, &[(1, enrolled), (7, enrolled)]),
            (0, &[(1, enrolled)]),
        ] {
            let fault = verdict(end, told).unwrap_err();
            assert!(
                matches!(fault, VerdictFault::NoStranger { line: 9, .. }),
                "{fault}"
            );
        }
    }
}
