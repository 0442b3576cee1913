//! An ssh-agent of the test's own, and agents that misbehave.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;

use tempfile::TempDir;

use super::process::{bounded, detached, run, wait_until};
use super::scratch;

/// OpenSSH's agent on a socket in a temporary folder; ended when dropped.
pub(crate) struct Agent {
    child: Child,
    folder: TempDir,
}

impl Agent {
    pub(crate) fn start() -> Self {
        let folder = scratch();
        let socket = socket(&folder);
        let mut agent = detached("ssh-agent");
        // Whoever must confirm a signature never does.
        agent.env("SSH_ASKPASS", "/bin/false");
        agent.env("SSH_ASKPASS_REQUIRE", "force");
        agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null());
        let child = agent.spawn().unwrap();
        wait_until("the agent listens", || UnixStream::connect(&socket).is_ok());
        Self { child, folder }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        socket(&self.folder)
    }

    /// Has the agent keep a private key, by `ssh-add` with these options.
    pub(crate) fn add(&self, key: &Path, options: &[&str]) {
        let mut add = bounded("ssh-add");
        add.env("SSH_AUTH_SOCK", self.socket()).arg("-q");
        run(add.args(options).arg(key)).ok();
    }

    /// What `ssh-add -l` says.
    pub(crate) fn list(&self) -> String {
        let mut add = bounded("ssh-add");
        add.env("SSH_AUTH_SOCK", self.socket());
        run(add.arg("-l")).stdout
    }

    pub(crate) fn kill(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
    }
}

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("agent")
}

/// Stands between a client and `agent`, and makes of each answer that holds a signature what
/// `lie` says. It serves as long as the test runs.
pub(crate) fn between(
    listener: UnixListener,
    agent: PathBuf,
    lie: impl Fn(Vec<u8>) -> Vec<u8> + Send + 'static,
) {
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut agent = UnixStream::connect(&agent).unwrap();
            while let Some(request) = message(&mut client) {
                send(&mut agent, &request);
                let answer = message(&mut agent).unwrap();
                let answer = match answer.first() {
                    Some(&SIGN_RESPONSE) => lie(answer),
                    _ => answer,
                };
                send(&mut client, &answer);
            }
        }
    });
}

fn message(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut message).ok()?;
    Some(message)
}

fn send(stream: &mut UnixStream, message: &[u8]) {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let _closed = stream.write_all(&[&length, message].concat());
}

const SIGN_RESPONSE: u8 = 14;
