//! `punchmark ceremony rehearse`: the steps of a plan on tokens that are thrown away.
//!
//! SoftHSM reads `SOFTHSM2_CONF` when it is started, so that this program starts itself once more, in
//! its own place, with that set to a file of the rehearsal's folder. All other tokens of SoftHSM are
//! out of sight from then on.

use std::path::{Path, PathBuf};

use clap::Args;

use super::hall::{Hall, real};
use super::plan_file;
use super::rehearsal_folder::plan_in;
use super::run::hold;
use crate::ca::key_places;
use crate::ceremony::RehearsalError;
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure, Kind};
use crate::cli::base::throwaway_token;
use crate::config::{Config, LedgerKeyPlace};
use crate::ledger::file::OpenError;
use crate::ledger::{Ledger, LedgerError};
use crate::signer::Locator;

/// Rehearse a plan: the same steps, on SoftHSM tokens that are made for it and thrown away
///
/// All that it makes lies in one folder and says REHEARSAL: the plan that is drawn from yours, the
/// paper, token and key labels, the CA, whose certificates live an hour at most, and the transcript.
/// Those for an emergency live a day, as the rehearsal does: one that is cut short and goes on has to
/// get into its servers still, and no server but those of the rehearsal trusts that CA. No token, label or ledger of the plan is touched. Where the plan works on a ledger that is there,
/// one is made for it, with the CAs that it names. A rehearsal that was cut short goes on.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Rehearse {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// The folder, which must be empty, not there yet, or that of this rehearsal [default: rehearsal,
    /// beside the plan]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,

    /// A spare YubiKey by its serial, as the factory left it, which stands for the next one of the plan;
    /// a card of the plan is refused [default: a token stands for each]
    #[arg(long, value_name = "SERIAL")]
    card: Vec<u32>,

    #[command(flatten)]
    asks: AsksForPins,
}

impl Rehearse {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        context.refuse_config("the plan")?;
        let plan = plan_file::read(&self.plan)?;
        if plan.rehearsal_of.is_some() {
            return Err(RehearsalError::OfRehearsal.into());
        }
        let whole = real(&self.plan)?;
        let beside = whole.parent().unwrap_or(Path::new("/"));
        let folder = match &self.folder {
            Some(folder) => real(folder)?,
            None => beside.join("rehearsal"),
        };
        let hall = Hall { folder };
        hall.is_none_of(&plan, beside)?;
        refuse_cards_in_use(&self.card, &beside.join(&plan.config))?;
        let module = throwaway_token::softhsm().ok_or_else(no_softhsm)?;
        hall.open(&plan)?;
        if !hall.is_in_sight() {
            return Err(hall.started_anew());
        }
        let mut pins = context.pins(self.asks);
        if hall.furnish((&self.plan, &plan), &module, &self.card, &mut pins)? {
            // SoftHSM still has the tokens that were taken away.
            return Err(hall.started_anew());
        }
        drop(pins);
        hall.tell()?;
        let own = plan_in(&hall.folder);
        hold((context, self.asks), &own, &plan_file::read(&own)?, None)
    }
}

/// Refuses a card that has a key of the real config or its ledger, whatever the plan says of it.
fn refuse_cards_in_use(cards: &[u32], config: &Path) -> Result<(), Failure> {
    if cards.is_empty() || !config.exists() {
        return Ok(());
    }
    let config = Config::read(config)?;
    let ledger = match Ledger::open_to_read(&config.ledger()) {
        Err(LedgerError::Open(OpenError::Missing(_))) => None,
        opened => Some(opened?),
    };
    let mut used: Vec<Locator> = config
        .cas()
        .flat_map(|(_, ca)| ca.keys.iter().cloned())
        .collect();
    if let Some(LedgerKeyPlace::Device(place)) = config.ledger_key() {
        used.push(place);
    }
    if let Some(ledger) = &ledger {
        for ca in ledger.cas()? {
            let places = key_places(&config, ledger, &ca)?;
            used.extend(places.into_iter().map(|place| place.device));
        }
    }
    for card in cards {
        let is_it =
            |place: &Locator| matches!(place, Locator::YubiKey(at) if at.serial == Some(*card));
        if let Some(place) = used.iter().find(|place| is_it(place)) {
            return Err(Failure::of(
                Kind::Refused,
                format!(
                    "YubiKey {card} is in use: {place} is a key of the real config or its ledger"
                ),
            )
            .hint("a rehearsal wants a spare card, as the factory left it"));
        }
    }
    Ok(())
}

fn no_softhsm() -> Failure {
    Failure::new("SoftHSM is not installed, whose tokens a rehearsal is held on")
        .hint("install the package softhsm2")
}

const EXAMPLES: &str = "\
Examples:
  punchmark ceremony rehearse plan.toml
  punchmark ceremony rehearse plan.toml --folder /tmp/rehearsal-2
  punchmark ceremony rehearse plan.toml --card 12345678";
