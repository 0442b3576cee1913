//! The entry about a copy of a CA's key that people tried: whether its device opens, has the key, and signs.

use super::Became;

/// A copy of a CA's private key was tried in a ceremony.
///
/// A trial signs no certificate. The newest entry of a CA that names a day says when the next drill is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyTried {
    /// The position of the CA's [`CaAdded`](super::CaAdded) entry.
    pub ca: u64,
    /// Where the copy is, by its locator.
    pub device: String,
    /// The device for a person.
    pub holder: String,
    /// What it was tried for.
    pub tried_for: TriedFor,
    /// Whether it is the key, and signs.
    pub result: TrialResult,
    /// What was missing, or what else people say of it.
    pub word: String,
    /// When the next drill is due, in Unix seconds; 0 where the plan says nothing of one.
    pub next_due: u64,
    /// SHA-256 of the ceremony's plan.
    pub plan: [u8; 32],
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// What a copy was tried for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriedFor {
    /// It was made, and tested.
    Create,
    /// It takes the place of a device that is lost.
    Restore,
    /// To know that it could.
    Drill,
}

/// What a trial came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialResult {
    /// The device opened, has the CA's key, and signed by it.
    Proved,
    /// Something was missing.
    Failed,
}

impl CopyTried {
    /// Whether an entry of this time may say this of a copy that became `became`, as far as entries
    /// before tell. In words why not.
    pub(in crate::ledger) fn follows(
        &self,
        became: Option<Became>,
        time: u64,
    ) -> Result<(), &'static str> {
        if self.device.is_empty() {
            return Err("it names no device");
        }
        if self.next_due != 0 && self.next_due <= time {
            return Err("the next drill is due before this entry");
        }
        match (self.result, self.tried_for, became) {
            (TrialResult::Failed, TriedFor::Drill, _) if self.word.is_empty() => {
                Err("it failed without a word")
            }
            (TrialResult::Failed, TriedFor::Drill, _) => Ok(()),
            (TrialResult::Failed, TriedFor::Create | TriedFor::Restore, _) => {
                Err("a copy that failed is none to go on with")
            }
            (TrialResult::Proved, _, Some(Became::Destroyed)) => Err("it was destroyed before"),
            (TrialResult::Proved, _, Some(Became::Missing)) => Err("it is missing"),
            (TrialResult::Proved, _, Some(Became::Made) | None) => Ok(()),
        }
    }
}

impl std::fmt::Display for TriedFor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Restore => "restore",
            Self::Drill => "drill",
        })
    }
}

wire!(CopyTried: ca, device, holder, tried_for, result, word, next_due, plan, keyboard);
codes!(
    TriedFor,
    "purpose of a trial",
    Create = 1,
    Restore = 2,
    Drill = 3
);
codes!(TrialResult, "result of a trial", Proved = 1, Failed = 2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_says_what_can_be_of_a_copy_that_is_there() {
        use TrialResult::{Failed, Proved};
        use TriedFor::{Create, Drill, Restore};
        let says = |tried_for, result, word: &str, next_due, became| {
            let tried = CopyTried {
                ca: 1,
                device: "yubikey:serial=7;slot-id=9c".to_owned(),
                holder: String::new(),
                tried_for,
                result,
                word: word.to_owned(),
                next_due,
                plan: [1; 32],
                keyboard: String::new(),
            };
            tried.follows(became, 100)
        };
        for tried_for in [Create, Restore, Drill] {
            assert_eq!(says(tried_for, Proved, "", 101, Some(Became::Made)), Ok(()));
            assert_eq!(says(tried_for, Proved, "", 0, None), Ok(()));
            let early = says(tried_for, Proved, "", 100, None);
            assert_eq!(early, Err("the next drill is due before this entry"));
            for (became, fault) in [
                (Became::Destroyed, "it was destroyed before"),
                (Became::Missing, "it is missing"),
            ] {
                let gone = says(tried_for, Proved, "", 0, Some(became));
                assert_eq!(gone, Err(fault));
            }
        }
        let words = "no PIN opened it";
        assert_eq!(says(Drill, Failed, words, 0, Some(Became::Missing)), Ok(()));
        let wordless = says(Drill, Failed, "", 0, None);
        assert_eq!(wordless, Err("it failed without a word"));
        for tried_for in [Create, Restore] {
            let failed = says(tried_for, Failed, words, 0, None);
            assert_eq!(failed, Err("a copy that failed is none to go on with"));
        }
    }
}
