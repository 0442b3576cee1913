//! `punchmark import`: a CA key that was a file goes into the token, and into spares.

use std::path::PathBuf;

use clap::Args;
use ssh_key::PrivateKey;

use super::base::context::Context;
use super::base::establish::{CaArguments, first_serial};
use super::base::factory::warn_of_factory_secrets;
use super::base::failure::{Exit, Failure};
use super::base::next_steps::warn_of_binding;
use super::base::private_key::read_private_key;
use super::base::slot_arguments::SlotArguments;
use super::base::terminal::{ask, product, product_object, say, somebody_is_there, warn};
use crate::ca::{
    EstablishError, OfAnother, Source, Spare, SpareAdded, SpareKey, Use, add_spare, foresee_spare,
};
use crate::config::{self, CaName, Place};
use crate::secret::AskPin;
use crate::signer::yubikey::NewSlotKey;
use crate::signer::{ImportError, Locator, OpeningError, PlaceError};

/// Bring an existing ssh-keygen CA key file into the token, as a CA
///
/// With the name of a CA that has this key already, the token becomes one more that shares its
/// runs, and stands in the config beside the others.
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

    /// Bring the key into this token too, which the config doesn't name since it lies in a safe;
    /// may be given several times
    // Parsed later: clap would repeat a locator that holds a PIN.
    #[arg(long, value_name = "LOCATOR")]
    spare: Vec<String>,

    #[command(flatten)]
    in_slot: SlotArguments,
}

impl Import {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let dry_run = self.ca.dry_run;
        let (key, _was_encrypted) = read_private_key(&self.from)?;
        let spares = self.spare.iter().map(|spare| spare.parse());
        let spares: Vec<Locator> = spares.collect::<Result<_, _>>()?;
        let first = self.ca.locator()?;
        let mut all = vec![first.clone()];
        all.extend(spares.iter().cloned());
        let (asks, management_key) = (self.ca.asks, self.in_slot.management_key()?);
        if dry_run {
            self.in_slot.look(context, &all)?;
        } else {
            self.in_slot.check(context, &all)?;
        }
        let in_slot = self.in_slot.wanted(management_key.as_ref());
        // Before what can fail: whoever stops here must know it too.
        if context.talks() {
            warn_of_copies(&self.from, &all);
        }
        all.iter().for_each(warn_of_factory_secrets);
        let to_others = ToOthers {
            context,
            place: context.place()?,
            name: self.ca.name.clone(),
            key: &key,
            in_slot,
        };
        let mut others = Vec::new();
        match first_of(context, &to_others.name, &first, &spares)? {
            First::MakesTheCa => {
                let next_serial = first_serial(self.next_serial, self.ca.dry_run)?;
                let source = Source::Import(key.key_data(), in_slot);
                self.ca
                    .establish(context, source, next_serial, OfAnother::Refused)?;
            }
            First::Joins => others.push((first, Use::Shared)),
            First::WasBroughtIn => to_others.tell_known(&first)?,
        }
        others.extend(spares.into_iter().map(|spare| (spare, Use::Spare)));
        if dry_run {
            let mut others = others.iter();
            others.try_for_each(|(other, to_be)| to_others.foretell(other, *to_be))?;
            return Ok(Exit::Done);
        }
        context.check_clock(&to_others.place)?;
        let mut pins = context.pins(asks);
        others
            .iter()
            .try_for_each(|(other, to_be)| to_others.add(other, *to_be, &mut pins))?;
        if context.talks() {
            let from = self.from.display();
            say(&format!(
                "this key was once outside: destroy {from} and its backups now"
            ));
        }
        Ok(Exit::Done)
    }
}

/// What the token that `--key` names is to the CA.
enum First {
    /// The CA is not there yet.
    MakesTheCa,
    /// It is one more that shares the CA's runs.
    Joins,
    /// It is the CA's already: an earlier run of the same command ended at a spare.
    WasBroughtIn,
}

