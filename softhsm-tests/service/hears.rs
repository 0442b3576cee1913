//! A service manager, which is told how a server is.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::room::{Room, Running};
use crate::harness::scratch;

/// A service manager, which hears what it is told.
pub(super) struct Hears {
    pub(super) folder: TempDir,
    socket: UnixDatagram,
}

impl Hears {
    pub(super) fn bind() -> Self {
        let folder = scratch();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        let patience = Some(Duration::from_secs(30));
        socket.set_read_timeout(patience).unwrap();
        Self { folder, socket }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("notify")
    }

    /// The lines that came next.
    #[track_caller]
    pub(super) fn next(&self) -> String {
        let mut buffer = [0; 2048];
        let length = self.socket.recv(&mut buffer).expect("something is told");
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// Whether nothing more came.
    pub(super) fn is_quiet(&self) -> bool {
        self.socket.set_nonblocking(true).unwrap();
        self.socket.recv(&mut [0; 2048]).is_err()
    }
}

/// A server that tells it, and is ready.
pub(super) fn told(room: &Room, manager: &Hears) -> Running {
    let server = room.begin(&[("NOTIFY_SOCKET", manager.path().as_os_str())]);
    assert_eq!(manager.next(), READY);
    server
}

pub(super) const READY: &str = "READY=1\nSTATUS=serves";

/// Has a server read its config again, and gives the status that is told then.
#[track_caller]
pub(crate) fn hang_up(server: &Running, manager: &Hears) -> String {
    server.hang_up();
    assert_eq!(manager.next(), "RELOADING=1");
    manager.next()
}
