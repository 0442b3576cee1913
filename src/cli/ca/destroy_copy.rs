//! `punchmark ca destroy-copy`: a copy of a CA's key ends, or is named as missing.

mod wrapped;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::ca::{EndCopyError, Ending, KeyPlace, OverwriteError, is_wrapped_name};
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, Failure, Kind};
use crate::cli::base::terminal::{confirm_typed, somebody_is_there};
use crate::config::{self, CaName};
use crate::secret::{SecretKind, read_short_secret};
use crate::signer::yubikey::ManagementKey;
use crate::signer::{DestroyError, Locator};

/// Destroy a copy of a CA's key, and read back that it is gone
///
/// In a PKCS#11 token the objects are removed. In a YubiKey the slot is overwritten by a key that
/// nobody uses; a card on which no other slot has a key is reset after that. The ledger keeps it.
/// The file of a wrapped key is overwritten and removed; flash memory may keep it, so that the medium
/// is destroyed all the same. A copy that nobody finds is named as missing, and `ca show` says so for
/// good. The last copy of a CA goes only once the CA is retired.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DestroyCopy {
    /// Name of the CA
    #[arg(value_name = "CA")]
    name: CaName,

    /// The copy, as the config or `ca show --json` has it; of a wrapped key `blob:…`, of the
    /// components that open it `components:…`
    // Parsed later: clap would repeat a locator that holds a PIN.
    #[arg(value_name = "LOCATOR")]
    device: String,

    /// Record that it is missing, and why; wants a typed yes
    #[arg(long, value_name = "WORDS", conflicts_with = "management_key_file")]
    missing: Option<String>,

    /// The file of the wrapped key, which is overwritten and removed
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["missing", "management_key_file"]
    )]
    file: Option<PathBuf>,

    /// Record how people destroyed a wrapped key or components; wants a typed yes
    #[arg(
        long,
        value_name = "WORDS",
        conflicts_with_all = ["missing", "file", "management_key_file"]
    )]
    by_hand: Option<String>,

    /// Why, for the ledger
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "",
        conflicts_with = "missing"
    )]
    reason: String,

    /// Hexadecimal management key of a YubiKey, which nobody else can read [default: the one
    /// that the YubiKey keeps behind its PIN]
    #[arg(long, value_name = "FILE")]
    management_key_file: Option<PathBuf>,

    /// Say what would be destroyed, and do nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    asks: AsksForPins,
}

impl DestroyCopy {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        if is_wrapped_name(&self.device) {
            return self.end_wrapped(context);
        }
        let device: Locator = self.device.parse()?;
        if self.file.is_some() || self.by_hand.is_some() {
            return Err(Failure::usage(
                "--file and --by-hand are for what is in no device: `blob:…` or `components:…`",
            ));
        }
        let place = context.place()?;
        let ending = Ending {
            ca: &self.name,
            device: &device,
            word: self.missing.clone().unwrap_or_else(|| self.reason.clone()),
            keyboard: config::keyboard(),
            time: config::now(),
        };
        self.missing_has_words()?;
        let known = ending.look(&place)?;
        let name = named(&known);
        if self.dry_run {
            let words = match &self.missing {
                Some(_) => format!("{name} would be recorded as missing"),
                None => format!("the key of CA {} would be destroyed in {name}", self.name),
            };
            return context.tell_plan(&words, self.json(&known, None));
        }
        context.check_clock(&place)?;
        if self.missing.is_some() {
            confirm_typed(&format!(
                "{name} holds the key of CA {}, and nobody knows where it is: whoever finds it can sign.\n\
                 The ledger keeps that for good.",
                self.name
            ))?;
            let known = ending.miss(&place)?;
            let words = format!("{name} is recorded as missing");
            return context.tell(&words, self.json(&known, None));
        }
        self.confirm(context, &name)?;
        let management_key = self
            .management_key_file
            .as_deref()
            .map(|file| read_short_secret(file, SecretKind::ManagementKey))
            .transpose()?;
        let management_key = ManagementKey::given_or_protected(management_key.as_ref());
        let (known, gone) = ending.destroy(&place, management_key, &mut context.pins(self.asks))?;
        let words = format!(
            "the key of CA {} is gone from {}: {}",
            self.name,
            named(&known),
            gone.how
        );
        context.tell(&words, self.json(&known, Some(&gone.how)))?;
        if known.in_config && context.talks() {
            crate::cli::base::terminal::hint(&format!(
                "the config still names it in [ca.{}]",
                self.name
            ));
        }
        Ok(())
    }

    fn missing_has_words(&self) -> Result<(), Failure> {
        if self.missing.as_ref().is_some_and(String::is_empty) {
            return Err(Failure::usage(
                "--missing wants words: where it was seen last, and by whom",
            ));
        }
        Ok(())
    }

    fn confirm(&self, context: &Context, name: &str) -> Result<(), Failure> {
        let would = format!("the key of CA {} in {name} would be destroyed", self.name);
        let is_destroyed = format!(
            "The key of CA {} is destroyed in {name}, for good. A YubiKey that holds no other key is reset.",
            self.name
        );
        confirm_end(context, &would, &is_destroyed)
    }

    fn json(&self, known: &KeyPlace, how: Option<&str>) -> Value {
        json!({
            "ca": self.name.as_str(),
            "device": known.device.to_string(),
            "holder": known.holder,
            "became": if self.missing.is_some() { "missing" } else { "destroyed" },
            "how": how,
            "in-config": known.in_config,
        })
    }
}

