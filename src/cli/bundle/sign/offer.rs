//! What a bundle asks for, decided and shown: what would be signed, what is refused, what a run before
//! signed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use serde_json::json;
use ssh_key::HashAlg;

use super::stream::{named, number};
use crate::batch::{Batch, HowFar, Report, Reporter, Subjects};
use crate::bundle::Item;
use crate::certificate::subject::fingerprint;
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::{product, product_object};
use crate::cli::base::words::{chain, number_of};
use crate::cli::bundle::carried::Carried;
use crate::issue::{SharedLedger, lock};
use crate::ledger::Wanted;

/// What was decided about the items, by their numbers.
#[derive(Default)]
pub(super) struct Offer {
    /// Why each was refused.
    pub(super) refused: BTreeMap<u64, String>,
    /// Those that a run before signed.
    done: HashSet<u64>,
    /// How many are to be signed.
    pub(super) left: u64,
}

/// A line of the table.
enum Verdict {
    Sign(String),
    Refused(String),
    Done(u64),
}

impl Offer {
    /// Decides all items, some at a time, and shows each.
    pub(super) fn look<'a>(
        &mut self,
        (carried, revoked): (&Carried, &HashSet<[u8; 32]>),
        ledger: &SharedLedger,
        begun: u64,
        batch: impl Fn(Reporter) -> Batch<'a>,
        context: &Context,
    ) -> Result<(), Failure> {
        let mut items = (1_u64..).zip(carried.items()?).peekable();
        while items.peek().is_some() {
            let mut some = Vec::new();
            for (number, item) in items.by_ref().take(AT_ONCE) {
                some.push((number, item?));
            }
            let mut verdicts = self.decide(&carried.name, &some, ledger, begun, &batch)?;
            self.refuse_revoked(&some, revoked, &mut verdicts);
            for (number, item) in &some {
                if let Some(verdict) = verdicts.get(number) {
                    show(*number, item, verdict, context)?;
                }
            }
        }
        Ok(())
    }

    fn decide<'a>(
        &mut self,
        bundle: &str,
        some: &[(u64, Item)],
        ledger: &SharedLedger,
        begun: u64,
        batch: &impl Fn(Reporter) -> Batch<'a>,
    ) -> Result<HashMap<u64, Verdict>, Failure> {
        let mut verdicts = HashMap::new();
        let mut open = Vec::new();
        for (number, item) in some {
            let before = match begun {
                0 => None,
                begun => lock(ledger).issued_for(&item.content().id, begun)?,
            };
            let is_cut_off = begun != 0 && lock(ledger).is_reserved(&item.content().id, begun)?;
            match before {
                // A run that signs gives these up before it looks: this one only shows.
                None if is_cut_off => {
                    self.left += 1;
                    let words = "begun by a run that was cut off".to_owned();
                    verdicts.insert(*number, Verdict::Sign(words));
                }
                Some(record) => {
                    self.done.insert(*number);
                    verdicts.insert(*number, Verdict::Done(record.reserved.serial));
                }
                None => open.push(named(bundle, *number, item.clone())),
            }
        }
        let refused = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&refused);
        let batch = batch(Arc::new(move |report| {
            if let Report::Failed {
                file: Some(file),
                error,
            } = report
            {
                let mut noted = noted.lock().unwrap_or_else(|error| error.into_inner());
                noted.extend(number(file).map(|number| (number, chain(&error))));
            }
        }));
        let looked = batch.look(ledger, Subjects::Named(open), HowFar::All);
        for (file, wanted) in looked.wanted() {
            if let Some(number) = file.and_then(number) {
                self.left += 1;
                verdicts.insert(number, Verdict::Sign(would_be(wanted)));
            }
        }
        looked.end();
        let refused =
            std::mem::take(&mut *refused.lock().unwrap_or_else(|error| error.into_inner()));
        for (number, why) in refused {
            self.refused.insert(number, why.clone());
            verdicts.insert(number, Verdict::Refused(why));
        }
        Ok(verdicts)
    }

    /// Refuses keys that a revocation which comes with the bundle ends.
    fn refuse_revoked(
        &mut self,
        some: &[(u64, Item)],
        revoked: &HashSet<[u8; 32]>,
        verdicts: &mut HashMap<u64, Verdict>,
    ) {
        for (number, item) in some {
            let key = item.content().subject.key().fingerprint(HashAlg::Sha256);
            let is_revoked = key.sha256().is_some_and(|key| revoked.contains(&key));
            if is_revoked && matches!(verdicts.get(number), Some(Verdict::Sign(_))) {
                let why = format!("key {key} is revoked by what the bundle brings");
                self.left = self.left.saturating_sub(1);
                self.refused.insert(*number, why.clone());
                verdicts.insert(*number, Verdict::Refused(why));
            }
        }
    }

    /// The items that nothing is to be done for.
    pub(super) fn passed(&self) -> impl Iterator<Item = u64> {
        self.refused.keys().chain(&self.done).copied()
    }

    /// Notes what was refused when it was decided once more.
    pub(super) fn refuse_late(&mut self, late: Vec<(u64, String)>) {
        for (number, why) in late {
            self.left = self.left.saturating_sub(1);
            self.refused.insert(number, why);
        }
    }

    /// What it comes to, in words.
    pub(super) fn words(&self) -> String {
        let mut words = format!("{} would be signed", number_of(self.left, "certificate"));
        if !self.refused.is_empty() {
            words.push_str(&format!(
                ", {} refused",
                number_of(self.refused.len(), "item")
            ));
        }
        if !self.done.is_empty() {
            words.push_str(&format!(
                ", {} signed before",
                number_of(self.done.len(), "item")
            ));
        }
        words
    }
}

fn would_be(wanted: &Wanted) -> String {
    let decided = wanted.decided();
    let body = decided.body();
    format!(
        "{}; {}; known by {}",
        body.principals,
        body.validity,
        decided.known_by()
    )
}

fn show(number: u64, item: &Item, verdict: &Verdict, context: &Context) -> Result<(), Failure> {
    let content = item.content();
    let name = content.claimed.as_ref().map(ToString::to_string);
    let key = fingerprint(content.subject.key());
    let (state, why) = match verdict {
        Verdict::Sign(what) => ("would be signed", what.clone()),
        Verdict::Refused(why) => ("refused", why.clone()),
        Verdict::Done(serial) => ("signed before", format!("serial {serial}")),
    };
    if context.json() {
        return product_object(json!({
            "item": number, "requester-claimed": name, "role": content.role.as_str(), "key": key,
            "state": state, "words": why,
        }));
    }
    if !context.talks() {
        return Ok(());
    }
    let name = name.unwrap_or_else(|| "(nobody named)".to_owned());
    product(&format!(
        "{number:>5}  {name}, role {}  {key}",
        content.role
    ))?;
    product(&format!("       {state}: {why}"))
}

/// How many are decided together: enough that a look costs little, few enough to hold.
const AT_ONCE: usize = 128;
