//! `punchmark requester`: whose a key or a card is.

mod duties;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use ssh_key::PublicKey;

use super::base::context::Context;
use super::base::failure::{At, Exit, Failure};
use super::base::requester_name::refuse_reserved;
use super::base::roots::believed;
use super::base::terminal::{product, product_object};
use crate::attestation::Family;
use crate::certificate::subject::fingerprint;
use crate::certificate::{Kind, Principals, Subject};
use crate::config::{self, Config, SubjectFile};
use crate::ledger::{CardId, Credential, Ledger, RequesterAdded, RequesterNamed, RequesterRemoved};
use crate::request::{RequesterName, RoleName};
use duties::{Given, Taken};

/// Enrol people: a request by an enrolled key, or from an enrolled card, is theirs
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Requester {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key or a card somebody's
    ///
    /// A card that was enrolled by its number alone, before a card had a family, counts for no
    /// proof until it is added again.
    ///
    /// With --names, also the names that their certificates may be valid for, where a role
    /// gives `{requester-names}`: a server's, say. They take the place of those before.
    Add(Addition),
    /// List who is enrolled, by what
    List,
    /// Take a key, a card or a duty from somebody; certificates stay as they are
    Remove(Removal),
}

/// What is given to whom.
#[derive(Debug, Args)]
struct Addition {
    /// The requester's name, as roles have it
    #[arg(value_name = "NAME", value_parser = str::parse::<RequesterName>)]
    name: RequesterName,

    /// Their public key file
    #[arg(long, value_name = "FILE", conflicts_with = "card",
        required_unless_present_any = ["card", "names", "registrar", "revoker"])]
    key: Option<PathBuf>,

    /// The serial of their YubiKey: what it attests is theirs
    #[arg(long, value_name = "SERIAL")]
    card: Option<u32>,

    /// Whose number the serial is: yubico, or the SHA256:… of a private root [default: yubico,
    /// where the config trusts it]
    #[arg(long, value_name = "FAMILY", requires = "card")]
    family: Option<Family>,

    /// Names with commas between; without a key or card, for whoever is enrolled already. An
    /// empty list takes the names away
    #[arg(long, value_name = "NAMES")]
    names: Option<String>,

    /// Make them a registrar: their word says whose a key is where it is asked by one of these roles,
    /// in place of the roles before
    #[arg(long, value_name = "ROLE", num_args = 1.., value_delimiter = ',', value_parser = str::parse::<RoleName>)]
    registrar: Vec<RoleName>,

    /// Let them revoke where the ledger is only mirrored
    #[arg(long)]
    revoker: bool,

    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
}

/// What is taken from whom.
#[derive(Debug, Args)]
struct Removal {
    #[command(flatten)]
    enrolment: Enrolment,

    /// They are no registrar any more, for no role
    #[arg(long, conflicts_with_all = ["key", "card"])]
    registrar: bool,

    /// They may not revoke any more
    #[arg(long, conflicts_with_all = ["key", "card"])]
    revoker: bool,

    /// Say what would be taken away, and record nothing
    #[arg(long)]
    dry_run: bool,
}

/// Whose, and what.
#[derive(Debug, Args)]
struct Enrolment {
    /// The requester's name, as roles have it
    #[arg(value_name = "NAME", value_parser = str::parse::<RequesterName>)]
    name: RequesterName,

    /// Their public key file
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present_any = ["card", "registrar", "revoker"],
        conflicts_with = "card"
    )]
    key: Option<PathBuf>,

    /// The serial of their YubiKey: what it attests is theirs
    #[arg(long, value_name = "SERIAL")]
    card: Option<u32>,

    /// Whose number the serial is: yubico, or the SHA256:… of a private root [default: yubico,
    /// where the config trusts it]
    #[arg(long, value_name = "FAMILY", requires = "card")]
    family: Option<Family>,
}

impl Requester {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let ledger = || context.ledger(&config);
        match self.command {
            Command::Add(addition) => addition.run(context, &config, &mut ledger()?)?,
            // Whoever reads the list may take his time.
            Command::List => list(context, &Ledger::open_to_read(&config.ledger())?)?,
            Command::Remove(removal) => removal.run(context, &config, &mut ledger()?)?,
        }
        Ok(Exit::Done)
    }
}

