//! `punchmark bundle sign`: where the CA's key is, a bundle is decided, shown and signed, and its answer
//! written.
//!
//! Everything is decided before the first signature, and nothing is signed twice: that the bundle is
//! signed is an entry of the ledger before it is, so that a run that was cut off is gone on with by the same
//! command, and what an item got is read back from the ledger alone.

mod answer;
mod enrolments;
mod pending;
mod row;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use clap::Args;
use serde_json::json;

use crate::batch::{Ended, Report, Reporter};
use crate::bundle::{BundleSession, Header, Offer, SessionGoal, number};
use crate::ca::KnownCa;
use crate::cli::base::advice::intake::warn_of_faults;
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::faults::Faults;
use crate::cli::base::interrupt::on_signal;
use crate::cli::base::issuing::Run;
use crate::cli::base::ledger_key;
use crate::cli::base::private_key::PassphraseFile;
use crate::cli::base::progress::{Progress, style};
use crate::cli::base::terminal::confirm_typed;
use crate::cli::base::words::{chain, number_of};
use crate::config::{self, Config, LedgerKeyPlace};
use crate::issue::SharedLedger;
use crate::ledger::Ledger;
use crate::ledger::key::LedgerKey;
use crate::secret::AskPin;
use crate::wire::{bytes_of_words, hex, words};

/// Sign what a bundle asks for, where the CA's key is, and write the answer
///
/// The bundle must be as its registrar signed it, follow the last one that was signed here, and be made
/// against this ledger. All of it is decided by the roles and shown, each refusal with every reason;
/// then one yes is typed, with the bundle's words beside those that came with it by another way. What a
/// run that was cut off did not come to, the same command signs; nothing is signed twice. The answer is read by
/// `punchmark bundle accept`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Sign {
    /// The bundle
    #[arg(value_name = "FILE")]
    bundle: PathBuf,

    /// The answer; there must be no such file [default: FILE.answer]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// The words of the bundle, as they came by another way: they answer the question
    #[arg(long, value_name = "WORDS")]
    words: Option<String>,

    /// Write the answer of a bundle that was signed once more; nothing is signed
    #[arg(long, conflicts_with_all = ["words", "dry_run"])]
    again: bool,

    /// Decide and show all of it, and sign nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    passphrase: PassphraseFile,

    #[command(flatten)]
    asks: AsksForPins,
}

/// What is known of a run before anybody is asked for anything.
struct Work {
    config: Config,
    session: BundleSession,
    key: LedgerKeyPlace,
    out: PathBuf,
}

impl Sign {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let mut ledger = context.ledger_to_look(&config)?;
        let work = self.look(config, &ledger, context)?;
        if self.again {
            return self.write_again(&work, context);
        }
        if work.session.is_begun() && !self.dry_run {
            ledger = work.give_up_what_was_cut_off(context)?;
        }
        let interrupted = on_signal().unwrap_or_default();
        let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
        let session = &work.session;
        let mut offer = session.offer(
            &work.config,
            &ledger,
            &interrupted,
            &mut |number, item, verdict| row::show(number, item, verdict, context),
        )?;
        enrolments::show(&session.brought.enrolments, context)?;
        pending::show(&session.brought.pending, context)?;
        if self.dry_run {
            let object = json!({ "bundle": hex(&session.taken.id), "would-be-signed": offer.left,
                "refused": offer.refused.len() });
            context.tell_plan(&offer.words(), object)?;
            return Ok(Exit::Done);
        }
        self.confirm(&session.carried.header, &offer)?;
        let mut pins = context.pins(self.asks);
        let mut key = self.open_ledger_key(&work, &ledger, (context, &mut pins))?;
        let now = config::now();
        context
            .ledger_for_long_after_asking(&work.config)?
            .take_bundle(session.taken.clone(), session.brought.clone(), now)?;
        if let Some(known) = session.known.as_ref().filter(|_| offer.left > 0) {
            let run = (known, ledger, interrupted.as_ref());
            work.issue(&mut offer, run, (context, &mut pins))?;
        }
        work.close(&offer, context)?;
        self.write(&work, &mut key, context)
    }

    /// All that can be wrong before anything is decided, at once.
    fn look(&self, config: Config, ledger: &Ledger, context: &Context) -> Result<Work, Failure> {
        let mut out = self.bundle.clone().into_os_string();
        out.push(".answer");
        let out = self.out.clone().unwrap_or_else(|| out.into());
        let goal = if self.again {
            SessionGoal::AnswerAgain
        } else {
            SessionGoal::Sign
        };
        let mut faults = Faults::default();
        let session =
            match BundleSession::look(&self.bundle, &config, ledger, (goal, config::now())) {
                Ok(session) => Some(session),
                Err(all) => {
                    all.into_iter().for_each(|error| faults.add(error.into()));
                    None
                }
            };
        faults.note(free(&out));
        let key = faults.note(config.ledger_key().ok_or_else(no_ledger_key));
        let (session, key) = faults.or(session.zip(key))?;
        if let Some(signers) = session
            .books()
            .allowed_signers()
            .filter(|_| context.talks())
        {
            warn_of_faults(signers);
        }
        pending::warn_of_left_out(&session.left_out);
        Ok(Work {
            config,
            session,
            key,
            out,
        })
    }

    /// A typed yes, with the words before its eyes; or these words, from another way.
    fn confirm(&self, header: &Header, offer: &Offer) -> Result<(), Failure> {
        let hash = header.hash()?;
        let told = words(&hash);
        let Some(given) = &self.words else {
            let question = format!(
                "{}\n  SHA-256  {}\n  words    {told}\nThese are the words that came with the bundle by \
                 another way, and all of the above is to be signed.",
                offer.words(),
                hex(&hash)
            );
            return confirm_typed(&question).map_err(|failure| {
                failure.hint(
                    "where nobody is at a terminal, the words themselves answer: --words 'talon …'",
                )
            });
        };
        if bytes_of_words(given).is_ok_and(|given| given == hash) {
            return Ok(());
        }
        // Whoever were told the right ones would copy them, and nothing would be compared.
        Err(Failure::new("the words are not those of this bundle").hint(
            "compare what came with the bundle, by another way, with what `punchmark bundle show` tells of this file",
        ))
    }

    fn open_ledger_key(
        &self,
        work: &Work,
        ledger: &SharedLedger,
        (context, pins): (&Context, &mut dyn AskPin),
    ) -> Result<LedgerKey, Failure> {
        let cas = crate::issue::lock(ledger).cas()?;
        ledger_key::open_with(context, &work.key, &cas, (&self.passphrase, pins))
    }
}

