//! `punchmark renew`: the same people, keys and roles again, out of the ledger.

mod changes;
mod orders;
mod plan;
mod selected;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use clap::Args;

use super::base::arguments::{fingerprint, last_validity, span};
use super::base::asks_for_pins::AsksForPins;
use super::base::context::Context;
use super::base::factory::warn_of_factory_pins;
use super::base::failure::{At, Exit, Failure};
use super::base::faults::Faults;
use super::base::interrupt::on_signal;
use super::base::issuing::{Run, books};
use super::base::known_requester::require_known_requester;
use super::base::progress::{Progress, style};
use super::base::summary::summarise;
use super::base::terminal::{note_product, say};
use super::base::words::number_of;
use crate::batch::{Batch, Ended, Looked, Report, Resume, SerialPlan};
use crate::ca::KnownCa;
use crate::config::{self, Config};
use crate::issue::{Judge, Lasting, SharedLedger};
use crate::request::RoleName;
use orders::{Ordered, Wanting};
use plan::Plan;

/// Sign again, for the same people, keys and roles, what the ledger has
///
/// The newest certificate of each person or host, key, role and set of names is made anew, with the
/// same names and options and for as long as before. Everything is decided by the rules of today:
/// what was revoked, who was removed or barred, and what is no longer proved or allowed is named
/// and left out. FILEs are certificates, each of which is replaced; without any, the ledger is
/// searched, and certificates go to --out-dir under names that stay the same from time to time.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Renew {
    /// Of this CA
    #[arg(short = 's', long, value_name = "CA", conflicts_with = "files")]
    ca: Option<String>,

    /// That this role allowed
    #[arg(
        long,
        value_name = "ROLE",
        conflicts_with = "files",
        value_parser = str::parse::<RoleName>
    )]
    role: Option<RoleName>,

    /// That this requester asked for
    #[arg(long, value_name = "REQUESTER", conflicts_with = "files")]
    requester: Option<String>,

    /// That name this principal, alone or with a reserved suffix behind it
    #[arg(long, value_name = "PRINCIPAL", conflicts_with = "files")]
    principal: Option<String>,

    /// For the key of this fingerprint (SHA256:…)
    #[arg(long, value_name = "FINGERPRINT", conflicts_with = "files", value_parser = fingerprint)]
    key: Option<[u8; 32]>,

    /// Those alone that are over before this time: +7d, or a date
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    expires_before: Option<String>,

    /// Also those that are over, but for no longer than this: 3d
    #[arg(long, value_name = "TIME", conflicts_with = "files", value_parser = span)]
    expired_within: Option<u64>,

    /// When the new ones are valid, as in sign -V [default: as long as those before, or as long as
    /// the role gives where that is more than it allows]
    #[arg(short = 'V', value_name = "INTERVAL", allow_hyphen_values = true)]
    validity: Vec<String>,

    /// Write the certificates here
    #[arg(long, value_name = "DIR", conflicts_with = "files")]
    out_dir: Option<PathBuf>,

    /// Go on with a run that broke off: what it signed is written again where it is missing
    #[arg(long, requires = "expires_before")]
    resume: bool,

    /// Say what would be signed, and sign nothing
    #[arg(long)]
    dry_run: bool,

    /// Certificates to be made anew, each in its place
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    asks: AsksForPins,
}

