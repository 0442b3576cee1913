//! What a rehearsal finds: a ledger and CAs that were made for it, in the place of those of the plan.

use ssh_key::Fingerprint;
use toml::{Table, Value};

use super::drawing::{Drawing, LABELLED, each, inner, mark, put};
use super::{MARK, MEDIUM, RehearsalError};
use crate::ceremony::instant::Instant;
use crate::ceremony::plan::{End, EndOfCopy, Plan, PlannedBundle};
use crate::ledger::checkpoint::Checkpoint;
use crate::wire::{hex, words};

/// What was made for a rehearsal before its first step, and is thrown away with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The head of the ledger.
    pub head: Checkpoint,
    /// The fingerprint of each CA, in the order of the plan's.
    pub cas: Vec<Fingerprint>,
    /// The locator of each copy that the plan calls lost or missing, in its order.
    pub missing: Vec<String>,
    /// The bundles on its medium, in the order of the plan's, each under the name that is drawn for it.
    pub bundles: Vec<PlannedBundle>,
}

impl Found {
    /// What stands in a sketch of the plan, of which nothing was made yet; none where the plan finds
    /// nothing.
    #[must_use]
    pub fn sketched(plan: &Plan) -> Option<Self> {
        let ledger = plan.ledger.as_ref()?;
        let locator = |number| format!("pkcs11:token={MARK};object=missing%20{number}");
        let missing = 1..=missing(plan).count();
        Some(Self {
            head: Checkpoint {
                origin: MARK.to_owned(),
                size: 1,
                root: [0; 32],
            },
            cas: vec![Fingerprint::Sha256([0; 32]); ledger.cas.len()],
            missing: missing.map(locator).collect(),
            bundles: bundles(plan).iter().map(sketched).collect(),
        })
    }

    /// What the plan of a rehearsal says that it finds.
    pub(super) fn of(rehearsal: &Plan) -> Option<Self> {
        let ledger = rehearsal.ledger.as_ref()?;
        Some(Self {
            head: ledger.head.clone(),
            cas: ledger.cas.iter().map(|ca| ca.fingerprint).collect(),
            missing: missing(rehearsal).map(str::to_owned).collect(),
            bundles: bundles(rehearsal).to_vec(),
        })
    }

    /// Refuses more or less than the plan finds, and whatever is the plan's own.
    pub(super) fn fits(found: Option<&Self>, plan: &Plan) -> Result<(), RehearsalError> {
        let (found, ledger) = match (found, &plan.ledger) {
            (None, None) => return Ok(()),
            (Some(found), Some(ledger)) => (found, ledger),
            _ => return Err(RehearsalError::Unlike),
        };
        let bundles = bundles(plan);
        let is_as_much = found.cas.len() == ledger.cas.len()
            && found.missing.len() == missing(plan).count()
            && found.bundles.len() == bundles.len()
            && found.bundles.iter().zip(bundles).all(is_as_large);
        if !is_as_much {
            return Err(RehearsalError::Unlike);
        }
        let own = |what, name| Err(RehearsalError::Production { what, name });
        if found.head.origin == ledger.head.origin || found.head.root == ledger.head.root {
            return own("the ledger", ledger.head.origin.clone());
        }
        let mut cas = ledger.cas.iter();
        if let Some(ca) = cas.find(|ca| found.cas.contains(&ca.fingerprint)) {
            return own("the key of CA", ca.name.to_string());
        }
        let mut of_plan = bundles.iter();
        let is_made = |one: &PlannedBundle| found.bundles.iter().any(|made| made.id == one.id);
        if let Some(bundle) = of_plan.find(|one| is_made(one)) {
            return own("the bundle", bundle.file.clone());
        }
        let mut places = missing(plan);
        match places.find(|place| found.missing.iter().any(|made| made == place)) {
            Some(place) => own("the copy", place.to_owned()),
            None => Ok(()),
        }
    }
}

fn bundles(plan: &Plan) -> &[PlannedBundle] {
    plan.signing().map_or(&[], |sign| &sign.bundles)
}

/// A bundle that nobody made yet.
fn sketched(bundle: &PlannedBundle) -> PlannedBundle {
    PlannedBundle {
        file: format!("{BUNDLE}{}", bundle.file),
        bytes: 1,
        sha256: [0; 32],
        // As many ids as bundles, and none of theirs.
        id: bundle.id.map(|byte| !byte),
        header: [0; 32],
        items: bundle.items,
    }
}

