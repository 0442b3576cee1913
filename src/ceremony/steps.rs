//! What happens in a ceremony, step by step: data, which paper, run and check read alike.

mod components;
mod compromise;
mod create;
mod custody;
mod drill;
mod frame;
mod missing;
mod number;
mod restore;
mod retire;
mod rollover;
mod sign;

pub(super) use compromise::LOCK_OUT;
pub(super) use create::{FIRST_COUNTER, in_memory};
pub use missing::OrMissing;
pub(super) use missing::{is_told_missing, missing};

use std::collections::BTreeSet;

use super::plan::{Plan, Task};
use crate::secret::SecretKind;
use crate::wire::bytes_of_words;

/// One step: who does what, what is said and typed, and what the program does then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name in transcript and paper: `key users`.
    pub name: String,
    /// Who leads it.
    pub actor: String,
    /// What it is for, which the actor reads aloud.
    pub say: String,
    /// What is asked, in this order, before the program acts.
    pub asks: Vec<Ask>,
    /// What the program does then.
    pub act: Act,
    /// What is seen when it went well.
    pub expect: String,
}

/// A question at the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its name within the step.
    pub name: String,
    /// Who answers it, with their own hands.
    pub who: String,
    /// The question.
    pub question: String,
    /// The answer that lets the ceremony go on.
    pub wanted: Wanted,
}

/// An answer that lets the ceremony go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// This text, whatever its case and white space.
    Text(String),
    /// This number; or, behind a deviation that says both, the one that is there in its place.
    Number(String),
    /// One of these texts, whatever its case and white space.
    AnyOf(Vec<String>),
    /// This text, or that what it is about is missing, which is a deviation.
    OrMissing(OrMissing),
    /// The words of the plan that are on the paper, and not on the screen.
    Paper(String),
    /// The time, read off a clock that is not the machine's.
    Time,
    /// The first words of a rehearsal's transcript, off its paper: a plan can't hold them, since they
    /// come after it.
    Rehearsal,
    /// A secret of a device, which was shown to this person alone, typed back off the paper. It is in
    /// no transcript.
    Secret {
        /// The device's place in the plan.
        device: usize,
        /// Which of its secrets.
        kind: SecretKind,
    },
    /// A secret that a token comes with and that is changed, typed off its paper. It is in no
    /// transcript.
    Before {
        /// The token's place in the plan.
        device: usize,
        /// Which of its secrets.
        kind: SecretKind,
    },
    /// A share, by its place in the plan, which was shown to this person alone, typed back off the
    /// paper. It is in no transcript.
    Share(usize),
    /// A share, by its place in the plan, typed off its sheet: it was given out in an earlier ceremony. It
    /// is in no transcript; that it is missing, is.
    ShareAgain(usize),
    /// A component of the wrapping key, by its place in the plan, which was shown to this person alone, typed
    /// back off the paper. It is in no transcript.
    Component(usize),
    /// A component, by its place in the plan, typed off its sheet: it was given out in an earlier ceremony. It
    /// is in no transcript; that it is missing, is.
    ComponentAgain(usize),
}

