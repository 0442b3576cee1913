//! Signing what a bundle asks for: the first by itself, behind its test certificate, then all the others.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::sign::shared;
use super::{Conduct, ConductError};
use crate::batch::{Batch, Decision, Ended, Report, Reporter};
use crate::bundle::{BundleSession, Offer, number};
use crate::ceremony::facts::{refused_fact, touches_fact};
use crate::ceremony::plan::PlannedBundle;
use crate::ceremony::steps::Step;
use crate::config::Config;
use crate::issue::{OpenCa, SharedLedger};
use crate::signer::yubikey::TouchPolicy;
use crate::wire::{chain, number_of};

/// What a bundle is signed with.
struct Work<'w, 'b> {
    step: &'w Step,
    bundle: &'w PlannedBundle,
    session: &'w BundleSession,
    batch: &'w Batch<'b>,
    /// Items that were refused when they were decided once more, each with the reasons.
    late: Late,
}

type Late = Arc<Mutex<Vec<(u64, String)>>>;

impl Conduct<'_> {
    /// Signs what is left.
    pub(super) fn issue(
        &mut self,
        step: &Step,
        bundle: &PlannedBundle,
        session: &BundleSession,
        (config, looking, offer): (&Config, &SharedLedger, &mut Offer),
    ) -> Result<(), ConductError> {
        let (never, late) = (AtomicBool::new(false), Late::default());
        let known = session.known.as_ref();
        let known = known.ok_or(ConductError::Gone("the CA of the bundle"))?;
        let judge = session.judge((known, config), looking)?;
        let batch = session.batch(&judge, &never, reporter(Arc::clone(&late)));
        let work = Work {
            step,
            bundle,
            session,
            batch: &batch,
            late,
        };
        let looked = session.left(&batch, offer, looking)?;
        let is_empty = looked.is_empty();
        looked.end();
        self.refuse_late(&work, offer)?;
        if is_empty {
            return all_signed(offer, 0);
        }
        let (ca, keys) = (&known.agreed, &known.config.keys);
        let mut ca = OpenCa::open(ca, keys, None, SESSIONS, &mut self.pins)?;
        let told = touches(ca.touch(), offer.left);
        self.fact(step, &touches_fact(bundle), &told)?;
        let ledger = shared(config.ledger_place().open_again(known.ca())?);
        if self.first_certificate(bundle, session, looking)?.is_none() {
            self.sign_first(&work, &mut ca, &ledger, offer)?;
        }
        let looked = session.left(&batch, offer, &ledger)?;
        let ended = if looked.is_empty() {
            looked.end()
        } else {
            batch.run(ca, &ledger, looked, Decision::IsMadeAgain)
        };
        self.refuse_late(&work, offer)?;
        let signed = ended.summary.signed;
        whole(ended)?;
        all_signed(offer, signed)
    }

    /// Signs the first item that is not refused by itself: as its test certificate says, which is built
    /// of the same decision and written down before. The others wait until it was compared.
    fn sign_first(
        &mut self,
        work: &Work<'_, '_>,
        ca: &mut OpenCa,
        ledger: &SharedLedger,
        offer: &mut Offer,
    ) -> Result<(), ConductError> {
        loop {
            let looked = work.session.left(work.batch, offer, ledger)?;
            let first = looked.wanted().next();
            let first = first.and_then(|(name, wanted)| {
                Some((name.and_then(number)?, wanted.decided().body().clone()))
            });
            let Some((item, body)) = first else {
                looked.end();
                return self.refuse_late(work, offer);
            };
            self.test_again(work.step, work.bundle, (item, &body))?;
            let first = looked.first_alone();
            let ended = work.batch.run_beside(ca, ledger, first, Decision::Stands);
            self.refuse_late(work, offer)?;
            let signed = ended.summary.signed;
            whole(ended)?;
            if signed > 0 {
                offer.signed(item);
                return self.compare_first(work.step, work.bundle, work.session, ledger);
            }
        }
    }

    fn refuse_late(&mut self, work: &Work<'_, '_>, offer: &mut Offer) -> Result<(), ConductError> {
        let mut late = work.late.lock().unwrap_or_else(|error| error.into_inner());
        let late = std::mem::take(&mut *late);
        for (number, why) in &late {
            let name = refused_fact(work.bundle, *number);
            self.write_fact(work.step, &name, why)?;
        }
        offer.refuse_late(late);
        Ok(())
    }
}

fn whole(ended: Ended) -> Result<(), ConductError> {
    match ended.early {
        Some(early) => Err(ConductError::EndedEarly(early)),
        None => Ok(()),
    }
}

fn all_signed(offer: &Offer, signed: u64) -> Result<(), ConductError> {
    match offer.left.saturating_sub(signed) {
        0 => Ok(()),
        open => Err(ConductError::NotSigned(open)),
    }
}

/// Keeps why an item was refused when it was decided once more.
fn reporter(late: Late) -> Reporter {
    Arc::new(move |report| {
        if let Report::Failed {
            file: Some(file),
            ref error,
        } = report
            && error.is_refusal()
        {
            let mut late = late.lock().unwrap_or_else(|error| error.into_inner());
            late.extend(number(Path::new(file)).map(|number| (number, chain(error))));
        }
    })
}

/// How many touches there will be, as far as the device tells.
fn touches(policy: Option<TouchPolicy>, left: u64) -> String {
    match policy {
        Some(TouchPolicy::Always) => format!("{}, one a certificate", number_of(left, "touch")),
        Some(TouchPolicy::Cached) => "one about every 15 seconds".to_owned(),
        Some(TouchPolicy::Never) => "none".to_owned(),
        None => "the device tells of none".to_owned(),
    }
}

/// As many sessions of a device as `sign` opens at most.
const SESSIONS: usize = 4;
