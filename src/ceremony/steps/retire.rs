//! The steps of a ceremony that ends CAs and every copy of their keys.

use super::frame::{Cast, ask, step};
use super::number::seal_number;
use super::{Act, Step};
use crate::ca::LockOut;
use crate::ceremony::plan::{CaBefore, End, EndOfCopy, Paper, Plan, Retire};

/// The steps that end CAs: first on the list of what is revoked, then the keys themselves.
pub(super) fn steps(plan: &Plan, retire: &Retire) -> Vec<Step> {
    let cast = Cast::of(plan);
    let mut steps = cast.before(plan);
    steps.extend(cast.copies(retire));
    let cas = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
    let cas = (0..).zip(cas);
    steps.extend(cas.map(|(number, ca)| cast.retire(number, ca, retire)));
    steps.push(cast.last_list());
    let copies = (0..).zip(&retire.copies);
    steps.extend(copies.map(|(number, copy)| cast.end_of(number, copy)));
    let has_papers = !retire.papers.is_empty();
    steps.extend(has_papers.then(|| cast.papers(&retire.papers)));
    steps.extend(cast.after(plan));
    steps
}

impl Cast {
    /// The copies are shown before anybody is asked about them.
    fn copies(&self, retire: &Retire) -> [Step; 2] {
        let count = retire.copies.len();
        let question = "the copies on the paper are those on the screen, and no other; type yes";
        let shown = step(
            "copies",
            &self.administrator,
            match count {
                1 => "The ledger knows this one copy of the key, and no other.".to_owned(),
                many => format!("The ledger knows these {many} copies of keys, and no other."),
            },
            Act::Copies,
            "ledger and plan have the same copies; nobody is locked out whom the plan doesn't have",
        );
        let compared = Step {
            asks: vec![ask("compared", &self.witness, question.to_owned(), "yes")],
            ..step(
                "compare copies",
                &self.witness,
                "I compare the copies on the screen with those on the paper.",
                Act::Nothing,
                "paper and screen say the same",
            )
        };
        [shown, compared]
    }

    fn retire(&self, number: usize, ca: &CaBefore, retire: &Retire) -> Step {
        let (typed, say) = match retire.lock_out {
            LockOut::Nobody => (
                format!("retire {}", ca.name),
                format!(
                    "The CA `{}` signs no more, and its key is revoked.",
                    ca.name
                ),
            ),
            LockOut::Accepted => (
                format!("retire {} and lock out", ca.name),
                format!(
                    "The CA `{}` signs no more, and its key is revoked: whoever has a certificate of it \
                     gets in nowhere.",
                    ca.name
                ),
            ),
        };
        let question = format!("what can't be undone: type \"{typed}\"");
        Step {
            asks: vec![ask("go", &self.witness, question, &typed)],
            ..step(
                format!("retire {}", ca.name),
                &self.administrator,
                say,
                Act::Retire(number),
                "the ledger reserves no serial for it any more, and has its key as revoked",
            )
        }
    }

    fn last_list(&self) -> Step {
        step(
            "last list",
            &self.administrator,
            "A list of revoked keys is made that has the keys of the CAs, and signed.",
            Act::List,
            "revoked.krl is written, and its signature beside it; servers get it before anything else, but where a \
             mirror makes their lists: this one lacks what is pending there, so the entries are carried to it, and its list \
             is the one that they get",
        )
    }

    fn end_of(&self, number: usize, copy: &EndOfCopy) -> Step {
        let ca = &copy.ca;
        match &copy.end {
            End::Destroyed(device) => {
                let typed = format!("destroy {ca} in {device}");
                let question = format!("what can't be undone: type \"{typed}\"");
                Step {
                    asks: vec![ask("go", &self.witness, question, &typed)],
                    ..step(
                        typed,
                        &self.administrator,
                        format!(
                            "The key of the CA `{ca}` is destroyed in `{device}`. A card that holds no \
                             other key is reset."
                        ),
                        Act::EndCopy(number),
                        "the key was read back as gone",
                    )
                }
            }
            End::Overwritten { file, .. } => {
                let typed = format!("overwrite the wrapped key of {ca}");
                let file = file.display();
                let question = format!("what can't be undone: type \"{typed}\"");
                Step {
                    asks: vec![ask("go", &self.witness, question, &typed)],
                    ..step(
                        format!("overwrite {ca} {}", number + 1),
                        &self.administrator,
                        format!(
                            "The wrapped key of the CA `{ca}` in {file} is overwritten and removed. Flash memory \
                             may keep it: the medium is destroyed all the same."
                        ),
                        Act::EndCopy(number),
                        "the file was read back as gone",
                    )
                }
            }
            End::ByHand { copy, words } => {
                let question = format!(
                    "before my eyes: {words}; nothing of it can be read any more: type \"destroyed\""
                );
                Step {
                    asks: vec![ask("destroyed", &self.witness, question, "destroyed")],
                    ..step(
                        format!("by hand {ca} {}", number + 1),
                        &self.custodian,
                        format!("For the CA `{ca}`, {copy} is destroyed by hand: {words}."),
                        Act::EndCopy(number),
                        "the ledger has it as destroyed, by the word of the witness",
                    )
                }
            }
            End::Missing { copy, words } => {
                let question =
                    format!("whoever finds {copy} can sign; that stays visible: type \"missing\"");
                Step {
                    asks: vec![ask("go", &self.witness, question, "missing")],
                    ..step(
                        format!("missing {ca} {}", number + 1),
                        &self.administrator,
                        format!(
                            "A copy of the key of the CA `{ca}` is missing: {words}. It is {copy}."
                        ),
                        Act::EndCopy(number),
                        "the ledger has the copy as missing",
                    )
                }
            }
        }
    }

    fn papers(&self, papers: &[Paper]) -> Step {
        let envelopes = (1..).zip(papers).map(|(number, paper)| {
            let question = format!(
                "the number of the envelope with {}; its seal is whole, or was broken here today",
                paper.what
            );
            let name = format!("envelope {number}");
            seal_number(&name, &self.custodian, question, &paper.envelope)
        });
        let all = "all of them lie before us, and nobody kept a copy, but of what goes into an envelope of this plan; type yes";
        let all = ask("collected", &self.witness, all.to_owned(), "yes");
        Step {
            asks: envelopes.chain([all]).collect(),
            ..step(
                "papers",
                &self.custodian,
                "What opened the devices is collected here. It is destroyed before all of us when the words of the \
                 end were shown: until then a run that was cut short may need it.",
                Act::Nothing,
                "the papers lie on the table; that they were destroyed is signed by all when the words were shown",
            )
        }
    }
}
