//! After a CA's key was stolen: who opens the servers by the new CA, that servers trust it, and only then the
//! end of the old one. No device of the old CA is asked for anything.

use std::sync::Arc;

use super::sign::shared;
use super::{Conduct, ConductError};
use crate::batch::{BatchError, Books};
use crate::ca::{KnownCa, LockOut, Rollover, retire};
use crate::ceremony::emergency::{is_as_planned, is_that_of};
use crate::ceremony::facts::{
    RETIRED, SERVERS, STAGE, STAGE_TRUSTED, emergency_fact, emergency_in_words, retired_fact,
    servers_in_words,
};
use crate::ceremony::plan::{Compromise, Emergency, emergency_file, emergency_test_file};
use crate::ceremony::steps::{LOCK_OUT, Step, is_same};
use crate::ceremony::test_certificate::{TestCertificate, TestCertificateError};
use crate::certificate::{Kind, Options, OptionsAsked, certificate_line};
use crate::config::{self, Config};
use crate::issue::{Asked, Case, CaseError, Judge, Lost, OpenCa, issue_one, requester_names};
use crate::ledger::{Ca, Ledger, SerialChoice, Stage, State, Wanted};
use crate::policy::{CaFacts, Rules, StorageShown, decide};
use crate::request::{Ask, KnownBy, Request, Requester, ValidityAsked};
use crate::wire::RawCertificate;

impl<'s> Conduct<'s> {
    /// What would keep the emergency certificates from being signed shows before the new key is made: each
    /// is decided by its role, as if the new CA were there.
    pub(super) fn emergencies_are_allowed(
        &self,
        config: &Config,
        ledger: &Ledger,
    ) -> Result<(), ConductError> {
        let plan = &self.setting.plan;
        let Some((theft, new)) = plan.compromise().zip(plan.cas().first()) else {
            return Ok(());
        };
        let (old, names) = (ledger.cas()?, requester_names(ledger)?);
        let named = |ca: &Ca| (ca.name().to_owned(), ca.public_key().clone());
        let ca_keys: Vec<_> = old.iter().map(named).collect();
        // What is decided is bound to a key, and given up again: any will do.
        let stand_in = ca_keys.first().map(|(_, key)| key);
        let public_key = stand_in.ok_or(ConductError::Gone("the CA of the plan"))?;
        let ca = CaFacts {
            name: new.name.as_str(),
            public_key,
            signs_users: true,
            signs_hosts: false,
            ca_keys: &ca_keys,
        };
        for one in &theft.emergencies {
            let mut roles = config.policy().roles();
            let role = roles.find(|role| *role.name() == one.role);
            let role = role.ok_or_else(|| ConductError::NoRole(one.role.to_string()))?;
            let rules = Rules {
                role,
                suffixes: config.policy().suffixes(),
                ca: ca.clone(),
            };
            let request = Request {
                subject: one.key.clone(),
                ask: ask_of(theft, one),
            };
            let requester = Requester::known(one.name.clone(), KnownBy::Vouch);
            let known = names.get(one.name.as_str()).cloned();
            let requester = match known {
                Some(names) => requester.with_names(names),
                None => requester,
            };
            let decided = decide(&request, &requester, NO_PROOF, &rules, self.room.now());
            let decided = decided.map_err(|all| refused(CaseError::Refused(all).into()))?;
            is_as_planned(one, decided.body())?;
        }
        Ok(())
    }

    /// Builds a certificate of the plan by a key that is thrown away, and shows it whole.
    pub(super) fn test_emergency(
        &mut self,
        step: &Step,
        number: usize,
    ) -> Result<(), ConductError> {
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let known = self.new_ca(&config)?;
        let wanted = self.decided_emergency(&config, &known, self.emergency_of(number)?)?;
        let test = TestCertificate::build(wanted.decided().body())?;
        self.put_test(step, &emergency_test_file(number), &test)?;
        self.show_rows(&test);
        Ok(())
    }

