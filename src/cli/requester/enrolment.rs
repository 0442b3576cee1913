//! Whose a key or a card is to be, or was.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use ssh_key::PublicKey;

use crate::attestation::Family;
use crate::cli::base::context::Context;
use crate::cli::base::credential::named;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::roots::believed;
use crate::config::{self, Config, SubjectFile, refuse_reserved, refuse_worthless};
use crate::ledger::{CardId, Credential, Ledger, RequesterAdded};
use crate::request::RequesterName;

/// Whose, and what.
#[derive(Debug, Args)]
pub(super) struct Enrolment {
    /// The requester's name, as roles have it
    #[arg(value_name = "NAME", value_parser = str::parse::<RequesterName>)]
    pub(super) name: RequesterName,

    /// Their public key file
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present_any = ["card", "registrar", "revoker", "issuer"],
        conflicts_with = "card"
    )]
    pub(super) key: Option<PathBuf>,

    /// The serial of their YubiKey: what it attests is theirs
    #[arg(long, value_name = "SERIAL")]
    pub(super) card: Option<u32>,

    /// Whose number the serial is: yubico, or the SHA256:… of a private root [default: yubico,
    /// where the config trusts it]
    #[arg(long, value_name = "FAMILY", requires = "card")]
    pub(super) family: Option<Family>,
}

impl Enrolment {
    /// Records the enrolment, or says what it would be.
    pub(super) fn add(
        self,
        context: &Context,
        config: &Config,
        ledger: &mut Ledger,
        dry_run: bool,
    ) -> Result<(), Failure> {
        refuse_reserved(&self.name, config)?;
        let credential = self.credential(config)?;
        refuse_worthless(&credential, ledger)?;
        let words = credential.to_string();
        let (field, value) = named(&credential);
        let object = json!({ "requester": self.name.as_str(), field: value, "state": "added" });
        let added = RequesterAdded {
            name: self.name.to_string(),
            credential,
            keyboard: config::keyboard(),
        };
        if dry_run {
            ledger.check_requester(&added)?;
            return context.tell_plan(&format!("{words} would be that of {}", self.name), object);
        }
        ledger.add_requester(added, config::now())?;
        context.tell(
            &format!("{words} is that of {} from now on", self.name),
            object,
        )
    }

    /// The credential that is meant, which is there to be removed.
    pub(super) fn enrolled(&self, config: &Config, ledger: &Ledger) -> Result<Credential, Failure> {
        match (self.card, self.family) {
            (Some(serial), None) => self.enrolled_card(serial.into(), ledger),
            _ => self.credential(config),
        }
    }

    fn credential(&self, config: &Config) -> Result<Credential, Failure> {
        match (&self.key, self.card) {
            (Some(file), _) => {
                let subject = SubjectFile::read(file).in_file(file)?;
                let blob = PublicKey::from(subject.key).to_bytes();
                Ok(Credential::Key(
                    blob.at("the public key cannot be written as a line")?,
                ))
            }
            (None, Some(serial)) => Ok(Credential::FamilyCard(CardId {
                family: self.family(config)?.to_string(),
                serial: serial.into(),
            })),
            (None, None) => Err(Failure::usage("name a key or a card")),
        }
    }

    /// The card of this serial that is theirs, of whichever family.
    fn enrolled_card(&self, serial: u64, ledger: &Ledger) -> Result<Credential, Failure> {
        let is_it = |credential: &Credential| match credential {
            Credential::Card(card) => *card == serial,
            Credential::FamilyCard(card) => card.serial == serial,
            Credential::Key(_) => false,
        };
        let enrolled = ledger.requesters()?.into_iter().map(|(_, added)| added);
        let theirs = enrolled.filter(|added| added.name == self.name.as_str());
        let mut cards = theirs.map(|added| added.credential).filter(is_it);
        match (cards.next(), cards.next()) {
            (Some(_), Some(_)) => Err(Failure::usage(
                "several cards have this serial: name --family",
            )),
            (Some(only), None) => Ok(only),
            (None, _) => Ok(Credential::Card(serial)),
        }
    }

    /// A serial alone is one of Yubico's where the config trusts Yubico.
    fn family(&self, config: &Config) -> Result<Family, Failure> {
        if let Some(family) = self.family {
            return Ok(family);
        }
        let families = believed(config)?.families();
        if families.contains(&Family::Yubico) {
            return Ok(Family::Yubico);
        }
        let families: Vec<_> = families
            .iter()
            .map(|family| format!("--family {family}"))
            .collect();
        let failure = Failure::new("whose number is it? the config doesn't trust Yubico's roots");
        Err(failure.hint(match families.as_slice() {
            [] => NO_ROOT.to_owned(),
            families => format!("say so: {}", families.join(", or ")),
        }))
    }
}

const NO_ROOT: &str = "trust a maker first: roots = [\"yubico\"] in [attestation] of the config, or \
    `punchmark attestation roots add FILE`";
