//! Sockets that a service manager opened and keeps: connections wait there while the server starts again.

use std::net::TcpListener;

use listenfd::ListenFd;

use crate::cli::base::failure::{At, Failure};

/// Those that this process was given (`LISTEN_FDS`, sd_listen_fds(3)); none where there is no such manager.
pub(super) fn handed() -> Result<Vec<TcpListener>, Failure> {
    let mut given = ListenFd::from_env();
    let listeners = (0..given.len()).filter_map(|at| given.take_tcp_listener(at).transpose());
    listeners
        .collect::<Result<_, _>>()
        .at("a socket of LISTEN_FDS is none of TCP that listens")
}
