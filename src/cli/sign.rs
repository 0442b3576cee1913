//! `punchmark sign`: ssh-keygen's own letters, for a CA key in hardware.

mod advice;
mod open;
mod paths;
mod progress;
mod summary;
mod vouch;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use clap::Args;

use super::base::advice::intake::warn_of_faults;
use super::base::ask::AskArguments;
use super::base::context::Context;
use super::base::factory::warn_of_factory_pins;
use super::base::failure::{At, Exit, Failure};
use super::base::interrupt::on_signal;
use super::base::ledger_key;
use super::base::terminal::warn;
use crate::batch::{Batch, Resume, SerialPlan, Subjects};
use crate::certificate::Serial;
use crate::config::{self, Config, Given};
use crate::issue::{Judge, Rulebook, SharedLedger};
use crate::policy::Role;
use crate::policy::role::Permit;
use crate::request::{Ask, Requester, RoleName};
use crate::signer::{Locator, RsaHash, load_ahead};
use open::Run;
use paths::{PathList, Separator, count};
use progress::{Progress, exit_of_keys, style};
use summary::summarise;

/// Sign public keys, with the letters of ssh-keygen -s, and requests, by their role
///
/// Each certificate is written beside its key or request: peter.pub and peter.req give
/// peter-cert.pub, and an existing one is replaced whole. `-` reads one on stdin and writes to
/// stdout. A request says itself what it asks; who asks is known by an enrolled key or card, by
/// the config's `allowed-signers`, or by your word with --requester.
#[derive(Debug, Default, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Sign {
    /// The CA, by the name that `init`, `adopt` or `import` recorded [default: the role's]
    #[arg(short = 's', value_name = "CA")]
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
    serial: Option<String>,

    /// Read the paths of key files from a file, or from stdin for `-`, one a line; a pipe, as of
    /// `<(...)`, is read until its writer ends
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    files_from: Option<PathBuf>,

    /// Paths of --files-from end in NUL bytes
    #[arg(short = '0', long, requires = "files_from")]
    null: bool,

    /// Skip keys that have a valid certificate for the same request in the ledger
    #[arg(long)]
    resume: bool,

    /// Public key files and requests, or `-`
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Sign {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let (ask, requester) = self.asked_for_keys()?;
        let witnessed = self.asked.statement()?;
        let serials = self.serials()?;
        context.refuse_two_on_stdin(self.reads_stdin())?;
        self.refuse_to_vouch_for_a_list()?;
        if let Some(validity) = ask.as_ref().and_then(|ask| ask.validity)
            && validity.is_over(config::now())
            && context.talks()
        {
            warn(EXPIRED);
        }
        let subject = self.subject()?;
        let config = context.config()?;
        let role = match &ask {
            Some(ask) => config.role(&ask.role)?,
            None => config.role(&RoleName::operator())?,
        };
        let name = self.ca_name(role, subject.as_ref(), &config)?;
        refuse_locator(&name, &config)?;
        if let Ok(ca) = config.ca(&name) {
            load_ahead(&ca.keys);
        }
        let from_stdin = subject.is_some();
        let subjects = match subject {
            Some(given) => Subjects::One(Box::new(given)),
            None => Subjects::Files(self.paths()?),
        };
        let (roots, allowed_signers) = (config.attestation_roots()?, config.allowed_signers()?);
        if let Some(signers) = allowed_signers.as_ref().filter(|_| context.talks()) {
            warn_of_faults(signers);
        }
        let attended = self.is_attended(context);
        let ledger = if attended {
            context.ledger_to_look(&config)?
        } else {
            context.ledger(&config)?
        };
        let known = context.known_ca(&config, &ledger, &name)?;
        let rulebook = Rulebook {
            policy: config.policy(),
            roots: &roots,
            limits: config.admission_limits(),
            allowed_signers: allowed_signers.as_ref(),
            ledger_key: ledger_key::of_config(&config, &ledger)?,
            keyboard: config::keyboard(),
        };
        let judge = Judge::new(rulebook, &known.agreed, &ledger)?;
        let count = self.count(from_stdin);
        let interrupted = on_signal().unwrap_or_default();
        let progress = Arc::new(Progress::new(style(context.json(), context.talks(), count)));
        let told = Arc::clone(&progress);
        let batch = Batch {
            judge: &judge,
            ask: ask.map(|ask| (ask, requester)),
            vouched: self.asked.vouched_for().cloned(),
            witnessed,
            serials,
            resume: if self.resume { Resume::Yes } else { Resume::No },
            clock: config::now,
            interrupted: &interrupted,
            report: Arc::new(move |report| told.tell(report)),
        };
        let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
        let looked = batch.look(&ledger, subjects, self.how_far(attended));
        let ended = if looked.is_empty() {
            looked.end()
        } else {
            let run = Run {
                config: &config,
                known: &known,
                progress: &progress,
                count,
            };
            let locked = (!attended).then_some(ledger);
            self.go_on(&batch, looked, locked, &run, context)?
        };
        let failures = progress.finish();
        if context.talks() {
            summarise(&name, &ended, count);
            warn_of_factory_pins(&context.touches().with_factory_pin());
        }
        match ended.early {
            Some(early) => Err(early.into()),
            None => Ok(exit_of_keys(&failures, count.unwrap_or(u64::MAX))),
        }
    }

    /// What is asked for plain keys, and by whom; nothing where there are requests alone,
    /// which say it themselves.
    fn asked_for_keys(&self) -> Result<(Option<Ask>, Requester), Failure> {
        if !self.requests_alone() {
            let role = self.role.clone().unwrap_or_else(RoleName::operator);
            let requester = self.asked.requester(&role)?;
            return Ok((Some(self.asked.ask(role)?), requester));
        }
        if self.role.is_some() || self.asked.says_something() {
            Err(Failure::usage(REQUESTS_SAY))
        } else {
            Ok((None, Requester::operator()))
        }
    }

    /// Whether every file that is named is a request; of a list or stdin, whether nothing
    /// is said for keys.
    fn requests_alone(&self) -> bool {
        let unseen = self.reads_stdin() || self.files_from.is_some();
        if unseen {
            self.role.is_none() && !self.asked.says_something()
        } else {
            !self.files.is_empty() && self.files.iter().all(|file| is_request(file))
        }
    }

    /// The CA that was named, else the role's: that of the flags, or of the first request.
    fn ca_name(
        &self,
        role: &Role,
        subject: Option<&Given>,
        config: &Config,
    ) -> Result<String, Failure> {
        if let Some(name) = &self.ca {
            return Ok(name.clone());
        }
        let read = |file: &PathBuf| {
            let (given, _) = Given::read(file).in_file(file)?;
            Ok::<_, Failure>(given)
        };
        let first = match subject {
            None if role.name().is_operator() => self.files.first().map(read).transpose()?,
            _ => None,
        };
        let request = match subject.or(first.as_ref()) {
            Some(Given::Request(request)) => config.role(&request.content().role)?.ca(),
            _ => Permit::Nothing,
        };
        match (role.ca(), request) {
            (Permit::Only(name), _) | (_, Permit::Only(name)) => Ok(name.to_owned()),
            _ if role.name().is_operator() => Err(Failure::usage(NO_CA)),
            _ => Err(Failure::usage(format!(
                "role `{}` names no CA; name one with -s",
                role.name()
            ))),
        }
    }

    fn serials(&self) -> Result<SerialPlan, Failure> {
        let Some(text) = &self.serial else {
            return Ok(SerialPlan::Automatic);
        };
        let (number, counting) = match text.strip_prefix('+') {
            Some(number) => (number, true),
            None => (text.as_str(), false),
        };
        let serial: Serial = number.parse().at(format!("serial {text:?}"))?;
        let keys = u64::try_from(self.files.len()).unwrap_or(u64::MAX);
        match counting {
            true if serial
                .number()
                .checked_add(keys.saturating_sub(1))
                .is_none() =>
            {
                Err(Failure::usage(format!(
                    "{keys} keys from serial {serial} on need more serials than there are"
                )))
            }
            true => Ok(SerialPlan::CountingFrom(serial)),
            false if keys > 1 => Err(Failure::usage(format!(
                "serial {serial} was given for {keys} keys; -z +{serial} counts up from it"
            ))),
            false => Ok(SerialPlan::Single(serial)),
        }
    }

    /// The key on stdin, if that is what `-` asks for.
    fn subject(&self) -> Result<Option<Given>, Failure> {
        match self.files.as_slice() {
            [] if self.files_from.is_none() => Err(Failure::usage(NO_KEY)),
            [file] if file == Path::new("-") && self.resume => Err(Failure::usage(
                "--resume is for files: what stdin gave before is not known",
            )),
            [file] if file == Path::new("-") => {
                let subject = Given::from_stdin().at("standard input")?;
                Ok(Some(subject))
            }
            files if files.iter().any(|file| file == Path::new("-")) => {
                Err(Failure::usage("- stands for one key, alone"))
            }
            _ => Ok(None),
        }
    }

    fn reads_stdin(&self) -> bool {
        let stdin = Path::new("-");
        self.files.iter().any(|file| file == stdin) || self.files_from.as_deref() == Some(stdin)
    }

    fn paths(&self) -> Result<Box<dyn Iterator<Item = io::Result<PathBuf>>>, Failure> {
        let Some(list) = &self.files_from else {
            return Ok(Box::new(self.files.clone().into_iter().map(Ok)));
        };
        let paths = PathList::open(list, self.separator()).in_file(list)?;
        Ok(Box::new(paths))
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

/// By its name, else by what is in it.
fn is_request(file: &Path) -> bool {
    let named = file.extension().is_some_and(|extension| extension == "req");
    named || matches!(Given::read(file), Ok((Given::Request(_), _)))
}

/// A locator is no CA; if it is the key of one, its name is said.
fn refuse_locator(ca: &str, config: &Config) -> Result<(), Failure> {
    if !ca.contains(':') {
        return Ok(());
    }
    let locator: Locator = ca.parse()?;
    let mut cas = config.cas();
    match cas.find(|(_, ca)| ca.keys.iter().any(|key| locator.covers(key))) {
        Some((name, _)) => Err(Failure::usage(format!(
            "-s takes the name of a CA; this key is CA `{name}`"
        ))),
        None => Err(Failure::new(format!(
            "no CA of config {} has the key {locator}",
            config.path().display()
        ))
        .hint(format!(
            "record it first: punchmark adopt NAME --key '{locator}'"
        ))),
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

const NO_CA: &str = "which CA shall sign? name it with -s";
const REQUESTS_SAY: &str =
    "a request says itself what it asks: leave --role and -I -n -V -O -h out";
const EXPIRED: &str = "what -V asks for has ended already: no sshd will take this certificate";
const NO_KEY: &str = "no key to sign: name public key files, or - for stdin, or --files-from";
const VOUCH_ONE_BY_ONE: &str =
    "--requester vouches for keys that are named one by one, not for a list";

const EXAMPLES: &str = "\
Examples:
  punchmark sign -s users -I 'peter, laptop' -n peter -V -5m:+1w peter.pub
  punchmark sign -s users -I ops -n root -O clear -O permit-pty -O source-address=10.0.0.0/8 *.pub
  punchmark sign -s users -I peter -n peter --witnessed 'made on his token, before me' peter.pub
  punchmark sign --role engineer --requester peter -V +8h peter.pub
  punchmark sign peter.req
  punchmark sign -s hosts -h -I web1 -n web1.example.org -V +52w ssh_host_ed25519_key.pub
  find . -name '*.pub' -print0 | punchmark sign -s users -I all -n dev --files-from - -0 --resume";
