//! `punchmark enroll`: a user's YubiKey at the admin's desk, beside the CA's token.

use std::path::PathBuf;

use clap::Args;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::base::advice::evidence::unproved;
use super::base::context::Context;
use super::base::failure::{At, Exit, Failure};
use super::base::request::asked::{Asked, Rest};
use super::base::request::key::CardArguments;
use super::base::request::write;
use super::base::requester_name::refuse_reserved;
use super::base::terminal::say;
use super::sign::Sign;
use crate::attestation::{Evidence, Proof, Roots};
use crate::config::{self, Config};
use crate::ledger::{Credential, RequesterAdded};
use crate::policy::role::Permit;
use crate::request::{RequesterName, Target, sign};
use crate::signer::yubikey::SlotLocator;
use crate::signer::{Locator, yubikeys};

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
    #[arg(short = 's', value_name = "CA")]
    ca: Option<String>,

    #[command(flatten)]
    card: CardArguments,

    #[command(flatten)]
    asked: Asked,

    /// Read the PIN of the user's YubiKey from a file; --pin-file is for the CA's token
    #[arg(long, value_name = "FILE")]
    card_pin_file: Option<PathBuf>,

    /// Where to write the request [default: NAME.req]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Enroll {
    pub(crate) fn run(mut self, context: &Context) -> Result<Exit, Failure> {
        self.asked.check()?;
        let config = context.config()?;
        refuse_reserved(&self.name, &config)?;
        let ca = self.ca_name(&config)?;
        let roots = config.attestation_roots()?;
        self.card.card = Some(self.users_card(&config)?);
        let out = self.request_file();
        let mut pins = context.pins_of_card(self.card_pin_file.clone());
        let own = self
            .card
            .find(self.card.slot()?, Some(&out), context, &mut pins)?;
        let Some(slot) = &own.slot else {
            return Err(Failure::usage("enroll is for a key in a YubiKey"));
        };
        let (evidence, proof) = attested(slot, &own.key, &roots)?;
        let card = self.credential(context, &config, &proof)?;
        let target = config.public_key(config.ca(&ca)?)?;
        let rest = Rest {
            claimed: Some(self.name.clone()),
            target: Target::of(target.key_data()),
            challenge: None,
            evidence: evidence.to_bytes(),
        };
        let content = self.asked.content(&own, rest)?;
        let file = sign(content, own.holder(&mut pins), &config.public_keys()?)?;
        drop(pins);
        own.write_public_key()?;
        write(&out, &file)?;
        let signed = Sign::request(ca, out, self.name.clone()).run(context)?;
        if let (Exit::Done, Some(card)) = (signed, card) {
            self.enrol(context, &config, card)?;
        }
        Ok(signed)
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
    fn users_card(&self, config: &Config) -> Result<u32, Failure> {
        let ca_of = |serial: u32| {
            let mut cas = config.cas();
            cas.find(|(_, ca)| ca.keys.iter().any(|key| is_in(key, serial)))
                .map(|(name, _)| name.to_string())
        };
        let serials = match self.card.card {
            Some(serial) => vec![serial],
            None => yubikeys()?.iter().map(|card| card.serial).collect(),
        };
        let mut users = serials.iter().filter(|serial| ca_of(**serial).is_none());
        match (users.next(), users.count(), serials.as_slice()) {
            (Some(only), 0, _) => Ok(*only),
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

    /// What to enrol the user by: the serial that the card proved; a card that attests none
    /// is known by its key. None if that is theirs already.
    fn credential(
        &self,
        context: &Context,
        config: &Config,
        proof: &Proof,
    ) -> Result<Option<Credential>, Failure> {
        let credential = match proof.facts().serial {
            Some(serial) => Credential::Card(serial.into()),
            None => {
                let blob = PublicKey::from(proof.key().clone()).to_bytes();
                Credential::Key(blob.at("the public key cannot be written as a line")?)
            }
        };
        match context.ledger(config)?.requester_of(&credential)? {
            Some(owner) if owner == self.name.as_str() => Ok(None),
            Some(owner) => Err(Failure::new(format!(
                "the card is that of requester `{owner}`"
            ))),
            None => Ok(Some(credential)),
        }
    }

    fn enrol(
        &self,
        context: &Context,
        config: &Config,
        credential: Credential,
    ) -> Result<(), Failure> {
        let mut ledger = context.ledger(config)?;
        let added = RequesterAdded {
            name: self.name.to_string(),
            credential,
            keyboard: config::keyboard(),
        };
        ledger.add_requester(added, config::now())?;
        if context.talks() {
            say(&format!("the card is that of {} from now on", self.name));
        }
        Ok(())
    }
}

/// What the card attests of the key in a slot, if it proves anything.
fn attested(
    slot: &SlotLocator,
    key: &KeyData,
    roots: &Roots,
) -> Result<(Evidence, Proof), Failure> {
    let evidence = Evidence::of_card(slot)?;
    match evidence.verify(key, roots) {
        Ok(proof) => Ok((evidence, proof)),
        Err(error) => Err(unproved(
            &format!("what slot {} of the YubiKey attests", slot.slot),
            error,
        )),
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
