//! What runs inside a login: four arguments in, at most one line and a word for the log out.
//!
//! It runs before sshd has proved that the certificate is valid now or that anybody has its key.
//! So it believes no argument, reads nothing but the list, what lies beside it, and the zone of the
//! machine, and knows neither config, network, environment nor shell.

mod door;
mod log;
mod recent;
mod scan;
mod told;

use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use jiff::tz::TimeZone;

pub use self::door::{Untrusted, check, open};
pub use self::log::tell;
use self::scan::Found;
use self::told::Told;
use super::decide::{Asking, Decision, Doubt, Outcome, decide};
use super::fault::Fault;
use super::freshness::Moment;
use super::header::Header;
use super::index::{self, Stamp};
use super::known::Standing;
use super::presented::{Presented, PresentedError};
use super::query::{Host, Query, QueryError};
use super::refresh::Refresh;

/// The arguments of the command, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    /// The access list.
    pub list: &'a str,
    /// The server: `web1+production`.
    pub host: &'a str,
    /// `%u`: the account.
    pub user: &'a str,
    /// `%k`: the certificate in base64.
    pub certificate: &'a str,
}

/// What sshd is told, and what the log is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The line for sshd, without a newline; none lets nobody in.
    pub printed: Option<String>,
    /// The reason, in one line.
    pub reason: String,
}

/// Why nothing was decided: sshd denies, and its own log shows that the command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoAnswer {
    /// More or fewer arguments.
    #[error("four arguments: LIST HOST %u %k")]
    Arguments,
    /// An argument that names nothing.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The certificate is none, or an odd one.
    #[error(transparent)]
    Certificate(#[from] PresentedError),
    /// This program doesn't know where it stands.
    #[error("this program's own file: {0}")]
    Program(std::io::Error),
    /// Somebody else could have written what is believed.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// The list can't be read.
    #[error("{list}: {source}")]
    Read {
        /// The list.
        list: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The list is larger than any.
    #[error("{list}: more than {} bytes", super::LIST_BYTES_MAX)]
    TooLong {
        /// The list.
        list: String,
    },
    /// The list is invalid.
    #[error("{list}: {fault}")]
    Fault {
        /// The list.
        list: String,
        /// Where, and how.
        fault: Fault,
    },
    /// The list is valid and can't decide.
    #[error("{list}: {doubt}")]
    Doubt {
        /// The list.
        list: String,
        /// Why.
        doubt: Doubt,
    },
}

impl<'a> Arguments<'a> {
    /// Takes four arguments by their position; no options, so that none of them can be one.
    ///
    /// # Errors
    /// [`NoAnswer::Arguments`].
    pub fn new(arguments: &'a [String]) -> Result<Self, NoAnswer> {
        match arguments {
            [list, host, user, certificate] => Ok(Self {
                list,
                host,
                user,
                certificate,
            }),
            _ => Err(NoAnswer::Arguments),
        }
    }
}

/// Keeps other processes of the same account from attaching to this one, and from printing
/// another line in its place. The first act; where the system doesn't know it, nothing is lost.
pub fn keep_others_out() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _not_allowed = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Decides by the list, at this Unix second.
///
/// # Errors
/// [`NoAnswer`], on any doubt.
pub fn answer(arguments: &Arguments<'_>, now: u64) -> Result<Answer, NoAnswer> {
    let presented = Presented::from_base64(arguments.certificate)?;
    let principals = presented.principals().iter().map(String::as_str);
    let query = Query::new(principals, arguments.user, Host::parse(arguments.host)?)?;
    let list = || arguments.list.to_owned();
    let found = find(arguments.list, &query)?;
    let known = Told::open(
        arguments.list,
        found.header(),
        (&presented, arguments.user),
        now,
    )?;
    let zone = OnceLock::new();
    let asking = Asking {
        certificate: Some(&presented),
        query: &query,
        moment: &Moment {
            now,
            refreshed: refreshed(arguments.list, found.header())?.into(),
            zone: &|| zone.get_or_init(local_zone).clone(),
        },
        known: &known,
    };
    let entries = found.entries().map_err(|fault| NoAnswer::Fault {
        list: list(),
        fault,
    })?;
    let decision = decide(found.header(), entries, &asking).map_err(|doubt| NoAnswer::Doubt {
        list: list(),
        doubt,
    })?;
    Ok(said(decision, arguments, &presented))
}

/// The lines that may fit: by the index, where one of this very list is there; else all of the
/// text is read.
fn find(list: &str, query: &Query<'_>) -> Result<Found, NoAnswer> {
    let read = |source: rustix::io::Errno| NoAnswer::Read {
        list: list.to_owned(),
        source: source.into(),
    };
    let file = open(Path::new(list))?;
    if let Some(index) = door::open_if_readable(Path::new(&format!("{list}{INDEX_ENDING}")))? {
        let stamp = Stamp::of(&rustix::fs::fstat(&file).map_err(read)?);
        if let Some((header, lines)) = index::find(&index, &file, &stamp, query) {
            return Ok(Found::new(header, lines));
        }
    }
    scan::scan(file, query).map_err(|error| error.of(list))
}

/// When somebody said last that nothing newer is there; looked for only where age counts.
fn refreshed(list: &str, header: &Header) -> Result<Option<u64>, NoAnswer> {
    if header.stale().is_none() || header.fresh().is_none() {
        return Ok(None);
    }
    let path = format!("{list}{FRESH_ENDING}");
    let Some(file) = door::open_if_readable(Path::new(&path))? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    // Four lines; the signature behind them was checked by whoever put the file there.
    let read = file.take(REFRESH_BYTES_MAX).read_to_end(&mut bytes);
    let refresh = read.ok().and_then(|_| Refresh::parse(&bytes).ok());
    Ok(refresh.and_then(|(refresh, _)| refresh.time_for(header)))
}

fn said(decision: Decision, arguments: &Arguments<'_>, presented: &Presented) -> Answer {
    let stale = decision.stale.map(|stale| format!(" ({stale})"));
    let stale = stale.unwrap_or_default();
    let emergency = match decision.standing {
        Some(Standing::Emergency) => " with a certificate for emergencies",
        _ => "",
    };
    let whose = log::whose(arguments, presented);
    match decision.outcome {
        Outcome::Line {
            line,
            printed,
            principal,
            ..
        } => Answer {
            reason: format!("line {line} would let in {principal}{emergency}{stale}: {whose}"),
            printed: Some(printed),
        },
        Outcome::Nothing(why) => Answer {
            printed: None,
            reason: format!("nobody let in, {why}{stale}: {whose}"),
        },
    }
}

/// The zone of `/etc/localtime`, as sshd has it; UTC where that can't be read.
fn local_zone() -> TimeZone {
    let bytes = door::read_any(Path::new("/etc/localtime"), ZONE_BYTES_MAX);
    let zone = bytes.and_then(|bytes| TimeZone::tzif("", &bytes).ok());
    zone.unwrap_or(TimeZone::UTC)
}

/// The end of the name of an index, behind that of its list.
pub const INDEX_ENDING: &str = ".idx";
/// The end of the name of the word that a list is fresh, behind that of the list.
pub const FRESH_ENDING: &str = ".fresh";
const REFRESH_BYTES_MAX: u64 = 512;
const ZONE_BYTES_MAX: u64 = 64 * 1024;
