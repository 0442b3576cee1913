//! What a rehearsal finds: a ledger and CAs that were made for it, in the place of those of the plan.

use ssh_key::Fingerprint;
use toml::{Table, Value};

use super::drawing::{Drawing, LABELLED, each, inner, mark, put};
use super::{MARK, MEDIUM, RehearsalError};
use crate::ca::{blob_name, is_wrapped_name};
use crate::ceremony::instant::Instant;
use crate::ceremony::plan::{End, EndOfCopy, OF_REHEARSAL, Plan, PlannedBundle};
use crate::config::CaName;
use crate::ledger::checkpoint::Checkpoint;
use crate::wire::{hex, words};

/// What was made for a rehearsal before its first step, and is thrown away with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The head of the ledger.
    pub head: Checkpoint,
    /// The fingerprint of each CA, in the order of the plan's.
    pub cas: Vec<Fingerprint>,
    /// The locator of each copy that the plan calls lost or missing, in its order; of a wrapped one its name.
    pub missing: Vec<String>,
    /// The name of each wrapped key that the plan opens, and then of each that it ends, with their components.
    pub wrapped: Vec<String>,
    /// The bundles on its medium, in the order of the plan's, each under the name that is drawn for it.
    pub bundles: Vec<PlannedBundle>,
}

