//! `punchmark mirror adopt`: a mirror whose kept head or pending file is lost goes on, by the list that was published
//! last.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure, Kind};
use crate::cli::base::published::Published;
use crate::cli::base::terminal::confirm_typed;
use crate::cli::base::words::{number_of, path};
use crate::config::Config;
use crate::ledger::file::OpenError;
use crate::ledger::heads::HeadsError;
use crate::ledger::{Ledger, LedgerError, Revoked, RevokedSet};
use crate::revocation::{ListMade, Pending, PendingError};

/// Take a mirror for the newest copy where its kept head or what is pending beside it was lost
///
/// For a mirror that was put back from a backup on another machine, or whose LEDGER.pending is gone. Put the newest copy
/// of both files in their place first. What the list that was published last revokes, and they lack, is taken
/// over: every list that is made here from then on has it. A revocation that stood in no list and in no bundle
/// is lost: have it made again. Asks for a typed yes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Adopt {
    /// The last list that was published, with its signature in FILE.sig; any server that fetches has it
    #[arg(long, value_name = "FILE", required_unless_present = "no_krl")]
    krl: Option<PathBuf>,

    /// No list was ever published
    #[arg(long, conflicts_with = "krl")]
    no_krl: bool,

    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Adopt {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let mirror = Ledger::open_to_read(&config.ledger())?;
        if !mirror.is_mirror() {
            return Err(LedgerError::from(OpenError::NoMirror(config.ledger())).into());
        }
        refuse_older(&config)?;
        let krl = self.krl.as_deref();
        let published = krl.map(|krl| Published::read(krl, None, &mirror));
        let published = published.transpose()?;
        if let Some(head) = published.as_ref().and_then(Published::head)
            && head.size > mirror.size()
        {
            let words = format!(
                "the list was made when the mirror had {}, and this copy has {}",
                number_of(head.size, "entry"),
                mirror.size()
            );
            return Err(Failure::of(Kind::Refused, words).hint(NEWER));
        }
        let (lacking, version) = match &published {
            Some(published) => (
                self.lacking(published, &mirror, &config)?,
                published.version(),
            ),
            None => (Vec::new(), 0),
        };
        let words = words(&lacking, version, &config);
        let object = json!({ "mirror": path(&config.ledger()), "entries": mirror.size(),
            "taken-over": lacking.len(), "list-version": version });
        if self.dry_run {
            context.tell_plan(&words, object)?;
            return Ok(Exit::Done);
        }
        confirm_typed(&words)?;
        let origin = mirror
            .checkpoint()?
            .map_or_else(String::new, |head| head.origin);
        let size = mirror.size();
        drop(mirror);
        Pending::adopt(&config.ledger(), config.ledger_settings(), &origin)?
            .take_over(lacking, ListMade { version, size })?;
        config.ledger_place().adopt_mirror()?;
        context.tell("the mirror goes on; make a list now: punchmark krl", object)?;
        Ok(Exit::Done)
    }

    /// What the list revokes that neither the mirror nor the file beside it does.
    fn lacking(
        &self,
        published: &Published,
        mirror: &Ledger,
        config: &Config,
    ) -> Result<Vec<Revoked>, Failure> {
        let there = match Pending::look(&config.ledger()) {
            Err(PendingError::Open(OpenError::Missing(_))) => Vec::new(),
            looked => looked?.beside(mirror)?,
        };
        let seen = Ledger::open_to_read(&config.ledger())?.with_pending(there)?;
        let set = RevokedSet::of(&seen)?;
        let revoked = published.revoked().into_iter();
        Ok(revoked
            .filter(|one| set.all_before(one).is_none())
            .collect())
    }
}

/// A copy that a kept head knows to be older has lost entries, which no list has whole.
fn refuse_older(config: &Config) -> Result<(), Failure> {
    match Ledger::contradicted(&config.ledger(), &config.ledger_settings())? {
        None | Some(HeadsError::Missing { .. }) => Ok(()),
        Some(older) => Err(Failure::of(Kind::Failed, older)
            .at("this is not the newest copy of the mirror")
            .hint(NEWER)),
    }
}

fn words(lacking: &[Revoked], version: u64, config: &Config) -> String {
    let mirror = path(&config.ledger());
    let taken = match (version, lacking.len()) {
        (0, _) => "No list is taken over: what was published before may be lost.".to_owned(),
        (version, 0) => format!("They have all that list version {version} revokes."),
        (version, _) => format!(
            "What list version {version} revokes beside them is taken over, and every list from here on has it."
        ),
    };
    format!(
        "{mirror} and {} are taken for the newest copies.\n{taken}\nWhat was revoked here later, and stands in no list, is lost.",
        path(&Pending::path(&config.ledger()))
    )
}

const NEWER: &str = "move it away, and begin the mirror anew from a newer copy of the ledger: punchmark mirror init";

const EXAMPLES: &str = "\
Examples:
  punchmark mirror adopt --krl revoked.krl
  punchmark mirror adopt --krl revoked.krl --dry-run";
