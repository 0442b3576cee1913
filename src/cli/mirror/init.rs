//! `punchmark mirror init`: a mirror is begun from a copy, as far as a signed head vouches for it.

use clap::Args;
use serde_json::json;

use super::signed_copy::SignedCopy;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::faults::Faults;
use crate::cli::base::words::{number_of, path};
use crate::revocation::Pending;

/// Begin a mirror, where the config's ledger would lie, from a copy of the ledger and a signed head
///
/// The copy is taken as far as the head goes, and the head must be signed by the key that is named: all
/// that the mirror says later hangs on that. What lists, shows, verifies or proves reads a mirror as it
/// reads a ledger. Nothing is signed from it; `punchmark bundle accept` alone extends it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Init {
    #[command(flatten)]
    copy: SignedCopy,

    /// Say what would be made, and make nothing
    #[arg(long)]
    dry_run: bool,
}

impl Init {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let place = config.ledger_place();
        let mut faults = Faults::default();
        if place.path.symlink_metadata().is_ok() {
            let words = format!("{} exists already", path(&place.path));
            let hint = "a mirror takes no file's place: name another as `ledger` in the config";
            faults.add(Failure::new(words).hint(hint));
        }
        let opened = self.copy.open(&mut faults);
        let (copy, kept) = faults.or(opened)?;
        let entries = number_of(kept.head.size, "entry");
        let mirror = path(&place.path);
        let object = json!({ "mirror": mirror, "entries": kept.head.size,
            "origin": kept.head.origin, "signer": kept.signer });
        if self.dry_run {
            copy.extends(&kept.head).in_file(&self.copy.from)?;
            let words = format!("{mirror} would be a mirror of {entries}");
            context.tell_plan(&words, object)?;
            return Ok(Exit::Done);
        }
        // First what waits beside it: a mirror without that makes no list.
        Pending::begin(&place.path, place.settings.clone(), &kept.head.origin)?;
        place
            .create_mirror(&copy, &kept.head)
            .in_file(&self.copy.from)?;
        let by = kept.signer.unwrap_or_default();
        let words = format!("{mirror} is a mirror of {entries}, by a head that {by} signed");
        context.tell(&words, object)?;
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark mirror init --from /media/stick/punchmark.ledger --head /media/stick/head.txt \\
      --signer ledger_key.pub";
