//! What facts of a transcript are called that more than one reads.

use super::plan::Plan;
use crate::config::CaName;
use crate::ledger::checkpoint::Checkpoint;
use crate::wire::hex;

/// What is noted of the head of a ledger.
pub(super) fn head_in_words(head: &Checkpoint) -> String {
    let (origin, size) = (&head.origin, head.size);
    format!("{origin}, {size} entries, root {}", hex(&head.root))
}

/// The head that words tell of, as [`head_in_words`] makes them.
pub(super) fn head_of_words(words: &str) -> Option<Checkpoint> {
    let (origin, rest) = words.split_once(", ")?;
    let (size, root) = rest.split_once(" entries, root ")?;
    let mut bytes = [0; 32];
    let read = base16ct::lower::decode(root, &mut bytes).ok()?;
    let head = Checkpoint {
        origin: origin.to_owned(),
        size: size.parse().ok()?,
        root: read.try_into().ok()?,
    };
    // There is one spelling.
    (head_in_words(&head) == words).then_some(head)
}

/// The fact that is what all clocks said.
pub(super) const CLOCKS: &str = "clocks, the machine's last";
/// The fact that is the ledger as it was before.
pub(super) const LEDGER_BEFORE: &str = "ledger before";
/// The fact that is what was made for a rehearsal to find.
pub(super) const MADE_TO_FIND: &str = "made for this rehearsal";

/// What is noted of that; none where nothing was made: in earnest, and where a plan begins with nothing.
pub(super) fn made_to_find(plan: &Plan) -> Option<String> {
    let ledger = plan
        .ledger
        .as_ref()
        .filter(|_| plan.rehearsal_of.is_some())?;
    let cas: Vec<_> = ledger
        .cas
        .iter()
        .map(|ca| format!("the CA `{}` ({})", ca.name, ca.words()))
        .collect();
    Some(format!(
        "the ledger {}, its key, {}; all of it is thrown away",
        ledger.head.origin,
        cas.join(", ")
    ))
}

/// The fact that is the ledger key.
pub(super) const LEDGER_KEY: &str = "public key of the ledger";
/// And the one that is its fingerprint.
pub(super) const LEDGER_KEY_PRINT: &str = "fingerprint of the ledger key";

/// What a fact begins with that tells of something that is not there, or doesn't open.
pub(super) const MISSING: &str = "MISSING";

/// The fact that is the day of the first drill.
pub(super) const FIRST_DRILL: &str = "first drill";

/// The fact that is a copy of a key, by its place in the plan, as ledger or config has it.
pub(super) fn copy_fact(number: usize) -> String {
    format!("copy {}", number + 1)
}

/// The fact that is what became of it.
pub(super) fn end_fact(number: usize) -> String {
    format!("end of copy {}", number + 1)
}

/// The fact that a CA ended.
pub(super) fn retired_fact(ca: &CaName) -> String {
    format!("retired {ca}")
}

/// What is noted of a CA that ended.
pub(super) const RETIRED: &str = "it signs no more, and its key is revoked";

/// The fact that is a stage of a rollover.
pub(super) const STAGE: &str = "stage";
/// What is noted of the first.
pub(super) const STAGE_MADE: &str = "made";
/// What is noted of the second.
pub(super) const STAGE_TRUSTED: &str = "trusted";
/// The fact that is what servers say.
pub(super) const SERVERS: &str = "servers";

/// What is noted of servers, by the word that the ledger keeps: who is locked out by it, or nobody.
pub(super) fn servers_in_words(word: &str, servers: usize) -> String {
    if word.is_empty() {
        format!("all {servers} trust both")
    } else {
        word.to_owned()
    }
}

/// The fact that is a certificate of an emergency, by its place in the plan.
pub(super) fn emergency_fact(number: usize) -> String {
    format!("emergency {}", number + 1)
}
