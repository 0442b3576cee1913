//! A session over bundles: read off their medium, decided and shown, signed, answered.
//!
//! Nothing is signed twice: that a bundle is signed is an entry of the ledger before it is, and what an
//! item got is read back from there. So a run that was killed at any moment, or lost its token, goes on
//! with what is left.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::brought::brought;
use super::outputs::OUTPUT_MODE;
use super::{Conduct, ConductError};
use crate::bundle::{BundleSession, Offer, OfferedBase, SessionGoal, signed_base};
use crate::ceremony::facts::{
    REFUSALS_TOLD, decided_at_fact, refusals_told, refused_fact, signed_in_words,
};
use crate::ceremony::files::file_sha256;
use crate::ceremony::instant::{second, to_the_second};
use crate::ceremony::medium::{MediumError, MediumFiles};
use crate::ceremony::plan::{PlannedBundle, Sign};
use crate::ceremony::steps::Step;
use crate::ceremony::table::row;
use crate::certificate::subject::fingerprint;
use crate::config::Config;
use crate::issue::SharedLedger;
use crate::ledger::key::LedgerKey;
use crate::ledger::{CheckpointSigned, Ledger};
use crate::output;
use crate::wire::{chain, hex};

impl<'s> Conduct<'s> {
    /// Reads what the plan names off the medium, sizes before contents, into the ceremony's folder.
    pub(super) fn medium_in(&mut self, step: &Step) -> Result<(), ConductError> {
        let sign = self.signing()?;
        let files = MediumFiles::look(&self.medium_folder(sign), sign)?;
        self.fact(step, MEDIUM_BEFORE, &hex(&files.hash()?))?;
        for bundle in &sign.bundles {
            let from = files.path(&bundle.file);
            self.copy_in(from.ok_or(ConductError::Gone("a bundle"))?, bundle)?;
            self.note_file(step, &bundle.file, &bundle.sha256)?;
        }
        Ok(())
    }

    /// A copy of no more bytes than the plan says, which is there whole or not at all.
    fn copy_in(&self, from: &Path, bundle: &PlannedBundle) -> Result<(), ConductError> {
        let to = self.folder.join(&bundle.file);
        let staged = output::stage_by(&to, OUTPUT_MODE, |file: &mut File| {
            let most = bundle.bytes.saturating_add(1);
            io::copy(&mut crate::file::open(from)?.take(most), file).map(drop)
        })?;
        let released: Result<(), _> = output::release(vec![staged]).into_iter().collect();
        released?;
        let found = file_sha256(&to).map_err(|source| ConductError::File {
            path: to.display().to_string(),
            source,
        })?;
        if found == bundle.sha256 {
            return Ok(());
        }
        let file = bundle.file.clone();
        let found = hex(&found);
        Err(MediumError::Hash { file, found }.into())
    }

    /// The medium has what it had.
    pub(super) fn medium_out(&mut self, step: &Step) -> Result<(), ConductError> {
        let sign = self.signing()?;
        let files = MediumFiles::look(&self.medium_folder(sign), sign)?;
        let found = hex(&files.hash()?);
        let before = self.transcript().fact(MEDIUM_BEFORE).map(str::to_owned);
        self.fact(step, MEDIUM_AFTER, &found)?;
        if before == Some(found) {
            return Ok(());
        }
        Err(ConductError::MediumChanged)
    }

    fn medium_folder(&self, sign: &Sign) -> std::path::PathBuf {
        self.setting.folder.join(&sign.medium.folder)
    }

