//! The steps of a ceremony that makes CA keys.

use super::frame::{Cast, ask, step};
use super::{Act, Step};
use crate::ceremony::plan::{Create, Plan};

/// The steps that make CA keys.
pub(super) fn steps(plan: &Plan, create: &Create) -> Vec<Step> {
    let cast = Cast::of(plan);
    let mut steps = cast.before(plan);
    let numbers = 0..create.cas.len();
    steps.extend(numbers.filter_map(|number| cast.key(create, number)));
    steps.extend([
        cast.ledger_key(create),
        cast.compare(),
        cast.list(),
        cast.lines(),
    ]);
    steps.extend(cast.after(plan));
    steps
}

impl Cast {
    fn key(&self, create: &Create, number: usize) -> Option<Step> {
        let ca = create.cas.get(number)?;
        let typed = format!("make {}", ca.name);
        let question = format!("what can't be undone: type \"{typed}\"");
        Some(Step {
            asks: vec![ask("go", &self.witness, question, &typed)],
            ..step(
                format!("key {}", ca.name),
                &self.administrator,
                format!(
                    "`{}` makes the {} key of the CA `{}` for {}s.",
                    ca.device, ca.algorithm, ca.name, ca.certificates
                ),
                Act::Key(number),
                "the fingerprint of the CA key is shown; write it on the key card",
            )
        })
    }

    fn ledger_key(&self, create: &Create) -> Step {
        let typed = "make ledger key";
        let question = format!("what can't be undone: type \"{typed}\"");
        Step {
            asks: vec![ask("go", &self.witness, question, typed)],
            ..step(
                "ledger-key",
                &self.administrator,
                format!(
                    "`{}` makes the {} key that vouches for the ledger.",
                    create.ledger_key.device, create.ledger_key.algorithm
                ),
                Act::LedgerKey,
                "the fingerprint of the ledger key is shown; write it on the key card",
            )
        }
    }

    fn compare(&self) -> Step {
        let question = "each fingerprint on the key card is that on the screen; type yes";
        Step {
            asks: vec![ask("compared", &self.witness, question.to_owned(), "yes")],
            ..step(
                "compare",
                &self.witness,
                "I compare the key card with the screen, letter by letter.",
                Act::Nothing,
                "paper and screen say the same",
            )
        }
    }

    fn list(&self) -> Step {
        step(
            "list",
            &self.administrator,
            "The first list of revoked keys is made, which is empty, and signed.",
            Act::List,
            "revoked.krl is written, and its signature beside it",
        )
    }

    fn lines(&self) -> Step {
        step(
            "lines",
            &self.administrator,
            "What servers and clients need is written.",
            Act::Lines,
            "a public key file of each CA is written, and the lines for sshd_config or known_hosts",
        )
    }
}
