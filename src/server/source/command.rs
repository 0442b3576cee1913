//! A file that a command prints, as `git show main:access.list` does.
//!
//! No shell reads the line: words stand between blanks, and the name of the file is the last of
//! them, so that what lies beside the file is asked for by the same line.

use std::fmt;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// A program with its arguments, and how long it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    words: Vec<String>,
    seconds: u64,
}

/// Why a command gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// It could not be run, or read from.
    #[error(transparent)]
    Run(#[from] io::Error),
    /// It failed.
    #[error("{0}")]
    Status(ExitStatus),
    /// It printed more than is read.
    #[error("printed more than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// It took longer than is waited, and was ended.
    #[error("took longer than {seconds} s")]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
}

impl CommandLine {
    /// Reads a line of a program and at least one argument; it may run for so many seconds.
    #[must_use]
    pub fn parse(line: &str, seconds: u64) -> Option<Self> {
        let words: Vec<_> = line.split_ascii_whitespace().map(str::to_owned).collect();
        (words.len() >= 2).then_some(Self { words, seconds })
    }

    pub(super) fn with_ending(&self, ending: &str) -> Self {
        let mut other = self.clone();
        if let Some(last) = other.words.last_mut() {
            last.push_str(ending);
        }
        other
    }

    pub(super) fn read(&self, limit: usize) -> Result<Vec<u8>, CommandError> {
        let mut child = self.start()?;
        let Some(stdout) = child.stdout.take() else {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
        };
        let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let (sender, answer) = channel();
        let reader = thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.take(one_more).read_to_end(&mut bytes);
            let _nobody_waits = sender.send(read.map(|_| bytes));
        });
        let answer = answer.recv_timeout(Duration::from_secs(self.seconds));
        // Whoever still holds the pipe, a child of the command say, is ended with it.
        if !matches!(&answer, Ok(Ok(bytes)) if bytes.len() <= limit) {
            end(&child);
        }
        let status = child.wait()?;
        let _ended = reader.join();
        let bytes = match answer {
            Ok(read) => read?,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let seconds = self.seconds;
                return Err(CommandError::TimedOut { seconds });
            }
        };
        if bytes.len() > limit {
            return Err(CommandError::TooLong { limit });
        }
        if !status.success() {
            return Err(CommandError::Status(status));
        }
        Ok(bytes)
    }

    fn start(&self) -> io::Result<Child> {
        let (program, arguments) = match self.words.split_first() {
            Some(words) => words,
            None => return Err(io::ErrorKind::InvalidInput.into()),
        };
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
    }
}

/// Ends the command and all that it started, which are a group of their own.
fn end(child: &Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let _gone = group.map(|group| kill_process_group(group, Signal::KILL));
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, limit: usize) -> Result<Vec<u8>, CommandError> {
        CommandLine::parse(line, 2).unwrap().read(limit)
    }

    #[test]
    fn a_line_is_a_program_and_arguments_of_which_the_last_is_the_file() {
        let line = CommandLine::parse(" git  show main:access.list ", 1).unwrap();
        assert_eq!(
            line.with_ending(".sig").to_string(),
            "git show main:access.list.sig"
        );
        for line in ["", "git"] {
            assert_eq!(CommandLine::parse(line, 1), None);
        }
    }

    #[test]
    fn what_it_prints_is_read_up_to_the_limit_and_its_failure_is_one() {
        assert_eq!(read("echo a b", 4).unwrap(), b"a b\n");
        assert!(matches!(
            read("echo a b", 3),
            Err(CommandError::TooLong { limit: 3 })
        ));
        assert!(matches!(
            read("cat /nowhere/at/all", 9),
            Err(CommandError::Status(_))
        ));
        assert!(matches!(
            read("/nowhere/at/all a", 9),
            Err(CommandError::Run(_))
        ));
        // No shell.
        assert_eq!(read("echo $(id);", 99).unwrap(), b"$(id);\n");
    }

    #[test]
    fn one_that_never_ends_is_ended() {
        assert!(matches!(
            read("sleep 600", 9),
            Err(CommandError::TimedOut { seconds: 2 })
        ));
        assert!(matches!(
            read("cat /dev/zero", 9),
            Err(CommandError::TooLong { limit: 9 })
        ));
    }
}
