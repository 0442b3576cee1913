//! A plan that is ready but for what only its people know.

mod compromise;
mod create;
mod custody;
mod drill;
mod ledger;
mod restore;
mod retire;
mod sign;

use super::reader::TO_FILL_IN;
use super::{Kind, PlannedBundle};
use crate::ceremony::instant::Instant;
use crate::secret::share::Quorum;
use crate::wire::hex;

pub use ledger::{DraftLedger, LastCeremony};

/// What a new plan begins with.
pub struct Draft {
    /// What the ceremony does.
    pub kind: Kind,
    /// How many people there are.
    pub people: usize,
    /// SHA-256 of the program that writes it.
    pub program: [u8; 32],
    /// What makes the keys.
    pub devices: DraftDevices,
    /// How many shares there are and open the devices; none where no shares do.
    pub shares: Option<Quorum>,
    /// The day for which the window is drawn, by its first minute.
    pub day: Instant,
    /// The ledger that is there before, where it is known; for the kinds that work on one.
    pub before: Option<DraftLedger>,
    /// The bundles to be signed, in their order; for kind `sign`.
    pub bundles: Vec<PlannedBundle>,
}

/// What makes the keys of a new plan.
pub enum DraftDevices {
    /// A token behind this PKCS#11 module, with its SHA-256, where it is known.
    Token(Option<(String, [u8; 32])>),
    /// So many YubiKeys, each with a CA of its own: the second one is the copy that the first can't have.
    YubiKeys(usize),
}

/// Why no plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Nobody can look over their own shoulder.
    #[error("a ceremony has 2 to 20 people, not {0}")]
    People(usize),
    /// More cards than a room has, or none.
    #[error("a ceremony has 1 to 4 YubiKeys, not {0}")]
    YubiKeys(usize),
    /// A share more than there are people: two in one hand would be one.
    #[error("{people} people can't hold {shares} shares: each has one person who keeps it")]
    Holders {
        /// How many people there are.
        people: usize,
        /// How many shares.
        shares: u8,
    },
}

impl Draft {
    /// The text of the plan.
    ///
    /// # Errors
    /// [`DraftError`].
    pub fn text(&self) -> Result<String, DraftError> {
        if !(2..=20).contains(&self.people) {
            return Err(DraftError::People(self.people));
        }
        if self.custodians() > self.people {
            let (people, shares) = (self.people, self.shares.map_or(0, Quorum::shares));
            return Err(DraftError::Holders { people, shares });
        }
        let (from, until) = (
            self.day.seconds() + 8 * HOUR,
            self.day.seconds() + 18 * HOUR,
        );
        let hardware = self.hardware()?;
        // A path of the module could hold anything, so that it comes last.
        Ok(TEXT
            .replace("\"@\"", &format!("\"{TO_FILL_IN}\""))
            .replace("@kind", self.kind.as_str())
            .replace("@from", &Instant::of(from).to_string())
            .replace("@last", &self.last())
            .replace("@until", &Instant::of(until).to_string())
            .replace(
                "@two-roles",
                if self.has_two_roles() {
                    "true"
                } else {
                    "false"
                },
            )
            .replace("@custodians", &self.custodians().to_string())
            .replace("@people", &self.people_text())
            .replace("@program", &hex(&self.program))
            .replace("@print\n", if self.shows_secrets() { PRINT } else { "" })
            .replace("@hardware", &hardware))
    }

    fn last(&self) -> String {
        let before = self.before.as_ref();
        before
            .map_or(LastCeremony::None, |before| before.last)
            .text()
    }

    /// Where the first device has its secrets from, and where the others.
    fn pins(&self) -> (&'static str, &'static str) {
        let shared = self.shares.map(|_quorum| custody::pins(self.kind));
        match self.kind {
            Kind::Create => {
                let pins = shared.unwrap_or(RANDOM);
                (pins, pins)
            }
            // A new card makes the new key.
            Kind::Rollover | Kind::Compromise => (shared.unwrap_or(ARE_SET), RANDOM),
            Kind::Sign | Kind::Retire | Kind::Restore | Kind::Drill => {
                let pins = shared.unwrap_or(ARE_SET);
                (pins, pins)
            }
        }
    }

