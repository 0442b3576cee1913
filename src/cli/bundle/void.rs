//! `punchmark bundle void`: a bundle that was lost is taken out of the order.

use clap::Args;
use serde_json::json;

use crate::bundle::{Became, BundleId, Made};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{confirm_typed, somebody_is_there};
use crate::config::{self, Config};
use crate::ledger::{BundleClosed, Ledger};
use crate::wire::hex;

/// Declare a bundle void that was lost, or whose answer was: the next one follows the one before it
///
/// To be run on both sides. Where the CA is, it is an entry of the ledger: the bundle is signed no more, and
/// what was signed of it stays as it is. Where bundles are made, its answer is not accepted any more. Asks for a
/// typed yes, which --yes answers.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Void {
    /// The id of the bundle, as `bundle show` and `bundle make` tell it
    #[arg(value_name = "ID", value_parser = id)]
    id: BundleId,

    /// Why, for whoever reads the ledger later
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Say what would be declared void, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Void {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let id = hex(&self.id);
        if self.reason.trim().is_empty() {
            return Err(Failure::usage("the reason is empty"));
        }
        let is_mirror = Ledger::open_to_read(&config.ledger())?.is_mirror();
        if self.dry_run {
            return self.foretell(is_mirror, &config, context);
        }
        let question = format!("Bundle {id} is lost, and nothing comes of it any more.");
        match (context.yes(), somebody_is_there()) {
            (true, _) => {}
            (false, true) => confirm_typed(&question)?,
            (false, false) => {
                let words = "a bundle is void by a yes typed at a terminal, and there is none";
                return Err(Failure::new(words).hint("--yes says that you mean it"));
            }
        }
        if is_mirror {
            self.out_of_the_list(&config)?;
        } else {
            self.by_an_entry(&config, context)?;
        }
        let object = json!({ "bundle": id, "state": "void", "reason": self.reason });
        context.tell(&format!("bundle {id} is void"), object)?;
        Ok(Exit::Done)
    }

    fn foretell(
        &self,
        is_mirror: bool,
        config: &Config,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let by = if is_mirror {
            refuse_accepted(&Made::hold(&config.ledger())?, &self.id)?;
            "in the list of bundles that were made here"
        } else {
            context.ledger_to_look(config)?;
            "by an entry of the ledger"
        };
        let id = hex(&self.id);
        let object = json!({ "bundle": id, "reason": self.reason });
        context.tell_plan(&format!("bundle {id} would be void, {by}"), object)?;
        Ok(Exit::Done)
    }

    fn by_an_entry(&self, config: &Config, context: &Context) -> Result<(), Failure> {
        let closed = BundleClosed {
            id: self.id,
            is_signed: 0,
            refused: Vec::new(),
            reason: self.reason.clone(),
            keyboard: config::keyboard(),
        };
        let mut ledger = context.ledger_after_asking(config)?;
        Ok(ledger.close_bundle(closed, config::now())?)
    }

    fn out_of_the_list(&self, config: &Config) -> Result<(), Failure> {
        let mut made = Made::hold(&config.ledger())?;
        refuse_accepted(&made, &self.id)?;
        made.note(&self.id, Became::Void, config::now())?;
        let kept = Made::kept(&config.ledger(), &self.id);
        // What stays is in nobody's way: it answers to no open bundle.
        let _gone = std::fs::remove_file(kept);
        Ok(())
    }
}

fn refuse_accepted(made: &Made, id: &BundleId) -> Result<(), Failure> {
    let made = made.of(id);
    if made.is_some_and(|one| one.became == Became::Accepted) {
        return Err(Failure::new("its answer was accepted: nothing is lost"));
    }
    Ok(())
}

fn id(text: &str) -> Result<BundleId, String> {
    let bytes = base16ct::mixed::decode_vec(text).ok();
    let id = bytes.and_then(|bytes| bytes.try_into().ok());
    id.ok_or_else(|| "32 hexadecimal digits, as `bundle show` prints them".to_owned())
}

const EXAMPLES: &str = "\
Examples:
  punchmark bundle void 2ec6dfaf0c75421c798f1ee372472e4e --reason 'the stick was lost on the train'";