impl Addition {
    fn run(
        mut self,
        context: &Context,
        config: &Config,
        ledger: &mut Ledger,
    ) -> Result<(), Failure> {
        refuse_reserved(&self.name, config)?;
        let names = self.names(config)?;
        let given = Given::of(&self, config)?;
        if self.key.is_some() || self.card.is_some() {
            let enrolment = Enrolment {
                name: self.name.clone(),
                key: self.key.take(),
                card: self.card,
                family: self.family,
            };
            enrolment.add(context, config, ledger, self.dry_run)?;
        }
        given.record(&self.name, ledger, context)?;
        let Some(names) = names else {
            return Ok(());
        };
        let words = match names.as_slice() {
            [] => format!("{} has no names from now on", self.name),
            names => format!("{} may have the names {}", self.name, names.join(", ")),
        };
        let object = json!({ "requester": self.name.as_str(), "names": names, "state": "named" });
        if self.dry_run {
            return context.tell_plan(&format!("recorded would be: {words}"), object);
        }
        let named = RequesterNamed {
            name: self.name.to_string(),
            names,
            keyboard: config::keyboard(),
        };
        ledger.name_requester(named, config::now())?;
        context.tell(&words, object)
    }

    /// What a certificate can be valid for, without wildcards, and nothing that proof alone gives.
    fn names(&self, config: &Config) -> Result<Option<Vec<String>>, Failure> {
        let Some(list) = self.names.as_deref() else {
            return Ok(None);
        };
        if list.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let names = Principals::parse(list, Kind::User)?;
        for name in names.iter() {
            if let Some(suffix) = config.policy().suffixes().reserved_end(name.as_str()) {
                let words = format!("name `{name}` ends in `{suffix}`, which the CA alone adds");
                return Err(Failure::usage(words));
            }
        }
        Ok(Some(names.iter().map(ToString::to_string).collect()))
    }
}

