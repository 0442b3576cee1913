//! `punchmark sign --watch`: one login, and each request that comes into a folder shown and
//! confirmed.
//!
//! The key is opened with the first yes, and stays so until the end: the token's session lasts, and
//! nothing else of the PIN. The ledger is opened for each request anew, and locked for no longer
//! than a signature takes. Config, roots and lists are read again each time, too.

mod folder;
mod question;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use super::Sign;
use crate::cli::base::answer::Answers;
use crate::cli::base::context::Context;
use crate::cli::base::factory::warn_of_factory_pins;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::interrupt::on_signal;
use crate::cli::base::terminal::{print_failure, say};
use crate::cli::base::words::{number_of, path};
use crate::issue::OpenCa;
use folder::Folder;

/// A folder that is watched, and what came of it so far.
struct Watch<'a> {
    sign: &'a Sign,
    context: &'a Context,
    ca: String,
    answers: Answers,
    interrupted: Arc<AtomicBool>,
    /// The key, from the first yes on; none again once no device of it can sign.
    open: Option<OpenCa>,
    counts: Counts,
}

/// What became of the requests.
#[derive(Default)]
struct Counts {
    signed: u64,
    /// By the answer, or by policy.
    not_signed: u64,
    skipped: u64,
}

/// What is to become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Signed,
    /// Nothing is to be done: it was signed before.
    Known,
    /// Refused, or answered with no: not asked about again unless its file changes.
    NotSigned,
    /// To be asked about again, behind the others.
    Skipped,
    /// To be looked at again at once.
    Again,
    /// The watch ends.
    Quit,
}

impl Sign {
    pub(super) fn watch(&self, folder: &Path, context: &Context) -> Result<Exit, Failure> {
        if context.json() {
            return Err(Failure::usage(
                "--watch asks a person, and --json is for programs",
            ));
        }
        if self.asked.says_something() || self.asked.gives_a_word() {
            return Err(Failure::usage(REQUESTS_SAY));
        }
        let answers = Answers::open()?.ok_or_else(|| Failure::new(NOBODY).hint(BATCH))?;
        let mut folder = Folder::open(folder)?;
        let mut watch = Watch {
            sign: self,
            context,
            ca: self.watched_ca(context)?,
            answers,
            interrupted: on_signal().at("signals")?,
            open: None,
            counts: Counts::default(),
        };
        say(&format!(
            "watching {} for requests to CA {}; Ctrl-C or q ends it",
            path(folder.path()),
            watch.ca
        ));
        let ended = watch.until_the_end(&mut folder);
        watch.say_what_came();
        ended.map(|()| Exit::Done)
    }

    /// The CA that is named, else the only one there is.
    fn watched_ca(&self, context: &Context) -> Result<String, Failure> {
        let config = context.config()?;
        if let Some(name) = &self.ca {
            config.ca(name)?;
            return Ok(name.clone());
        }
        let mut cas = config.cas();
        match (cas.next(), cas.next()) {
            (Some((only, _)), None) => Ok(only.to_string()),
            _ => Err(Failure::usage("which CA shall sign? name it with -s")),
        }
    }
}

impl Watch<'_> {
    fn until_the_end(&mut self, folder: &mut Folder) -> Result<(), Failure> {
        while !self.interrupted.load(Ordering::Relaxed) {
            let come = folder.look()?;
            if come.is_empty() {
                sleep(PAUSE);
                continue;
            }
            for file in come {
                match self.ask_until_answered(&file)? {
                    Fate::Quit => return Ok(()),
                    Fate::Skipped => folder.postpone(file),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn ask_until_answered(&mut self, file: &Path) -> Result<Fate, Failure> {
        loop {
            if self.interrupted.load(Ordering::Relaxed) {
                return Ok(Fate::Quit);
            }
            let fate = match self.one(file) {
                Ok(fate) => fate,
                Err(failure) => {
                    print_failure(&failure);
                    self.ask_whether_again(file)?
                }
            };
            match fate {
                Fate::Again => continue,
                Fate::Signed => self.counts.signed += 1,
                Fate::NotSigned => self.counts.not_signed += 1,
                Fate::Skipped => self.counts.skipped += 1,
                Fate::Known | Fate::Quit => {}
            }
            return Ok(fate);
        }
    }

    /// Asks what to do about a request that something else stood in the way of: the token is gone,
    /// another run has the ledger, the config can't be read.
    fn ask_whether_again(&mut self, file: &Path) -> Result<Fate, Failure> {
        if self.open.as_ref().is_some_and(OpenCa::is_spent) {
            self.open = None;
            say("the key is closed; with the next yes it is opened anew, and its PIN asked for");
        }
        let question = format!("{}: try again? [y/skip/quit] ", path(file));
        loop {
            let answer = self.answers.ask(&question, &self.interrupted)?;
            match answer.as_deref() {
                Some("y" | "yes") => return Ok(Fate::Again),
                Some("s" | "skip") => return Ok(Fate::Skipped),
                None | Some("q" | "quit") => return Ok(Fate::Quit),
                Some(_) => {}
            }
        }
    }

    fn say_what_came(&self) {
        let Counts {
            signed,
            not_signed,
            skipped,
        } = self.counts;
        let mut words = format!("signed {}", number_of(signed, "request"));
        if not_signed > 0 {
            words.push_str(&format!(", {not_signed} not signed"));
        }
        if skipped > 0 {
            words.push_str(&format!(", {skipped} skipped"));
        }
        say(&words);
        warn_of_factory_pins(&self.context.touches().with_factory_pin());
    }
}

/// How often the folder is looked at.
const PAUSE: Duration = Duration::from_millis(500);
const REQUESTS_SAY: &str = "--watch takes requests, which say themselves what they ask: leave -I -n -V \
    -O -h, --requester and --witnessed out";
const NOBODY: &str = "--watch asks a person about each request, and nobody is at a terminal";
const BATCH: &str = "sign what is there by name: punchmark sign FOLDER/*.req";
