//! A plan that is ready but for what only its people know.

use super::Kind;
use super::reader::TO_FILL_IN;
use crate::ceremony::instant::Instant;
use crate::wire::hex;

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
    /// The day for which the window is drawn, by its first minute.
    pub day: Instant,
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
            .replace("@until", &Instant::of(until).to_string())
            .replace(
                "@two-roles",
                if self.people == 2 { "true" } else { "false" },
            )
            .replace("@people", &self.people_text())
            .replace("@program", &hex(&self.program))
            .replace("@hardware", &hardware))
    }

    fn hardware(&self) -> Result<String, DraftError> {
        let text = match &self.devices {
            DraftDevices::Token(module) => with_token(module.as_ref()),
            DraftDevices::YubiKeys(count @ 1..=4) => with_yubikeys(*count),
            DraftDevices::YubiKeys(count) => return Err(DraftError::YubiKeys(*count)),
        };
        Ok(text)
    }

    /// Two people share three roles; more have one each, and whoever comes after the third is a
    /// custodian or a witness in turn.
    fn people_text(&self) -> String {
        let roles = |number| match (self.people, number) {
            (2, 0) => "\"administrator\", \"custodian\"",
            (_, 0) => "\"administrator\"",
            (_, 1) => "\"witness\"",
            (_, number) if number % 2 == 0 => "\"custodian\"",
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

/// The tables of a token and of the keys in it.
fn with_token(module: Option<&(String, [u8; 32])>) -> String {
    let (path, hash) = match module {
        Some((path, hash)) => (path.as_str(), hex(hash)),
        None => (TO_FILL_IN, TO_FILL_IN.to_owned()),
    };
    [MODULE, TOKEN, CA_IN_TOKEN, LEDGER_KEY_IN_TOKEN]
        .map(|table| format!("\n{table}"))
        .concat()
        .replace("\"@\"", &format!("\"{TO_FILL_IN}\""))
        .replace("@name", "root")
        .replace("@ca", "users")
        .replace("@module-sha256", &hash)
        .replace("@module-path", &toml::Value::from(path).to_string())
}

/// The tables of cards, each with a CA of its own.
fn with_yubikeys(count: usize) -> String {
    let number = |number| match number {
        1 => String::new(),
        more => more.to_string(),
    };
    let fill = |table: &str, at: usize| {
        let ca = format!("users{}", number(at));
        let beside = match at {
            1 => String::new(),
            _ => "beside       = \"users\" # trusted with it from the first day: what a copy would be for\n"
                .to_owned(),
        };
        format!(
            "\n{table}{}",
            if table == CA_IN_YUBIKEY {
                beside
            } else {
                String::new()
            }
        )
        .replace("\"@\"", &format!("\"{TO_FILL_IN}\""))
        .replace("@name", &format!("root{}", number(at)))
        .replace("@ca", &ca)
    };
    let cards = (1..=count).map(|at| fill(YUBIKEY, at));
    let cas = (1..=count).map(|at| fill(CA_IN_YUBIKEY, at));
    cards
        .chain(cas)
        .chain([fill(LEDGER_KEY_IN_YUBIKEY, 1)])
        .collect()
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
last    = \"none\"               # the 32 words of the ceremony before, from its paper; or none
requires-rehearsal = false     # true: held only after `punchmark ceremony rehearse` of this very plan

[window] # absolute and in UTC: the clock of a machine without a network proves nothing
from  = \"@from\"
until = \"@until\"

[people] # at least so many of each, or there is no ceremony
administrators = 1 # type at the machine
witnesses      = 1 # look on, compare, and type the words before what can't be undone
custodians     = 1 # keep a device, or what opens it
two-roles      = @two-roles # whether one person may have two of them; nobody witnesses their own typing
@people
# Who brings a key of their own signs the transcript too: key = \"ssh-ed25519 AAAA… anna\"

[machine]
boot-medium = \"@\" # what it is started from, with the number on it
program     = \"@program\" # sha256sum of punchmark
@hardware
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
pins         = \"are-set\" # its PIN was set before, and is typed off its paper
bag          = \"@\" # the number of the bag that it comes in
new-bag      = \"@\" # and of the bag that it goes into
pin-envelope = \"@\" # the number of the envelope that its PIN goes into
";
/// A CA whose key a token makes.
const CA_IN_TOKEN: &str = "\
[[ca]] # a key to be made; a second table for a CA of hosts
name         = \"@ca\"
certificates = \"user\" # or \"host\"
algorithm    = \"p256\" # p384, p521, rsa2048, rsa3072, rsa4096, ed25519
device       = \"@name\"
label        = \"@ca\"
copies       = \"none\" # lost with its device: then a new CA is made, which servers must be told
";
/// A ledger key that a token makes.
const LEDGER_KEY_IN_TOKEN: &str = "\
[ledger-key] # signs the heads of the ledger, its lists, and the transcript; never a certificate
algorithm = \"p256\" # or ed25519
device    = \"@name\"
label     = \"ledger\"
";
/// A YubiKey.
const YUBIKEY: &str = "\
[[device]] # a YubiKey; there must be these, and no other
name         = \"@name\"
yubikey      = \"@\" # the serial number that is printed on it, and its firmware: `punchmark tokens` shows both
firmware     = \"@\"
pins         = \"random\" # made in the ceremony, on a card as the factory left it; or \"are-set\"
bag          = \"@\" # the number of the bag that it comes in
new-bag      = \"@\" # and of the bag that it goes into
pin-envelope = \"@\" # the numbers of the envelopes that its PIN and its PUK go into
puk-envelope = \"@\"
";
/// A CA whose key a YubiKey makes.
const CA_IN_YUBIKEY: &str = "\
[[ca]] # a key to be made
name         = \"@ca\"
certificates = \"user\" # or \"host\"
algorithm    = \"p256\" # p384, rsa2048; from firmware 5.7 rsa3072, rsa4096, ed25519
device       = \"@name\"
slot         = \"9c\"
pin-policy   = \"once\" # or \"always\": for each signature
touch-policy = \"always\" # \"cached\" for 15 seconds, \"never\"
copies       = \"none\" # what leaves a card loses its attestation
";
/// A ledger key that a YubiKey makes.
const LEDGER_KEY_IN_YUBIKEY: &str = "\
[ledger-key] # signs the heads of the ledger, its lists, and the transcript; never a certificate
algorithm    = \"p256\" # or ed25519
device       = \"@name\"
slot         = \"9d\"
pin-policy   = \"once\"
touch-policy = \"never\"
";
