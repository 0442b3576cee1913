//! `punchmark completion`: what a shell needs to complete this program's command lines.
//!
//! A script of a few lines is all that a shell keeps. At each Tab it asks the program itself
//! (`--answer`), so that commands, options, CAs and roles are those of this version and this
//! config. Paths the shell completes by itself: it knows how to quote them.

mod answer;
mod names;

use std::ffi::OsString;

use clap::{Args, Command, ValueEnum};

use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::terminal::product_text;

/// Print the script that completes command lines in your shell
///
/// Commands, options, files, and the CAs and roles of the config are completed. A script asks this
/// program at each Tab, and stays right when it is replaced by a newer one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Completion {
    /// The shell
    #[arg(required_unless_present = "answer")]
    shell: Option<Shell>,

    /// Say what may stand in the place of the last word; for the scripts
    #[arg(long, hide = true, conflicts_with = "shell", requires = "words")]
    answer: bool,

    /// The command line up to the cursor, from the program's name on
    #[arg(hide = true, last = true, requires = "answer")]
    words: Vec<OsString>,
}

/// The shells that there is a script for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("completion/punchmark.bash"),
            Self::Zsh => include_str!("completion/punchmark.zsh"),
            Self::Fish => include_str!("completion/punchmark.fish"),
        }
    }
}

impl Completion {
    /// Prints a script, or answers one; `program` is the whole command.
    pub(crate) fn run(self, context: &Context, program: Command) -> Result<Exit, Failure> {
        match self.shell {
            Some(shell) => product_text(shell.script())?,
            None => answer::print(context, program, self.words)?,
        }
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  source <(punchmark completion bash)
  punchmark completion zsh > \"${fpath[1]}/_punchmark\"
  punchmark completion fish > ~/.config/fish/completions/punchmark.fish";
