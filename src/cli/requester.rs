//! `punchmark requester`: whose a key or a card is.

mod bind;
mod duties;
mod enrolment;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::base::context::Context;
use super::base::credential::named;
use super::base::failure::{Exit, Failure};
use super::base::pending;
use super::base::terminal::{product, product_object};
use crate::attestation::Family;
use crate::certificate::{Kind, Principals};
use crate::config::{self, Config, refuse_reserved};
use crate::ledger::{Credential, Ledger, RequesterAdded, RequesterNamed, RequesterRemoved};
use crate::request::{RequesterName, RoleName};
use duties::{Given, Taken};
use enrolment::Enrolment;

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
    /// Say who has a name by an identity provider's word, before their first login
    ///
    /// A name that the config spells out, in `admins`, `auditors` or the `requesters` of a role, has
    /// to be bound so: some providers let people change what they are called.
    Bind(bind::ToBind),
    /// List who is enrolled, by what
    List,
    /// Take a key, a card, a login or a duty from somebody; certificates stay as they are
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

    #[command(flatten)]
    subject: bind::Subject,

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

impl Requester {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let ledger = || context.ledger(&config);
        match self.command {
            Command::Bind(binding) => binding.run(context, &config, &mut ledger()?)?,
            Command::Add(addition) => addition.run(context, &config, &mut ledger()?)?,
            // Whoever reads the list may take his time.
            Command::List => {
                let file = config.ledger();
                list(
                    context,
                    &pending::seen(&file, Ledger::open_to_read(&file)?)?,
                )?;
            }
            Command::Remove(removal) => removal.run(context, &config, &mut ledger()?)?,
        }
        Ok(Exit::Done)
    }
}

/// Names that differ in case only are one: two people would be told apart by some who read them, and not by others.
fn refuse_other_case(
    name: &RequesterName,
    config: &Config,
    ledger: &Ledger,
) -> Result<(), Failure> {
    let name = name.as_str();
    let other = match ledger.in_other_case(name)? {
        Some(other) => Some(other),
        None => user_in_other_case(name, config)?,
    };
    match other {
        Some(other) => Err(Failure::new(format!(
            "`{other}` is there, and names that differ in case only are one: `{name}` would be taken for them"
        ))
        .hint(format!("for the same person: punchmark requester add {other} …"))),
        None => Ok(()),
    }
}

#[cfg(feature = "service")]
fn user_in_other_case(name: &str, config: &Config) -> Result<Option<String>, Failure> {
    let users = crate::service::UsersFile::at(config.users()).users()?;
    let mut alike = users.names().filter(|user| user.eq_ignore_ascii_case(name));
    let is_there = users.mark(name).is_some();
    Ok(alike.next().filter(|_| !is_there).map(str::to_owned))
}

/// Without a server nobody has a password.
#[cfg(not(feature = "service"))]
#[allow(clippy::unnecessary_wraps, reason = "the other set reads a file")]
fn user_in_other_case(_name: &str, _config: &Config) -> Result<Option<String>, Failure> {
    Ok(None)
}

impl Addition {
    fn run(self, context: &Context, config: &Config, ledger: &mut Ledger) -> Result<(), Failure> {
        refuse_reserved(&self.name, config)?;
        refuse_other_case(&self.name, config, ledger)?;
        let names = self.names(config)?;
        let given = Given::of(&self, config)?;
        if let Some(enrolment) = self.enrolment() {
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

    /// The key or the card, where one is given.
    fn enrolment(&self) -> Option<Enrolment> {
        (self.key.is_some() || self.card.is_some()).then(|| Enrolment {
            name: self.name.clone(),
            key: self.key.clone(),
            card: self.card,
            family: self.family,
        })
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

impl Removal {
    fn run(self, context: &Context, config: &Config, ledger: &mut Ledger) -> Result<(), Failure> {
        let (enrolment, name) = (&self.enrolment, &self.enrolment.name);
        if let Some(ended) = self.subject.end(name, self.dry_run, ledger, context) {
            return ended;
        }
        if self.registrar || self.revoker {
            let taken = Taken {
                registrar: self.registrar,
                revoker: self.revoker,
                is_dry: self.dry_run,
            };
            return taken.record(name, ledger, context);
        }
        let credential = enrolment.enrolled(config, ledger)?;
        let words = credential.to_string();
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

fn list(context: &Context, ledger: &Ledger) -> Result<(), Failure> {
    for (time, added) in ledger.requesters()? {
        let end = end_of(ledger, &added)?;
        if context.json() {
            product_object(json_of(time, &added, end))?
        } else {
            let end = end.map_or(String::new(), |end| format!(", {end}"));
            product(&format!("{:20}{}{end}", added.name, added.credential))?
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
    bind::list(context, ledger)
}

/// Why an enrolment counts for nothing any more, by what the ledger revoked or barred, or a mirror is about to.
fn end_of(ledger: &Ledger, added: &RequesterAdded) -> Result<Option<&'static str>, Failure> {
    let is_ended = match &added.credential {
        Credential::Key(blob) => ledger
            .key_is_revoked(&Sha256::digest(blob).into())?
            .then_some("REVOKED"),
        Credential::Card(serial) => ledger.card_is_barred(*serial, None)?.then_some("BARRED"),
        Credential::FamilyCard(card) => ledger
            .card_is_barred(card.serial, Some(&card.family))?
            .then_some("BARRED"),
    };
    let is_barred = ledger.requester_is_barred(&added.name)?;
    Ok(is_ended.or(is_barred.then_some("BARRED")))
}

fn json_of(time: u64, added: &RequesterAdded, end: Option<&str>) -> Value {
    let (field, value) = named(&added.credential);
    let family = match &added.credential {
        Credential::FamilyCard(card) => Some(&card.family),
        _ => None,
    };
    json!({
        "requester": added.name, field: value, "family": family, "added": time,
        "by": added.keyboard, "ended": end.map(str::to_lowercase),
    })
}

const EXAMPLES: &str = "\
Examples:
  punchmark requester add peter --card 12345678
  punchmark requester add erik --key erik.pub
  punchmark requester add web1 --key ssh_host_ed25519_key.pub --names web1,web1.example.org
  punchmark requester add ole --key ole.pub --registrar engineer,servers
  punchmark requester bind anna --issuer https://id.example.org --subject 248289761001
  punchmark requester list
  punchmark requester remove peter --card 12345678";
