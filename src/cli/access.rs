//! `punchmark access`: for those who write, review and audit the list of who may enter what.

mod can;
mod certificate;
mod compile;
mod diff;
mod directory;
mod edit;
mod explain;
mod import;
mod issued;
mod known;
mod lint;
mod list;
mod publish;
mod render;
mod resolve;
mod sign;
mod signed;
mod sync;
mod table;
mod who;

use clap::{Args, Subcommand};

use super::base::context::Context;
use super::base::failure::{Exit, Failure};

/// Check, explain, compare, publish and fetch the list of who may log in as whom on which server
///
/// None of these commands needs a config, a token or a ledger, but `who --issued`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Access {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Lint(lint::Lint),
    Explain(explain::Explain),
    Who(who::Who),
    Can(can::Can),
    Diff(diff::Diff),
    Edit(edit::Edit),
    Render(render::Render),
    Import(import::Import),
    Compile(compile::Compile),
    Resolve(resolve::Resolve),
    Publish(publish::Publish),
    Sign(sign::Sign),
    Sync(sync::Sync),
}

impl Access {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Lint(command) => command.run(context),
            Command::Explain(command) => command.run(context),
            Command::Who(command) => command.run(context),
            Command::Can(command) => command.run(context),
            Command::Diff(command) => command.run(context),
            Command::Edit(command) => command.run(context),
            Command::Render(command) => command.run(context),
            Command::Import(command) => command.run(),
            Command::Compile(command) => command.run(context),
            Command::Resolve(command) => command.run(context),
            Command::Publish(command) => command.run(context),
            Command::Sign(command) => command.run(context),
            Command::Sync(command) => command.run(context),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark access lint --list access.list
  punchmark access explain --list access.list --user root --host db1 anna_physical
  punchmark access who --list access.list --user root --host db1
  punchmark access diff old.list access.list";
