//! `punchmark init`: a new CA, whose key is made in the token.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::context::Context;
use super::failure::{Exit, Failure};
use super::kept_head;
use super::next_steps::show_established;
use super::roots::roots;
use super::slot_arguments::SlotArguments;
use super::terminal::say;
use crate::ca::{NewCa, Source, establish};
use crate::certificate::Serial;
use crate::config;
use crate::ledger::{Purpose, SqliteLedger};
use crate::signer::KeyAlgorithm;

/// Make a CA: its key pair in the token, its place in config and ledger
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Init {
    #[command(flatten)]
    ca: CaArguments,

    /// p256, p384, p521, rsa2048, rsa3072, rsa4096 or ed25519
    #[arg(long, value_name = "ALGORITHM")]
    algorithm: KeyAlgorithm,

    #[command(flatten)]
    in_slot: SlotArguments,
}

/// What `init`, `adopt` and `import` share.
#[derive(Debug, Args)]
pub(crate) struct CaArguments {
    /// Name of the CA, for `sign -s` and the config
    #[arg(value_name = "NAME", value_parser = str::parse::<config::CaName>)]
    pub(crate) name: config::CaName,

    /// Locator of its key: pkcs11:token=…;object=…?module-path=… (RFC 7512),
    /// yubikey:serial=…;slot-id=9c, or to adopt: agent:SHA256:… or file:/path
    // Parsed later: clap would repeat a locator that holds a PIN.
    #[arg(long, value_name = "LOCATOR")]
    pub(crate) key: String,

    /// Root certificates in PEM, trusted for where a key in a YubiKey was born
    #[arg(long, value_name = "FILE")]
    pub(crate) attestation_roots: Vec<PathBuf>,

    /// What it signs
    #[arg(long = "for", value_name = "KIND", default_value = "user")]
    pub(crate) purpose: For,
}

/// [`Purpose`], as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum For {
    User,
    Host,
    Both,
}

impl Init {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        if context.talks()
            && matches!(
                self.algorithm,
                KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096
            )
        {
            say("making an RSA key in the token; some take a minute");
        }
        let management_key = self.in_slot.management_key()?;
        self.in_slot.check(context, &[self.ca.key.parse()?])?;
        let source = Source::Generate(self.algorithm, self.in_slot.wanted(management_key.as_ref()));
        self.ca.establish(context, source, Serial::FIRST)
    }
}

impl CaArguments {
    /// Makes it a CA, and says what to do next.
    pub(crate) fn establish(
        self,
        context: &Context,
        source: Source<'_>,
        next_serial: Serial,
    ) -> Result<Exit, Failure> {
        if matches!(self.purpose, For::Both) {
            context.confirm_or_warn(BOTH)?;
        }
        let new = NewCa {
            name: self.name,
            locator: self.key.parse()?,
            purpose: self.purpose.into(),
            source,
            next_serial,
            roots: roots(context, &self.attestation_roots)?,
        };
        let place = context.place()?;
        context.check_clock(&place)?;
        let established = establish(
            &place,
            &new,
            &mut context.pins(),
            config::keyboard(),
            config::now(),
        )?;
        kept_head::keep(&SqliteLedger::open_to_read(&established.ledger)?)?;
        show_established(context, &new, &established)?;
        Ok(Exit::Done)
    }
}

impl From<For> for Purpose {
    fn from(purpose: For) -> Self {
        match purpose {
            For::User => Self::User,
            For::Host => Self::Host,
            For::Both => Self::Both,
        }
    }
}

const BOTH: &str = "\
a CA for both users and hosts is trusted by servers and by clients: one leak opens both";

const EXAMPLES: &str = "\
Examples:
  punchmark init users --algorithm p256 \\
    --key 'pkcs11:token=Root%20CA;object=users?module-path=/usr/lib/softhsm/libsofthsm2.so'
  punchmark init hosts --algorithm ed25519 --for host --key 'pkcs11:token=Root%20CA;object=hosts'
  punchmark init users --algorithm p256 --touch-policy cached \\
    --key 'yubikey:serial=12345678;slot-id=9c'";
