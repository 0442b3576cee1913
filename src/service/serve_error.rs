//! Why there is no server, or why it ended.

use std::io;
use std::net::SocketAddr;

use super::{
    AuthoritiesError, DirectoriesError, ProvidersError, SessionsError, TlsError, UsersFileError,
};
use crate::issue::RunEnd;

/// Why there is no server, or why it ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// It can't listen.
    #[error("can't listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A socket that was handed over is not one that the config would open.
    #[error("the service manager handed over {address}: {why}")]
    Handed {
        /// Where it listens.
        address: SocketAddr,
        /// What is against it.
        why: &'static str,
    },
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Sessions can't be kept.
    #[error(transparent)]
    Sessions(#[from] SessionsError),
    /// The users can't be known.
    #[error(transparent)]
    Users(#[from] UsersFileError),
    /// An identity provider can't be asked.
    #[error(transparent)]
    Providers(#[from] ProvidersError),
    /// A directory service can't be asked.
    #[error(transparent)]
    Directories(#[from] DirectoriesError),
    /// A client CA can't be used.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// The system gives no threads or signals.
    #[error("the system")]
    System(#[from] io::Error),
    /// The system has no random numbers.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// A desk ended before it was closed.
    #[error("CA `{ca}`")]
    Desk {
        /// The CA.
        ca: String,
        /// Why.
        source: RunEnd,
    },
}
