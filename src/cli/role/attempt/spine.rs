//! A decision by all that `sign` knows before it opens a key: config, roots, allowed signers, and
//! what the ledger says of keys, cards, requests and requesters.

use super::{Attempt, allowed, refuse};
use crate::batch::BatchError;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::config::{self, Config, Given};
use crate::issue::{Asked, Case, CaseError, IntakeError, IssueError, Judge, Rulebook};
use crate::ledger::{Credential, SerialChoice};
use crate::request::RequesterName;

impl Attempt {
    /// Decides as `sign` does, up to where it would ask for a vouch or a PIN.
    pub(super) fn as_sign_would(
        &self,
        context: &Context,
        config: &Config,
        name: &str,
        given: Given,
    ) -> Result<Exit, Failure> {
        let (roots, allowed_signers) = (config.attestation_roots()?, config.allowed_signers()?);
        let ledger = context.ledger_to_read(config)?;
        let known = context.known_ca(config, &ledger, name)?;
        let rulebook = Rulebook {
            policy: config.policy(),
            roots: &roots,
            limits: config.admission_limits(),
            allowed_signers: allowed_signers.as_ref(),
            ledger_key: config.own_ledger_key(&ledger)?,
            bundle: None,
            keyboard: config::keyboard(),
        };
        let judge = Judge::new(rulebook, &known.agreed, &ledger)?;
        let mut case = self.case(given)?;
        let mut claimed = None;
        let enrolled = |credential: &Credential| ledger.requester_of(credential);
        let mut decided = judge.decide(&case, &enrolled, config::now());
        if let Err(CaseError::Intake(IntakeError::Unknown {
            claimed: Some(name),
        })) = &decided
        {
            claimed = Some(name.clone());
            vouch_for(&mut case, name);
            decided = judge.decide(&case, &enrolled, config::now());
        }
        let wanted = match decided {
            Ok(wanted) => wanted,
            Err(CaseError::Refused(refusals)) => return refuse(context, &refusals),
            Err(error) => return Err(BatchError::from(error).into()),
        };
        match ledger.check(&wanted, config::now())? {
            Ok(()) => allowed(context, name, wanted.decided(), claimed.as_ref()),
            Err(refused) => Err(BatchError::from(IssueError::from(refused)).into()),
        }
    }

    fn case(&self, given: Given) -> Result<Case, Failure> {
        let asked = match given {
            Given::Key(subject, _) => Asked::Key {
                subject,
                ask: Box::new(self.asked.ask(self.role.clone())?),
                requester: self.asked.requester(&self.role)?,
            },
            Given::Request(file) => Asked::Request {
                file,
                vouched: self.asked.vouched_for().cloned(),
            },
        };
        Ok(Case {
            asked,
            serial: SerialChoice::Next,
            witnessed: self.asked.statement()?,
        })
    }
}

fn vouch_for(case: &mut Case, name: &RequesterName) {
    if let Asked::Request { vouched, .. } = &mut case.asked {
        *vouched = Some(name.clone());
    }
}
