//! An answer that somebody may be a long time about, and that Ctrl-C ends.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::termios::{QueueSelector, tcflush};
use zeroize::Zeroizing;

use super::failure::{At, Failure};
use super::terminal::{somebody_is_there, unwritten};

/// A terminal that is asked line by line.
pub(crate) struct Answers {
    /// Opened for itself, since what is set here must not stay set for the shell.
    terminal: File,
}

impl Answers {
    /// The terminal that stdin is; none where nobody is there to answer.
    ///
    /// # Errors
    /// What the system says of the terminal.
    pub(crate) fn open() -> Result<Option<Self>, Failure> {
        if !somebody_is_there() {
            return Ok(None);
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = rustix::fs::open("/proc/self/fd/0", flags, Mode::empty());
        let terminal = opened.map_err(io::Error::from).at("the terminal")?;
        let terminal = File::from(terminal);
        Ok(Some(Self { terminal }))
    }

    /// Asks, and waits for a line; none at the end of input, and when somebody wants to stop. What
    /// was typed before the question could be read answers nothing.
    ///
    /// # Errors
    /// What the system says of the terminal.
    pub(crate) fn ask(
        &mut self,
        question: &str,
        interrupted: &AtomicBool,
    ) -> Result<Option<String>, Failure> {
        let _nothing_typed = tcflush(&self.terminal, QueueSelector::IFlush);
        let mut stderr = io::stderr().lock();
        write!(stderr, "{question}").map_err(unwritten)?;
        stderr.flush().map_err(unwritten)?;
        // It may be a share of a secret, and leaves no copy where it grows.
        let mut line = Zeroizing::new(Vec::with_capacity(2 * LONGEST));
        while !interrupted.load(Ordering::Relaxed) {
            let mut some = Zeroizing::new([0; 256]);
            match self.terminal.read(some.as_mut()) {
                Ok(0) => break,
                Ok(length) => line.extend_from_slice(some.get(..length).unwrap_or_default()),
                Err(error) if is_passing(&error) => sleep(GLANCE),
                Err(error) => return Err(error).at("the answer could not be read"),
            }
            if line.contains(&b'\n') || line.len() > LONGEST {
                let text = String::from_utf8_lossy(&line);
                return Ok(Some(text.trim().to_owned()));
            }
        }
        // The cursor stands behind the question.
        writeln!(stderr).map_err(unwritten)?;
        Ok(None)
    }
}

fn is_passing(error: &io::Error) -> bool {
    let kind = error.kind();
    kind == io::ErrorKind::WouldBlock || kind == io::ErrorKind::Interrupted
}

const GLANCE: Duration = Duration::from_millis(100);
const LONGEST: usize = 1024;
