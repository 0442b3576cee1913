//! Children that cannot hang, cannot reach the developer's terminal, and say what they did.

use std::ffi::OsStr;
use std::fmt;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What a finished child left.
pub(crate) struct Ran {
    pub(crate) command: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn new(command: &Command, output: Output) -> Self {
        Self {
            command: format!("{command:?}"),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Stops the test unless the child exited with 0.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.exits(0)
    }

    /// Stops the test unless the child exited with this code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Stops the test unless the child said no by an exit code of its own.
    #[track_caller]
    pub(crate) fn fails(self) -> Self {
        assert!(matches!(self.code, Some(1..=3)), "{self}");
        self
    }

    /// Stops the test unless stderr holds this text, in whatever case.
    #[track_caller]
    pub(crate) fn says(self, fault: &str) -> Self {
        let found = self.stderr.to_lowercase().contains(&fault.to_lowercase());
        assert!(found, "stderr doesn't say {fault:?}\n{self}");
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}", self.command)?;
        writeln!(f, "exit: {:?}\nstdout:\n{}", self.code, self.stdout)?;
        writeln!(f, "stderr:\n{}", self.stderr)
    }
}

/// A command without a controlling terminal, which nothing can prompt on.
///
/// `setsid` executes the program in its own place, so that the child's pid is the program's.
pub(crate) fn detached(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setsid");
    command.arg(program).stdin(Stdio::null()).env("TZ", "UTC");
    command
}

/// As [`detached`], and ended after two minutes.
pub(crate) fn bounded(program: impl AsRef<OsStr>) -> Command {
    let mut command = detached("timeout");
    command.args(["--kill-after=5", "120"]).arg(program);
    command
}

/// Runs to the end and collects all output.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Ran {
    let output = command.output().expect("the program starts");
    let ran = Ran::new(command, output);
    assert_ne!(ran.code, Some(124), "ran into its time limit\n{ran}");
    ran
}

/// Runs to the end with this on its standard input.
#[track_caller]
pub(crate) fn run_fed(command: &mut Command, input: &[u8]) -> Ran {
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    // Whoever refuses its arguments has closed it already.
    let _closed = child.stdin.take().unwrap().write_all(input);
    Ran::new(command, child.wait_with_output().unwrap())
}

/// Waits until `ready` says yes; stops the test after half a minute.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "waited in vain until {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What monitoring reads: exits with `code`, and prints a line that begins and ends with these words.
#[track_caller]
pub(crate) fn line(ran: &Ran, code: i32, begin: &str, end: &str) {
    assert_eq!(ran.code, Some(code), "{ran}");
    assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
    assert!(ran.stdout.starts_with(begin), "{begin:?} {ran}");
    assert!(ran.stdout.trim_end().ends_with(end), "{end:?} {ran}");
}
