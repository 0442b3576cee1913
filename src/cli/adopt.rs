//! `punchmark adopt`: a CA of a key that is in the token already.

use std::path::PathBuf;

use clap::Args;
use ssh_key::public::KeyData;

use super::base::context::Context;
use super::base::establish::{CaArguments, first_serial};
use super::base::factory::warn_of_factory_secrets;
use super::base::failure::{At, Exit, Failure};
use super::base::terminal::confirm_typed;
use crate::ca::{OfAnother, Source};
use crate::config::SubjectFile;
use crate::secret::{SecretKind, read_short_secret};
use crate::signer::Locator;
use crate::signer::yubikey::ManagementKey;

/// Record a key that is in the token already as a CA
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(mut_arg("key", |key| key.help(KEY)))]
pub(crate) struct Adopt {
    #[command(flatten)]
    ca: CaArguments,

    /// First serial to give out, above all that the key ever signed
    #[arg(long, value_name = "N")]
    next_serial: Option<u64>,

    /// Public key file of the key, for a token that holds the private half alone; a YubiKey of
    /// firmware before 5.3 doesn't tell of an imported key without a certificate
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,

    /// Hexadecimal management key of a YubiKey, which it wants before it names the ledger [default:
    /// the one that it keeps behind its PIN]
    #[arg(long, value_name = "FILE")]
    management_key_file: Option<PathBuf>,

    /// Take a key of an ssh-agent or a file, which can be copied; the ledger keeps that it is one
    #[arg(long)]
    allow_software_key: bool,

    /// Count the serials of a key here whose token names another ledger, which shall give out no
    /// more; asks for a typed yes
    #[arg(long)]
    rebind: bool,
}

impl Adopt {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let locator = self.ca.locator()?;
        if self.management_key_file.is_some() && !matches!(locator, Locator::YubiKey(_)) {
            return Err(Failure::usage(FOR_CARDS));
        }
        let management_key = self
            .management_key_file
            .as_deref()
            .map(|file| read_short_secret(file, SecretKind::ManagementKey));
        let management_key = management_key.transpose()?;
        let source = if self.allow_software_key && locator.is_software() {
            Source::Software
        } else {
            Source::Adopt(
                self.public_key()?,
                ManagementKey::given_or_protected(management_key.as_ref()),
            )
        };
        warn_of_factory_secrets(&locator);
        let next_serial = first_serial(self.next_serial, self.ca.dry_run)?;
        let of_another = self.of_another()?;
        self.ca.establish(context, source, next_serial, of_another)
    }
}

impl Adopt {
    fn of_another(&self) -> Result<OfAnother, Failure> {
        if !self.rebind {
            return Ok(OfAnother::Refused);
        }
        if !self.ca.dry_run {
            confirm_typed(MOVED)?;
        }
        Ok(OfAnother::Moved)
    }

    fn public_key(&self) -> Result<Option<KeyData>, Failure> {
        let Some(file) = &self.public_key else {
            return Ok(None);
        };
        Ok(Some(SubjectFile::read(file).in_file(file)?.key))
    }
}

const FOR_CARDS: &str = "--management-key-file is for a key in a YubiKey";

const MOVED: &str = "\
The serials of this key will be counted by this ledger, and by no other. Another ledger that
gives out serials of it from now on gives them out twice.";

const KEY: &str = "Locator of its key: pkcs11:token=…;object=…?module-path=… (RFC 7512), \
    yubikey:serial=…;slot-id=9c, agent:SHA256:… or file:PATH";

const EXAMPLES: &str = "\
Examples:
  punchmark adopt users --key 'pkcs11:token=Root%20CA;object=users' --next-serial 1001
  punchmark adopt trial --allow-software-key --key file:/home/peter/ca_key --next-serial 1001
  punchmark adopt trial --allow-software-key --next-serial 1001 \\
    --key agent:SHA256:Nh0Me49Zh9fDw/VYUfq43IJmI1T+XrjiYONPND8GzaM";