    fn signing(&self) -> Result<&'s Sign, ConductError> {
        let setting = self.setting;
        let sign = setting.plan.signing();
        sign.ok_or(ConductError::Gone("the bundles of the plan"))
    }

    pub(super) fn bundle(&self, number: usize) -> Result<&'s PlannedBundle, ConductError> {
        let setting = self.setting;
        let bundle = setting.plan.bundle(number);
        bundle.ok_or(ConductError::Gone("the bundle of the plan"))
    }

    /// Decides all of a bundle, and shows it.
    pub(super) fn show_bundle(&mut self, step: &Step, at: usize) -> Result<(), ConductError> {
        let bundle = self.bundle(at)?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let ledger = shared(config.ledger_place().look(&mut |_leap| false)?);
        // What is signed later is decided as of now too: times and all are as they are shown.
        let now = to_the_second(self.room.now());
        self.fact(step, &decided_at_fact(bundle), &now)?;
        let session = self.session(&config, &ledger, bundle, SessionGoal::Sign)?;
        let mut table = String::new();
        let offer = self.decided(&session, (&config, &ledger), &mut table)?;
        self.put(step, &bundle.table(), table.as_bytes())?;
        self.note_refused(step, bundle, &offer)?;
        self.note_brought(step, bundle, &session)?;
        self.fact(step, &decided_fact(bundle), &offer.words())
    }

    fn decided(
        &mut self,
        session: &BundleSession,
        (config, ledger): (&Config, &SharedLedger),
        table: &mut String,
    ) -> Result<Offer, ConductError> {
        let never = AtomicBool::new(false);
        let offer = session.offer::<ConductError>(
            config,
            ledger,
            &never,
            &mut |number, item, verdict| {
                let row = row(number, item, verdict);
                self.room.show(&row);
                table.push_str(&row);
                table.push('\n');
                Ok(())
            },
        )?;
        for line in brought(session).into_iter().flat_map(|one| one.lines) {
            let line = format!("       {line}");
            self.room.show(&line);
            table.push_str(&line);
            table.push('\n');
        }
        Ok(offer)
    }

    /// Each refusal with all its reasons; of a bundle with very many, as many as a transcript has room
    /// for: all of them are in the answer.
    fn note_refused(
        &mut self,
        step: &Step,
        bundle: &PlannedBundle,
        offer: &Offer,
    ) -> Result<(), ConductError> {
        for (number, why) in offer.refused.iter().take(REFUSALS_TOLD) {
            let name = refused_fact(bundle, *number);
            self.write_fact(step, &name, why)?;
        }
        Ok(())
    }

    /// What is planned, read off our own copy, which fits the ledger.
    pub(super) fn session(
        &mut self,
        config: &Config,
        ledger: &SharedLedger,
        bundle: &PlannedBundle,
        goal: SessionGoal,
    ) -> Result<BundleSession, ConductError> {
        let copy = self.folder.join(&bundle.file);
        let decided = self.transcript().fact(&decided_at_fact(bundle));
        let decided = decided
            .and_then(second)
            .ok_or(ConductError::Gone("when the bundle was decided"))?;
        let looked =
            BundleSession::look(&copy, config, &crate::issue::lock(ledger), (goal, decided));
        let session = looked.map_err(|faults| {
            faults
                .iter()
                .for_each(|fault| self.room.show(&format!("   {}", chain(fault))));
            match faults.into_iter().next() {
                Some(first) => ConductError::Bundle(Box::new(first)),
                None => ConductError::Gone("the bundle"),
            }
        })?;
        let taken = &session.taken;
        if taken.id != bundle.id || taken.sha256 != bundle.header || taken.items != bundle.items {
            return Err(ConductError::OtherBundle(bundle.file.clone()));
        }
        let mut planned = self.plan.ledger.iter().flat_map(|ledger| &ledger.cas);
        let ca = session.known.as_ref().map(|known| known.ca().name());
        match ca.filter(|ca| !planned.any(|one| one.name.as_str() == *ca)) {
            None => Ok(session),
            Some(ca) => Err(ConductError::BundleOfOtherCa {
                file: bundle.file.clone(),
                ca: ca.to_owned(),
            }),
        }
    }

    /// Signs what is neither refused nor signed, and writes the answer.
    pub(super) fn sign_bundle(&mut self, step: &Step, at: usize) -> Result<(), ConductError> {
        let bundle = self.bundle(at)?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        // What a run before this one reserved and didn't come to is given up: nobody has a certificate of it.
        self.ledger(&config)?.close_abandoned(self.room.now())?;
        let ledger = shared(config.ledger_place().look(&mut |_leap| false)?);
        let goal = goal(&crate::issue::lock(&ledger), bundle)?;
        let session = self.session(&config, &ledger, bundle, goal)?;
        let mut key = self.open_ledger_key(&crate::issue::lock(&ledger))?;
        if goal == SessionGoal::Sign {
            self.sign_all(step, bundle, &session, (&config, &ledger))?;
        }
        self.compare_first(step, bundle, &session, &ledger)?;
        self.write_answer(step, bundle, &session, (&config, &mut key))
    }

    fn sign_all(
        &mut self,
        step: &Step,
        bundle: &PlannedBundle,
        session: &BundleSession,
        (config, ledger): (&Config, &SharedLedger),
    ) -> Result<(), ConductError> {
        let mut table = String::new();
        let mut offer = self.decided(session, (config, ledger), &mut table)?;
        self.is_as_shown(bundle, &table)?;
        self.as_shown(step, bundle, &mut offer)?;
        let (taken, brought) = (session.taken.clone(), session.brought.clone());
        let now = self.room.now();
        self.ledger(config)?
            .take_bundle(taken, brought, now)
            .map_err(crate::bundle::BundleSessionError::from)?;
        if offer.left > 0 {
            self.issue(step, bundle, session, (config, ledger, &mut offer))?;
        }
        let closed = session.closed(&offer);
        let recorded = self.ledger(config)?.close_bundle(closed, self.room.now());
        Ok(recorded.map_err(crate::bundle::BundleSessionError::from)?)
    }

    /// What was shown as refused is not signed behind anybody's back, and each reason is told as it is answered.
    fn as_shown(
        &mut self,
        step: &Step,
        bundle: &PlannedBundle,
        offer: &mut Offer,
    ) -> Result<(), ConductError> {
        let told = refusals_told(self.transcript(), bundle);
        let room = REFUSALS_TOLD.saturating_sub(told.len());
        let new = offer
            .refused
            .iter()
            .filter(|(item, _)| !told.contains_key(item));
        let new: Vec<_> = new
            .take(room)
            .map(|(item, why)| (*item, why.clone()))
            .collect();
        for (item, why) in new {
            self.write_fact(step, &refused_fact(bundle, item), &why)?;
        }
        for (item, why) in told {
            match offer.refused.get(&item) {
                Some(now) if *now == why => {}
                Some(now) => {
                    let now = now.clone();
                    self.write_fact(step, &refused_fact(bundle, item), &now)?;
                }
                None if offer.passed().any(|one| one == item) => {}
                None => offer.refuse_late(vec![(item, why)]),
            }
        }
        Ok(())
    }

    /// A head behind the bundle, signed, and the answer that leads to it. It is written anew by whoever
    /// goes on here.
    fn write_answer(
        &mut self,
        step: &Step,
        bundle: &PlannedBundle,
        session: &BundleSession,
        (config, key): (&Config, &mut LedgerKey),
    ) -> Result<(), ConductError> {
        let mut ledger = self.ledger(config)?;
        let head = ledger.checkpoint()?;
        let head = head.ok_or(ConductError::Gone("the ledger"))?;
        let note = key.sign_head(&head)?;
        let signed = CheckpointSigned {
            size: head.size,
            root: head.root,
            key: fingerprint(key.public_key()),
            keyboard: self.setting.keyboard.clone(),
        };
        ledger.record_checkpoint(signed, self.room.now())?;
        let out = self.folder.join(bundle.answer());
        let base = match signed_base(&ledger, &head, key)? {
            OfferedBase::Signed(base) => Some(base),
            OfferedBase::Undelegated => None,
            OfferedBase::DelegatedByAnother => {
                self.room.show("   another ledger key delegated the signing of lists: no list can be made of this answer");
                None
            }
        };
        let of = (&head, note, base.as_ref());
        let (header, refused) = session.write_answer(&ledger, of, &out)?;
        let refused = u64::try_from(refused).unwrap_or(u64::MAX);
        let signed = header.items.saturating_sub(refused);
        self.fact(
            step,
            &signed_fact(bundle),
            &signed_in_words(signed, refused),
        )?;
        let sha256 = file_sha256(&out).map_err(|source| ConductError::File {
            path: out.display().to_string(),
            source,
        })?;
        self.note_file(step, &bundle.answer(), &sha256)
    }
}

