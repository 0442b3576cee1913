//! `punchmark adopt`: a CA of a key that is in the token already.

use std::path::PathBuf;

use clap::Args;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::init::CaArguments;
use super::terminal::{ask, warn};
use crate::ca::Source;
use crate::certificate::Serial;
use crate::config::read_limited;
use crate::signer::Locator;

/// Record a key that is in the token already as a CA
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Adopt {
    #[command(flatten)]
    ca: CaArguments,

    /// First serial to give out, above all that the key ever signed
    #[arg(long, value_name = "N")]
    next_serial: Option<u64>,

    /// Public key file of the key; a YubiKey of firmware before 5.3 doesn't tell of an imported
    /// one without a certificate
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,

    /// Take a key of an ssh-agent or a file, which can be copied; the ledger keeps that it is one
    #[arg(long)]
    allow_software_key: bool,
}

impl Adopt {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let locator: Locator = self.ca.key.parse()?;
        let source = match self.allow_software_key && locator.is_software() {
            true => Source::Software,
            false => Source::Adopt(self.public_key()?),
        };
        let next_serial = first_serial(self.next_serial)?;
        self.ca.establish(context, source, next_serial)
    }
}

impl Adopt {
    fn public_key(&self) -> Result<Option<KeyData>, Failure> {
        let Some(file) = &self.public_key else {
            return Ok(None);
        };
        let path = file.display().to_string();
        let text = read_limited(file, LARGEST).map_err(|source| Failure::File {
            path: path.clone(),
            source,
        })?;
        let key = PublicKey::from_openssh(&text);
        let key = key.map_err(|source| Failure::KeyFile { path, source })?;
        Ok(Some(key.key_data().clone()))
    }
}

/// The first serial of a key that may have signed before: what was given, else what a
/// person knows, else 1 with a warning.
pub(super) fn first_serial(given: Option<u64>) -> Result<Serial, Failure> {
    if let Some(number) = given {
        return serial(&number.to_string());
    }
    match ask(QUESTION)? {
        Some(answer) if ["", "n", "no", "never"].contains(&answer.as_str()) => Ok(Serial::FIRST),
        Some(answer) => {
            let highest = serial(&answer)?;
            highest
                .checked_next()
                .ok_or_else(|| Failure::Usage(format!("no serial is left after {highest}")))
        }
        None => {
            warn(WARNING);
            Ok(Serial::FIRST)
        }
    }
}

fn serial(text: &str) -> Result<Serial, Failure> {
    text.parse().map_err(|source| Failure::Serial {
        text: text.to_owned(),
        source,
    })
}

/// An RSA-16384 public key takes 3 KiB.
const LARGEST: u64 = 16 * 1024;

const QUESTION: &str = "\
Did this key sign certificates before? A KRL that revokes one of their serials would
revoke a new certificate of the same serial too.
Highest serial it signed (Enter if it never signed, or only serial 0): ";

const WARNING: &str = "serials begin at 1; if this key signed certificates before, \
their serials will be met again: give --next-serial N above the highest";

const EXAMPLES: &str = "\
Examples:
  punchmark adopt users --key 'pkcs11:token=Root%20CA;object=users' --next-serial 1001
  punchmark adopt trial --allow-software-key --key file:/home/peter/ca_key --next-serial 1001
  punchmark adopt trial --allow-software-key --next-serial 1001 \\
    --key agent:SHA256:Nh0Me49Zh9fDw/VYUfq43IJmI1T+XrjiYONPND8GzaM";
