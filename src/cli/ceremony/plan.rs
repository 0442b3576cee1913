//! `punchmark ceremony plan`: a plan that is ready but for what only its people know.

mod found;
mod shares;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::plan_file::{program, sha256};
use crate::ceremony::{Draft, DraftDevices, DraftError, Instant, Kind};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, Exit, Failure, Kind as FailureKind};
use crate::cli::base::terminal::{product_text, warn};
use crate::config;

use shares::{Shares, people_for};

/// Write a commented plan, with "?" where only its people know what belongs there
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Draw {
    /// What the ceremony does
    #[arg(long, value_name = "KIND", default_value = "create")]
    kind: Does,

    /// How many people take part, from 2 to 20 [default: 2; with --shares, one a share and two more]
    #[arg(long, value_name = "N")]
    people: Option<usize>,

    /// Have custodians open the devices together by shares: how many shares are needed, and how many there are
    #[arg(long, value_name = "K/N")]
    shares: Option<Shares>,

    /// How many YubiKeys make keys, each a CA of its own; without it a token does
    #[arg(long, value_name = "N", conflicts_with = "module")]
    yubikeys: Option<usize>,

    /// The PKCS#11 module of the tokens [default: SoftHSM's, where it is installed]
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,

    /// A bundle to be signed, in the order in which they were made; may be given again
    #[arg(long, value_name = "FILE")]
    bundle: Vec<PathBuf>,
}

/// [`Kind`], as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Does {
    /// Make CA keys, with their ledger and its key
    Create,
    /// Sign what bundles ask for
    Sign,
    /// End CAs, and every copy of their keys
    Retire,
    /// Make a new CA beside one whose place it takes
    Rollover,
    /// Have a copy's device take the place of one that is lost
    Restore,
    /// Try copies and shares, and issue nothing
    Drill,
    /// Replace a CA whose key is stolen, and then shut it out
    Compromise,
}

impl Does {
    fn kind(self) -> Kind {
        match self {
            Self::Create => Kind::Create,
            Self::Sign => Kind::Sign,
            Self::Retire => Kind::Retire,
            Self::Rollover => Kind::Rollover,
            Self::Restore => Kind::Restore,
            Self::Drill => Kind::Drill,
            Self::Compromise => Kind::Compromise,
        }
    }
}

impl Draw {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let kind = self.kind.kind();
        if kind != Kind::Sign && !self.bundle.is_empty() {
            return Err(Failure::usage("bundles are signed by --kind sign alone"));
        }
        let shares = self.shares.map(Shares::quorum).transpose()?;
        let (bundles, roles) = found::bundles(&self.bundle)?;
        let draft = Draft {
            kind,
            people: self.people.unwrap_or_else(|| people_for(shares)),
            program: sha256(&program())?,
            devices: match self.yubikeys {
                Some(count) => DraftDevices::YubiKeys(count),
                None => DraftDevices::Token(self.module()?),
            },
            shares,
            day: Instant::of(tomorrow()),
            before: if kind == Kind::Sign {
                found::ledger(context, &roles)?
            } else {
                None
            },
            bundles,
        };
        product_text(&draft.text()?)?;
        Ok(Exit::Done)
    }

    fn module(&self) -> Result<Option<(String, [u8; 32])>, Failure> {
        let usual = Path::new(SOFTHSM);
        let path = match &self.module {
            Some(path) => path,
            None if usual.exists() => usual,
            None => {
                warn(
                    "no module was named with --module, so that its path and SHA-256 are left open",
                );
                return Ok(None);
            }
        };
        let absolute = std::path::absolute(path).unwrap_or_else(|_none| path.to_owned());
        let name = absolute
            .to_str()
            .ok_or_else(|| Failure::usage("the module's path is no text"))?;
        Ok(Some((name.to_owned(), sha256(path)?)))
    }
}

/// The first second of tomorrow, in UTC.
fn tomorrow() -> u64 {
    let now = config::now();
    now - now % DAY + DAY
}

impl Advised for DraftError {
    fn kind(&self) -> FailureKind {
        FailureKind::Usage
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Holders { shares, .. } => Some(shares::people_hint(*shares)),
            Self::People(_) | Self::YubiKeys(_) => None,
        }
    }
}

const DAY: u64 = 86_400;
/// Where Debian puts it.
const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
const EXAMPLES: &str = "\
Examples:
  punchmark ceremony plan --kind create --people 2 > plan.toml
  punchmark ceremony plan --people 2 --yubikeys 2 > plan.toml
  punchmark ceremony plan --shares 2/3 --yubikeys 2 > plan.toml
  punchmark ceremony plan --kind sign --yubikeys 1 --bundle monday.bundle > plan.toml
  punchmark ceremony plan --people 5 --module /usr/lib/opensc-pkcs11.so > plan.toml";
