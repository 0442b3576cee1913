//! What a bundle asks for, decided and shown: what would be signed, what is refused, what a run before
//! signed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use ssh_key::HashAlg;

use super::stream::{named, number};
use super::{BundleSessionError, Carried, CertificateWords};
use crate::batch::{Batch, HowFar, Report, Reporter, Subjects};
use crate::bundle::Item;
use crate::issue::{SharedLedger, lock};
use crate::ledger::Wanted;
use crate::wire::{chain, number_of};

/// What was decided about the items, by their numbers.
#[derive(Default)]
pub struct Offer {
    /// Why each was refused.
    pub refused: BTreeMap<u64, String>,
    /// Those that a run before signed.
    done: HashSet<u64>,
    /// How many are to be signed.
    pub left: u64,
}

/// What was decided of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemVerdict {
    /// It would be signed, and what it would be.
    Sign(String),
    /// It is refused, and why.
    Refused(String),
    /// A run before signed it, with this serial.
    Done(u64),
}

/// Is shown each item, by its number, with what was decided of it.
pub type ShowItem<'a, E> = dyn FnMut(u64, &Item, &ItemVerdict) -> Result<(), E> + 'a;

impl Offer {
    /// Decides all items, some at a time, and shows each. `begun` is the position of the entry by which
    /// the bundle was taken; 0 where there is none.
    ///
    /// # Errors
    /// [`BundleSessionError`], or that of whoever shows it.
    pub fn look<'a, E: From<BundleSessionError>>(
        &mut self,
        (carried, revoked): (&Carried, &HashSet<[u8; 32]>),
        ledger: &SharedLedger,
        begun: u64,
        batch: impl Fn(Reporter) -> Batch<'a>,
        show: &mut ShowItem<'_, E>,
    ) -> Result<(), E> {
        let items = carried.items().map_err(BundleSessionError::from)?;
        let mut items = (1_u64..).zip(items).peekable();
        while items.peek().is_some() {
            let mut some = Vec::new();
            for (number, item) in items.by_ref().take(AT_ONCE) {
                some.push((number, item.map_err(BundleSessionError::from)?));
            }
            let mut verdicts = self.decide(&carried.name, &some, ledger, begun, &batch)?;
            self.refuse_revoked(&some, revoked, &mut verdicts);
            for (number, item) in &some {
                if let Some(verdict) = verdicts.get(number) {
                    show(*number, item, verdict)?;
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
    ) -> Result<HashMap<u64, ItemVerdict>, BundleSessionError> {
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
                    verdicts.insert(*number, ItemVerdict::Sign(CUT_OFF.to_owned()));
                }
                Some(record) => {
                    self.done.insert(*number);
                    verdicts.insert(*number, ItemVerdict::Done(record.reserved.serial));
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
                verdicts.insert(number, ItemVerdict::Sign(would_be(wanted)));
            }
        }
        looked.end();
        let refused =
            std::mem::take(&mut *refused.lock().unwrap_or_else(|error| error.into_inner()));
        for (number, why) in refused {
            self.refused.insert(number, why.clone());
            verdicts.insert(number, ItemVerdict::Refused(why));
        }
        Ok(verdicts)
    }

    /// Refuses keys that a revocation which comes with the bundle ends.
    fn refuse_revoked(
        &mut self,
        some: &[(u64, Item)],
        revoked: &HashSet<[u8; 32]>,
        verdicts: &mut HashMap<u64, ItemVerdict>,
    ) {
        for (number, item) in some {
            let key = item.content().subject.key().fingerprint(HashAlg::Sha256);
            let is_revoked = key.sha256().is_some_and(|key| revoked.contains(&key));
            if is_revoked && matches!(verdicts.get(number), Some(ItemVerdict::Sign(_))) {
                let why = format!("key {key} is revoked by what the bundle brings");
                self.left = self.left.saturating_sub(1);
                self.refused.insert(*number, why.clone());
                verdicts.insert(*number, ItemVerdict::Refused(why));
            }
        }
    }

    /// The items that nothing is to be done for.
    pub fn passed(&self) -> impl Iterator<Item = u64> {
        self.refused.keys().chain(&self.done).copied()
    }

    /// Notes what this run signed by itself.
    pub fn signed(&mut self, number: u64) {
        self.left = self.left.saturating_sub(1);
        self.done.insert(number);
    }

    /// Notes what was refused when it was decided once more.
    pub fn refuse_late(&mut self, late: Vec<(u64, String)>) {
        for (number, why) in late {
            self.left = self.left.saturating_sub(1);
            self.refused.insert(number, why);
        }
    }

    /// What it comes to, in words.
    #[must_use]
    pub fn words(&self) -> String {
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
    let CertificateWords { principals, rest } = CertificateWords::of_body(decided.body());
    format!("{principals}; known by {}; {rest}", decided.known_by())
}

/// What is shown of an item that a run before had begun.
pub const CUT_OFF: &str = "begun by a run that was cut off";
/// How many are decided together: enough that a look costs little, few enough to hold.
const AT_ONCE: usize = 128;