impl Enrolment {
    fn add(
        self,
        context: &Context,
        config: &Config,
        ledger: &mut Ledger,
        dry_run: bool,
    ) -> Result<(), Failure> {
        refuse_reserved(&self.name, config)?;
        let credential = self.credential(config)?;
        refuse_weak(&credential)?;
        refuse_distrusted(&credential, ledger)?;
        let words = describe(&credential);
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
}

impl Removal {
    fn run(self, context: &Context, config: &Config, ledger: &mut Ledger) -> Result<(), Failure> {
        let (enrolment, name) = (&self.enrolment, &self.enrolment.name);
        if self.registrar || self.revoker {
            let taken = Taken {
                registrar: self.registrar,
                revoker: self.revoker,
                is_dry: self.dry_run,
            };
            return taken.record(name, ledger, context);
        }
        let credential = match (enrolment.card, enrolment.family) {
            (Some(serial), None) => enrolment.enrolled_card(serial.into(), ledger)?,
            _ => enrolment.credential(config)?,
        };
        let words = describe(&credential);
        let (field, value) = named(&credential);
        let object = json!({ "requester": name.as_str(), field: value, "state": "removed" });
        if self.dry_run {
            if !is_theirs(ledger, name.as_str(), &credential)? {
                return Err(not_enrolled(&words, name));
            }
            return context.tell_plan(
                &format!("{words} would no longer be that of {name}"),
                object,
            );
        }
        let removed = RequesterRemoved {
            name: name.to_string(),
            credential,
            keyboard: config::keyboard(),
        };
        if !ledger.remove_requester(removed, config::now())? {
            return Err(not_enrolled(&words, name));
        }
        context.tell(&format!("{words} is no longer that of {name}"), object)
    }
}

fn is_theirs(ledger: &Ledger, name: &str, credential: &Credential) -> Result<bool, Failure> {
    let enrolled = ledger.requesters()?;
    let is_it = |added: &RequesterAdded| added.name == name && added.credential == *credential;
    Ok(enrolled.iter().any(|(_, added)| is_it(added)))
}

fn not_enrolled(words: &str, name: &RequesterName) -> Failure {
    Failure::new(format!("{words} is not enrolled for requester `{name}`"))
}

impl Enrolment {
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

/// What a card attests by a root that is distrusted proves nothing, so that it can ask for nothing.
fn refuse_distrusted(credential: &Credential, ledger: &Ledger) -> Result<(), Failure> {
    let Credential::FamilyCard(card) = credential else {
        return Ok(());
    };
    let roots = ledger.distrusted_roots()?.into_iter();
    let mut families = roots.map(|(_, distrusted)| Family::Private(distrusted.root).to_string());
    if families.any(|family| family == card.family) {
        return Err(Failure::new(format!(
            "the root {} is distrusted, for good: its cards prove nothing",
            card.family
        )));
    }
    Ok(())
}

/// A key that anybody can sign with is nobody's. One that was enrolled before this was looked
/// at can still be taken away.
fn refuse_weak(credential: &Credential) -> Result<(), Failure> {
    let Credential::Key(blob) = credential else {
        return Ok(());
    };
    let key = PublicKey::from_bytes(blob)?;
    Subject::try_from(key.key_data().clone()).at("the key can be nobody's")?;
    Ok(())
}

fn list(context: &Context, ledger: &Ledger) -> Result<(), Failure> {
    for (time, added) in ledger.requesters()? {
        if context.json() {
            product_object(json_of(time, &added))?
        } else {
            product(&format!("{:20}{}", added.name, describe(&added.credential)))?
        }
    }
    for (name, names) in ledger.requester_names()? {
        if context.json() {
            product_object(json!({ "requester": name, "names": names }))?
        } else {
            product(&format!("{name:20}names {}", names.join(", ")))?
        }
    }
    for (name, set) in ledger.duties()? {
        if context.json() {
            product_object(duties::object(&set))?
        } else {
            product(&format!("{name:20}{}", duties::words(&set)))?
        }
    }
    Ok(())
}

fn json_of(time: u64, added: &RequesterAdded) -> Value {
    let (field, value) = named(&added.credential);
    let family = match &added.credential {
        Credential::FamilyCard(card) => Some(&card.family),
        _ => None,
    };
    json!({
        "requester": added.name, field: value, "family": family, "added": time,
        "by": added.keyboard,
    })
}

/// The field of JSON that names a credential, and its value.
fn named(credential: &Credential) -> (&'static str, Value) {
    match credential {
        Credential::Key(blob) => ("key", json!(fingerprint_of(blob))),
        Credential::Card(card) => ("card", json!(card)),
        Credential::FamilyCard(card) => ("card", json!(card.serial)),
    }
}

/// Names a credential as people know it: by a key's fingerprint, or the number on a card.
fn describe(credential: &Credential) -> String {
    match credential {
        Credential::Card(card) => format!("card {card}, by its number alone"),
        Credential::FamilyCard(CardId { family, serial }) if family == "yubico" => {
            format!("YubiKey {serial}")
        }
        Credential::FamilyCard(card) => format!("card {} of {}", card.serial, card.family),
        Credential::Key(blob) => match fingerprint_of(blob) {
            Some(fingerprint) => format!("key {fingerprint}"),
            None => "a key that cannot be read".to_owned(),
        },
    }
}

fn fingerprint_of(blob: &[u8]) -> Option<String> {
    let key = PublicKey::from_bytes(blob).ok()?;
    Some(fingerprint(key.key_data()))
}

const NO_ROOT: &str = "trust a maker first: roots = [\"yubico\"] in [attestation] of the config, or \
    `punchmark attestation roots add FILE`";

const EXAMPLES: &str = "\
Examples:
  punchmark requester add peter --card 12345678
  punchmark requester add erik --key erik.pub
  punchmark requester add web1 --key ssh_host_ed25519_key.pub --names web1,web1.example.org
  punchmark requester add ole --key ole.pub --registrar engineer,servers
  punchmark requester list
  punchmark requester remove peter --card 12345678";
