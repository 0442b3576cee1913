//! The steps of a ceremony that signs what bundles ask for.

use super::frame::{Cast, ask, step};
use super::{Act, Ask, Step, WORDS_TYPED, Wanted};
use crate::ceremony::plan::{Plan, PlannedBundle, Sign};
use crate::wire::{number_of, words};

/// The steps that sign bundles.
pub(super) fn steps(plan: &Plan, sign: &Sign) -> Vec<Step> {
    let cast = Cast::of(plan);
    let mut steps = cast.before(plan);
    steps.push(cast.medium_in(sign));
    for (number, bundle) in (0..).zip(&sign.bundles) {
        steps.extend([
            cast.show_bundle(number, bundle),
            cast.test_certificate(number, bundle),
            cast.sign_bundle(number, bundle),
        ]);
    }
    steps.extend([cast.medium_out(), cast.carry_out(sign)]);
    steps.extend(cast.after(plan));
    steps
}

impl Cast {
    fn medium_in(&self, sign: &Sign) -> Step {
        let question = "what is written on the medium that is put in now".to_owned();
        let files: Vec<_> = sign.bundles.iter().map(|one| one.file.as_str()).collect();
        Step {
            asks: vec![ask("medium", &self.witness, question, &sign.medium.label)],
            ..step(
                "medium in",
                &self.administrator,
                format!(
                    "I mount the medium \"{}\" at {}, to be read only. On it is {}, and nothing else.",
                    sign.medium.label,
                    sign.medium.folder.display(),
                    files.join(", ")
                ),
                Act::MediumIn,
                "each file has the size and the SHA-256 of the plan, and no other is there",
            )
        }
    }

    fn show_bundle(&self, number: usize, bundle: &PlannedBundle) -> Step {
        let asked = number_of(bundle.items, "certificate");
        step(
            format!("show {}", bundle.file),
            &self.administrator,
            format!(
                "`{}` asks for {asked}. All of it is decided by the roles and shown; nothing is signed \
                 yet.",
                bundle.file
            ),
            Act::ShowBundle(number),
            "a table of all that is asked for, each refusal with its reasons",
        )
    }

    fn test_certificate(&self, number: usize, bundle: &PlannedBundle) -> Step {
        let question = format!(
            "all have read the table of `{}`, and it is what we reviewed; type yes",
            bundle.file
        );
        Step {
            asks: vec![ask("table", &self.witness, question, "yes")],
            ..step(
                format!("test certificate {}", bundle.file),
                &self.witness,
                format!(
                    "Before the CA signs, the first certificate of `{}` is built by a key that is thrown \
                     away. I read it whole: for whom, with which names, how long, and what it allows.",
                    bundle.file
                ),
                Act::TestCertificate(number),
                "each field says what was decided, and servers take it so but for its CA, which is none",
            )
        }
    }

    fn sign_bundle(&self, number: usize, bundle: &PlannedBundle) -> Step {
        let all = words(&bundle.header);
        let first: Vec<_> = all.split(' ').take(WORDS_TYPED).collect();
        let typed = format!("sign {}", bundle.file);
        let question = format!("what can't be undone: type \"{typed}\"");
        let tested = format!(
            "all have read the test certificate of `{}`, if any, and it says what the table says; type yes",
            bundle.file
        );
        Step {
            asks: vec![
                ask("tested", &self.witness, tested, "yes"),
                Ask {
                    name: "words".to_owned(),
                    who: self.witness.clone(),
                    question: format!(
                        "the first {WORDS_TYPED} words of `{}`, off the paper",
                        bundle.file
                    ),
                    wanted: Wanted::Paper(first.join(" ")),
                },
                ask("go", &self.witness, question, &typed),
            ],
            ..step(
                format!("sign {}", bundle.file),
                &self.administrator,
                format!(
                    "The table of `{}` and its test certificate are what we reviewed. It is signed; a device that wants a touch \
                     wants one for each certificate.",
                    bundle.file
                ),
                Act::SignBundle(number),
                "the first certificate is its test certificate but for CA key, nonce, serial and signature; each item \
                 has its certificate or its refusal, and the answer is written",
            )
        }
    }

    fn medium_out(&self) -> Step {
        step(
            "medium out",
            &self.administrator,
            "The medium is looked at once more, and taken out.",
            Act::MediumOut,
            "its files are what they were",
        )
    }

    fn carry_out(&self, sign: &Sign) -> Step {
        let answers: Vec<_> = sign.bundles.iter().map(PlannedBundle::answer).collect();
        let question = "the answers will be carried out with the transcript; type yes".to_owned();
        Step {
            asks: vec![ask("carried", &self.witness, question, "yes")],
            ..step(
                "carry out",
                &self.administrator,
                format!(
                    "{} and whatever else this ceremony made are copied onto an empty medium when the \
                     transcript has ended.",
                    answers.join(", ")
                ),
                Act::Nothing,
                "all know who carries it out, and to whom",
            )
        }
    }
}
