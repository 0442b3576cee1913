//! The binary as a child, with a home of its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::process::{Ran, bounded, detached, run};
use super::pty;
use super::token::{PIN, Token};
use super::{scratch, write};

/// An admin's account: a home folder, a PIN file, and the environment for one token.
pub(crate) struct Punchmark {
    home: TempDir,
    environment: Vec<(&'static str, PathBuf)>,
}

impl Punchmark {
    /// An account that finds this token, with its PIN in `pin`.
    pub(crate) fn new(token: &Token) -> Self {
        Self::at(token.environment(), PIN)
    }

    /// An account that finds its device by this variable, with its PIN in `pin`.
    pub(crate) fn at(device: (&'static str, PathBuf), pin: &str) -> Self {
        let punchmark = Self {
            home: scratch(),
            environment: vec![device],
        };
        punchmark.write_pin("pin", pin);
        punchmark.begin_config("config/punchmark/punchmark.toml");
        punchmark
    }

    /// Begins a config that keeps the heads of its ledger in this home: not in that of the
    /// account that runs the tests, and not in the machine's folder.
    pub(crate) fn begin_config(&self, name: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let heads = self.path("heads");
        let line = format!("kept-heads-only = [\"{}\"]\n", heads.display());
        write(&path, line, 0o600);
    }

    /// Sets one more variable for every child.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<PathBuf>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// A path in the home folder, where every child starts.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs `punchmark` with these arguments and no PIN.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ran {
        run(self.prepare(bounded(BINARY)).args(arguments))
    }

    /// Runs `punchmark` with the token's right PIN.
    pub(crate) fn pinned<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ran {
        run(self.pinned_command(bounded(BINARY)).args(arguments))
    }

    /// The same as a command, to be started in the background or fed.
    pub(crate) fn background(&self) -> Command {
        self.pinned_command(detached(BINARY))
    }

    /// A command for a terminal, without a PIN file.
    pub(crate) fn on_a_terminal(&self) -> Command {
        self.prepare(pty::command(BINARY))
    }

    /// Writes a PIN file that only its owner can read.
    pub(crate) fn write_pin(&self, name: &str, pin: &str) -> PathBuf {
        let path = self.path(name);
        write(&path, format!("{pin}\n"), 0o600);
        path
    }

    /// Gives a command this account's environment and nothing else of the developer's.
    pub(crate) fn prepare(&self, mut command: Command) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("TERM", "xterm");
        command.env("HOME", self.home()).env("TZ", "UTC");
        command.env("XDG_CONFIG_HOME", self.path("config"));
        // The machine's own cards are no part of a test.
        command.env("PCSCLITE_CSOCK_NAME", self.path("no-pcscd"));
        command.envs(self.environment.iter().cloned());
        command.current_dir(self.home());
        command
    }

    fn pinned_command(&self, command: Command) -> Command {
        let mut command = self.prepare(command);
        command.arg("--pin-file").arg(self.path("pin"));
        command
    }
}

/// Built by cargo for this test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_punchmark");
