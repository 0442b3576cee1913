//! `punchmark import`: a CA key that was a file goes into the token, and into spares.

use std::path::PathBuf;

use clap::Args;
use ssh_key::PrivateKey;

use super::adopt::first_serial;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::init::CaArguments;
use super::private_key::read_private_key;
use super::slot_arguments::SlotArguments;
use super::terminal::{ask, product, say, somebody_is_there, warn};
use crate::ca::{EstablishError, Source, add_spare};
use crate::config::{CaName, Place};
use crate::secret::AskPin;
use crate::signer::yubikey::NewSlotKey;
use crate::signer::{Locator, NewKey, SignerError};

/// Bring an existing ssh-keygen CA key file into the token, as a CA
///
/// With the name of a CA that has this key already, the token becomes one more that holds it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Import {
    #[command(flatten)]
    ca: CaArguments,

    /// The private key file, in OpenSSH's form
    #[arg(long, value_name = "FILE")]
    from: PathBuf,

    /// First serial to give out, above all that the key ever signed
    #[arg(long, value_name = "N")]
    next_serial: Option<u64>,

    /// Bring the key into this token too, as a spare; may be given several times
    // Parsed later: clap would repeat a locator that holds a PIN.
    #[arg(long, value_name = "LOCATOR")]
    spare: Vec<String>,

    #[command(flatten)]
    in_slot: SlotArguments,
}

impl Import {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let (key, _was_encrypted) = read_private_key(&self.from)?;
        let spares = self.spare.iter().map(|spare| spare.parse());
        let mut spares: Vec<Locator> = spares.collect::<Result<_, _>>()?;
        let first: Locator = self.ca.key.parse()?;
        let mut all = vec![first.clone()];
        all.extend(spares.iter().cloned());
        let management_key = self.in_slot.management_key()?;
        self.in_slot.check(context, &all)?;
        let in_slot = self.in_slot.wanted(management_key.as_ref());
        let name = self.ca.name.clone();
        let config = context.config_if_there()?;
        if config.is_some_and(|config| config.ca(name.as_str()).is_ok()) {
            spares.insert(0, first);
        } else {
            let next_serial = first_serial(self.next_serial)?;
            let source = Source::Import(key.key_data(), in_slot);
            self.ca.establish(context, source, next_serial)?;
        }
        let to_spares = ToSpares {
            context,
            place: context.place()?,
            name,
            key: &key,
            in_slot,
        };
        let mut pins = context.pins();
        spares
            .iter()
            .try_for_each(|spare| to_spares.add(spare, &mut pins))?;
        if context.talks() {
            warn_of_copies(&self.from, &all);
        }
        Ok(Exit::Done)
    }
}

/// What every spare gets.
struct ToSpares<'a> {
    context: &'a Context,
    place: Place,
    name: CaName,
    key: &'a PrivateKey,
    in_slot: NewSlotKey<'a>,
}

impl ToSpares<'_> {
    /// A card that isn't plugged in is waited for, where somebody can put it in.
    fn add(&self, spare: &Locator, pins: &mut dyn AskPin) -> Result<(), Failure> {
        loop {
            match self.attempt(spare, pins) {
                Err(EstablishError::Signer(SignerError::NoToken { .. })) if somebody_is_there() => {
                    say(&format!("{spare} is not plugged in"));
                    match ask("Put it in, then press Enter; anything else stops: ")?.as_deref() {
                        Some("") => {}
                        _ => return Err(Failure::Declined(STOPPED)),
                    }
                }
                added => return self.tell(&added?),
            }
        }
    }

    fn attempt(&self, spare: &Locator, pins: &mut dyn AskPin) -> Result<NewKey, EstablishError> {
        let (key, _config) = add_spare(
            &self.place,
            &self.name,
            spare,
            self.key.key_data(),
            &self.in_slot,
            pins,
        )?;
        Ok(key)
    }

    fn tell(&self, key: &NewKey) -> Result<(), Failure> {
        let locator = &key.locator;
        match (self.context.json(), self.context.talks()) {
            (true, _) => product(
                &serde_json::json!({ "name": self.name.as_str(), "key": locator.to_string() })
                    .to_string(),
            ),
            (_, true) => product(&format!("CA {} can use {locator} too", self.name)),
            _ => Ok(()),
        }
    }
}

fn warn_of_copies(from: &std::path::Path, keys: &[Locator]) {
    let from = from.display();
    warn(&format!(
        "this key was once outside: whoever copied {from} can sign with it. Destroy the file \
         and its backups, or better make a new key with init"
    ));
    if keys.iter().any(|key| matches!(key, Locator::YubiKey(_))) {
        warn("a key that was imported cannot be attested: nothing can prove where it lies");
    }
}

const STOPPED: &str = "stopped; the same command goes on with the tokens that are left";

const EXAMPLES: &str = "\
Examples:
  punchmark import users --from ca_key --next-serial 1001 \\
    --key 'pkcs11:token=Root%20CA;object=users'
  punchmark import users --from ca_key --key 'yubikey:serial=12345678;slot-id=9c' \\
    --spare 'yubikey:serial=12345679;slot-id=9c'";
