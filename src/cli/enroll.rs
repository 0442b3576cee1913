//! `punchmark enroll`: a user's YubiKey at the admin's desk, beside the CA's token.

mod desk;

use std::path::PathBuf;

use clap::Args;

use super::base::asks_for_pins::AsksForPins;
use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::faults::Faults;
use super::base::request::asked::Asked as AskedArguments;
use super::base::request::key::CardArguments;
use super::base::roots::believed;
use crate::attestation::Firmware;
use crate::batch::BatchError;
use crate::config::{self, Config, refuse_reserved};
use crate::issue::{Judge, Rulebook};
use crate::ledger::{CardId, Credential};
use crate::policy::role::Permit;
use crate::request::RequesterName;
use crate::signer::{Locator, yubikeys};
use desk::{AtTheDesk, Refused, UsersCard};

/// Enrol a user who is here: key on their YubiKey, attested, certified, in one command
///
/// The user's YubiKey is plugged in beside the CA's token, and told from it by its serial. The
/// key is made in the slot with --generate, else the one that is there is taken. The card is the
/// user's from then on: `punchmark sign` takes their next requests without asking. Writes
/// NAME.pub, NAME.req and NAME-cert.pub.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Enroll {
    /// The user's name, as roles have it
    #[arg(value_name = "NAME", value_parser = str::parse::<RequesterName>)]
    name: RequesterName,

    /// The CA [default: the role's]
    #[arg(short = 's', long, value_name = "CA")]
    ca: Option<String>,

    #[command(flatten)]
    card: CardArguments,

    #[command(flatten)]
    asked: AskedArguments,

    /// Read the PIN of the user's YubiKey from a file; --pin-file without its serial is for the
    /// CA's token
    #[arg(long, value_name = "FILE")]
    card_pin_file: Option<PathBuf>,

    /// Where to write the request [default: NAME.req]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Say what would be done and decided; the card is not changed, nothing is signed or recorded,
    /// and no PIN is asked for
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    asks: AsksForPins,
}

impl Enroll {
    pub(crate) fn run(mut self, context: &Context) -> Result<Exit, Failure> {
        let mut faults = Faults::default();
        faults.note(self.asked.check());
        let config = context.config()?;
        faults.note(refuse_reserved(&self.name, &config).map_err(Failure::from));
        let name = faults.note(self.ca_name(&config));
        let name = faults.or(name)?;
        let (roots, allowed_signers) = (config.attestation_roots()?, config.allowed_signers()?);
        let ledger = context.ledger_to_look(&config)?;
        let known = context.known_ca(&config, &ledger, &name)?;
        let rulebook = Rulebook {
            policy: config.policy(),
            roots: &roots,
            limits: config.admission_limits(),
            allowed_signers: allowed_signers.as_ref(),
            ledger_key: config.own_ledger_key(&ledger)?,
            bundle: None,
            keyboard: config::keyboard(),
        };
        let desk = AtTheDesk {
            judge: Judge::new(rulebook, &known.agreed, &ledger)?,
            config: &config,
            known: &known,
            context,
            asks: self.asks,
        };
        let card = self.users_card(&config)?;
        self.card.card = Some(card.serial);
        // Whose number it is, only evidence tells, which may want the card changed first: a
        // number that is somebody else's by any maker is refused before that.
        for family in roots.families() {
            let of_maker = CardId {
                family: family.to_string(),
                serial: card.serial.into(),
            };
            self.refuse_card_of_another(&ledger, &Credential::FamilyCard(of_maker))?;
        }
        drop(ledger);
        // Before the card is changed, and before anybody is asked for a PIN.
        match self.foresee(&desk, &card) {
            Ok(foreseen) if self.dry_run => {
                return self.foretell(&desk, card.serial, foreseen.as_ref());
            }
            Ok(foreseen) => self.vouch(&desk, card.serial, foreseen.as_ref())?,
            Err(Refused::Case(error)) => return Err(BatchError::from(error).into()),
            Err(Refused::Failure(failure)) => return Err(failure),
        }
        self.certify(&desk, &believed(&config)?)
    }

    fn ca_name(&self, config: &Config) -> Result<String, Failure> {
        match (&self.ca, config.role(&self.asked.role)?.ca()) {
            (Some(name), _) => Ok(name.clone()),
            (None, Permit::Only(name)) => Ok(name.to_owned()),
            (None, _) => Err(Failure::usage(format!(
                "role `{}` names no CA; name one with -s",
                self.asked.role
            ))),
        }
    }

    fn request_file(&self) -> PathBuf {
        let default = || format!("{}.req", self.name.as_str().replace('/', "_"));
        self.out.clone().unwrap_or_else(|| default().into())
    }

    /// The one that was named, else the only one that holds no CA's key.
    fn users_card(&self, config: &Config) -> Result<UsersCard, Failure> {
        let ca_of = |serial: u32| {
            let mut cas = config.cas();
            cas.find(|(_, ca)| ca.keys.iter().any(|key| is_in(key, serial)))
                .map(|(name, _)| name.to_string())
        };
        let cards = yubikeys()?;
        let serials = match self.card.card {
            Some(serial) => vec![serial],
            None => cards.iter().map(|card| card.serial).collect(),
        };
        let mut users = serials.iter().filter(|serial| ca_of(**serial).is_none());
        match (users.next(), users.count(), serials.as_slice()) {
            (Some(only), 0, _) => Ok(UsersCard {
                serial: *only,
                firmware: cards.iter().find(|card| card.serial == *only).map(|card| {
                    Firmware(
                        card.firmware.major,
                        card.firmware.minor,
                        card.firmware.patch,
                    )
                }),
            }),
            (None, _, [serial]) => Err(Failure::new(format!(
                "YubiKey {serial} holds the key of CA `{}`; a user's key belongs on a card of \
                 their own",
                ca_of(*serial).unwrap_or_default()
            ))
            .hint(NAME_THE_CARD)),
            (None, ..) => Err(which_card(0)),
            (Some(_), more, _) => Err(which_card(more.saturating_add(1))),
        }
    }
}

fn which_card(cards: usize) -> Failure {
    Failure::new(format!(
        "{cards} YubiKeys without a CA's key are plugged in, and one is wanted"
    ))
    .hint(NAME_THE_CARD)
}

/// Whether a locator may mean a slot of this card; without a serial it may.
fn is_in(key: &Locator, serial: u32) -> bool {
    match key {
        Locator::YubiKey(slot) => slot.serial.is_none_or(|of_ca| of_ca == serial),
        _ => false,
    }
}

const NAME_THE_CARD: &str =
    "plug the user's card in, and name it: --card SERIAL; `punchmark tokens` lists them";

const EXAMPLES: &str = "\
Examples:
  punchmark enroll peter --piv 9a --role engineer
  punchmark enroll peter --piv 9a --card 12345678 -s users --role engineer --generate \\
    --algorithm p256 --pin-policy once --touch-policy cached";
