//! What became of a fetch, and how the list stands that sshd's command reads now: as a line for
//! people and monitoring, as JSON, and as an exit code.

use std::path::Path;

use serde_json::json;

use super::super::list::refreshed;
use super::{List, installed, list_bytes_max};
use crate::certificate::length;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::fetching::{state_of, tell};
use crate::cli::base::monitoring::State;
use crate::cli::base::words::{number_of, path};
use crate::config;
use crate::server::access::{Doubt, Moment, Staleness};
use crate::server::publication::SignedRefreshError;

/// What became of a fetch.
pub(super) struct Report<'a> {
    pub(super) out: &'a Path,
    /// The time now, in Unix seconds.
    pub(super) now: u64,
    pub(super) standing: Standing,
    pub(super) what: What,
    /// Whether nothing was written, and this is what would become of it.
    pub(super) dry_run: bool,
}

/// What the fetch did with the list.
pub(super) enum What {
    /// The list that is there is the newest one.
    Unchanged,
    /// The list is another one now, which these persons signed.
    Replaced(Vec<String>),
    /// The text is the newest one, and a directory service gave its groups other members.
    Members,
    /// The list is the newest one, and the word that it is fresh is not believed.
    NotFresh(SignedRefreshError),
    /// The list that is there stays until its canaries had the next one for a while.
    Waits { version: u64, seconds: u64 },
    /// The list that is there stays.
    Kept(Failure),
}

/// How the list stands that is there.
pub(super) enum Standing {
    Missing,
    Broken(String),
    List {
        version: Option<u64>,
        lines: usize,
        refreshed: Option<u64>,
        stale: Option<Staleness>,
    },
}

impl Standing {
    /// Looks at the files as a login does.
    pub(super) fn of(out: &Path) -> Result<Self, Failure> {
        let Some(bytes) = installed(out, list_bytes_max())? else {
            return Ok(Self::Missing);
        };
        let list = match List::parse(&bytes) {
            Ok(list) => list,
            Err(fault) => return Ok(Self::Broken(fault.to_string())),
        };
        if let Some(group) = list.header().unresolved() {
            let doubt = Doubt::Unresolved(group.to_owned());
            return Ok(Self::Broken(doubt.to_string()));
        }
        let refreshed = refreshed(out, &list);
        let moment = Moment {
            now: config::now(),
            refreshed: refreshed.into(),
            zone: &config::time_zone,
        };
        Ok(Self::List {
            version: list.header().version(),
            lines: list.entries().len(),
            refreshed,
            stale: moment.staleness(list.header()),
        })
    }
}

impl Report<'_> {
    pub(super) fn tell(&self, context: &Context) -> Result<Exit, Failure> {
        let state = self.state();
        let kept = match &self.what {
            What::Kept(failure) => Some(failure),
            _ => None,
        };
        tell(context, state, &self.words(), self.json(state), kept)
    }

    fn state(&self) -> State {
        let by_list = match &self.standing {
            Standing::List { stale: None, .. } => State::Ok,
            _ => State::Critical,
        };
        by_list.max(match &self.what {
            What::Kept(failure) => state_of(failure),
            What::NotFresh(_) => State::Warning,
            What::Unchanged | What::Members | What::Replaced(_) | What::Waits { .. } => State::Ok,
        })
    }

    fn words(&self) -> String {
        let (would, nothing) = if self.dry_run {
            ("would be ", "; nothing was done (--dry-run)")
        } else {
            ("", "")
        };
        let what = match &self.what {
            What::Unchanged => "unchanged".to_owned(),
            What::Members => format!("the members of its groups {would}replaced"),
            What::Replaced(persons) if persons.is_empty() => format!("{would}replaced"),
            What::Replaced(persons) => {
                format!("{would}replaced, signed by {}", persons.join(", "))
            }
            What::Waits { version, seconds } => {
                format!("kept, since version {version} waits for its canaries for {seconds} s more")
            }
            What::NotFresh(error) => format!("up to date, but not prolonged: {error}"),
            What::Kept(failure) => format!("kept, since {}", failure.words()),
        };
        format!("{}: {}: {what}{nothing}", path(self.out), self.list())
    }

    fn list(&self) -> String {
        match &self.standing {
            Standing::Missing => "no list".to_owned(),
            Standing::Broken(fault) => format!("a broken list, which lets nobody in ({fault})"),
            Standing::List {
                version,
                lines,
                refreshed,
                stale,
            } => {
                let lines = number_of(*lines, "line");
                let version = match version {
                    Some(version) => format!(
                        "version {version}, {lines}, published {}",
                        self.ago(*version)
                    ),
                    None => format!("never published, {lines}"),
                };
                let refreshed = refreshed.map(|time| format!(", fresh {}", self.ago(time)));
                let stale = stale.map(|stale| format!(", too old for most: {stale}"));
                version + &refreshed.unwrap_or_default() + &stale.unwrap_or_default()
            }
        }
    }

    fn ago(&self, time: u64) -> String {
        match time.checked_sub(self.now) {
            None | Some(0) => format!("{} ago", length(self.now.saturating_sub(time))),
            Some(ahead) => format!("{} in the future", length(ahead)),
        }
    }

    fn json(&self, state: State) -> serde_json::Value {
        let (what, fault) = match &self.what {
            What::Unchanged => ("unchanged", None),
            What::Members => ("members", None),
            What::Replaced(_) => ("replaced", None),
            What::Waits { .. } => ("waits", None),
            What::NotFresh(error) => ("unchanged", Some(error.to_string())),
            What::Kept(failure) => ("kept", Some(failure.words())),
        };
        let (version, lines, refreshed, stale) = match &self.standing {
            Standing::List {
                version,
                lines,
                refreshed,
                stale,
            } => (
                *version,
                Some(*lines),
                *refreshed,
                stale.map(|stale| stale.to_string()),
            ),
            Standing::Missing | Standing::Broken(_) => (None, None, None, None),
        };
        let mut value = json!({
            "state": state.word().to_lowercase(), "list": what, "error": fault,
            "file": self.out.display().to_string(), "version": version, "lines": lines,
            "refreshed": refreshed, "stale": stale,
        });
        if let Some(object) = value.as_object_mut().filter(|_| self.dry_run) {
            object.insert("dry-run".to_owned(), true.into());
        }
        value
    }
}
