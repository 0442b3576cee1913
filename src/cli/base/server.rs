//! A server that a command talks to: which one, whether it is still the same, and the session there.

mod advice;
mod browser;
mod certificate;
pub(crate) mod getting;
pub(crate) mod identity;
mod session;

use clap::Args;

use super::context::Context;
use super::failure::Failure;
use super::terminal::{say, warn};
use crate::api::about::Server;
use crate::certificate::length;
use crate::client::{Exchange, FolderLock, ServerAddress, ServerFolder, TrustError, Trusted};
use crate::config;

pub(crate) use session::{LogInArguments, Opened, nobody_is_logged_in};
use session::{logged_in, new_key};

/// Which server.
#[derive(Debug, Args)]
pub(crate) struct ServerArgument {
    /// The server, where you have logged in to several
    #[arg(long, value_name = "HOST[:PORT]", value_parser = str::parse::<ServerAddress>)]
    pub(crate) server: Option<ServerAddress>,
}

/// A server that was asked what it is, and is the one that it was.
pub(crate) struct Visit {
    pub(crate) folder: ServerFolder,
    pub(crate) lock: FolderLock,
    pub(crate) trusted: Trusted,
    pub(crate) exchange: Exchange,
    pub(crate) about: Server,
}

/// Why a server was not visited.
pub(crate) enum Unvisited {
    /// It can't be reached, or is too busy, or nobody is here to log in.
    Down(Failure),
    /// Anything else.
    Failed(Failure),
}

impl ServerArgument {
    /// The folder of the server that is meant: the one named, or the only one that was met.
    pub(crate) fn folder(&self) -> Result<ServerFolder, Failure> {
        if let Some(server) = &self.server {
            return Ok(ServerFolder::of(server)?);
        }
        let mut all = ServerFolder::all();
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => Ok(only),
            (None, _) => Err(Failure::new("no server was logged in to from here").hint(LOG_IN)),
            (Some(_), false) => Err(Failure::usage(
                "several servers were logged in to from here: name one with --server",
            )),
        }
    }
}

impl Visit {
    /// Asks the server what it is. `accepted` are fingerprints of CA keys that a person says are right.
    pub(crate) fn begin(
        folder: ServerFolder,
        lock: FolderLock,
        mut trusted: Trusted,
        accepted: &[String],
        context: &Context,
    ) -> Result<Self, Unvisited> {
        let roots = trusted.roots.as_deref();
        let exchange = Exchange::new(&trusted.server, roots);
        let mut exchange = exchange.map_err(|error| Unvisited::Failed(error.into()))?;
        let is_first = trusted.cas.is_empty();
        let about = trusted.meet(&mut exchange, accepted).map_err(unvisited)?;
        warn_of_clock(&trusted, &about);
        if is_first && context.talks() {
            say(&format!(
                "met {} for the first time; its CAs:",
                trusted.server
            ));
            for (name, fingerprint) in &trusted.cas {
                say(&format!("  {} {fingerprint}", plain(name)));
            }
        }
        let kept = folder.keep_trusted(&lock, &trusted);
        kept.map_err(|error| Unvisited::Failed(error.into()))?;
        Ok(Self {
            folder,
            lock,
            trusted,
            exchange,
            about,
        })
    }
}

fn unvisited(error: TrustError) -> Unvisited {
    let is_down = matches!(&error, TrustError::Exchange(error) if error.is_down());
    let failure = Failure::from(error);
    if is_down {
        Unvisited::Down(failure)
    } else {
        Unvisited::Failed(failure)
    }
}

impl From<Failure> for Unvisited {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Unvisited> for Failure {
    fn from(unvisited: Unvisited) -> Self {
        match unvisited {
            Unvisited::Down(failure) | Unvisited::Failed(failure) => failure,
        }
    }
}

/// Before a certificate is "not yet valid" without anybody knowing why.
fn warn_of_clock(trusted: &Trusted, about: &Server) {
    let now = config::now();
    let apart = now.abs_diff(about.time);
    if apart > CLOCKS_APART {
        let side = if now < about.time {
            "behind"
        } else {
            "ahead of"
        };
        let server = &trusted.server;
        warn(&format!(
            "this machine is {} {side} {server}; a certificate counts by the clock of whoever reads it",
            rounded(apart)
        ));
    }
}

/// A length of time to the minute.
pub(crate) fn rounded(seconds: u64) -> String {
    length(seconds.saturating_add(30) / 60 * 60)
}

/// A name as a server says it, without what steers a terminal.
pub(crate) fn plain(name: &str) -> String {
    name.chars()
        .filter(|char| !char.is_control())
        .take(NAME_MAX)
        .collect()
}

/// When something ends, by the clock and zone of whoever reads it.
pub(crate) fn until(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok();
    match time.and_then(|time| jiff::Timestamp::from_second(time).ok()) {
        Some(time) => {
            let time = time.to_zoned(config::time_zone());
            time.strftime("%Y-%m-%d %H:%M").to_string()
        }
        None => "the end of time".to_owned(),
    }
}

/// In seconds.
const CLOCKS_APART: u64 = 60;
const NAME_MAX: usize = 255;
const LOG_IN: &str = "punchmark login HOST";