/// What the program does in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing: people do it.
    Nothing,
    /// Holds the clocks against one another and against the window.
    Clocks,
    /// Holds the words of the rehearsal against its transcript.
    Rehearsal,
    /// Hashes program and modules.
    Machine,
    /// Finds the devices, no more and no fewer, and logs in to each.
    Devices,
    /// Looks at the ledger that is there, and holds the keys in the devices against it.
    Ledger,
    /// Puts every set of shares together that must open the secret.
    Shares,
    /// Puts shares of an earlier ceremony together, and opens the devices by them.
    OpenAgain,
    /// Tries whether tokens wrap keys, and the medium takes what comes out.
    CanWrap,
    /// Puts every set of components together that must be the wrapping key.
    Components,
    /// Puts components of an earlier ceremony together.
    OpenComponents,
    /// Brings the key of the CA at this place in the plan out of its wrapped file.
    Bring(usize),
    /// Gives the device at this place in the plan secrets of its own.
    Pins(usize),
    /// Makes the key of the CA at this place in the plan.
    Key(usize),
    /// Makes the ledger key, and records what it signs.
    LedgerKey,
    /// Records which secret opens each device.
    Custody,
    /// Reads the bundles off their medium, and nothing else.
    MediumIn,
    /// Decides all that the bundle at this place in the plan asks for, and shows it.
    ShowBundle(usize),
    /// Builds the first certificate of it by a key that is thrown away, and shows it whole.
    TestCertificate(usize),
    /// Signs it, and writes the answer.
    SignBundle(usize),
    /// Looks whether the medium is as it was.
    MediumOut,
    /// Makes a KRL of all that was revoked, and signs it.
    List,
    /// Writes what servers and clients need.
    Lines,
    /// Holds the copies of the plan against those that ledger and config know.
    Copies,
    /// Ends the CA at this place in the plan: no serial, and its key is revoked.
    Retire(usize),
    /// Ends the copy at this place in the plan: destroyed, or named as missing.
    EndCopy(usize),
    /// Records that the new CA was made which takes the place of one that is there.
    StageMade,
    /// Holds what the plan calls lost against ledger and config.
    Lost,
    /// Has the key of the CA at this place in the plan sign a test.
    TestKey(usize),
    /// Has the device of the CA at this place in the plan take the place of what is lost.
    TakePlace(usize),
    /// Tries the copy of the CA at this place in the plan, and notes what is missing.
    TryCopy(usize),
    /// Records when the first drill of the CAs that were made is due.
    FirstDrill,
    /// Builds the certificate at this place in the plan by a key that is thrown away, and shows it whole.
    TestEmergency(usize),
    /// Signs the certificate at this place in the plan by the new CA.
    Emergency(usize),
    /// Records that servers trust the new CA, unless somebody would be locked out.
    StageTrusted,
    /// Ends the CA whose key is stolen: no serial, and its key is revoked.
    ShutOut,
    /// Tells of each place of the key of the CA that was shut out, and has what is lost as missing.
    Places,
    /// Gives each device that shares opened the secrets of its next counter, or notes that it keeps them.
    Counters,
    /// Ends the transcript.
    End,
}

/// The steps of a plan.
#[must_use]
pub fn steps(plan: &Plan) -> Vec<Step> {
    match &plan.task {
        Task::Create(create) => create::steps(plan, create),
        Task::Sign(sign) => sign::steps(plan, sign),
        Task::Retire(retire) => retire::steps(plan, retire),
        Task::Rollover(beside) => rollover::steps(plan, beside),
        Task::Restore(restore) => restore::steps(plan, restore),
        Task::Drill(drill) => drill::steps(plan, drill),
        Task::Compromise(compromise) => compromise::steps(plan, compromise),
    }
}

impl Step {
    /// Whether its act needs devices that are open.
    #[must_use]
    pub fn needs_open_devices(&self) -> bool {
        matches!(
            self.act,
            Act::Devices
                | Act::Ledger
                | Act::CanWrap
                | Act::Pins(_)
                | Act::Key(_)
                | Act::LedgerKey
                | Act::SignBundle(_)
                | Act::List
                | Act::EndCopy(_)
                | Act::Bring(_)
                | Act::TestKey(_)
                | Act::TryCopy(_)
                | Act::Emergency(_)
                | Act::Counters
        )
    }

    /// Whether it writes files of the ceremony.
    #[must_use]
    pub fn writes_files(&self) -> bool {
        matches!(
            self.act,
            Act::List
                | Act::Lines
                | Act::Key(_)
                | Act::LedgerKey
                | Act::MediumIn
                | Act::ShowBundle(_)
                | Act::TestCertificate(_)
                | Act::SignBundle(_)
                | Act::TestEmergency(_)
                | Act::Emergency(_)
        )
    }

    /// Whether it may write anew what a step before wrote: what a bundle asks for is decided, and tested, once
    /// more before it is signed.
    #[must_use]
    pub fn may_write_anew(&self, plan: &Plan, name: &str) -> bool {
        let Act::SignBundle(at) = self.act else {
            return false;
        };
        plan.bundle(at)
            .is_some_and(|bundle| bundle.test_certificate() == name)
    }

    /// The question of this name that this person answers.
    #[must_use]
    pub fn ask(&self, name: &str, who: &str) -> Option<&Ask> {
        self.asks
            .iter()
            .find(|ask| ask.name == name && ask.who == who)
    }
}

/// What is typed in the place of what nobody has, or nobody can read.
pub(super) const MISSING: &str = "missing";
/// How many words of a hash are typed: enough that nothing else was made to begin so.
pub(super) const WORDS_TYPED: usize = 8;

impl Wanted {
    /// Whether it is asked, when these questions were answered by what is missing.
    pub(super) fn is_asked(&self, missing: &BTreeSet<(String, String)>) -> bool {
        match self {
            Self::OrMissing(asked) => asked.unless.iter().all(|one| !missing.contains(one)),
            _ => true,
        }
    }

