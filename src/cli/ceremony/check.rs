//! `punchmark ceremony check`: what a plan comes to.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::plan_file;
use super::rehearsal_folder::read_if_given;
use crate::ceremony::{
    Plan, REHEARSAL, Rehearsed, Step, can_be_rehearsed, foreseen, not_in_print, steps,
};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{product, product_object};
use crate::config;
use crate::wire::hex;

/// Read a plan strictly, and show what will happen, and its SHA-256 in words to be read aloud
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// The folder of a rehearsal, which must be one of this plan
    #[arg(long, value_name = "DIR")]
    rehearsal: Option<PathBuf>,
}

impl Check {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let plan = plan_file::read(&self.plan)?;
        let config = plan_file::config(&plan, &self.plan)?;
        let (bytes, now) = (plan_file::bytes(&self.plan)?, config::now());
        let text = String::from_utf8_lossy(&bytes);
        let foreseen = foreseen((&plan, &text), now, config.as_ref());
        foreseen.map_err(|found| plan_file::told(&self.plan, found))?;
        let rehearsed = read_if_given(self.rehearsal.as_ref(), &self.plan)?;
        if plan.requires_rehearsal {
            can_be_rehearsed(&bytes)?;
        }
        if context.json() {
            product_object(object(&plan, rehearsed))?;
            return Ok(Exit::Done);
        }
        tell_rehearsal_of(&plan)?;
        product(&format!("{}: {}", plan.kind().as_str(), plan.purpose))?;
        product(&format!(
            "{}, from {} to {}",
            plan.place, plan.window.0, plan.window.1
        ))?;
        product("")?;
        table(&steps(&plan))?;
        product("")?;
        product(&format!("SHA-256  {}", hex(&plan.sha256)))?;
        product(&format!("words    {}", plan.words()))?;
        if let Some(rehearsed) = rehearsed {
            product(&format!("rehearsed, with the words {}", rehearsed.words()))?;
        } else if plan.requires_rehearsal {
            product("a rehearsal is required, and is held by `punchmark ceremony rehearse`")?;
        }
        for words in not_in_print(&plan) {
            product(&format!(
                "not printed right: {words:?} has letters that a printed sheet shows as ?, since it knows those of Western \
                 Europe alone"
            ))?;
        }
        if plan.ledger.is_some() && config.is_none() {
            product("not checked: the config of the CA is not here, which names the ledger key")?;
        }
        Ok(Exit::Done)
    }
}

/// Says in the first line of an answer that it is about a rehearsal.
pub(super) fn tell_rehearsal_of(plan: &Plan) -> Result<(), Failure> {
    match &plan.rehearsal_of {
        Some(of) => product(&format!("{REHEARSAL} of the plan {}", hex(of))),
        None => Ok(()),
    }
}

fn table(steps: &[Step]) -> Result<(), Failure> {
    let width = |cell: fn(&Step) -> &str| {
        let cells = steps.iter().map(|step| cell(step).chars().count());
        cells.max().unwrap_or_default()
    };
    let (names, actors) = (width(|step| &step.name), width(|step| &step.actor));
    product(&format!(
        "    {:names$}  {:actors$}  WHAT HAPPENS",
        "STEP", "WHO"
    ))?;
    for (number, step) in (1..).zip(steps) {
        let (name, actor, say) = (&step.name, &step.actor, &step.say);
        product(&format!(
            "{number:>2}  {name:names$}  {actor:actors$}  {say}"
        ))?;
    }
    Ok(())
}

fn object(plan: &Plan, rehearsed: Option<Rehearsed>) -> Value {
    let steps = steps(plan).into_iter().map(|step| {
        let asks = step
            .asks
            .iter()
            .map(|ask| json!({ "who": ask.who, "question": ask.question }));
        json!({
            "name": step.name, "actor": step.actor, "say": step.say, "expect": step.expect,
            "asks": asks.collect::<Vec<_>>(),
        })
    });
    json!({
        "kind": plan.kind().as_str(), "purpose": plan.purpose, "place": plan.place,
        "from": plan.window.0.to_string(), "until": plan.window.1.to_string(),
        "rehearsal-of": plan.rehearsal_of.map(|of| hex(&of)),
        "requires-rehearsal": plan.requires_rehearsal,
        "rehearsed": rehearsed.map(|held| held.words()),
        "sha256": hex(&plan.sha256), "words": plan.words(), "steps": steps.collect::<Vec<_>>(),
    })
}

const EXAMPLES: &str = "\
Examples:
  punchmark ceremony check plan.toml
  punchmark ceremony check --json plan.toml
  punchmark ceremony check plan.toml --rehearsal rehearsal";
