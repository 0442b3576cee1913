//! A key becomes a CA: what `init`, `adopt` and `import` are told alike, and do alike.

use std::borrow::Cow;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::asks_for_pins::AsksForPins;
use super::context::Context;
use super::failure::{Advised, At, Exit, Failure};
use super::faults::Faults;
use super::heads_below;
use super::next_steps::show_established;
use super::planned_ca::tell_foreseen;
use super::roots::roots;
use super::terminal::{ask, warn};
use crate::ca::{EstablishError, NewCa, OfAnother, Source, establish, foresee};
use crate::certificate::Serial;
use crate::config::{self, CaName, EditError};
use crate::ledger::Purpose;
use crate::signer::pkcs11::PublicKeyError;
use crate::signer::{GenerateError, ImportError, Locator, OpeningError, PlaceError};

/// What `init`, `adopt` and `import` share.
#[derive(Debug, Args)]
pub(crate) struct CaArguments {
    /// Name of the CA, for `sign -s` and the config
    #[arg(value_name = "NAME", value_parser = str::parse::<CaName>)]
    pub(crate) name: CaName,

    /// Locator of its key: pkcs11:token=…;object=…?module-path=… (RFC 7512) or
    /// yubikey:serial=…;slot-id=9c
    // Parsed later: clap would repeat a locator that holds a PIN.
    #[arg(long, value_name = "LOCATOR")]
    pub(crate) key: String,

    /// Root certificates in PEM, trusted for where a key in a YubiKey was born
    #[arg(long, value_name = "FILE")]
    pub(crate) attestation_roots: Vec<PathBuf>,

    /// What it signs
    #[arg(long = "for", value_name = "KIND", default_value = "user")]
    pub(crate) purpose: For,

    /// Say what would be made, and change nothing: neither in the token nor in files. No PIN is
    /// asked for, so that what the token shows after a login alone is not looked at
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) asks: AsksForPins,
}

/// [`Purpose`], as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum For {
    User,
    Host,
    Both,
}

impl CaArguments {
    /// The locator of the key. A relative path of `file:` is meant from here, as every path of a
    /// command line is; in a config it stands absolute.
    pub(crate) fn locator(&self) -> Result<Locator, Failure> {
        Ok(from_here(&self.key).parse()?)
    }

    /// Refuses a name that a CA of the config has, and roots that can't be read.
    pub(crate) fn require_free(&self, context: &Context) -> Result<(), Failure> {
        let mut faults = Faults::default();
        faults.note(roots(context, &self.attestation_roots));
        let config = context.config_if_there()?;
        if config.is_some_and(|config| config.ca(self.name.as_str()).is_ok()) {
            faults.add(EditError::Taken(self.name.clone()).into());
        }
        faults.or_done()
    }

    /// Makes it a CA, and says what to do next.
    pub(crate) fn establish(
        self,
        context: &Context,
        source: Source<'_>,
        next_serial: Serial,
        of_another: OfAnother,
    ) -> Result<Exit, Failure> {
        let dry_run = self.dry_run;
        match self.purpose {
            For::Both if dry_run => warn(BOTH),
            For::Both => context.confirm_or_warn(BOTH)?,
            For::User | For::Host => {}
        }
        let new = NewCa {
            locator: self.locator()?,
            name: self.name,
            purpose: self.purpose.into(),
            source,
            next_serial,
            roots: roots(context, &self.attestation_roots)?,
            of_another,
        };
        let place = context.place()?;
        if dry_run {
            tell_foreseen(context, &new, &foresee(&place, &new)?)?;
            return Ok(Exit::Done);
        }
        context.check_clock(&place)?;
        let established = establish(
            &place,
            &new,
            &mut context.pins(self.asks),
            config::keyboard(),
            config::now(),
        )?;
        show_established(context, &new, &established)?;
        heads_below::warn_if_below(&place.read()?)?;
        Ok(Exit::Done)
    }
}

fn from_here(locator: &str) -> Cow<'_, str> {
    let path = locator
        .strip_prefix("file:")
        .filter(|path| !path.is_empty());
    let whole = path.and_then(|path| std::path::absolute(path).ok());
    match whole {
        // As it was typed: a host, which two slashes begin, is none of ours to resolve.
        Some(whole) if path.is_some_and(|path| !path.starts_with('/')) => {
            format!("file:{}", whole.display()).into()
        }
        _ => locator.into(),
    }
}

