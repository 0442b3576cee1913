//! One request of a watched folder: looked at, shown, asked about, signed.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Fate, Watch};
use crate::batch::{
    Batch, BatchError, Decision, HowFar, Looked, Report, Reporter, Resume, SerialPlan, Subjects,
};
use crate::ca::KnownCa;
use crate::cli::base::decided::shown;
use crate::cli::base::failure::Failure;
use crate::cli::base::foreseen::warn_before;
use crate::cli::base::issuing::books;
use crate::cli::base::progress::{Progress, Style};
use crate::cli::base::terminal::say;
use crate::cli::base::words::path;
use crate::config::{self, Config};
use crate::issue::{CaseError, IntakeError, IssueError, Judge, OpenCa, SharedLedger};
use crate::ledger::ReserveError;
use crate::request::{KnownBy, RequesterName};

/// What a look at a request told beside what it says itself.
#[derive(Default)]
struct Heard {
    /// The name in it, where nobody is enrolled with its key.
    claimed: Option<RequesterName>,
    was_signed_before: bool,
}

type Hearing = Arc<Mutex<Heard>>;

impl Watch<'_> {
    /// Shows a request that the rules let be signed, and signs it if the answer is yes.
    pub(super) fn one(&mut self, file: &Path) -> Result<Fate, Failure> {
        let config = self.context.config()?;
        let ledger = self.context.ledger_to_look(&config)?;
        let known = self.context.known_ca(&config, &ledger, &self.ca)?;
        let books = books(&config, &ledger, self.context)?;
        let judge = Judge::new(books.rulebook(&config), &known.agreed, &ledger)?;
        let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
        let interrupted = Arc::clone(&self.interrupted);
        let heard = Hearing::default();
        let mut batch = Batch {
            judge: &judge,
            ask: None,
            vouched: None,
            witnessed: None,
            serials: SerialPlan::Automatic,
            resume: Resume::No,
            clock: config::now,
            decided: None,
            interrupted: &interrupted,
            report: reporter(&heard),
        };
        let mut looked = look(&batch, &ledger, file);
        let claimed = unpoisoned(&heard).claimed.take();
        if claimed.is_some() {
            batch.vouched = claimed;
            looked = look(&batch, &ledger, file);
        }
        if looked.is_empty() {
            if unpoisoned(&heard).was_signed_before {
                say(&format!("{}: was signed before", path(file)));
                return Ok(Fate::Known);
            }
            return Ok(Fate::NotSigned);
        }
        // Whoever answers may take an hour: nobody else is to wait for the ledger.
        drop(ledger);
        match self.answer(&looked, &config)? {
            Fate::Signed => self.issue(&batch, looked, (&config, &known)),
            other => Ok(other),
        }
    }

    fn answer(&mut self, looked: &Looked, config: &Config) -> Result<Fate, Failure> {
        warn_before(looked);
        let mut words = String::new();
        for (file, wanted) in looked.wanted() {
            let decided = wanted.decided();
            let name = decided.requester();
            words.push_str(&shown(file, wanted, Some(config)));
            words.push_str(&match decided.known_by() {
                KnownBy::Vouch => format!(
                    "\n    asked by    {name}, which the request alone says: a yes is your word for it"
                ),
                by => format!("\n    asked by    {name}, known by {by}"),
            });
        }
        let question = format!("{words}\nSign it? [y/n/skip/quit] ");
        loop {
            let answer = self.answers.ask(&question, &self.interrupted)?;
            match answer.as_deref() {
                Some("y" | "yes") => return Ok(Fate::Signed),
                Some("n" | "no") => return Ok(Fate::NotSigned),
                Some("s" | "skip") => return Ok(Fate::Skipped),
                None | Some("q" | "quit") => return Ok(Fate::Quit),
                Some(_) => say("y signs it, n does not, skip puts it off, quit ends"),
            }
        }
    }

    fn issue(
        &mut self,
        batch: &Batch<'_>,
        looked: Looked,
        (config, known): (&Config, &KnownCa),
    ) -> Result<Fate, Failure> {
        let open = match &mut self.open {
            Some(open) if !open.is_spent() => open,
            closed => {
                let mut pins = self.context.pins(self.sign.asks);
                let (keys, hash) = (&known.config.keys, self.sign.hash);
                closed.insert(OpenCa::open(&known.agreed, keys, hash, 1, &mut pins)?)
            }
        };
        let ledger = self.context.ledger_again(config, known.ca())?;
        let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
        let ended = batch.run_beside(open, &ledger, looked, Decision::IsMadeAgain);
        match ended.early {
            Some(early) => Err(early.into()),
            None if ended.summary.signed > 0 => Ok(Fate::Signed),
            None => Ok(Fate::NotSigned),
        }
    }
}

fn look(batch: &Batch<'_>, ledger: &SharedLedger, file: &Path) -> Looked {
    let files = std::iter::once(Ok(file.to_owned()));
    batch.look(ledger, Subjects::Files(Box::new(files)), HowFar::All)
}

/// Tells as any run does, but for what is asked about, and what is no news.
fn reporter(heard: &Hearing) -> Reporter {
    let heard = Arc::clone(heard);
    let progress = Progress::new(Style::Lines);
    Arc::new(move |report| match &report {
        Report::Failed { error, .. } if hears(&mut unpoisoned(&heard), error) => {}
        _ => progress.tell(report),
    })
}

/// Whether the watch says itself what this is about.
fn hears(heard: &mut Heard, error: &BatchError) -> bool {
    match error {
        BatchError::Case(CaseError::Intake(IntakeError::Unknown {
            claimed: Some(name),
        })) => heard.claimed = Some(name.clone()),
        BatchError::Issue(IssueError::Reserve(ReserveError::RequestUsed(_))) => {
            heard.was_signed_before = true;
        }
        _ => return false,
    }
    true
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