    fn emergency_of(&self, number: usize) -> Result<&'s Emergency, ConductError> {
        let one = self.theft()?.emergencies.get(number);
        one.ok_or(ConductError::Gone("the certificate of the plan"))
    }

    fn new_ca(&self, config: &Config) -> Result<KnownCa, ConductError> {
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let new = self.setting.plan.cas().first();
        let new = new.ok_or(ConductError::Gone("the new CA of the plan"))?;
        Ok(KnownCa::find(config, &ledger, new.name.as_str())?)
    }

    fn decided_emergency(
        &self,
        config: &Config,
        known: &KnownCa,
        one: &Emergency,
    ) -> Result<Wanted, ConductError> {
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let books = Books::read(config, &ledger)?;
        let judge = Judge::new(books.rulebook(config), &known.agreed, &ledger)?;
        let case = case_of(self.theft()?, one);
        let decided = judge.decide(&case, &|_credential| Ok(None), self.room.now());
        let wanted = decided.map_err(|error| refused(error.into()))?;
        is_as_planned(one, wanted.decided().body())?;
        Ok(wanted)
    }

    /// Signs a certificate of the plan by the new CA, once: a run that was cut short finds it in the
    /// ledger.
    pub(super) fn emergency(&mut self, step: &Step, number: usize) -> Result<(), ConductError> {
        let one = self.emergency_of(number)?;
        let test = self.test_on_disk(&emergency_test_file(number))?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let ledger = self.ledger(&config)?;
        // What a run before this one reserved and didn't come to is given up: nobody has it.
        drop(close_abandoned(ledger, self.room.now())?);
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let known = self.new_ca(&config)?;
        let blob = match issued_before(&ledger, known.ca(), one)? {
            Some(blob) => blob,
            None => self.issue_emergency(&config, &known, (one, &test))?,
        };
        test.is_that_of(&blob)?;
        let raw = RawCertificate::from_blob(&blob).map_err(TestCertificateError::from)?;
        let line = certificate_line(&raw, one.name.as_str());
        self.read_back(&line, raw.serial())?;
        let says = emergency_in_words(raw.serial(), known.ca().name());
        self.fact(step, &emergency_fact(number), &says)?;
        self.put(
            step,
            &emergency_file(number),
            format!("{line}\n").as_bytes(),
        )
    }

    fn issue_emergency(
        &mut self,
        config: &Config,
        known: &KnownCa,
        (one, test): (&Emergency, &TestCertificate),
    ) -> Result<Vec<u8>, ConductError> {
        let wanted = self.decided_emergency(config, known, one)?;
        TestCertificate::build(wanted.decided().body())?.says_the_same_as(test)?;
        let ca = OpenCa::open(&known.agreed, &known.config.keys, None, 1, &mut self.pins)?;
        let ledger = shared(config.ledger_place().open_again(known.ca())?);
        // There is one device, and its loss ends this.
        let lost: Lost = Arc::new(|_device, _error| ());
        let (issued, ended) = issue_one(ca, &ledger, wanted, config::now, &lost);
        let issued = issued.map_err(|error| refused(error.into()))?;
        ended.map_err(ConductError::EndedEarly)?;
        Ok(issued.certificate.as_bytes().to_vec())
    }

    /// Has the ledger keep that servers trust the new CA. Whoever isn't known to blocks it, unless the
    /// witness typed that they are locked out.
    pub(super) fn stage_trusted(&mut self, step: &Step) -> Result<(), ConductError> {
        let setting = self.setting;
        let theft = self.theft()?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let mut ledger = self.ledger(&config)?;
        let (old, new) = self.pair(&ledger)?;
        let reports = setting.folder.join(&theft.reports);
        let said = self
            .room
            .servers_say(&theft.servers, &reports, (&old, &new));
        let said = said.map_err(|source| ConductError::File {
            path: reports.display().to_string(),
            source,
        })?;
        let now = self.room.now();
        let rollover = Rollover::of(&config, &ledger, (&old, &new), &said, now)?;
        let accepted = self
            .answer(step, "servers")
            .is_some_and(|typed| is_same(typed, LOCK_OUT));
        if rollover.next == Some(Stage::Trusted) {
            for block in &rollover.blocks {
                self.room.show(&format!("   locked out: {}", block.why));
            }
            rollover.go_on(&mut ledger, accepted, &setting.keyboard, now)?;
        }
        let word = trusted(&ledger, &old)?;
        drop(ledger);
        let word = word.ok_or_else(|| ConductError::NotTrusted(old.name().to_owned()))?;
        let servers = servers_in_words(&word, theft.servers.len());
        self.fact(step, SERVERS, &servers)?;
        self.fact(step, STAGE, STAGE_TRUSTED)
    }

    /// The old CA ends, which no ledger does before its servers trust the new one.
    pub(super) fn shut_out(&mut self, step: &Step) -> Result<(), ConductError> {
        let reason = self.theft()?.reason.as_str();
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let mut ledger = self.ledger(&config)?;
        let (old, _) = self.pair(&ledger)?;
        if trusted(&ledger, &old)?.is_none() {
            return Err(ConductError::NotTrusted(old.name().to_owned()));
        }
        let why = (reason, self.setting.keyboard.as_str());
        retire(&mut ledger, &old, LockOut::Accepted, why, self.room.now())?;
        drop(ledger);
        let name = self.setting.plan.old_ca().map(|old| &old.name);
        let name = name.ok_or(ConductError::Gone("the CA of the plan"))?;
        self.fact(step, &retired_fact(name), RETIRED)
    }

    fn theft(&self) -> Result<&'s Compromise, ConductError> {
        let setting = self.setting;
        let theft = setting.plan.compromise();
        theft.ok_or(ConductError::Gone("the servers of the plan"))
    }
}

