//! What facts of a transcript are called that more than one reads.

use std::collections::BTreeMap;

use super::plan::{Ca, Device, Plan, PlannedBundle, Printer};
use super::transcript::Transcript;
use crate::ca::LeftPlace;
use crate::config::CaName;
use crate::ledger::Became;
use crate::ledger::checkpoint::Checkpoint;
use crate::secret::SecretKind;
use crate::secret::share::Quorum;
use crate::wire::{hex, number_of};

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

/// The text of a head that is signed for a ceremony: that of a rehearsal says so, in the place that notes have for
/// such lines.
pub(super) fn head_text(plan: &Plan, head: &Checkpoint) -> String {
    let mark = plan.rehearsal_of.map_or("", |_of| "REHEARSAL\n");
    format!("{head}{mark}")
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
        .map(|ca| {
            let wrapped = if plan.finds_wrapped(&ca.name) {
                " with its wrapped key and components"
            } else {
                ""
            };
            format!("the CA `{}` ({}){wrapped}", ca.name, ca.words())
        })
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

/// What is noted of a copy that ended: its device, and what the ledger keeps of it.
pub(super) fn end_in_words(holder: &str, word: &str) -> String {
    format!("{holder}: {word}")
}

/// What tells the secret that shares open from another one, and nothing of it.
pub(super) const SECRET_CHECK: &str = "check of the secret";

/// The bytes of the check, as the transcript has it.
pub(super) fn check_of(text: &str) -> Option<[u8; 32]> {
    let mut check = [0; 32];
    let read = base16ct::lower::decode(text, &mut check).map(<[u8]>::len);
    (read == Ok(32)).then_some(check)
}

/// The fact that is how many components are the wrapping key.
pub(super) const COMPONENTS: &str = "components";
/// What tells the wrapping key from another one, and nothing of it.
pub(super) const COMPONENTS_CHECK: &str = "check of the wrapping key";

/// What is noted of components that were all put together.
pub(super) fn components_in_words(quorum: Quorum) -> String {
    let sets = quorum.sets().count();
    let (needed, all) = (quorum.threshold(), quorum.shares());
    format!("{needed} of {all}; each of the {sets} sets of {needed} is the wrapping key")
}

/// The fact that a token wraps such keys as this CA's.
pub(super) fn can_wrap_fact(ca: &Ca) -> String {
    format!("can wrap {} in {}", ca.algorithm, ca.device)
}

/// The fact that is the file of a CA's wrapped key.
pub(super) fn blob_fact(ca: &CaName) -> String {
    format!("wrapped key {ca}")
}

/// What is noted of it: its SHA-256, and where it is kept.
pub(super) fn blob_in_words(sha256: &[u8; 32], kept: &str) -> String {
    format!("{}, {kept}", hex(sha256))
}

/// The fact that is the device that a CA's key was brought into, out of its wrapped file.
pub(super) fn brought_key_fact(ca: &CaName) -> String {
    format!("brought {ca}")
}

/// The fact that its file is about to be overwritten.
pub(super) fn begins_fact(number: usize) -> String {
    format!("overwriting copy {}", number + 1)
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

/// The fact that is where a list of revoked keys goes that a ledger has which was there before.
pub(super) const LIST_GOES: &str = "list of the room";

/// What is noted of it: a list of the room lacks what is pending on a mirror, and would take that back on servers.
pub(super) fn list_goes(has_mirror: bool) -> &'static str {
    if has_mirror {
        LIST_STAYS
    } else {
        "servers get it first: the ledger knows no mirror"
    }
}

const LIST_STAYS: &str = "it stays in the room: the entries are carried to the mirror, whose list is the one that servers get";

/// The fact that is every place that is left of the key of a CA which was shut out.
pub(super) const PLACES: &str = "places of the key";

/// What is noted of them.
pub(super) fn places_in_words(places: &[LeftPlace]) -> String {
    let words = |place: &LeftPlace| {
        let is_missing = if place.became == Became::Missing {
            format!(", {MISSING}")
        } else {
            String::new()
        };
        format!("{} ({}{is_missing})", place.holder, place.kind)
    };
    let words: Vec<_> = places.iter().map(words).collect();
    if words.is_empty() {
        return "the ledger knows none".to_owned();
    }
    words.join("; ")
}

/// The fact that is a certificate of an emergency, by its place in the plan.
pub(super) fn emergency_fact(number: usize) -> String {
    format!("emergency {}", number + 1)
}

/// What is noted of such a certificate.
pub(super) fn emergency_in_words(serial: u64, ca: &str) -> String {
    format!("serial {serial} of {ca}")
}

/// The fact that is a device, as it was found.
pub(super) fn device_fact(device: &Device) -> String {
    format!("device {}", device.name)
}

/// What opens a device, where shares do.
pub(super) fn opened_by_fact(device: &Device) -> String {
    format!("opened by {}", device.name)
}

/// The fact that a device got secrets of its own.
pub(super) fn secrets_fact(device: &Device) -> String {
    format!("secrets {}", device.name)
}

/// The fact that is how far the change of one secret of a token is.
pub(super) fn secret_fact(device: &Device, kind: SecretKind) -> String {
    format!("{kind} of {}", device.name)
}

/// What is noted of a secret that a token has by now.
pub(super) const SECRET_IS_SET: &str = "set";
/// And of one that it is about to get.
pub(super) const SECRET_ABOUT_TO_BE: &str = "about to be set";

/// The fact that is what a card proved of a key.
pub(super) fn attested_fact(key: &str) -> String {
    format!("attested {key}")
}

/// The fact that is the second as of which all of a bundle is decided.
pub(super) fn decided_at_fact(bundle: &PlannedBundle) -> String {
    format!("decided at {}", bundle.file)
}

/// The fact that is how often a bundle wants the device to be touched.
pub(super) fn touches_fact(bundle: &PlannedBundle) -> String {
    format!("touches for {}", bundle.file)
}

/// What is noted of a bundle that was signed.
pub(super) fn signed_in_words(certificates: u64, refused: u64) -> String {
    format!(
        "{}, {refused} refused",
        number_of(certificates, "certificate")
    )
}

/// The fact that is why an item of a bundle is refused.
pub(super) fn refused_fact(bundle: &PlannedBundle, item: u64) -> String {
    format!("refused {} {item}", bundle.file)
}

/// The items that a transcript says are refused, each with the last that it says of why.
pub(super) fn refusals_told(
    transcript: &Transcript,
    bundle: &PlannedBundle,
) -> BTreeMap<u64, String> {
    let facts = transcript.facts();
    let refusals =
        facts.filter_map(|(name, why)| Some((item_refused(bundle, name)?, why.to_owned())));
    refusals.collect()
}

/// The item that a fact says is refused.
pub(super) fn item_refused(bundle: &PlannedBundle, name: &str) -> Option<u64> {
    number_behind(&refused_fact(bundle, 0), name)
}

/// The number that a name has in the place of the 0 at the end of this one.
pub(super) fn number_behind(with_zero: &str, name: &str) -> Option<u64> {
    let text = name.strip_prefix(with_zero.strip_suffix('0')?)?;
    let number = text.parse::<u64>().ok()?;
    // There is one spelling.
    (number > 0 && number.to_string() == text).then_some(number)
}

/// How many refusals a transcript has room for: it has 100,000 lines, and a plan 20 bundles.
pub(super) const REFUSALS_TOLD: usize = 1000;

/// What is noted of the machine's OpenSSH when it read a certificate.
pub(super) const READ_BACK: &str = "reads it";
/// And where there is none.
pub(super) const NO_OPENSSH: &str = "is not on this machine";

/// The fact that is one of the things that a bundle brings beside its items.
pub(super) fn brought_fact(kind: &str, bundle: &PlannedBundle, number: usize) -> String {
    format!("{kind} {} {number}", bundle.file)
}

/// What is brought: whom the bundle enrols.
pub(super) const ENROLMENT: &str = "enrolment";
/// What it revokes.
pub(super) const REVOCATION: &str = "revocation";
/// Which revocation of its does not count.
pub(super) const LEFT_OUT: &str = "left out";

/// What is noted of shares that were given out before, by their numbers; and whether they are enough.
pub(super) fn typed_in_words(numbers: &[String], quorum: Quorum) -> (String, bool) {
    let (needed, all) = (quorum.threshold(), quorum.shares());
    let typed = match numbers {
        [] => format!("no share of {all} typed, {needed} needed"),
        numbers => format!(
            "shares {} of {all} typed, {needed} needed",
            numbers.join(", ")
        ),
    };
    (typed, numbers.len() >= usize::from(needed))
}

/// The same of components.
pub(super) fn components_typed(numbers: &[String], quorum: Quorum) -> (String, bool) {
    let (needed, all) = (quorum.threshold(), quorum.shares());
    let typed = match numbers {
        [] => format!("no component of {all} typed, {needed} needed"),
        numbers => format!(
            "components {} of {all} typed, {needed} needed",
            numbers.join(", ")
        ),
    };
    (typed, numbers.len() >= usize::from(needed))
}

/// What is noted of components that are the wrapping key.
pub(super) fn one_wrapping_key(typed: &str, quorum: Quorum) -> String {
    let needed = quorum.threshold();
    format!("{typed}; each set of {needed} is the wrapping key")
}

/// The numbers of shares or components that were typed, each once as they are told, by what many of them are called.
pub(super) fn numbers_told(told: &str, many: &str) -> Vec<String> {
    let behind = told.split_once(&format!("{many} "));
    let listed = behind.and_then(|(_, rest)| rest.split_once(" of "));
    let numbers = listed
        .into_iter()
        .flat_map(|(numbers, _)| numbers.split(", "));
    let mut all: Vec<String> = Vec::new();
    for number in numbers {
        if number.parse::<u8>().is_ok_and(|one| one > 0) && !all.iter().any(|one| one == number) {
            all.push(number.to_owned());
        }
    }
    all
}

/// What is noted where they are not enough.
pub(super) fn too_few(typed: &str) -> String {
    format!("{MISSING}: {typed}")
}

/// What is noted where they are.
pub(super) fn enough(typed: &str, quorum: Quorum) -> String {
    let needed = quorum.threshold();
    format!("{typed}; each set of {needed} opens the secret")
}

/// The fact that is the SHA-256 of what prints sheets of secrets.
pub(super) fn printed_by(printer: &Printer) -> String {
    format!("printer {}", printer.program)
}