impl Work {
    /// What a run before this one reserved and didn't come to is given up, so that its requests count as
    /// not used; gives the ledger as it is then. Nobody has a certificate of it: none is released before
    /// it is recorded.
    fn give_up_what_was_cut_off(&self, context: &Context) -> Result<Ledger, Failure> {
        let mut ledger = context.ledger_for_long_after_asking(&self.config)?;
        ledger.close_abandoned(config::now())?;
        drop(ledger);
        Ok(Ledger::open_to_read(&self.config.ledger())?)
    }

    /// Signs what is neither refused nor signed already. What is refused only now is noted.
    fn issue(
        &self,
        offer: &mut Offer,
        (known, ledger, interrupted): (&KnownCa, SharedLedger, &AtomicBool),
        (context, pins): (&Context, &mut dyn AskPin),
    ) -> Result<(), Failure> {
        let count = Some(offer.left);
        let progress = Arc::new(Progress::new(style(context.json(), context.talks(), count)));
        let refused = Arc::new(Mutex::new(Vec::new()));
        let report = reporter(Arc::clone(&progress), Arc::clone(&refused));
        let session = &self.session;
        let judge = session.judge((known, &self.config), &ledger)?;
        let batch = session.batch(&judge, interrupted, report);
        let run = Run {
            config: &self.config,
            known,
            progress: &progress,
            count,
            hash: None,
        };
        let looked = session.left(&batch, offer, &ledger)?;
        let ended = if looked.is_empty() {
            looked.end()
        } else {
            run.issue_with(&batch, looked, None, (context, pins))?
        };
        progress.finish();
        let late = std::mem::take(&mut *refused.lock().unwrap_or_else(|error| error.into_inner()));
        offer.refuse_late(late);
        all_came_out(ended, offer)
    }

    fn close(&self, offer: &Offer, context: &Context) -> Result<(), Failure> {
        let mut ledger = context.ledger_for_long_after_asking(&self.config)?;
        Ok(ledger.close_bundle(self.session.closed(offer), config::now())?)
    }
}

/// Tells of each item as it comes, and keeps why one was refused.
fn reporter(progress: Arc<Progress>, refused: Arc<Mutex<Vec<(u64, String)>>>) -> Reporter {
    Arc::new(move |report| match report {
        Report::Signed { file, serial, .. } => progress.signed(file, serial),
        Report::Failed {
            file: Some(file),
            ref error,
        } if error.is_refusal() => {
            let mut refused = refused.lock().unwrap_or_else(|error| error.into_inner());
            refused.extend(number(file).map(|number| (number, chain(error))));
            drop(refused);
            progress.tell(report);
        }
        report => progress.tell(report),
    })
}

/// Whether each item that was left has its certificate or its refusal by now.
fn all_came_out(ended: Ended, offer: &Offer) -> Result<(), Failure> {
    if let Some(early) = ended.early {
        return Err(Failure::of(crate::cli::base::failure::Kind::Failed, early).hint(GO_ON));
    }
    let open = offer.left.saturating_sub(ended.summary.signed);
    if open == 0 {
        return Ok(());
    }
    Err(Failure::new(format!("{} not signed", number_of(open, "item"))).hint(GO_ON))
}

fn free(out: &Path) -> Result<(), Failure> {
    if out.symlink_metadata().is_err() {
        return Ok(());
    }
    let words = format!("{} is there already", out.display());
    Err(Failure::new(words).hint("an answer replaces no file: name another with --out"))
}

fn no_ledger_key() -> Failure {
    Failure::new("the config names no ledger key, which signs the head of the answer")
        .hint("name one as `ledger-key` in the config: ssh-keygen -t ed25519 -f ledger_key")
}

const GO_ON: &str = "the same command goes on with the rest; what was signed is not signed again";

const EXAMPLES: &str = "\
Examples:
  punchmark bundle sign /media/stick/monday.bundle
  punchmark bundle sign --dry-run /media/stick/monday.bundle
  punchmark bundle sign monday.bundle --out /media/stick/monday.answer --words 'talon supportive scenic'
  punchmark bundle sign --again monday.bundle --out second.answer";
