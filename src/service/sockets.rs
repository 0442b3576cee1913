//! Where a server listens: on sockets that somebody handed over, else where the config says.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use super::ServeError;
use crate::config::{ServeConfig, ServeTls};

/// Whether these may stand in place of those that the config names: what is only for this machine stays so.
///
/// # Errors
/// [`ServeError`].
pub(super) fn check(
    handed: &[std::net::TcpListener],
    serve: &ServeConfig,
) -> Result<(), ServeError> {
    for socket in handed {
        let address = socket.local_addr()?;
        let is_proxied = matches!(serve.tls, ServeTls::Proxy { .. });
        let why = if is_proxied && !address.ip().to_canonical().is_loopback() {
            "it is not this machine alone, and `tls` is \"proxy\""
        } else if serve.metrics.is_some_and(|metrics| metrics == address) {
            "`metrics` is a listener of its own"
        } else {
            continue;
        };
        return Err(ServeError::Handed { address, why });
    }
    Ok(())
}

/// All that people come in by. In a runtime alone.
///
/// # Errors
/// [`ServeError`].
pub(super) fn all(
    handed: Vec<std::net::TcpListener>,
    serve: &ServeConfig,
) -> Result<Vec<TcpListener>, ServeError> {
    if handed.is_empty() {
        return serve.listen.iter().map(|at| bound(*at)).collect();
    }
    let taken = handed.into_iter().map(|socket| {
        socket.set_nonblocking(true)?;
        Ok(TcpListener::from_std(socket)?)
    });
    taken.collect()
}

/// Listens there.
///
/// # Errors
/// [`ServeError::Listen`].
pub(super) fn bound(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listener().map_err(|source| ServeError::Listen { address, source })
}

const BACKLOG: u32 = 1024;
