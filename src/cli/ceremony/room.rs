//! The people of a ceremony at their terminal.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use zeroize::Zeroizing;

use super::printer::print;
use crate::ca::ServersSay;
use crate::ceremony::{PrintError, Printer, Room};
use crate::cli::base::answer::Answers;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::fleet_files;
use crate::cli::base::pin::typed;
use crate::cli::base::terminal::say;
use crate::config;
use crate::ledger::Ca;
use crate::secret::{Pin, PinError, SecretKind};

/// The people at the terminal.
pub(super) struct Terminal {
    answers: Answers,
    /// Whether a signal ends the program at once: not while a secret is on the screen, which is wiped
    /// first.
    ends_at_once: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    opened: Instant,
}

impl Terminal {
    /// The terminal that stdin is; none where nobody is there to answer.
    pub(super) fn open() -> Result<Option<Self>, Failure> {
        let Some(answers) = Answers::open()? else {
            return Ok(None);
        };
        let terminal = Self {
            answers,
            ends_at_once: Arc::new(AtomicBool::new(true)),
            interrupted: Arc::default(),
            opened: Instant::now(),
        };
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let at_once = Arc::clone(&terminal.ends_at_once);
            flag::register_conditional_default(signal, at_once).at("signals")?;
            flag::register(signal, Arc::clone(&terminal.interrupted)).at("signals")?;
        }
        Ok(Some(terminal))
    }

    /// Asks on the alternate screen of the terminal itself, as stderr may be a file. Whatever ends
    /// it, short of SIGKILL, the screen is wiped first.
    fn alone(&mut self, who: &str, what: &str, secret: &str, question: &str) -> io::Result<String> {
        let mut screen = OpenOptions::new().write(true).open("/dev/tty")?;
        self.press_enter(&format!(
            "{who} alone sees the screen now, and has the sheet; press Enter\n> "
        ))?;
        self.ends_at_once.store(false, Ordering::Relaxed);
        let shown = write!(screen, "{ALTERNATE}For {who} alone: {what}{secret}\r\n");
        let answer = shown
            .and_then(|()| screen.flush())
            .and_then(|()| self.answer(question));
        let wiped = screen
            .write_all(WIPED.as_bytes())
            .and_then(|()| screen.flush());
        self.ends_at_once.store(true, Ordering::Relaxed);
        wiped.and(answer)
    }

    fn answer(&mut self, question: &str) -> io::Result<String> {
        let answer = self.answers.ask(question, &self.interrupted);
        let answer = answer.map_err(|failure| io::Error::other(failure.words()))?;
        answer.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl Room for Terminal {
    fn show(&mut self, words: &str) {
        say(words);
    }

    fn ask(&mut self, question: &str) -> io::Result<String> {
        self.answer(question)
    }

    fn press_enter(&mut self, question: &str) -> io::Result<()> {
        while !self.answer(question)?.is_empty() {
            let mut screen = OpenOptions::new().write(true).open("/dev/tty")?;
            screen.write_all(CLEARED.as_bytes())?;
            screen.flush()?;
            say(TOO_EARLY);
        }
        Ok(())
    }

    fn show_alone(&mut self, who: &str, what: &str, secret: &str) -> io::Result<()> {
        let lines = secret.lines().map(|line| format!("    {line}\r\n"));
        let shown = Zeroizing::new(lines.collect::<String>());
        let written = "Write it down, then press Enter: the screen is wiped.\n> ";
        self.alone(who, &format!("{what}\r\n\r\n"), &shown, written)?;
        Ok(())
    }

    fn print(&mut self, printer: &Printer, sheet: &[u8]) -> Result<(), PrintError> {
        print(printer, sheet)
    }

    fn ask_alone(&mut self, who: &str, question: &str) -> io::Result<Pin> {
        let typed = "Type it off the paper, then press Enter: the screen is wiped.\n> ";
        let typed = self.alone(who, &format!("{question}\r\n"), "", typed)?;
        Ok(Pin::new(typed))
    }

    fn ask_secret(&mut self, question: &str) -> Result<Pin, PinError> {
        typed(&format!("{question}\n> "), SecretKind::Pin)
    }

    fn openssh_reads(&mut self, certificate: &str) -> io::Result<Option<String>> {
        keygen_reads(certificate)
    }

    fn unset_clock(&self) -> Duration {
        self.opened.elapsed()
    }

    fn servers_say(
        &mut self,
        servers: &[String],
        folder: &Path,
        pair: (&Ca, &Ca),
    ) -> io::Result<ServersSay> {
        // Where no report came in yet, nobody says anything.
        let folders = folder.is_dir().then(|| folder.to_owned());
        let folders: Vec<_> = folders.into_iter().collect();
        let reports = fleet_files::reports(&folders);
        let reports = reports.map_err(|failure| io::Error::other(failure.words()))?;
        Ok(fleet_files::servers_say(servers, &reports, pair))
    }

    fn now(&self) -> u64 {
        config::now()
    }
}

/// What `ssh-keygen -L` prints of a certificate; none where there is no such program.
fn keygen_reads(certificate: &str) -> io::Result<Option<String>> {
    let mut command = Command::new("ssh-keygen");
    let piped = command.args(["-L", "-f", "-"]).stdin(Stdio::piped());
    let piped = piped.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match piped.spawn() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        child => child?,
    };
    let written = match child.stdin.take() {
        Some(mut stdin) => stdin.write_all(certificate.as_bytes()),
        None => Ok(()),
    };
    let ended = child.wait_with_output()?;
    if ended.status.success() {
        written?;
        return Ok(Some(String::from_utf8_lossy(&ended.stdout).into_owned()));
    }
    let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
    Err(io::Error::other(said))
}

/// To the alternate screen, which is cleared (xterm control sequences, DECSET 1049).
const ALTERNATE: &str = "\x1b[?1049h\x1b[2J\x1b[H";
/// Cleared, with what was scrolled out of it, and back.
const WIPED: &str = "\x1b[2J\x1b[3J\x1b[H\x1b[?1049l";
/// Cleared, with what was scrolled out of it.
const CLEARED: &str = "\x1b[2J\x1b[3J\x1b[H";
const TOO_EARLY: &str = "Enter alone was wanted. What was typed there stood on the screen before all, and was wiped. Where it was \
    a share or another secret and somebody saw it, write that down by ! at a question, and on the paper.";
