//! A private PC/SC daemon in a temporary folder, with a virtual reader for each card.
//!
//! No privilege is needed, and no daemon, card or reader of the machine is touched: what runs is
//! a temporary copy of the machine's `pcscd`, in which two paths that are compiled in (its
//! socket's folder and that of the USB drivers) are replaced by ones of the same length within
//! `/dev/stdin`, which is the temporary folder. Clients find it by `PCSCLITE_CSOCK_NAME`, which
//! they read once a process.
//!
//! vpcd listens on all addresses, so whoever reaches the machine can put a card into a reader
//! while a test runs.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use thiserror::Error;

use crate::{card::Card, link::Link};

mod port;
mod setting;

/// A running daemon with its cards; both end, and the folder is removed, when this is dropped, or
/// when the process ends without that.
pub struct Pcscd {
    guard: Option<Child>,
    links: Vec<Link>,
    folder: TempDir,
}

/// Why no private daemon runs.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PcscdError {
    /// A program or driver isn't installed.
    #[error("{path} is missing: install Debian's package {package}")]
    Missing {
        /// What was looked for.
        path: &'static str,
        /// What brings it.
        package: &'static str,
    },
    /// The daemon's program is not built as expected.
    #[error("{program} has no {text:?} to replace")]
    Unpatchable {
        /// The daemon's program.
        program: &'static str,
        /// The path that was looked for in it.
        text: &'static str,
    },
    /// No two ports in a row are free.
    #[error("no two free ports in a row were found")]
    NoPort,
    /// A file or process can't be made.
    #[error("{step}")]
    Io {
        /// What was being done.
        step: &'static str,
        /// Why it can't be.
        source: io::Error,
    },
    /// The daemon didn't notice the cards within ten seconds.
    #[error("the daemon is not ready; it says:\n{log}")]
    NotReady {
        /// What the daemon printed.
        log: String,
    },
}

impl Pcscd {
    /// Starts a daemon with one reader for each card, and returns when it has noticed them all.
    ///
    /// # Errors
    ///
    /// When a part is missing or the daemon doesn't come up; nothing is left behind then.
    pub fn start(cards: Vec<Card>) -> Result<Self, PcscdError> {
        let folder = TempDir::with_prefix("pcscd-").map_err(step("making a folder"))?;
        let ports = port::pairs(cards.len())?;
        setting::lay_out(folder.path(), &ports)?;
        let links = cards
            .into_iter()
            .zip(ports)
            .map(|(card, port)| Link::insert(card, port))
            .collect::<Result<_, _>>()
            .map_err(step("starting a card"))?;
        let mut this = Self {
            guard: None,
            links,
            folder,
        };
        this.resume()?;
        Ok(this)
    }

    /// The variable that leads a client here, and its value.
    #[must_use]
    pub fn environment(&self) -> (&'static str, PathBuf) {
        let socket = self.folder.path().join(setting::SOCKET);
        ("PCSCLITE_CSOCK_NAME", socket)
    }

    /// The reader of the n-th card, counted from 0.
    #[must_use]
    pub fn link(&self, number: usize) -> Option<&Link> {
        self.links.get(number)
    }

    /// Whether the daemon has noticed that the n-th card is gone.
    #[must_use]
    pub fn misses(&self, number: usize) -> bool {
        let log = fs::read(self.folder.path().join(LOG)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let reader = format!("{} #{number} ", setting::READER);
        let of_reader = |line: &&str| line.contains(&reader);
        let mut told = log.lines().rev().filter(of_reader);
        let last = told.find(|line| line.contains(REMOVED) || line.contains(INSERTED));
        last.is_some_and(|line| line.contains(REMOVED))
    }

    /// Kills the daemon, as a crash would; its cards stay.
    pub fn kill(&mut self) {
        let Some(mut guard) = self.guard.take() else {
            return;
        };
        if let Some(order) = &mut guard.stdin {
            // A guard that is gone has nothing left to guard.
            let _ = order.write_all(b"\n");
        }
        let _ = guard.wait();
    }

    /// Starts the daemon again at the same place, with the same cards.
    ///
    /// # Errors
    ///
    /// When it doesn't come up.
    pub fn resume(&mut self) -> Result<(), PcscdError> {
        self.kill();
        let folder = self.folder.path();
        setting::sweep(folder)?;
        self.guard = Some(spawn(folder).map_err(step("starting the daemon"))?);
        self.wait_until_ready()
    }

    fn wait_until_ready(&self) -> Result<(), PcscdError> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if self.is_ready() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        let log = fs::read(self.folder.path().join(LOG)).unwrap_or_default();
        Err(PcscdError::NotReady {
            log: String::from_utf8_lossy(&log).into_owned(),
        })
    }

    fn is_ready(&self) -> bool {
        let (_, socket) = self.environment();
        socket.exists() && self.links.iter().all(Link::is_noticed)
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Names the step that an I/O error belongs to.
fn step(step: &'static str) -> impl FnOnce(io::Error) -> PcscdError {
    move |source| PcscdError::Io { step, source }
}

fn spawn(folder: &Path) -> io::Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", GUARD])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join(LOG))?)
        .spawn()
}

/// Starts the daemon, and kills it when a line comes, or when this process is gone, however it
/// ended; then nobody else is left to remove the folder.
///
/// It has to be SIGKILL: a card that never answers keeps the daemon from ending by itself. The
/// shell doesn't wait for the daemon before, so that its number can't be another process's.
const GUARD: &str = r#"
trap '' INT HUP TERM
"$0/pcscd" --foreground --info --config "$0/readers" <"$0/run" >&2 &
read -r line
ended=$?
kill -9 $!
[ $ended = 0 ] || rm -rf "$0"
"#;
const LOG: &str = "log";
/// What the daemon writes when a card goes and comes, before the reader's name.
const REMOVED: &str = "Card Removed From";
const INSERTED: &str = "Card inserted into";
const PATIENCE: Duration = Duration::from_secs(10);
