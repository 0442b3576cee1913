//! What the list of revoked keys is called that a ceremony makes: a run writes it, and an outsider's check expects it.

use super::facts::{LEDGER_BEFORE, head_of_words};
use super::plan::{Plan, Task};
use super::transcript::Transcript;
use crate::ledger::Ca;

/// Named as `krl` names a list of all CAs of the ledger, unless servers know it by another name. Servers
/// that refuse a stolen key know the list from before the CA that takes its place.
pub(super) fn list_name(plan: &Plan, transcript: &Transcript, cas: &[Ca]) -> String {
    let known_as = match &plan.task {
        Task::Retire(retire) => retire.list_name.clone(),
        Task::Compromise(compromise) => compromise.list_name.clone(),
        Task::Create(_) | Task::Sign(_) | Task::Rollover(_) | Task::Restore(_) | Task::Drill(_) => {
            None
        }
    };
    let known_until = match plan.task {
        Task::Compromise(_) => transcript.fact(LEDGER_BEFORE).and_then(head_of_words),
        _ => None,
    };
    let is_known = |ca: &&Ca| {
        let until = known_until.as_ref();
        until.is_none_or(|before| ca.position() <= before.size)
    };
    let names = cas.iter().filter(is_known).map(Ca::name);
    known_as.unwrap_or_else(|| names.collect::<Vec<_>>().join(" "))
}
