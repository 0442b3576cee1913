//! What every command that fetches for a server does: where from, one at a time, what was seen
//! before, and a line for monitoring behind it.

use std::error::Error;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::fs::{FlockOperation, flock};

use super::arguments::span;
use super::context::Context;
use super::failure::{Advised, At, Exit, Failure, Kind};
use super::mark::{MarkFileError, read_mark};
use super::monitoring::State;
use super::output_file::folder_of;
use super::terminal::{hint, product, product_object};
use crate::config::{read_bytes, read_limited};
use crate::server::fetch::FetchError;
use crate::server::source::{Https, Source, UrlError};

/// How a source is asked.
#[derive(Debug, Args)]
pub(crate) struct SourceArguments {
    /// Certificates (PEM) to know the server by, in place of the web's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// How long each of the files may take
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = span)]
    pub(crate) timeout: u64,
}

impl SourceArguments {
    /// The source of this name, for a list that goes to `out`.
    pub(crate) fn source(&self, name: &OsStr, out: &Path) -> Result<Source, Failure> {
        source(name, out, self.ca_file.as_deref(), self.timeout)
    }
}

/// A file, the file of the name of `out` in a folder, or an https URL, whose server is known by the
/// certificates of `ca_file` where one is named.
fn source(
    name: &OsStr,
    out: &Path,
    ca_file: Option<&Path>,
    timeout: u64,
) -> Result<Source, Failure> {
    let url = name.to_str().filter(|text| text.contains("://"));
    let Some(url) = url else {
        let path = PathBuf::from(name);
        return Ok(Source::File(match out.file_name() {
            Some(file) if path.is_dir() => path.join(file),
            _ => path,
        }));
    };
    let url = url.parse()?;
    let roots = ca_file.map(|path| read_limited(path, ROOTS_BYTES_MAX).in_file(path));
    let client = Https::new(timeout, roots.transpose()?.as_deref())?;
    Ok(Source::Https(url, client.into()))
}

/// One fetch at a time: a slower one must not put an older list over a newer one.
pub(crate) fn lock(out: &Path) -> Result<File, Failure> {
    let folder = folder_of(out);
    let opened = File::open(folder).in_file(folder)?;
    let locked = flock(&opened, FlockOperation::LockExclusive);
    locked.map_err(io::Error::from).in_file(folder)?;
    Ok(opened)
}

/// The bytes that are there; what is longer than a list may be is none.
pub(crate) fn installed(out: &Path, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
    match read_bytes(out, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(Some(Vec::new())),
        Err(error) => Err(error).in_file(out),
    }
}

/// The version that root takes, whatever was seen: a mark is there so that nobody else takes a
/// server back.
pub(crate) fn accepted_by_root(version: Option<u64>) -> Result<Option<u64>, Failure> {
    if version.is_some() && !rustix::process::geteuid().is_root() {
        return Err(Failure::usage("--accept-version is for root alone"));
    }
    Ok(version)
}

/// What was seen of a list before.
pub(crate) struct Seen<M> {
    /// The mark, if there is one that can be read.
    pub(crate) mark: Option<M>,
    /// Why the one that is there can't be.
    unread: Option<MarkFileError>,
}

impl<M> Seen<M> {
    /// Reads the mark beside a list. One that can't be read is given back where root named a version.
    pub(crate) fn read<E: Error + Send + Sync + 'static>(
        out: &Path,
        parse: impl Fn(&str) -> Result<M, E>,
        accepted: Option<u64>,
    ) -> Result<Self, Failure> {
        match read_mark(out, parse) {
            Ok(mark) => Ok(Self { mark, unread: None }),
            Err(error) if accepted.is_some() && error.can_be_healed() => Ok(Self {
                mark: None,
                unread: Some(error),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Behind a mark that can't be read, the list of the version that root named takes its place, and
    /// no other.
    pub(crate) fn allows(self, fetched: u64, accepted: Option<u64>) -> Result<(), Failure> {
        match self.unread {
            Some(error) if accepted != Some(fetched) => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Says how a list stands in one line, or as JSON; `kept` is why the one that was there stays.
pub(crate) fn tell(
    context: &Context,
    state: State,
    words: &str,
    json: serde_json::Value,
    kept: Option<&Failure>,
) -> Result<Exit, Failure> {
    if context.json() {
        product_object(json)?;
    } else {
        product(&format!("{}: {}", state.word(), words.replace('\n', " ")))?;
    }
    if let Some(failure) = kept.filter(|_| context.talks()) {
        failure.hints().iter().for_each(|words| hint(words));
    }
    Ok(state.exit())
}

/// How well a list stands by what became of its fetch: a failure alone is a warning, and what came
/// and is not believed is critical.
pub(crate) fn state_of(kept: &Failure) -> State {
    if kept.kind() == Kind::Critical {
        State::Critical
    } else {
        State::Warning
    }
}

/// The refusal of a list that came, with the way out.
pub(crate) trait WayOut {
    /// What whoever looks after the server can do.
    fn way_out(&self) -> Option<&'static str>;
}

impl<R: WayOut + Error + Send + Sync + 'static> Advised for FetchError<R> {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused { .. } => Kind::Critical,
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { refusal, .. } => refusal.way_out().map(str::to_owned),
            _ => None,
        }
    }
}

impl Advised for UrlError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
}

/// A server's own roots, or all of the web's.
const ROOTS_BYTES_MAX: u64 = 1 << 20;