fn close_abandoned(mut ledger: Ledger, now: u64) -> Result<Ledger, ConductError> {
    ledger.close_abandoned(now)?;
    Ok(ledger)
}

fn refused(error: BatchError) -> ConductError {
    ConductError::Emergency(Box::new(error))
}

/// What is asked for somebody: the role decides, and the witness gives the word for who it is.
fn case_of(theft: &Compromise, one: &Emergency) -> Case {
    Case {
        asked: Asked::Key {
            subject: one.key.clone(),
            ask: Box::new(ask_of(theft, one)),
            requester: Requester::known(one.name.clone(), KnownBy::Vouch),
        },
        serial: SerialChoice::Next,
        witnessed: None,
    }
}

fn ask_of(theft: &Compromise, one: &Emergency) -> Ask {
    Ask {
        role: one.role.clone(),
        kind: Kind::User,
        key_id: None,
        principals: Some(one.principals.clone()),
        validity: Some(ValidityAsked::Interval(one.validity)),
        validity_as_asked: one.validity.to_string(),
        options: asked_exactly(&one.options),
        reason: Some(theft.reason.clone()),
        serial: None,
    }
}

/// A role's own default is none of the plan's.
fn asked_exactly(options: &Options) -> OptionsAsked {
    let (critical, extensions) = (options.critical().clone(), options.extensions().clone());
    // They were options before, so that they are now.
    OptionsAsked::exactly(critical, extensions).unwrap_or_default()
}

/// The certificate of the plan that a run before this one signed; another one for that key is none of the plan's.
fn issued_before(
    ledger: &Ledger,
    new: &Ca,
    one: &Emergency,
) -> Result<Option<Vec<u8>>, ConductError> {
    let mut found = None;
    ledger.each_record(&mut |record| {
        if let (true, State::Issued(blob)) = (record.reserved.ca == new.position(), record.state)
            && RawCertificate::from_blob(&blob).is_ok_and(|raw| is_that_of(one, &raw))
        {
            found = Some(blob);
        }
    })?;
    Ok(found)
}

/// What the ledger kept when servers trusted the new CA: who is locked out, or nothing; none where they
/// don't yet.
fn trusted(ledger: &Ledger, old: &Ca) -> Result<Option<String>, ConductError> {
    let mut stages = ledger.stages(old)?.into_iter();
    let reached = stages.find(|(_, reached)| reached.stage == Stage::Trusted);
    Ok(reached.map(|(_, reached)| reached.word))
}

/// Nobody proves in the night where a key was made: a role that wants it refuses.
const NO_PROOF: StorageShown<'_> = StorageShown {
    proofs: &[],
    unbelieved: None,
};
