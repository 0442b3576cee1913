//! The list that a command is about.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use super::signed::beside;
use crate::cli::base::failure::{Advised, At, Failure, Kind};
use crate::cli::base::terminal::say;
use crate::config::{self, read_bytes};
use crate::server::access::login::FRESH_ENDING;
use crate::server::access::review::{AskError, CaKeyError, CannotRender};
use crate::server::access::{
    Doubt, Fault, LIST_BYTES_MAX, List, Moment, PresentedError, QueryError, Refresh, Refreshed,
    Wrong,
};

/// Which list.
#[derive(Debug, Args)]
pub(super) struct OfList {
    /// The access list
    #[arg(
        long,
        value_name = "FILE",
        default_value = INSTALLED
    )]
    list: PathBuf,
}

impl OfList {
    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.list
    }

    /// Reads its text.
    pub(super) fn read(&self) -> Result<Vec<u8>, Failure> {
        read(&self.list)
    }

    /// The moment of a login by this list: of its `@version`, and of the word beside it that nothing newer
    /// is there. What people wrote has no `@version` before it is published, and is asked as it will be
    /// then; where servers have their list, one without it is what a login reads.
    pub(super) fn moment_of_login(&self, list: &List<'_>) -> Moment<'static> {
        if list.header().version().is_none() && self.list != Path::new(INSTALLED) {
            return self.moment_of_review(list);
        }
        Moment {
            refreshed: refreshed(&self.list, list).into(),
            ..moment_at(config::now())
        }
    }

    /// The moment of whoever reviews this list; it is said where the list is stale as it lies there.
    pub(super) fn moment_of_review(&self, list: &List<'_>) -> Moment<'static> {
        say_if_stale(&self.list, list);
        moment()
    }

    /// Makes the list of its text, in which all members stand: who is asked about might be one of those
    /// that don't.
    pub(super) fn parse<'a>(&self, text: &'a [u8]) -> Result<List<'a>, Failure> {
        let list = self.parse_unresolved(text)?;
        let Some(group) = list.header().unresolved() else {
            return Ok(list);
        };
        let doubt = Doubt::Unresolved(group.to_owned());
        Err(Failure::new(doubt.to_string())
            .at(self.list.display().to_string())
            .hint("ask about a list that servers have, or about what `punchmark access resolve` prints"))
    }

    /// Makes the list of its text, whose groups a directory service may have yet to resolve.
    pub(super) fn parse_unresolved<'a>(&self, text: &'a [u8]) -> Result<List<'a>, Failure> {
        parse(&self.list, text)
    }
}

/// Reads a list, of which a shell may have made a pipe: `<(git show HEAD^:access.list)`.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let file = File::open(path).in_file(path)?;
    file.take(LIST_BYTES_MAX.saturating_add(1))
        .read_to_end(&mut text)
        .in_file(path)?;
    match u64::try_from(text.len()) {
        Ok(length) if length <= LIST_BYTES_MAX => Ok(text),
        _ => Err(Failure::new(format!("more than {LIST_BYTES_MAX} bytes"))
            .at(path.display().to_string())),
    }
}

/// Makes a list of a text, or says where it is none.
pub(super) fn parse<'a>(path: &Path, text: &'a [u8]) -> Result<List<'a>, Failure> {
    List::parse(text).in_file(path)
}

/// What the word beside a list says, as a login believes it.
pub(super) fn refreshed(path: &Path, list: &List<'_>) -> Option<u64> {
    let bytes = read_bytes(&beside(path, FRESH_ENDING), FRESH_BYTES_MAX).ok()?;
    let (refresh, _signature) = Refresh::parse(&bytes).ok()?;
    refresh.time_for(list.header())
}

/// Says that a list is reviewed as if it were fresh, where a login by it would find it stale.
pub(super) fn say_if_stale(path: &Path, list: &List<'_>) {
    let login = Moment {
        refreshed: refreshed(path, list).into(),
        ..moment()
    };
    if let Some(stale) = login.staleness(list.header()) {
        say(&format!(
            "{}: {stale}; told is what it says while it is fresh, as when it is published",
            path.display()
        ));
    }
}

/// The clock and zone of this machine, for a list that is reviewed.
pub(super) fn moment() -> Moment<'static> {
    moment_at(config::now())
}

/// A Unix second in the zone of this machine, for a list as it is when it is published: of another day
/// nobody knows when it was refreshed last, and what people write gets its `@version` later.
pub(super) fn moment_at(now: u64) -> Moment<'static> {
    Moment {
        now,
        refreshed: Refreshed::AsPublished,
        zone: &config::time_zone,
    }
}

impl Advised for Fault {
    fn hint(&self) -> Option<String> {
        match self.wrong {
            Wrong::NoNewline | Wrong::NoLines => {
                Some("copy it anew, and put it in place by a rename".to_owned())
            }
            Wrong::WildcardWithoutSuffixes => {
                Some("name the suffixes of the CA: @suffixes _physical _file".to_owned())
            }
            _ => None,
        }
    }
}

impl Advised for QueryError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
}

impl Advised for PresentedError {}
impl Advised for AskError {}
impl Advised for CaKeyError {}

impl Advised for CannotRender {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Pattern { .. } => Some("name all principals in a file: --names FILE".to_owned()),
            Self::MissingCa(_) => {
                Some("name the public key of each CA: --authorized-keys CA.pub".to_owned())
            }
            Self::OtherCa(_) => None,
            _ => Some("use AuthorizedPrincipalsCommand on this server".to_owned()),
        }
    }
}

/// Where servers have their list.
const INSTALLED: &str = "/etc/ssh/access/access.list";
/// Four lines and a signature.
const FRESH_BYTES_MAX: usize = 64 * 1024;
