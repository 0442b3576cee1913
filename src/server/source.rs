//! Where a file comes from: a path, an https URL, or what a command prints.

mod command;
#[cfg(feature = "fetch")]
mod https;
#[cfg(not(feature = "fetch"))]
#[path = "source/left_out.rs"]
mod https;
mod url;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

pub use command::{CommandError, CommandLine};
pub use https::Https;
#[cfg(any(feature = "login", feature = "service"))]
pub(crate) use https::agent;
#[cfg(feature = "login")]
pub(crate) use https::agent_showing;
pub use url::{Url, UrlError};

use crate::config::read_bytes;

/// A file here or elsewhere.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file that something else brings here.
    File(PathBuf),
    /// A file on a server.
    Https(Url, Arc<Https>),
    /// A file that a command prints.
    Command(CommandLine),
}

/// Why a source gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A file that cannot be read, or is too long.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The server, or the way to it.
    #[error("{url}")]
    Https {
        /// What was asked for.
        url: Url,
        /// What went wrong, in words.
        source: HttpsError,
    },
    /// The command.
    #[error("`{command}`")]
    Command {
        /// What was run.
        command: CommandLine,
        /// What became of it.
        source: CommandError,
    },
}

/// What went wrong on the way to a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpsError {
    /// The server answered something else than 200.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// More than is read.
    #[error("more than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// A redirect to something that is not https.
    #[error("redirected to what is not https")]
    NotHttps,
    /// The whole took longer than is waited.
    #[error("took longer than {seconds} s")]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
    /// Whatever else the connection says.
    #[error("{0}")]
    Connection(String),
    /// A certificate file for TLS that cannot be used.
    #[error("no certificates to know servers by")]
    Roots,
    /// This program was built without it.
    #[error("this build has no https")]
    LeftOut,
}

impl SourceError {
    /// Whether the source says that there is no such file. Stores that hide what they don't
    /// have answer 403.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        match self {
            Self::File { source, .. } => source.kind() == io::ErrorKind::NotFound,
            Self::Https { source, .. } => matches!(source, HttpsError::Status(403 | 404 | 410)),
            // `git show` has no other way to say so.
            Self::Command { source, .. } => matches!(source, CommandError::Status(_)),
        }
    }
}

impl Source {
    /// Where the signature of the list lies: beside the list.
    #[must_use]
    pub fn signature(&self) -> Self {
        self.beside(".sig")
    }

    /// Where the rollovers of the keys that sign the list lie: beside the list.
    #[must_use]
    pub fn rollovers(&self) -> Self {
        self.beside(".keys")
    }

    /// Where the word of the ledger key for another one that signs the list lies: beside the list.
    #[must_use]
    pub fn delegation(&self) -> Self {
        self.beside(".delegation")
    }

    /// Where the base of a list by such a key lies: beside the list.
    #[must_use]
    pub fn base(&self) -> Self {
        self.beside(".base")
    }

    /// Where the word that a list is fresh lies: beside the list.
    #[must_use]
    pub fn fresh(&self) -> Self {
        self.beside(".fresh")
    }

    fn beside(&self, ending: &str) -> Self {
        match self {
            Self::File(path) => {
                let mut path = path.as_os_str().to_owned();
                path.push(ending);
                Self::File(path.into())
            }
            Self::Https(url, client) => Self::Https(url.with_ending(ending), client.clone()),
            Self::Command(command) => Self::Command(command.with_ending(ending)),
        }
    }

    /// Reads it whole, and not a byte more than the limit of what is longer.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn read(&self, limit: usize) -> Result<Vec<u8>, SourceError> {
        match self {
            Self::File(path) => read_bytes(path, limit).map_err(|source| SourceError::File {
                path: path.clone(),
                source,
            }),
            Self::Command(command) => command.read(limit).map_err(|source| SourceError::Command {
                command: command.clone(),
                source,
            }),
            Self::Https(url, client) => {
                client
                    .read(url, limit)
                    .map_err(|source| SourceError::Https {
                        url: url.clone(),
                        source,
                    })
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Https(url, _) => url.fmt(f),
            Self::Command(command) => write!(f, "`{command}`"),
        }
    }
}