    /// The tables of devices, and those that only plans of this kind have.
    fn hardware(&self) -> Result<String, DraftError> {
        let custody = self.shares.map(|quorum| custody::table(self.kind, quorum));
        let devices = devices(&self.devices, self.pins())? + &custody.unwrap_or_default();
        let found = || ledger::tables(self.before.as_ref());
        Ok(match self.kind {
            Kind::Create => {
                devices + &create::keys(&self.devices) + self.components() + create::DRILL
            }
            Kind::Sign => devices + &found() + &sign::tables(&self.bundles),
            Kind::Retire => devices + &found() + &retire::ends(&self.devices, self.shares),
            Kind::Drill => devices + &found() + &named(drill::NEXT, "root") + restore::BLOB,
            Kind::Restore => devices + &found() + &named(restore::LOST, "root") + restore::BLOB,
            // The old key is in no device of the room.
            Kind::Compromise => {
                let found = found().replace(ledger::DEVICE, "");
                let (from, until) = (
                    self.day.seconds() + 8 * HOUR,
                    self.day.seconds() + 18 * HOUR,
                );
                let valid = (Instant::of(from), Instant::of(until));
                devices + &found + &create::key_beside(&self.devices) + &compromise::tables(valid)
            }
            Kind::Rollover => devices + &found() + &create::key_beside(&self.devices),
        })
    }

    /// A card wraps nothing.
    fn components(&self) -> &'static str {
        match self.devices {
            DraftDevices::Token(_) => create::COMPONENTS,
            DraftDevices::YubiKeys(_) => "",
        }
    }

    /// Whether PINs or shares go onto sheets.
    fn shows_secrets(&self) -> bool {
        let (first, more) = self.pins();
        let makes_shares = self.shares.is_some() && !self.kind.finds_ledger();
        let has_cards = matches!(self.devices, DraftDevices::YubiKeys(_));
        makes_shares || (has_cards && (first == RANDOM || more == RANDOM))
    }

    /// How many custodians there must be: one for each share.
    fn custodians(&self) -> usize {
        self.shares.map_or(1, |quorum| usize::from(quorum.shares()))
    }

    /// Whether there are too few people for a role each.
    fn has_two_roles(&self) -> bool {
        self.people < self.custodians() + 2
    }

    /// Too few people share the roles: the administrator, and then the witness, is a custodian too. More have
    /// one each, and whoever comes after those that are needed is a custodian or a witness in turn; no more
    /// than there are shares are custodians of those.
    fn people_text(&self) -> String {
        let missing = (self.custodians() + 2).saturating_sub(self.people);
        let is_needed = |number| number < self.custodians() + 2;
        let roles = |number| match number {
            0 if missing > 0 => "\"administrator\", \"custodian\"",
            0 => "\"administrator\"",
            1 if missing > 1 => "\"witness\", \"custodian\"",
            1 => "\"witness\"",
            number if is_needed(number) => "\"custodian\"",
            number if self.shares.is_none() && number % 2 == 0 => "\"custodian\"",
            _ => "\"witness\"",
        };
        let person = |number| {
            format!(
                "\n[[person]]\nname  = \"{TO_FILL_IN}\"\nroles = [{}]\n",
                roles(number)
            )
        };
        (0..self.people).map(person).collect()
    }
}

/// The tables of what the keys are in.
fn devices(devices: &DraftDevices, (first, more): (&str, &str)) -> Result<String, DraftError> {
    match devices {
        DraftDevices::Token(module) => {
            let (path, hash) = match module {
                Some((path, hash)) => (path.as_str(), hex(hash)),
                None => (TO_FILL_IN, TO_FILL_IN.to_owned()),
            };
            // A new token is one whose PIN is set.
            let pins = if first == RANDOM { ARE_SET } else { first };
            Ok(named(&format!("\n{MODULE}\n{TOKEN}{pins}"), "root")
                .replace("@module-sha256", &hash)
                .replace("@module-path", &toml::Value::from(path).to_string()))
        }
        DraftDevices::YubiKeys(count @ 1..=4) => {
            let card = |at| {
                let pins = if at == 1 { first } else { more };
                named(&format!("\n{YUBIKEY}{pins}"), &numbered("root", at))
            };
            Ok((1..=*count).map(card).collect())
        }
        DraftDevices::YubiKeys(count) => Err(DraftError::YubiKeys(*count)),
    }
}