impl Found {
    /// What stands in a sketch of the plan, of which nothing was made yet; none where the plan finds
    /// nothing.
    #[must_use]
    pub fn sketched(plan: &Plan) -> Option<Self> {
        let ledger = plan.ledger.as_ref()?;
        let missing = (1..)
            .zip(missing(plan))
            .map(|(number, copy)| match kind(copy) {
                Some(kind) => sketched_name(kind, MISSING + number),
                None => format!("pkcs11:token={MARK};object=missing%20{number}"),
            });
        let wrapped = wrapped(plan);
        let wrapped = (1..).zip(&wrapped);
        Some(Self {
            head: Checkpoint {
                origin: MARK.to_owned(),
                size: 1,
                root: [0; 32],
            },
            cas: vec![Fingerprint::Sha256([0; 32]); ledger.cas.len()],
            missing: missing.collect(),
            wrapped: wrapped
                .filter_map(|(number, (_, name))| Some(sketched_name(kind(name)?, number)))
                .collect(),
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
            wrapped: names(rehearsal),
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
        one_wrapped_key_each(plan)?;
        let (bundles, wrapped) = (bundles(plan), names(plan));
        let is_as_much = found.cas.len() == ledger.cas.len()
            && are_alike(&found.missing, missing(plan))
            && are_alike(&found.wrapped, wrapped.iter().map(String::as_str))
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
        let mut places = missing(plan).chain(wrapped.iter().map(String::as_str));
        let is_made = |place: &&str| {
            found
                .missing
                .iter()
                .chain(&found.wrapped)
                .any(|made| made == place)
        };
        match places.find(is_made) {
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

/// The wrapped keys that a plan opens, and then those that it ends, with their components: each by its CA and its name
/// in the ledger. Those that it calls missing are among the others that are.
pub(in crate::ceremony) fn wrapped(plan: &Plan) -> Vec<(&CaName, String)> {
    let blobs = plan.components.iter().flat_map(|one| &one.blobs);
    let blobs = blobs.map(|blob| (&blob.ca, blob_name(&blob.sha256)));
    let ends = plan.copies_that_end().iter();
    let ends = ends.filter(|copy| locator(copy).is_none());
    let ends = ends.filter_map(|copy| Some((&copy.ca, copy.wrapped()?.to_owned())));
    blobs.chain(ends).collect()
}

fn names(plan: &Plan) -> Vec<String> {
    wrapped(plan).into_iter().map(|(_, name)| name).collect()
}

/// `blob` or `components`, of what is wrapped.
fn kind(name: &str) -> Option<&str> {
    let is_wrapped = is_wrapped_name(name);
    name.split_once(':')
        .filter(|_| is_wrapped)
        .map(|(kind, _)| kind)
}

/// A name that nothing has.
fn sketched_name(kind: &str, number: usize) -> String {
    format!("{kind}:{number:064x}")
}

/// Whether there are as many, and each is wrapped as the other, or in a device as the other.
fn are_alike<'n>(made: &[String], of_plan: impl Iterator<Item = &'n str>) -> bool {
    let kinds: Vec<_> = of_plan.map(kind).collect();
    let mut pairs = made.iter().zip(&kinds);
    made.len() == kinds.len() && pairs.all(|(name, of_plan)| kind(name) == *of_plan)
}

/// What is made wraps each key once, and by one key.
fn one_wrapped_key_each(plan: &Plan) -> Result<(), RehearsalError> {
    let ends = plan.copies_that_end().iter();
    let ends = ends.filter_map(|copy| Some((&copy.ca, copy.wrapped()?.to_owned())));
    let all: Vec<_> = wrapped(plan).into_iter().chain(ends).collect();
    for (number, (ca, name)) in all.iter().enumerate() {
        let mut before = all.iter().take(number);
        if before.any(|(of, other)| of == ca && kind(other) == kind(name) && other != name) {
            return Err(RehearsalError::Wrapped((*ca).clone()));
        }
    }
    Ok(())
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
            mark(ca, "name", OF_REHEARSAL);
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
        let mut wrapped = found.wrapped.iter();
        opened(table, &mut wrapped);
        self.ends(table, found, wrapped);
        self.after_a_theft(table);
    }

    /// What is lost or missing is what was made and thrown away.
    fn ends<'f>(
        &self,
        table: &mut Table,
        found: &'f Found,
        mut wrapped: impl Iterator<Item = &'f String>,
    ) {
        for end in ["retire", "restore"] {
            if let Some(end) = inner(table, end) {
                mark(end, "reason", WORDS);
                mark(end, "list-name", OF_REHEARSAL);
            }
        }
        let mut missing = found.missing.iter();
        for copies in ["copy", "lost"] {
            for copy in each(table, copies) {
                mark(copy, "ca", OF_REHEARSAL);
                mark(copy, "missing", WORDS);
                mark(copy, "by-hand", WORDS);
                let locator = if copy.contains_key("missing") {
                    missing.next()
                } else if copy.contains_key("locator") {
                    wrapped.next()
                } else {
                    None
                };
                if let Some(locator) = locator {
                    put(copy, "locator", locator.as_str());
                }
                if copy.contains_key("file") {
                    let file = format!("{MEDIUM}/{}", wrapped_file_of(copy));
                    put(copy, "file", file);
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
            mark(theft, "list-name", OF_REHEARSAL);
            put(theft, "reports", REPORTS);
        }
        for one in each(table, "emergency") {
            mark(one, "name", OF_REHEARSAL);
            mark(one, "role", OF_REHEARSAL);
            mark_all(one, "principals", OF_REHEARSAL);
            // As the roles that are made for it make them.
            let text = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
            let key_id = format!("{}, {}", text("name"), text("role"));
            put(one, "key-id", key_id);
            let terminal = Value::Array(vec!["permit-pty".into()]);
            one.insert("options".to_owned(), terminal);
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

/// The wrapped keys that are opened, on the medium of the rehearsal, with its components.
fn opened<'f>(table: &mut Table, wrapped: &mut impl Iterator<Item = &'f String>) {
    if !table.contains_key("blob") {
        return;
    }
    for (blob, name) in each(table, "blob").zip(wrapped) {
        mark(blob, "ca", OF_REHEARSAL);
        mark(blob, "label", LABELLED);
        let file = wrapped_file_of(blob);
        put(blob, "file", file);
        let sha256 = name.split_once(':').map_or("", |(_, digits)| digits);
        put(blob, "sha256", sha256);
    }
    if let Some(components) = inner(table, "components") {
        mark(components, "bag", LABELLED);
        mark_all(components, "envelopes", LABELLED);
    }
}

/// The file of the wrapped key of the CA that a table names.
fn wrapped_file_of(table: &Table) -> String {
    let ca = table.get("ca").and_then(Value::as_str);
    format!("{}.wrapped", ca.unwrap_or_default())
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
/// The numbers of sketched names begin behind it where something is missing.
const MISSING: usize = 1 << 16;
/// What words of people begin with that a ledger keeps.
const WORDS: &str = "REHEARSAL: ";
/// Where the reports of servers go, from the folder of the rehearsal.
const REPORTS: &str = "reports";
