//! `p11-kit server`: a token behind a daemon, which can die.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use super::process::{detached, wait_until};
use super::scratch;
use super::token::Token;

/// A running server for all tokens of a module; killed on drop.
pub(crate) struct P11KitServer {
    child: Child,
    folder: TempDir,
}

impl P11KitServer {
    pub(crate) fn start(token: &Token) -> Self {
        let folder = scratch();
        let child = spawn(token, &folder.path().join("socket"));
        Self { child, folder }
    }

    /// Kills the daemon, and the process that it keeps for each client.
    pub(crate) fn kill(&mut self) {
        // `detached` made the child the leader of a group of its own.
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _ = kill_process_group(group.unwrap(), Signal::KILL);
        self.child.wait().unwrap();
    }

    /// Starts it again on the same socket.
    pub(crate) fn restart(&mut self, token: &Token) {
        self.child = spawn(token, &self.socket());
    }

    /// What a child's environment must have for p11-kit's client to find the server.
    pub(crate) fn environment(&self) -> (&'static str, PathBuf) {
        let address = format!("unix:path={}", self.socket().display());
        ("P11_KIT_SERVER_ADDRESS", PathBuf::from(address))
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }
}

impl Drop for P11KitServer {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

/// p11-kit's module that talks to the server.
pub(crate) fn client_module() -> PathBuf {
    let folder = format!("/usr/lib/{}-linux-gnu/pkcs11", std::env::consts::ARCH);
    let path = Path::new(&folder).join("p11-kit-client.so");
    assert!(path.exists(), "run scripts/setup: no {}", path.display());
    path
}

fn spawn(token: &Token, socket: &Path) -> Child {
    let _ = std::fs::remove_file(socket);
    let (name, value) = token.environment();
    let mut server = detached("p11-kit");
    server.env(name, value).args(["server", "--foreground"]);
    server.arg("--provider").arg(token.module.path());
    server.arg("--name").arg(socket).arg("pkcs11:");
    server.stdout(Stdio::null()).stderr(Stdio::null());
    let child = server.spawn().unwrap();
    wait_until("p11-kit server listens", || socket.exists());
    child
}