/// A table with what it is about put in, and what its people know left open.
fn named(table: &str, name: &str) -> String {
    table
        .replace("\"@\"", &format!("\"{TO_FILL_IN}\""))
        .replace("@name", name)
}

/// `root` for the first, `root2` for the second.
fn numbered(name: &str, at: usize) -> String {
    match at {
        1 => name.to_owned(),
        more => format!("{name}{more}"),
    }
}

const HOUR: u64 = 3600;

/// What every plan begins with.
const TEXT: &str = "\
# The plan of a key ceremony. It is reviewed by all who take part, and then never changed: paper and
# transcript name it by the SHA-256 of this file, which `punchmark ceremony check` shows in words.
# Fill in whatever is \"@\". A key that is misspelt is a fault. No secret belongs here.

format  = 1
kind    = \"@kind\"
purpose = \"@\"                  # what for: \"user CA of example.org\"
place   = \"@\"                  # the room
config  = \"ca/punchmark.toml\"  # of the CA, with its ledger beside it; from the folder of this file
folder  = \"ceremony\"           # for transcript and outputs; from the folder of this file
last    = \"@last\"               # the 32 words of the ceremony before, from its paper; or none
requires-rehearsal = false     # true: held only after `punchmark ceremony rehearse` of this very plan

[window] # absolute and in UTC: the clock of a machine without a network proves nothing
from  = \"@from\"
until = \"@until\"

[people] # at least so many of each, or there is no ceremony
administrators = 1 # type at the machine
witnesses      = 1 # look on, compare, and type the words before what can't be undone
custodians     = @custodians # keep a device, or what opens it
two-roles      = @two-roles # whether one person may have two of them; nobody witnesses their own typing
@people
# Who brings a key of their own signs the transcript too: key = \"ssh-ed25519 AAAA… anna\"

[machine]
boot-medium = \"@\" # what it is started from, with the number on it
program     = \"@program\" # sha256sum of punchmark
@print
@hardware
";
/// Where sheets of secrets could come from, beside a pen.
const PRINT: &str = "\
# print        = [\"/usr/bin/lp\", \"-d\", \"safe\"] # sheets of secrets come from a printer: read docs/ceremony.md before
# print-sha256 = \"…\" # sha256sum of that program
";
/// The module of tokens.
const MODULE: &str = "\
[[module]] # the file through which tokens are reached
path   = @module-path
sha256 = \"@module-sha256\"
";
/// A token.
const TOKEN: &str = "\
[[device]] # a token; there must be these, and no other
name         = \"@name\"
module       = @module-path
token        = \"@\" # its label, and its serial: `punchmark tokens` shows both
serial       = \"@\"
bag          = \"@\" # the number of the bag that it comes in
new-bag      = \"@\" # and of the bag that it goes into
";
/// A YubiKey.
const YUBIKEY: &str = "\
[[device]] # a YubiKey; there must be these, and no other
name         = \"@name\"
yubikey      = \"@\" # the serial number that is printed on it, and its firmware: `punchmark tokens` shows both
firmware     = \"@\"
bag          = \"@\" # the number of the bag that it comes in
new-bag      = \"@\" # and of the bag that it goes into
";
/// Secrets of a device that has them.
const ARE_SET: &str = "\
pins         = \"are-set\" # its PIN was set before, and is typed off its paper
pin-envelope = \"@\" # the number of the envelope that its PIN goes into
";
/// Secrets of a YubiKey that are made in the ceremony.
const RANDOM: &str = "\
pins         = \"random\" # made in the ceremony, on a card as the factory left it; or \"are-set\"
pin-envelope = \"@\" # the numbers of the envelopes that its PIN and its PUK go into
puk-envelope = \"@\"
";
