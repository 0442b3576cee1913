//! `punchmark ceremony`: keys made by a few people in a closed room, from one reviewed plan.

mod check;
mod hall;
mod page_file;
mod plan;
mod plan_file;
mod printer;
mod rehearsal_folder;
mod rehearse;
mod report;
mod reshare;
mod room;
mod roots;
mod run;
mod script;
mod unlock;
mod verify;

use clap::{Args, Subcommand};

use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::within::Within;

/// Make CA keys with several people in a closed room, from one reviewed plan
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Ceremony {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Plan(plan::Draw),
    Check(check::Check),
    Script(script::Script),
    Rehearse(rehearse::Rehearse),
    Run(run::Run),
    Verify(verify::Verify),
    Report(report::Report),
    Unlock(unlock::Unlock),
    Reshare(reshare::Reshare),
}

impl Ceremony {
    pub(crate) fn run(self, context: &Context, within: &Within) -> Result<Exit, Failure> {
        match self.command {
            Command::Plan(command) => command.run(context),
            Command::Check(command) => command.run(context),
            Command::Script(command) => command.run(context),
            Command::Rehearse(command) => command.run(context),
            Command::Run(command) => command.run(context),
            Command::Verify(command) => command.run(context),
            Command::Report(command) => command.run(context),
            Command::Unlock(command) => command.run(context, within),
            Command::Reshare(command) => command.run(context),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ceremony plan --kind create --people 2 > plan.toml
  punchmark ceremony check plan.toml
  punchmark ceremony script plan.toml --out paper.html
  punchmark ceremony rehearse plan.toml
  punchmark ceremony run plan.toml
  punchmark ceremony unlock -- bundle sign monday.bundle
  punchmark ceremony verify ceremony/transcript.jsonl --plan plan.toml \\
    --words 'music customer …' ceremony/*";
