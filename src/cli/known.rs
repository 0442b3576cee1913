//! `punchmark known`: the certificates that a CA's ledger knows, for servers that take no others.

#[cfg(feature = "hosts")]
mod fetch;

use std::path::{Path, PathBuf};

use clap::Args;
#[cfg(feature = "hosts")]
use clap::Subcommand;

use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::known_list::KnownFile;
use super::base::ledger_ca::ca_named;
use super::base::ledger_key::{self, SigningKey};
use super::base::output_file::signature_file;
use super::base::terminal::{product, product_object, say, warn};
use crate::config::{self, Config, LedgerKeyPlace};
use crate::ledger::key::LedgerKey;
use crate::ledger::{LISTS, Ledger};
use crate::revocation::Pending;

/// Publish which certificates a CA's ledger knows, for accounts that let in no others
///
/// Without a subcommand, writes the digests of all certificates of the CA that are issued, not
/// expired and not revoked. The lines `@known` of an access list say for which accounts they
/// count: whoever signs past the ledger, with a stolen token say, gets into none of these.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Known {
    #[command(flatten)]
    make: Make,

    #[cfg(feature = "hosts")]
    #[command(subcommand)]
    command: Option<Command>,
}

#[cfg(feature = "hosts")]
#[derive(Debug, Subcommand)]
enum Command {
    Fetch(Box<fetch::Fetch>),
}

#[derive(Debug, Args)]
struct Make {
    /// CA whose certificates are known
    #[arg(short = 's', long, value_name = "CA", required = true)]
    ca: Option<String>,

    /// The file to write, which servers fetch; replaced whole
    #[arg(long, value_name = "FILE", required = true)]
    out: Option<PathBuf>,

    #[command(flatten)]
    key: SigningKey,

    /// A copy of the ledger to read in the place of the config's, without any config
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,

    /// Say what the list would hold, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Known {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        #[cfg(feature = "hosts")]
        if let Some(Command::Fetch(command)) = self.command {
            return command.run(context);
        }
        self.make.run(context)
    }
}

impl Make {
    fn run(self, context: &Context) -> Result<Exit, Failure> {
        let (Some(name), Some(out)) = (&self.ca, &self.out) else {
            return Err(Failure::usage("--ca CA and --out FILE are missing"));
        };
        let config = match self.ledger {
            Some(_) => None,
            None => Some(context.config()?),
        };
        let looked = match &config {
            Some(config) => context.ledger_to_look(config)?,
            None => self.copy()?,
        };
        let ca = ca_named(&looked.cas()?, name)?;
        if self.dry_run {
            let file = KnownFile::make(&looked, &ca, out, config::now())?;
            return tell(context, &file, None);
        }
        // A passphrase or a PIN is asked for here, and others may write meanwhile.
        let mut key = self.key.open(context, config.as_ref(), &looked.cas()?)?;
        drop(looked);
        let mut ledger = self.open(context, config.as_ref())?;
        if let Some((place, key)) = &key {
            self.may_sign(&mut ledger, key, place)?;
        }
        let file = KnownFile::make(&ledger, &ca, out, config::now())?;
        file.write(&ledger, key.as_mut().map(|(_, key)| key), None)?;
        tell(context, &file, Some(key.is_some()))
    }

    /// The config's ledger is held to be the newest copy; another one is a copy by its name.
    fn open(&self, context: &Context, config: Option<&Config>) -> Result<Ledger, Failure> {
        match config {
            Some(config) => context.ledger_after_asking(config),
            None => self.copy(),
        }
    }

    fn copy(&self) -> Result<Ledger, Failure> {
        let file = self.ledger.as_ref();
        let file = file.ok_or_else(|| Failure::usage("--ledger FILE is missing"))?;
        let copy = Ledger::open_to_read(file)?;
        if !copy.is_mirror() || copy.size() == 0 {
            return Ok(copy);
        }
        // What is pending beside a mirror is revoked on its lists: here it is known no more.
        let beside = Pending::look(file)?.beside(&copy)?;
        Ok(copy.with_pending(beside)?)
    }

    /// A copy records nothing: its key must be one that signs lists already.
    fn may_sign(
        &self,
        ledger: &mut Ledger,
        key: &LedgerKey,
        place: &LedgerKeyPlace,
    ) -> Result<(), Failure> {
        if self.ledger.is_none() {
            return ledger_key::signs(ledger, key.public_key(), place, LISTS);
        }
        if ledger_key::signs_lists(ledger, key.public_key())? {
            return Ok(());
        }
        Err(
            Failure::new("the ledger knows no such key that signs lists").hint(
                "let it sign a KRL of the ledger itself first: punchmark krl --ledger-key KEY",
            ),
        )
    }
}

/// Says what was written; `signed` is none where nothing was.
fn tell(context: &Context, file: &KnownFile, signed: Option<bool>) -> Result<Exit, Failure> {
    let (out, words) = (file.out().display(), file.words());
    if context.json() {
        product_object(file.json(signed))?;
        return Ok(Exit::Done);
    }
    match signed {
        None => product(&format!(
            "{out} would be {words}; nothing was done (--dry-run)"
        ))?,
        Some(_) if context.talks() => say(&format!("wrote {out}: {words}")),
        Some(_) => {}
    }
    let beside = signature_file(file.out());
    match signed {
        Some(true) if context.talks() => {
            say(&format!("  signed in {}", beside.display()));
            say("  servers take both with `punchmark known fetch`");
        }
        Some(false) => tell_unsigned(&beside),
        _ => {}
    }
    Ok(Exit::Done)
}

/// No server fetches what nobody signed.
fn tell_unsigned(beside: &Path) {
    if beside.exists() {
        warn(&format!(
            "{} is of an older list: servers that fetch will refuse the new one",
            beside.display()
        ));
    } else {
        warn("nobody signed it: no server fetches it");
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark known --ca users --out users.known
  punchmark known --ca users --out users.known --dry-run
  punchmark known fetch https://ca.example.org/users.known --out /etc/ssh/access/users.known \\
    --signer /etc/ssh/ledger.pub";
