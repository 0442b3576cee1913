//! `punchmark sign`: ssh-keygen's own letters, for a CA key in hardware.

mod arguments;
mod manifest;
mod named;
mod open;
mod paths;
mod vouch;
mod watch;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use clap::Args;

use super::base::ask::AskArguments;
use super::base::asks_for_pins::AsksForPins;
use super::base::context::Context;
use super::base::decided::say_what_would_be_signed;
use super::base::factory::warn_of_factory_pins;
use super::base::failure::{At, Exit, Failure};
use super::base::interrupt::on_signal;
use super::base::issuing::{Run, books};
use super::base::progress::{Progress, style};
use super::base::summary::summarise;
use crate::batch::{Batch, Ended, Resume, Subjects};
use crate::config::{self, Config, Given, certificate_beside};
use crate::issue::{Judge, SharedLedger};
use crate::request::RoleName;
use crate::signer::{RsaHash, load_ahead};
use arguments::Told;
use named::{of_lines, of_request};
use paths::{Separator, count, paths};

/// Sign public keys, with the letters of ssh-keygen -s, and requests, by their role
///
/// Each certificate is written beside its key or request: peter.pub and peter.req give
/// peter-cert.pub, and an existing one is replaced whole. `-` reads one on stdin and writes to
/// stdout. A request says itself what it asks; who asks is known by an enrolled key or card, by
/// the config's `allowed-signers`, or by your word with --requester.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Sign {
    /// The CA, by the name that `init`, `adopt` or `import` recorded [default: the role's]
    #[arg(short = 's', long, value_name = "CA")]
    ca: Option<String>,

    /// The role that it is asked by [default: operator, which is what the flags say]
    #[arg(long, value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    role: Option<RoleName>,

    #[command(flatten)]
    asked: AskArguments,

    /// The signature of an RSA CA: rsa-sha2-512 or rsa-sha2-256 [default: rsa-sha2-512]
    #[arg(short = 't', value_name = "SIGNATURE", value_parser = rsa_hash)]
    hash: Option<RsaHash>,

    /// Serial: N for one key, +N to count up from N [default: the ledger's next ones]
    #[arg(short = 'z', value_name = "SERIAL", allow_hyphen_values = true)]
    serial: Vec<String>,

    /// Read the paths of key files from a file, or from stdin for `-`, one a line; a pipe is read
    /// until its writer ends, before the first key is signed
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    files_from: Option<PathBuf>,

    /// Read subjects from a CSV or TOML file, or from stdin for `-`: a line each, with its own key,
    /// names, key ID, validity, options, role and reason; what a line leaves open, the flags say
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "files_from", "requester"])]
    manifest: Option<PathBuf>,

    /// Write the certificates of --manifest here, and not beside the keys
    #[arg(long, value_name = "DIR", requires = "manifest")]
    out_dir: Option<PathBuf>,

    /// Paths of --files-from end in NUL bytes
    #[arg(short = '0', long, requires = "files_from")]
    null: bool,

    /// Skip keys that have a valid certificate for the same request in the ledger
    #[arg(long)]
    resume: bool,

    /// Say what would be signed, and sign nothing
    #[arg(long)]
    dry_run: bool,

    /// Wait for requests in this folder: each is shown and asked about, with one login for all
    #[arg(
        long,
        value_name = "FOLDER",
        conflicts_with_all = ["files", "files_from", "manifest", "resume", "serial", "role", "dry_run"],
    )]
    watch: Option<PathBuf>,

    /// Public key files and requests, or `-`
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    asks: AsksForPins,
}

/// What a run is about, before its ledger is opened.
struct Work {
    config: Config,
    /// The CA.
    name: String,
    subjects: Subjects,
    /// How many keys there are, if that can be known before.
    count: Option<u64>,
    attended: bool,
}

