//! A `/dev/log` of a test's own, in a mount namespace, since that of the machine is the machine's.

use std::os::unix::net::UnixDatagram;
use std::process::Command;

use tempfile::TempDir;

use super::process::bounded;
use super::scratch;

/// A datagram socket that programs find as `/dev/log`.
pub(crate) struct LogSocket {
    folder: TempDir,
    socket: UnixDatagram,
}

impl LogSocket {
    pub(crate) fn bind() -> Self {
        let folder = scratch();
        let socket = UnixDatagram::bind(folder.path().join("log")).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self { folder, socket }
    }

    /// A shell for this script, whose arguments come behind; to root alone.
    pub(crate) fn shell(&self, script: &str) -> Command {
        let mut unshare = bounded("unshare");
        let whole =
            format!("mount -t tmpfs none /dev && ln -s \"$1\" /dev/log || exit 9\nshift\n{script}");
        unshare.args(["-m", "sh", "-c", &whole, "sh"]);
        unshare.arg(self.folder.path().join("log"));
        unshare
    }

    /// What came since the last time, a datagram each.
    pub(crate) fn heard(&self) -> Vec<String> {
        let mut heard = Vec::new();
        let mut buffer = [0; 2_048];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            heard.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        heard
    }
}