/// A token that the config names for the CA is passed over where spares are still to come.
fn first_of(
    context: &Context,
    name: &CaName,
    first: &Locator,
    spares: &[Locator],
) -> Result<First, Failure> {
    let config = context.config_if_there()?;
    let Some(ca) = config
        .as_ref()
        .and_then(|config| config.ca(name.as_str()).ok())
    else {
        return Ok(First::MakesTheCa);
    };
    let mut keys = ca.keys.iter();
    let is_named = keys.any(|key| key.covers(first) || first.covers(key));
    Ok(if is_named && !spares.is_empty() {
        First::WasBroughtIn
    } else {
        First::Joins
    })
}

/// The key and all that is needed to bring it into every other token.
struct ToOthers<'a> {
    context: &'a Context,
    place: Place,
    name: CaName,
    key: &'a PrivateKey,
    in_slot: NewSlotKey<'a>,
}

impl ToOthers<'_> {
    /// A card that isn't plugged in is waited for, where somebody can put it in.
    fn add(&self, other: &Locator, to_be: Use, pins: &mut dyn AskPin) -> Result<(), Failure> {
        loop {
            match self.attempt(other, to_be, pins) {
                Err(
                    EstablishError::Opening(OpeningError::NoToken { .. })
                    | EstablishError::Import(ImportError::Place(PlaceError::Opening(
                        OpeningError::NoToken { .. },
                    ))),
                ) if somebody_is_there() => {
                    say(&format!("{other} is not plugged in"));
                    match ask("Put it in, then press Enter; anything else stops: ")?.as_deref() {
                        Some("") => {}
                        _ => return Err(Failure::new(STOPPED)),
                    }
                }
                added => return self.tell(&added?, to_be),
            }
        }
    }

    fn attempt(
        &self,
        other: &Locator,
        to_be: Use,
        pins: &mut dyn AskPin,
    ) -> Result<SpareAdded, EstablishError> {
        let (spare, keyboard) = (self.spare(other, to_be), config::keyboard());
        add_spare(&self.place, &spare, pins, keyboard, config::now())
    }

    fn spare<'a>(&'a self, locator: &'a Locator, to_be: Use) -> Spare<'a> {
        Spare {
            ca: &self.name,
            locator,
            key: SpareKey::BroughtIn(self.key.key_data()),
            in_slot: &self.in_slot,
            to_be,
        }
    }

    fn foretell(&self, other: &Locator, to_be: Use) -> Result<(), Failure> {
        foresee_spare(&self.place, &self.spare(other, to_be))?;
        let words = match to_be {
            Use::Shared => format!(
                "CA {} would share its runs with {other}, which the config would name",
                self.name
            ),
            Use::Spare => format!("CA {} would have a spare: {other}", self.name),
        };
        self.context.tell_plan(
            &words,
            serde_json::json!({
                "name": self.name.as_str(), "key": other.to_string(),
                "in-config": to_be == Use::Shared,
            }),
        )
    }

    fn tell_known(&self, first: &Locator) -> Result<(), Failure> {
        if !self.context.talks() {
            return Ok(());
        }
        product(&format!(
            "CA {} has its key in {first} already; its spares are left",
            self.name
        ))
    }

    fn tell(&self, added: &SpareAdded, to_be: Use) -> Result<(), Failure> {
        let locator = &added.key.locator;
        warn_of_binding(&added.binding);
        match (self.context.json(), self.context.talks()) {
            (true, _) => product_object(serde_json::json!({
                "name": self.name.as_str(), "key": locator.to_string(),
                "in-config": to_be == Use::Shared,
            })),
            (_, true) if to_be == Use::Shared => product(&format!(
                "CA {} shares its runs with {locator}, which the config names now",
                self.name
            )),
            (_, true) => product(&format!(
                "CA {} has a spare: {locator}; name it in the config when the other is lost",
                self.name
            )),
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
