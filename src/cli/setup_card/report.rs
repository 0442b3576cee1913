//! What a setup would do, did, and left.

use serde_json::{Value, json};

use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::{product, product_object, say};
use crate::signer::yubikey::setup::{
    CardState, Due, ManagementKeyAlgorithm, ManagementKeyState, Step, Tries,
};

/// Tells of one card's setup.
pub(super) struct Report<'a> {
    context: &'a Context,
    tries: Tries,
    cipher: ManagementKeyAlgorithm,
    card: CardState,
}

impl<'a> Report<'a> {
    pub(super) fn of(
        context: &'a Context,
        card: CardState,
        tries: Tries,
        cipher: ManagementKeyAlgorithm,
    ) -> Self {
        let report = Self {
            context,
            tries,
            cipher,
            card,
        };
        if context.talks() {
            say(&format!(
                "YubiKey {}, firmware {}",
                card.serial, card.firmware
            ));
        }
        report
    }

    /// Says what a step does, in the words of its question.
    pub(super) fn step(&self, step: Step) -> String {
        match step {
            Step::SetTries => format!(
                "allow {} tries of the PIN and {} of the PUK",
                self.tries.pin, self.tries.puk
            ),
            Step::ChangePuk => "change the PUK".to_owned(),
            Step::ChangePin => "change the PIN".to_owned(),
            Step::ProtectManagementKey => {
                format!(
                    "make a random {} management key, kept behind the PIN",
                    self.cipher
                )
            }
        }
    }

    /// Prints what a run would do, and does nothing.
    pub(super) fn would_do(&self, plan: &[(Step, Due)]) -> Result<(), Failure> {
        if self.context.json() {
            return self.print_json(&self.card, plan);
        }
        plan.iter().try_for_each(|(step, due)| {
            let words = match due {
                Due::Due => "would be done",
                Due::Done => "done before",
                Due::WouldReset => WOULD_RESET,
                Due::OtherManagementKey => OTHER_KEY,
            };
            product(&format!("  {}: {words}", self.step(*step)))
        })
    }

    /// Prints that a step was done.
    pub(super) fn done(&self, step: Step) -> Result<(), Failure> {
        if !self.context.talks() {
            return Ok(());
        }
        product(&format!("  done: {}", self.step(step)))
    }

    /// Prints what the card is now, and what is left to do.
    pub(super) fn left(&self, now: &CardState, plan: &[(Step, Due)]) -> Result<(), Failure> {
        if self.context.json() {
            return self.print_json(now, plan);
        }
        if !self.context.talks() {
            return Ok(());
        }
        for (step, due) in plan {
            let why = match due {
                Due::Done => continue,
                Due::Due => "not done",
                Due::WouldReset => WOULD_RESET,
                Due::OtherManagementKey => OTHER_KEY,
            };
            product(&format!("  left: {}: {why}", self.step(*step)))?;
        }
        if now.management_key == ManagementKeyState::Protected {
            product(NO_OTHER_KEY)?;
        }
        if plan.iter().all(|(_, due)| *due == Due::Done) {
            let serial = now.serial;
            product(&format!(
                "Next:\n  {KEEP_PUK}\n  for a CA:   punchmark init users --algorithm p256 --key \
                 'yubikey:serial={serial};slot-id=9c'\n  for a user: punchmark enroll NAME --role ROLE \
                 --card {serial} --piv 9a --generate --algorithm p256"
            ))?;
        }
        Ok(())
    }

    fn print_json(&self, card: &CardState, plan: &[(Step, Due)]) -> Result<(), Failure> {
        let steps: Vec<Value> = plan
            .iter()
            .map(|(step, due)| json!({ "step": step, "state": due }))
            .collect();
        product_object(json!({ "card": card, "steps": steps }))
    }
}

const WOULD_RESET: &str = "left as it is, since setting it would put PIN and PUK back to the \
    factory's, and they were changed";
const OTHER_KEY: &str = "left as it is, since the management key is somebody's own";
const KEEP_PUK: &str =
    "write the PUK down, and keep it apart from the card: it alone unlocks a PIN that is locked";
const NO_OTHER_KEY: &str =
    "the card keeps its management key behind the PIN; there is no copy to store";
