//! What a CA key signs in a room to show that it is there: nothing that is of use anywhere else
//! ([`TestSignature`](crate::issue::TestSignature)).

use super::facts::MISSING;
use super::plan::Plan;
use crate::config::CaName;
use crate::ledger::{CopyTried, TrialResult};
use crate::wire::hex;

/// The message, which names this one ceremony and CA: a signature of another day says nothing here.
pub(super) fn message(plan: &Plan, ca: &CaName) -> Vec<u8> {
    let plan = hex(&plan.sha256);
    format!("a test of the key of CA {ca} in the ceremony of plan {plan}").into_bytes()
}

/// The fact that is the signature.
pub(super) fn test_fact(ca: &CaName) -> String {
    format!("test signature {ca}")
}

/// The fact that is the device that made it.
pub(super) fn test_by_fact(ca: &CaName) -> String {
    format!("test signed by {ca}")
}

/// The fact that is what came of the trial of a CA's copy.
pub(super) fn tried_fact(ca: &CaName) -> String {
    format!("tried {ca}")
}

/// What is noted of a copy that signed the test, so long after the ceremony began.
pub(super) fn in_words(seconds: u64) -> String {
    format!("it has the key and signed, {seconds} seconds after the ceremony began")
}

/// What is noted of a trial, by what the ledger keeps of it.
pub(super) fn tried_in_words(tried: &CopyTried) -> String {
    match tried.result {
        TrialResult::Proved => tried.word.clone(),
        TrialResult::Failed => format!("{MISSING}: {}", tried.word),
    }
}

/// What is noted of a wrapped key that was opened onto a spare, so long after the ceremony began.
pub(super) fn on_spare_in_words(device: &str, seconds: u64) -> String {
    format!(
        "it came out onto `{device}`, is the key, signed, and left nothing there, {seconds} seconds after the \
         ceremony began"
    )
}

/// The fact that a CA signs by another device from here on.
pub(super) fn restored_fact(ca: &CaName) -> String {
    format!("restored {ca}")
}