/// A person types yes; a script says it by `--yes`.
fn confirm_end(context: &Context, would: &str, is_destroyed: &str) -> Result<(), Failure> {
    if context.yes() {
        return Ok(());
    }
    if !somebody_is_there() {
        let words = format!("{would} for good, and nobody said yes");
        return Err(Failure::usage(words).hint("a script says it by --yes"));
    }
    confirm_typed(is_destroyed)
}

fn named(known: &KeyPlace) -> String {
    if known.holder.is_empty() {
        known.device.to_string()
    } else {
        known.holder.clone()
    }
}

impl Advised for EndCopyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown { .. } | Self::Several { .. } | Self::NoFile(_) => Kind::Usage,
            Self::Last { .. } => Kind::Refused,
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::Open(error) => error.hint(),
            Self::Ledger(error) => error.hint(),
            Self::Opening(error) | Self::Device(DestroyError::Opening(error)) => {
                error.hint().or_else(|| Some(MISSED.to_owned()))
            }
            Self::Device(DestroyError::Overwriting(error)) => error.hint(),
            Self::Device(DestroyError::Place(error)) => error.hint(),
            Self::Device(DestroyError::Untold { .. }) => Some(UNTOLD.to_owned()),
            Self::NoFile(_) => Some(BY_HAND.to_owned()),
            Self::Overwrite(OverwriteError::Other { .. }) => Some(OTHER_FILE.to_owned()),
            Self::Overwrite(OverwriteError::File { .. }) => Some(MISSED.to_owned()),
            Self::Unknown { known, .. } if known.is_empty() => Some(NONE_KNOWN.to_owned()),
            Self::Unknown { known, .. } | Self::Several { known, .. } => {
                Some(format!("known are: {}", known.join(" ")))
            }
            Self::Last { ca, .. } => Some(format!("first: punchmark ca retire {ca}")),
            _ => None,
        }
    }
}

const UNTOLD: &str = "look with the token's own tool what that key is: put its public half beside it, under its label and \
    id, or take it away";

const BY_HAND: &str = "components are destroyed by people: --by-hand WORDS says how";

const OTHER_FILE: &str =
    "nothing was done to it: look for the file of this wrapped key on its medium";

const NONE_KNOWN: &str = "`punchmark ca show CA --json` has what is known of the key";

const MISSED: &str = "a copy that nobody finds is named as missing: --missing WORDS";

const EXAMPLES: &str = "\
Examples:
  punchmark ca destroy-copy users 'yubikey:serial=12345679;slot-id=9c'
  punchmark ca destroy-copy users 'pkcs11:token=Backup;object=users' --reason 'the token goes'
  punchmark ca destroy-copy users 'yubikey:serial=12345679;slot-id=9c' \\
    --missing 'not in the safe on 2026-11-26, Anna and Bob looked'
  punchmark ca destroy-copy users blob:5d41402abc… --file /media/stick/users.wrapped
  punchmark ca destroy-copy users components:7d793037… --by-hand 'all three sheets were shredded'";