/// Whether a bundle asks for as many certificates as one of the plan, in its place.
fn is_as_large((made, bundle): (&PlannedBundle, &PlannedBundle)) -> bool {
    made.items == bundle.items && made.file == format!("{BUNDLE}{}", bundle.file)
}

/// The locators of what a plan calls lost or missing.
fn missing(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.copies_that_end().iter().filter_map(locator)
}

fn locator(copy: &EndOfCopy) -> Option<&str> {
    match &copy.end {
        End::Missing { copy, .. } => Some(copy),
        End::Destroyed(_) | End::Overwritten { .. } | End::ByHand { .. } => None,
    }
}

impl Drawing<'_> {
    /// What was made takes the place of what the plan finds.
    pub(super) fn found(&self, table: &mut Table) {
        let Some(found) = &self.stage.found else {
            return;
        };
        if let Some(ledger) = inner(table, "ledger") {
            put(ledger, "name", found.head.origin.as_str());
            put(ledger, "root", hex(&found.head.root));
            let size = i64::try_from(found.head.size).unwrap_or(i64::MAX);
            ledger.insert("size".to_owned(), size.into());
        }
        for (ca, print) in each(table, "known-ca").zip(&found.cas) {
            mark(ca, "name", "rehearsal-");
            put(ca, "fingerprint", print.to_string());
        }
        if let Some(custody) = inner(table, "custody") {
            mark_all(custody, "envelopes", LABELLED);
        }
        if let Some(drill) = inner(table, "drill") {
            let behind = self.stage.window.1.seconds().saturating_add(DAY);
            put(drill, "next-due", Instant::of(behind).to_string());
        }
        carried_in(table, found);
        self.ends(table, found);
        self.after_a_theft(table);
    }

    /// What is lost or missing is what was made and thrown away.
    fn ends(&self, table: &mut Table, found: &Found) {
        for end in ["retire", "restore"] {
            if let Some(end) = inner(table, end) {
                mark(end, "reason", WORDS);
                mark(end, "list-name", "rehearsal-");
            }
        }
        let mut missing = found.missing.iter();
        for copies in ["copy", "lost"] {
            for copy in each(table, copies) {
                mark(copy, "ca", "rehearsal-");
                mark(copy, "missing", WORDS);
                let locator = copy.contains_key("locator").then(|| missing.next());
                if let Some(locator) = locator.flatten() {
                    put(copy, "locator", locator.as_str());
                }
            }
        }
        for paper in each(table, "paper") {
            mark(paper, "envelope", LABELLED);
        }
    }

    /// Who gets in has as long as the rehearsal, which may be interrupted; no server knows the names.
    fn after_a_theft(&self, table: &mut Table) {
        if let Some(theft) = inner(table, "compromise") {
            mark(theft, "reason", WORDS);
            mark(theft, "list-name", "rehearsal-");
            put(theft, "reports", REPORTS);
        }
        for one in each(table, "emergency") {
            mark(one, "name", "rehearsal-");
            mark(one, "role", "rehearsal-");
            mark_all(one, "principals", "rehearsal-");
            put(one, "from", self.stage.window.0.to_string());
            put(one, "until", self.stage.window.1.to_string());
        }
    }
}

/// The medium and its bundles, made of what those of the plan ask for.
fn carried_in(table: &mut Table, found: &Found) {
    if let Some(medium) = inner(table, "medium") {
        mark(medium, "label", LABELLED);
        put(medium, "folder", MEDIUM);
    }
    for (bundle, made) in each(table, "bundle").zip(&found.bundles) {
        put(bundle, "file", made.file.as_str());
        put(bundle, "sha256", hex(&made.sha256));
        put(bundle, "id", hex(&made.id));
        put(bundle, "words", words(&made.header));
        let bytes = i64::try_from(made.bytes).unwrap_or(i64::MAX);
        bundle.insert("bytes".to_owned(), bytes.into());
    }
}

/// Puts the mark of a rehearsal before each text of a list.
fn mark_all(table: &mut Table, key: &str, before: &str) {
    let texts = table.get_mut(key).and_then(Value::as_array_mut);
    for text in texts.into_iter().flatten() {
        if let Value::String(text) = text {
            text.insert_str(0, before);
        }
    }
}

/// What the name of a bundle begins with.
const BUNDLE: &str = "rehearsal-";
const DAY: u64 = 86_400;
/// What words of people begin with that a ledger keeps.
const WORDS: &str = "REHEARSAL: ";
/// Where the reports of servers go, from the folder of the rehearsal.
const REPORTS: &str = "reports";
