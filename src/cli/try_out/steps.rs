//! How the story is told: what is said, each command as it is typed, and Enter between them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitStatus;

use super::folder::{Folder, quoted};
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::terminal::{ask, product};

/// Runs the commands of the story in its folder.
pub(super) struct Steps<'a> {
    folder: &'a Folder,
    own: PathBuf,
}

/// How a command of the story must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Well,
    /// It is refused, and the story goes on.
    Refused,
}

impl<'a> Steps<'a> {
    pub(super) fn new(folder: &'a Folder) -> Result<Self, Failure> {
        let own = std::env::current_exe().at("this program's own file")?;
        Ok(Self { folder, own })
    }

    /// Begins a chapter; where somebody reads it, after Enter.
    pub(super) fn chapter(&self, words: &str) -> Result<(), Failure> {
        ask("\n[Enter] ")?;
        product(&format!("\n# {words}"))
    }

    /// Shows a command as one would type it in the folder, and runs it.
    pub(super) fn run(&self, words: &[&str], ends: Ends) -> Result<(), Failure> {
        let typed: Vec<_> = words.iter().map(|word| quoted(word)).collect();
        let typed = typed.join(" ");
        product(&format!("$ {typed}"))?;
        let status = self.status(words)?;
        if status.success() != (ends == Ends::Well) {
            return Err(
                Failure::new(format!("`{typed}` ended otherwise than it should")).hint(format!(
                    "what there is, is in {}",
                    self.folder.here().display()
                )),
            );
        }
        Ok(())
    }

    /// This program itself, to be started as a part of the story that nobody types.
    pub(super) fn own(&self) -> &PathBuf {
        &self.own
    }

    fn status(&self, words: &[&str]) -> Result<ExitStatus, Failure> {
        let [program, arguments @ ..] = words else {
            return Err(Failure::new("no command"));
        };
        let file = match *program {
            "punchmark" => self.own.clone().into_os_string(),
            other => OsString::from(other),
        };
        let mut command = self.folder.command(file);
        command.args(arguments).status().at(*program)
    }
}
