//! `punchmark init`: a new CA, whose key is made in the token.

use clap::Args;

use super::base::context::Context;
use super::base::establish::CaArguments;
use super::base::factory::warn_of_factory_secrets;
use super::base::failure::{Exit, Failure};
use super::base::faults::Faults;
use super::base::slot_arguments::SlotArguments;
use super::base::terminal::say;
use crate::ca::{OfAnother, Source};
use crate::certificate::Serial;
use crate::secret::Pin;
use crate::signer::{KeyAlgorithm, Locator, PlaceError};

/// Make a CA: its key pair in the token, its place in config and ledger
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Init {
    #[command(flatten)]
    ca: CaArguments,

    /// p256, p384, p521, rsa2048, rsa3072, rsa4096 or ed25519
    #[arg(long, value_name = "ALGORITHM")]
    algorithm: KeyAlgorithm,

    /// Wrap the key once into this second PKCS#11 token of the same kind, before it signs anything;
    /// that it could leave its token for that is kept for good
    // Parsed later: clap would repeat a locator that holds a PIN.
    #[arg(long, value_name = "LOCATOR")]
    copy_to: Option<String>,

    #[command(flatten)]
    in_slot: SlotArguments,
}

impl Init {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let (locator, management_key) = self.looked_at(context)?;
        if context.talks()
            && !self.ca.dry_run
            && matches!(
                self.algorithm,
                KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096
            )
        {
            say("making an RSA key in the token; some take a minute");
        }
        let copy_to = self.copy_to.as_ref().map(|copy| copy.parse::<Locator>());
        let copy_to = copy_to.transpose()?;
        let keys = std::slice::from_ref(&locator);
        if self.ca.dry_run {
            self.in_slot.look(context, keys)?;
        } else {
            self.in_slot.check(context, keys)?;
        }
        warn_of_factory_secrets(&locator);
        let source = match copy_to {
            Some(target) => Source::Copied(self.algorithm, target),
            None => Source::Generate(self.algorithm, self.in_slot.wanted(management_key.as_ref())),
        };
        self.ca
            .establish(context, source, Serial::FIRST, OfAnother::Refused)
    }

    /// Where the key is to be, and what a card wants for it; all that is wrong with the arguments is told at once.
    fn looked_at(&self, context: &Context) -> Result<(Locator, Option<Pin>), Failure> {
        let mut faults = Faults::default();
        let locator = faults.note(self.ca.locator());
        if locator.as_ref().is_some_and(Locator::is_software) {
            faults.add(PlaceError::MadeElsewhere.into());
        }
        faults.note(self.ca.require_free(context));
        let management_key = faults.note(self.in_slot.management_key());
        faults.or(locator.zip(management_key))
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark init users --algorithm p256 \\
    --key 'pkcs11:token=Root%20CA;object=users?module-path=/usr/lib/softhsm/libsofthsm2.so'
  punchmark init users --algorithm p256 --key 'pkcs11:token=Root%20CA;object=users' \\
    --copy-to 'pkcs11:token=Backup;object=users'
  punchmark init hosts --algorithm ed25519 --for host --key 'pkcs11:token=Root%20CA;object=hosts'
  punchmark init users --algorithm p256 --touch-policy cached \\
    --key 'yubikey:serial=12345678;slot-id=9c'";