    /// Whether this answer says that what it asks for is missing.
    pub(super) fn is_missing(&self, answer: &str) -> bool {
        match self {
            Self::OrMissing(asked) => asked.is_missing(answer),
            Self::ShareAgain(_) => answer == MISSING,
            _ => false,
        }
    }

    /// Whether an answer lets the ceremony go on.
    #[must_use]
    pub fn takes(&self, answer: &str) -> bool {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Paper(text) => is_same(answer, text),
            Self::AnyOf(texts) => texts.iter().any(|text| is_same(answer, text)),
            Self::OrMissing(asked) => is_same(answer, &asked.text) || asked.is_missing(answer),
            Self::Time => answer.parse::<super::instant::Instant>().is_ok(),
            Self::Rehearsal => bytes_of_words(answer).is_ok_and(|bytes| bytes.len() == WORDS_TYPED),
            // It is never an answer that is written down.
            Self::Secret { .. } | Self::Before { .. } | Self::Share(_) | Self::Component(_) => {
                false
            }
            Self::ShareAgain(_) | Self::ComponentAgain(_) => answer == MISSING,
        }
    }
}

/// What is said where a secret is shown that is asked for off its sheet next.
pub(super) fn onto_its_sheet(question: &str) -> String {
    question.replace("off its sheet", "onto its sheet")
}

/// Whether two texts have the same words, whatever their case.
pub(super) fn is_same(answer: &str, text: &str) -> bool {
    let words = |text: &str| -> Vec<_> { text.split_whitespace().map(str::to_lowercase).collect() };
    words(answer) == words(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::plan::tests::{
        filled, filled_after_a_theft, filled_for_bundles, filled_for_cards, filled_for_components,
        filled_for_shares, filled_to_drill, filled_to_drill_blob, filled_to_restore,
        filled_to_restore_from_blob, filled_to_retire, filled_to_roll_over,
    };

    #[test]
    fn each_step_has_a_name_of_its_own_and_each_question_an_answer() {
        let cards = (1..=2).map(filled_for_cards);
        let others = [
            filled_for_shares(),
            filled_for_bundles(),
            filled_to_retire(),
            filled_to_roll_over(),
            filled_to_restore(),
            filled_to_drill(),
            filled_after_a_theft(),
            filled_for_components(),
            filled_to_restore_from_blob(),
            filled_to_drill_blob(),
        ];
        for text in (2..=5).map(filled).chain(cards).chain(others) {
            let plan = Plan::parse(text.as_bytes()).unwrap();
            let steps = steps(&plan);
            let mut names: Vec<_> = steps.iter().map(|step| step.name.clone()).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), steps.len());
            let there = |name: &str| plan.people.all.iter().any(|person| person.name == name);
            for step in &steps {
                assert!(there(&step.actor), "{step:?}");
                for ask in &step.asks {
                    assert!(there(&ask.who), "{ask:?}");
                    assert_eq!(step.ask(&ask.name, &ask.who), Some(ask));
                }
            }
        }
    }

    #[test]
    fn whoever_types_the_words_is_not_whoever_acts() {
        for text in (2..=5).map(filled).chain([
            filled_to_retire(),
            filled_to_restore(),
            filled_to_restore_from_blob(),
        ]) {
            let plan = Plan::parse(text.as_bytes()).unwrap();
            for step in steps(&plan) {
                if matches!(
                    step.act,
                    Act::Key(_)
                        | Act::LedgerKey
                        | Act::Retire(_)
                        | Act::EndCopy(_)
                        | Act::TakePlace(_)
                        | Act::Bring(_)
                ) {
                    assert!(!step.asks.is_empty(), "{step:?}");
                    assert!(
                        step.asks.iter().all(|ask| ask.who != step.actor),
                        "{step:?}"
                    );
                }
            }
            let clocks = steps(&plan)
                .into_iter()
                .find(|step| step.act == Act::Clocks)
                .unwrap();
            assert_ne!(clocks.asks[0].who, clocks.asks[1].who);
        }
    }

    #[test]
    fn an_answer_has_any_case_and_blanks_and_nothing_more() {
        let wanted = Wanted::Text("make users".to_owned());
        assert!(wanted.takes(" Make  users "));
        for other in ["", "make", "make users now", "makeusers"] {
            assert!(!wanted.takes(other), "{other:?}");
        }
        assert!(Wanted::Time.takes("2026-12-01T08:00Z"));
        assert!(!Wanted::Time.takes("8:00"));
    }
}