impl Renew {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut faults = Faults::default();
        faults.note(self.says_what());
        let lasting = faults.note(self.lasting());
        let config = faults.note(context.config());
        let selection = config.as_ref().map(|config| self.selection(config));
        let selection = selection.and_then(|selection| faults.note(selection));
        let ((selection, lasting), config) = faults.or(selection.zip(lasting).zip(config))?;
        let ledger = context.ledger_to_look(&config)?;
        if let Some(name) = &self.requester {
            require_known_requester(name, Some(&config), &ledger)?;
        }
        let wanting = Wanting {
            config: &config,
            ledger: &ledger,
            lasting: &lasting,
            resume: self.resume,
            folder: self.folder()?,
        };
        let ordered = if self.files.is_empty() {
            wanting.out_of_ledger(&selection)?
        } else {
            wanting.of_files(&selection, &self.files)?
        };
        let Some(name) = ordered.ca()? else {
            return nothing(ordered, context);
        };
        let known = context.known_ca(&config, &ledger, &name)?;
        let books = books(&config, &ledger, context)?;
        let judge = Judge::new(books.rulebook(&config), &known.agreed, &ledger)?;
        let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
        self.over(ordered, &judge, &ledger, (&config, &known), context)
    }

    /// Looks at all that was ordered, asks whom it takes, and has it signed.
    fn over(
        &self,
        ordered: Ordered,
        judge: &Judge<'_>,
        ledger: &SharedLedger,
        (config, known): (&Config, &KnownCa),
        context: &Context,
    ) -> Result<Exit, Failure> {
        let count = u64::try_from(ordered.due()).ok();
        let interrupted = on_signal().unwrap_or_default();
        let progress = Arc::new(Progress::new(style(context.json(), context.talks(), count)));
        let told = Arc::clone(&progress);
        let batch = Batch {
            judge,
            ask: None,
            vouched: None,
            witnessed: None,
            serials: SerialPlan::Automatic,
            resume: Resume::No,
            clock: config::now,
            decided: None,
            interrupted: &interrupted,
            report: Arc::new(move |report| told.tell(report)),
        };
        let looked = batch.look_at(ledger, ordered.orders);
        let plan = Plan::of(&looked, &ordered.before, Some(config));
        let run = Run {
            config,
            known,
            progress: &progress,
            count,
            hash: None,
        };
        let ended = self.end(&batch, looked, &plan, &run, context)?;
        self.tell(&ended, &run, ordered.not_due, context);
        match ended.early {
            Some(early) => Err(early.into()),
            None => Ok(progress.finish().exit()),
        }
    }

    /// Says what a run came to.
    fn tell(&self, ended: &Ended, run: &Run<'_>, not_due: u64, context: &Context) {
        run.progress.finish();
        if context.talks() && !self.dry_run {
            let count = run.count.filter(|count| *count != 1);
            summarise(run.known.ca().name(), ended, count, None);
            warn_of_factory_pins(&context.touches().with_factory_pin());
        }
        say_not_due(not_due, context);
    }

    fn end(
        &self,
        batch: &Batch<'_>,
        looked: Looked,
        plan: &Plan,
        run: &Run<'_>,
        context: &Context,
    ) -> Result<Ended, Failure> {
        if self.dry_run {
            plan.print(context)?;
            return Ok(looked.end());
        }
        if looked.is_empty() {
            return Ok(looked.end());
        }
        run.warn(&looked, context);
        plan.confirm(context)?;
        run.issue(batch, looked, None, (context, self.asks))
    }

    /// Refuses a run that would mean everything, and one whose certificates have no place.
    fn says_what(&self) -> Result<(), Failure> {
        if !self.files.is_empty() {
            return Ok(());
        }
        let selects = self.ca.is_some()
            || self.role.is_some()
            || self.requester.is_some()
            || self.principal.is_some()
            || self.key.is_some()
            || self.expires_before.is_some();
        if !selects {
            return Err(Failure::usage(WHICH).hint(WHICH_WAY));
        }
        if self.out_dir.is_none() && !self.dry_run {
            return Err(Failure::usage(NO_PLACE));
        }
        Ok(())
    }

    /// The folder of the certificates, made where it isn't there. A dry run makes none.
    fn folder(&self) -> Result<Option<&Path>, Failure> {
        let Some(folder) = self.out_dir.as_deref() else {
            return Ok(None);
        };
        if self.dry_run {
            return Ok(Some(folder).filter(|folder| folder.is_dir()));
        }
        std::fs::create_dir_all(folder).in_file(folder)?;
        Ok(Some(folder))
    }

    fn lasting(&self) -> Result<Lasting, Failure> {
        let asked = last_validity(&self.validity)?;
        Ok(match self.validity.last().cloned().zip(asked) {
            Some((words, asked)) => Lasting::Asked(words, asked),
            None => Lasting::AsBefore,
        })
    }
}

/// Ends a run that means no certificate of the ledger.
fn nothing(ordered: Ordered, context: &Context) -> Result<Exit, Failure> {
    let progress = Progress::new(style(context.json(), context.talks(), None));
    let is_empty = ordered.orders.is_empty() && ordered.not_due == 0;
    for order in ordered.orders {
        if let Err(error) = order.case {
            let file = Some(order.output.as_path());
            progress.tell(Report::Failed { file, error });
        }
    }
    say_not_due(ordered.not_due, context);
    if is_empty {
        // Scripts count the lines: one that says that there is none would be counted.
        note_product();
        say("no certificate is meant");
    }
    Ok(progress.finish().exit())
}

fn say_not_due(not_due: u64, context: &Context) {
    if not_due > 0 && context.talks() {
        say(&format!(
            "{} not due yet",
            number_of(not_due, "certificate")
        ));
    }
}

const WHICH: &str = "which certificates? nothing says which are to be made anew";
const WHICH_WAY: &str = "name their files, or search the ledger with -s, --role, --requester, \
    --principal, --key or --expires-before";
const NO_PLACE: &str = "where do the certificates go? name a folder with --out-dir";

const EXAMPLES: &str = "\
Examples:
  punchmark renew -s hosts --expires-before +30d --out-dir out --dry-run
  punchmark renew -s hosts --expires-before +30d --out-dir out --resume
  punchmark renew srv/*-cert.pub --expires-before +30d
  punchmark renew --requester peter --out-dir out
  punchmark renew --role engineer --expires-before +7d -V +30d --out-dir out";