impl Sign {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        if let Some(folder) = &self.watch {
            return self.watch(folder, context);
        }
        let (told, config, name) = self.look_at_arguments(context)?;
        let subject = self.subject()?;
        let manifest = self.manifest(told.ask.as_ref(), told.serials, &config)?;
        let name = match (name, &manifest) {
            (Some(name), None) => name,
            (Some(name), Some(_)) if self.ca.is_some() => name,
            (_, Some(manifest)) => of_lines(&manifest.lines, &config)?,
            (None, None) => of_request(&self.files, subject.as_ref(), &config)?,
        };
        if let Ok(ca) = config.ca(&name) {
            load_ahead(&ca.keys);
        }
        let work = Work {
            attended: self.is_attended(manifest.as_ref(), context),
            count: match &manifest {
                Some(manifest) => u64::try_from(manifest.lines.len()).ok(),
                None => self.count(subject.is_some()),
            },
            subjects: match (subject, manifest) {
                (_, Some(manifest)) => Subjects::Named(manifest.named()),
                (Some(given), None) => Subjects::One(Box::new(given)),
                (None, None) => Subjects::Files(self.paths()?),
            },
            config,
            name,
        };
        self.over(work, told, context)
    }

    /// Looks at all that is meant, and has it signed.
    fn over(&self, work: Work, told: Told, context: &Context) -> Result<Exit, Failure> {
        let Work {
            config,
            name,
            subjects,
            count,
            attended,
        } = work;
        let ledger = if attended {
            context.ledger_to_look(&config)?
        } else if count == Some(1) {
            context.ledger(&config)?
        } else {
            context.ledger_for_long(&config)?
        };
        let known = context.known_ca(&config, &ledger, &name)?;
        let books = books(&config, &ledger, context)?;
        let judge = Judge::new(books.rulebook(&config), &known.agreed, &ledger)?;
        let interrupted = on_signal().unwrap_or_default();
        let progress = Arc::new(Progress::new(style(context.json(), context.talks(), count)));
        let teller = Arc::clone(&progress);
        let batch = Batch {
            judge: &judge,
            ask: told.ask.map(|ask| (ask, told.requester)),
            vouched: self.asked.vouched_for().cloned(),
            witnessed: told.witnessed,
            serials: told.serials,
            resume: if self.resume { Resume::Yes } else { Resume::No },
            clock: config::now,
            decided: None,
            interrupted: &interrupted,
            report: Arc::new(move |report| teller.tell(report)),
        };
        let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
        let looked = batch.look(&ledger, subjects, self.how_far(attended));
        let run = Run {
            config: &config,
            known: &known,
            progress: &progress,
            count,
            hash: self.hash,
        };
        let ended = if self.dry_run {
            say_what_would_be_signed(&looked, context, &config)?;
            looked.end()
        } else if looked.is_empty() {
            looked.end()
        } else {
            let locked = (!attended).then_some(ledger);
            self.go_on(&batch, looked, locked, &run, context)?
        };
        self.tell(&ended, &run, context);
        match ended.early {
            Some(early) => Err(early.into()),
            None => Ok(progress.finish().exit()),
        }
    }

    /// Says what a run came to.
    fn tell(&self, ended: &Ended, run: &Run<'_>, context: &Context) {
        run.progress.finish();
        if context.talks() && !self.dry_run {
            let name = run.known.ca().name();
            summarise(name, ended, run.count, self.only_certificate().as_deref());
            warn_of_factory_pins(&context.touches().with_factory_pin());
        }
    }

    /// The key on stdin, if that is what `-` asks for.
    fn subject(&self) -> Result<Option<Given>, Failure> {
        if self.files != [Path::new("-")] {
            return Ok(None);
        }
        let subject = Given::from_stdin().at("standard input")?;
        Ok(Some(subject))
    }

    /// The file of the certificate, where one key is signed that is a file.
    fn only_certificate(&self) -> Option<PathBuf> {
        match self.files.as_slice() {
            [file] if file != Path::new("-") => Some(certificate_beside(file)),
            _ => None,
        }
    }

    fn reads_stdin(&self) -> bool {
        let stdin = Path::new("-");
        let lists = [&self.files_from, &self.manifest];
        self.files.iter().any(|file| file == stdin)
            || lists.iter().any(|list| list.as_deref() == Some(stdin))
    }

    fn paths(&self) -> Result<Box<dyn Iterator<Item = io::Result<PathBuf>>>, Failure> {
        let Some(list) = &self.files_from else {
            return Ok(Box::new(self.files.clone().into_iter().map(Ok)));
        };
        paths(list, self.separator()).in_file(list)
    }

    fn separator(&self) -> Separator {
        if self.null {
            Separator::Nul
        } else {
            Separator::Newline
        }
    }

    /// How many keys there are, if that can be known before.
    fn count(&self, from_stdin: bool) -> Option<u64> {
        match &self.files_from {
            _ if from_stdin => Some(1),
            None => u64::try_from(self.files.len()).ok(),
            Some(list) if list == Path::new("-") => None,
            Some(list) => count(list, self.separator()),
        }
    }
}

fn rsa_hash(text: &str) -> Result<RsaHash, String> {
    match text {
        "rsa-sha2-512" => Ok(RsaHash::Sha512),
        "rsa-sha2-256" => Ok(RsaHash::Sha256),
        "ssh-rsa" => Err("ssh-rsa is SHA-1, which no OpenSSH since 8.8 accepts".to_owned()),
        _ => Err("rsa-sha2-512 or rsa-sha2-256".to_owned()),
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark sign -s users -I 'peter, laptop' -n peter -V -5m:+1w peter.pub
  punchmark sign -s users -I ops -n root -O clear -O permit-pty -O source-address=10.0.0.0/8 *.pub
  punchmark sign -s users -I peter -n peter --witnessed 'made on his token, before me' peter.pub
  punchmark sign --dry-run peter.req
  punchmark sign --role engineer --requester peter -V +8h peter.pub
  punchmark sign peter.req
  punchmark sign --watch /srv/requests
  punchmark sign -s users --manifest people.csv --dry-run
  punchmark sign -s hosts -h -V +52w --manifest hosts.csv --out-dir out --resume
  punchmark sign -s hosts -h -I web1 -n web1.example.org -V +52w ssh_host_ed25519_key.pub
  find . -name '*.pub' -print0 | punchmark sign -s users -I all -n dev --files-from - -0 --resume";
