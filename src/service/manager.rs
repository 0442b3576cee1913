//! The service manager, which is told how the server is: sd_notify(3), a line of text to a socket of datagrams.
//!
//! What can't be told is left: a server isn't worse for a manager that doesn't listen.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Who started the server, and wants to know how it is; nobody, by default.
#[derive(Debug, Default)]
pub struct Manager {
    socket: Option<UnixDatagram>,
    /// A server that says nothing for so long is ended.
    watchdog: Option<Duration>,
}

impl Manager {
    /// The one that listens at the socket of this name, where a first `@` stands for a zero byte.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn at(name: &OsStr, watchdog: Option<Duration>) -> io::Result<Self> {
        let address = match name.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(name)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.connect_addr(&address)?;
        // One that doesn't read must not make anybody wait.
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: Some(socket),
            watchdog,
        })
    }

    /// How often it wants to hear that the server lives: twice within the time that it waits.
    pub(super) fn every(&self) -> Option<Duration> {
        self.watchdog.map(|watchdog| watchdog / 2)
    }

    /// The server takes connections, in these words.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// The server reads again what can change while it runs; [`Manager::ready`] ends that.
    pub(super) fn reloads(&self) {
        self.tell("RELOADING=1");
    }

    /// The server lives.
    pub(super) fn lives(&self) {
        if self.watchdog.is_some() {
            self.tell("WATCHDOG=1");
        }
    }

    /// The server ends.
    pub(super) fn ends(&self) {
        self.tell("STOPPING=1\nSTATUS=finishes what was begun");
    }

    fn tell(&self, words: &str) {
        if let Some(socket) = &self.socket {
            let _heard_or_not = socket.send(words.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_by_a_path_and_by_an_abstract_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("@{}", path.display());
        let abstract_name = SocketAddr::from_abstract_name(&name.as_bytes()[1..]).unwrap();
        for (listener, name) in [
            (UnixDatagram::bind(&path).unwrap(), path.as_os_str()),
            (
                UnixDatagram::bind_addr(&abstract_name).unwrap(),
                OsStr::new(&name),
            ),
        ] {
            let manager = Manager::at(name, Some(Duration::from_secs(8))).unwrap();
            assert_eq!(manager.every(), Some(Duration::from_secs(4)));
            manager.ready("serves");
            manager.lives();
            for words in ["READY=1\nSTATUS=serves", "WATCHDOG=1"] {
                let mut heard = [0; 64];
                let length = listener.recv(&mut heard).unwrap();
                assert_eq!(&heard[..length], words.as_bytes());
            }
        }
    }

    #[test]
    fn one_that_asked_for_no_watchdog_is_told_nothing_of_it_and_one_that_is_gone_harms_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        let manager = Manager::at(path.as_os_str(), None).unwrap();
        manager.lives();
        manager.ends();
        let mut heard = [0; 64];
        let length = listener.recv(&mut heard).unwrap();
        assert!(heard[..length].starts_with(b"STOPPING=1"));
        drop(listener);
        manager.ends();
        assert!(Manager::at(folder.path().join("none").as_os_str(), None).is_err());
    }
}
