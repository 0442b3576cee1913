//! A pager for long lists: where a person looks at stdout, what is printed goes through `less`.
//!
//! stdout itself becomes the pager's input until the [`Pager`] is dropped, so that commands print
//! as ever. Whoever leaves the pager early closes it, and the command ends as with `head`.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use signal_hook::consts::SIGINT;

use super::colour;
use super::context::Context;

/// A pager that shows what goes to stdout. Dropped, it is waited for.
#[derive(Debug)]
pub(crate) struct Pager {
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Where stdout led before.
    stdout: OwnedFd,
}

impl Pager {
    /// Begins to page, if a person looks at stdout and it is no list for programs. Where there is
    /// no pager, the list is printed as it is.
    pub(crate) fn begin(context: &Context) -> Self {
        let wanted = !context.json() && io::stdout().is_terminal() && io::stdin().is_terminal();
        let program = program(|name| std::env::var_os(name));
        let running = match program {
            Some(program) if wanted => start(&program).ok(),
            _ => None,
        };
        Self { running }
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        let _closed = io::stdout().flush();
        // The pager reads to the end only when nobody holds its input any more.
        if rustix::stdio::dup2_stdout(&running.stdout).is_err() {
            return;
        }
        let _gone = running.child.wait();
    }
}

/// The pager that the environment names, else `less`; none where it says that there is none.
fn program(says: impl Fn(&str) -> Option<OsString>) -> Option<OsString> {
    if says("TERM").is_none_or(|term| term == OsStr::new("dumb")) {
        return None;
    }
    let named = says("PUNCHMARK_PAGER").or_else(|| says("PAGER"));
    let program = named.or_else(|| is_there("less", says("PATH")?).then(|| "less".into()))?;
    let shows_all = ["", "cat"].iter().any(|none| program == OsStr::new(none));
    (!shows_all).then_some(program)
}

/// Whether a program is in one of these folders: a list must not end in a shell's complaint.
fn is_there(program: &str, path: OsString) -> bool {
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn start(program: &OsStr) -> io::Result<Running> {
    let stdout = rustix::io::dup(io::stdout())?;
    colour::look_at_stdout();
    // By the shell, since people write `less -S` there.
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(program).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // It ends by itself where all fits on the screen, shows colours, leaves the list there.
        command.env("LESS", "FRX");
    }
    let mut child = command.spawn()?;
    let Some(input) = child.stdin.take() else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    rustix::stdio::dup2_stdout(&input)?;
    // Ctrl-C is the pager's: who ended here would leave it alone with the terminal.
    let _ends = signal_hook::flag::register(SIGINT, Arc::default());
    Ok(Running { child, stdout })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)]) -> Option<OsString> {
        program(|name| {
            let mut all = variables.iter();
            let (_, value) = all.find(|(variable, _)| *variable == name)?;
            Some(OsString::from(value))
        })
    }

    #[test]
    fn the_environment_names_the_pager_or_none() {
        let on = ("TERM", "xterm");
        let folder = tempfile::tempdir().unwrap();
        let path = ("PATH", folder.path().to_str().unwrap());
        assert_eq!(chosen(&[on, path]), None, "it is not installed");
        std::fs::write(folder.path().join("less"), "").unwrap();
        assert_eq!(chosen(&[on, path]), Some("less".into()));
        assert_eq!(chosen(&[on, ("PAGER", "more")]), Some("more".into()));
        let both = [on, ("PAGER", "more"), ("PUNCHMARK_PAGER", "less -S")];
        assert_eq!(chosen(&both), Some("less -S".into()));
        assert_eq!(chosen(&[on, ("PAGER", "cat")]), None);
        assert_eq!(chosen(&[on, ("PAGER", "")]), None);
        assert_eq!(chosen(&[("TERM", "dumb")]), None);
        assert_eq!(chosen(&[]), None);
    }
}