impl From<For> for Purpose {
    fn from(purpose: For) -> Self {
        match purpose {
            For::User => Self::User,
            For::Host => Self::Host,
            For::Both => Self::Both,
        }
    }
}

/// The first serial of a key that may have signed before: what was given, else what a
/// person knows, else 1 with a warning. Whoever only looks is not asked.
pub(crate) fn first_serial(given: Option<u64>, dry_run: bool) -> Result<Serial, Failure> {
    if let Some(number) = given {
        return serial(&number.to_string());
    }
    if dry_run {
        warn(WARNING);
        return Ok(Serial::FIRST);
    }
    match ask(QUESTION)? {
        Some(answer) if ["", "n", "no", "never"].contains(&answer.as_str()) => Ok(Serial::FIRST),
        Some(answer) => {
            let highest = serial(&answer)?;
            highest
                .checked_next()
                .ok_or_else(|| Failure::usage(format!("no serial is left after {highest}")))
        }
        None => {
            warn(WARNING);
            Ok(Serial::FIRST)
        }
    }
}

/// A serial that was typed.
pub(crate) fn serial(text: &str) -> Result<Serial, Failure> {
    text.parse().at(format!("serial {text:?}"))
}

impl Advised for EstablishError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Config(error) => return error.hint(),
            Self::Open(error) => return error.hint(),
            Self::Ledger(error) => return error.hint(),
            Self::Edit(error) => return error.hint(),
            Self::Generate(GenerateError::Place(place))
            | Self::Import(ImportError::Place(place)) => {
                return taken(place).or_else(|| place.hint());
            }
            Self::Generate(error) => return error.hint(),
            Self::Import(error) => return error.hint(),
            Self::Opening(OpeningError::NoKey { .. }) => {
                "`punchmark tokens` lists what is there; a key that an old YubiKey doesn't tell of \
                 is adopted with its public key file: --public-key FILE"
            }
            Self::Opening(
                OpeningError::PublicKey {
                    source: PublicKeyError::NoObject,
                    ..
                }
                | OpeningError::AmbiguousPublicKey { .. },
            ) => "if you have its public key in a file, adopt it with --public-key FILE",
            Self::Opening(error) => return error.hint(),
            Self::Software { .. } => {
                "init and import put a key into hardware; to take it as it is, which the ledger \
                 keeps for good, add --allow-software-key"
            }
            Self::BoundToAnother { name, locator, .. } => {
                return Some(format!(
                    "put that ledger back; or if it shall give out no more serials, and this one \
                     goes on above its last: `punchmark adopt {name} --key '{locator}' --rebind`"
                ));
            }
            Self::NotMoved(refused) => return refused.hint(),
            Self::SpareOfAnother { .. } => {
                "take another device; or if that ledger gives out no more serials, take its name \
                 away with the token's own tool: docs/ca.md tells how"
            }
            Self::OtherCopying(_) => {
                "give --key and --copy-to as that run had them, and it goes on; or look by `punchmark \
                 tokens` at what it left there, and take the file away"
            }
            Self::NoCopy(_) => {
                "make another CA; this one goes by `punchmark ca retire` and `punchmark ca destroy-copy`"
            }
            Self::SelfTest(_) => "when it can sign, record it with `punchmark adopt`",
            Self::PublicKeyFileTaken(_) => "move that file away, or choose another name",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// What to do where a key is in the place of the new one.
fn taken(place: &PlaceError) -> Option<String> {
    let hint = match place {
        PlaceError::LabelTaken { .. } | PlaceError::IdTaken { .. } => {
            "choose another label, or record the key that is there with `punchmark adopt`"
        }
        PlaceError::SlotTaken { .. } => {
            "choose another slot, record the key that is there with `punchmark adopt`, or \
             overwrite it for good with --replace and its fingerprint"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

const BOTH: &str = "\
a CA for both users and hosts is trusted by servers and by clients: one leak opens both";

const QUESTION: &str = "\
Did this key sign certificates before? A KRL that revokes one of their serials would
revoke a new certificate of the same serial too.
Highest serial it signed (Enter if it never signed, or only serial 0): ";

const WARNING: &str = "serials begin at 1; if this key signed certificates before, \
their serials will be met again: give --next-serial N above the highest";