/// Whether a bundle is to be signed, or was signed by a run that was cut short before its answer was
/// there.
fn goal(ledger: &Ledger, bundle: &PlannedBundle) -> Result<SessionGoal, ConductError> {
    let mut known = ledger.bundles()?.into_iter();
    let known = known.find(|one| one.taken.id == bundle.id);
    let is_signed = known.is_some_and(|one| one.closed.is_some_and(|end| end.is_signed != 0));
    Ok(if is_signed {
        SessionGoal::AnswerAgain
    } else {
        SessionGoal::Sign
    })
}

pub(super) fn shared(ledger: Ledger) -> SharedLedger {
    Arc::new(Mutex::new(ledger))
}

/// What is noted of a bundle that was decided.
pub(in crate::ceremony) fn decided_fact(bundle: &PlannedBundle) -> String {
    format!("decided {}", bundle.file)
}

/// What is noted of a bundle that was signed.
pub(in crate::ceremony) fn signed_fact(bundle: &PlannedBundle) -> String {
    format!("signed {}", bundle.file)
}

/// The fact that is the hash of the medium as it came in.
pub(in crate::ceremony) const MEDIUM_BEFORE: &str = "medium before";
/// And as it went out.
pub(in crate::ceremony) const MEDIUM_AFTER: &str = "medium after";
