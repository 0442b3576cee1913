//! An admin whose config serves a CA on loopback, and the server in the background.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ssh_key::PrivateKey;

use super::secrets::Wrote;
use super::tls::{FILES, certify};
use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::process::{bounded, run, wait_until};
use crate::harness::punchmark::BINARY;
use crate::harness::token::Token;
use crate::harness::write;

const PROXY: &str = "\"proxy\"\ntrusted-proxies = [\"127.0.0.1\"]";
pub(crate) const URL: &str = "https://ca.example.org";

/// A CA with a role for engineers, and a server behind a proxy that isn't there.
pub(crate) struct Room<T = Token> {
    /// Looked at before its folder goes.
    _wrote: Wrote,
    pub(crate) admin: Admin<T>,
    pub(crate) port: u16,
}

/// A server that runs; killed where the test ends before it.
pub(crate) struct Running {
    pub(crate) child: Child,
}

impl Room {
    pub(crate) fn ready() -> Self {
        Self::with_tls(PROXY)
    }

    /// The same, with another value of `tls`.
    pub(crate) fn with_tls(tls: &str) -> Self {
        Self::at(URL, free_port(), tls)
    }

    /// One that clients reach by its URL, and by the root that is made for it.
    pub(crate) fn for_clients() -> Self {
        let port = free_port();
        let room = Self::at(&format!("https://127.0.0.1:{port}"), port, FILES);
        certify(&room.folder());
        room
    }

    fn at(url: &str, port: u16, tls: &str) -> Self {
        Self::of(Admin::ready(), url, port, tls)
    }
}

impl<T> Room<T> {
    /// The room of an admin who has a CA `users`, behind a proxy that isn't there.
    pub(crate) fn behind_proxy(admin: Admin<T>) -> Self {
        Self::of(admin, URL, free_port(), PROXY)
    }

    fn of(admin: Admin<T>, url: &str, port: u16, tls: &str) -> Self {
        let serve = format!(
            "{ROLES}\n[serve]\nurl = \"{url}\"\nlisten = [\"127.0.0.1:{port}\"]\ntls = {tls}\n\
             [login.keys]\nkind = \"key\"\n"
        );
        let admin = admin.and_config(&serve);
        Self {
            _wrote: Wrote(admin.punchmark.home().to_path_buf()),
            admin,
            port,
        }
    }

    /// Where its config is.
    pub(crate) fn folder(&self) -> PathBuf {
        self.admin.config_file().parent().unwrap().to_path_buf()
    }

    /// Adds lines to its `[serve]`.
    pub(crate) fn serves(self, lines: &str) -> Self {
        let path = self.admin.config_file();
        let config = std::fs::read_to_string(&path).unwrap();
        let config = config.replacen("[serve]\n", &format!("[serve]\n{lines}\n"), 1);
        write(&path, config, 0o600);
        self
    }

    /// Writes something else into its config.
    #[track_caller]
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let path = self.admin.config_file();
        let config = std::fs::read_to_string(&path).unwrap();
        assert!(config.contains(from), "{from:?} {config}");
        write(&path, config.replacen(from, to, 1), 0o600);
    }

    /// Makes a ledger key, which the config names.
    pub(crate) fn with_ledger_key(self) -> Self {
        let key = self.admin.key("ledger_key", ED25519);
        let line = format!("ledger-key = \"{}\"\n---\n", key.display());
        self.admin.configure(&line);
        self
    }

    /// Makes a key of somebody, who is enrolled with it.
    pub(crate) fn enrolled(&self, name: &str) -> PrivateKey {
        let path = self.admin.key(name, ED25519);
        let public = format!("{name}.pub");
        let add = ["requester", "add", name, "--key", &public];
        self.admin.punchmark.run(&add).ok();
        PrivateKey::read_openssh_file(&path).unwrap()
    }

    /// Starts the server, and waits until it takes connections.
    pub(crate) fn start(&self) -> Running {
        let mut running = self.begin(&[]);
        wait_until("the server listens", || {
            let ended = running.child.try_wait().unwrap();
            assert!(ended.is_none(), "{}", self.log());
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
        running
    }

    /// Starts the server with this in its environment too, and waits for nothing.
    pub(crate) fn begin(&self, environment: &[(&str, &OsStr)]) -> Running {
        let mut command = self.admin.punchmark.background();
        command.envs(environment.iter().copied());
        command.arg("serve").stdin(Stdio::null());
        self.spawn(command)
    }

    /// Starts it by this command.
    pub(crate) fn spawn(&self, mut command: Command) -> Running {
        let log = File::options()
            .append(true)
            .create(true)
            .open(self.log_file());
        command.stdout(Stdio::null()).stderr(log.unwrap());
        Running {
            child: command.spawn().unwrap(),
        }
    }

    /// All that servers of this room said.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> std::path::PathBuf {
        self.admin.punchmark.path("serve.log")
    }

    /// A request of a key in the home folder, with these more arguments.
    pub(crate) fn request_file(&self, key: &str, challenge: &str, more: &[&str]) -> String {
        let ca = self.admin.ca_file("users");
        let public = format!("{key}.pub");
        let mut command = self.admin.punchmark.prepare(bounded(BINARY));
        command.args(["request", "--key", &public, "--ca", ca.to_str().unwrap()]);
        command.args(["--challenge", challenge]);
        if !more.contains(&"--role") {
            command.args(["--role", "engineer"]);
        }
        let path = self.admin.punchmark.path(&format!("{key}.req"));
        let _none_before = std::fs::remove_file(&path);
        run(command.args(more)).ok();
        std::fs::read_to_string(path).unwrap()
    }

    /// Holds the whole ledger against a head that its key signed before.
    #[track_caller]
    pub(crate) fn goes_on_from(&self, head: &Path) {
        let head = head.to_str().unwrap();
        let verify = [
            "ledger",
            "verify",
            "--signer",
            "ledger_key.pub",
            "--against",
            head,
        ];
        self.admin.punchmark.run(&verify).ok();
    }

    /// Neither log, ledger, sessions nor users hold any of these.
    #[track_caller]
    pub(crate) fn tells_nothing_of(&self, secrets: &[&str]) {
        let exported = self.admin.punchmark.run(&["ledger", "export"]).ok().stdout;
        let kept = ["punchmark.sessions", "punchmark.users"]
            .map(|file| std::fs::read_to_string(self.folder().join(file)).unwrap_or_default());
        let [sessions, users] = kept;
        for text in [self.log(), exported, sessions, users] {
            for secret in secrets {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }

    /// Holds the whole ledger against itself, signatures and all.
    #[track_caller]
    pub(crate) fn ledger_is_right(&self) {
        let verify = ["ledger", "verify", "--signatures"];
        self.admin.punchmark.run(&verify).ok();
    }
}

impl Running {
    /// Asks it to end, and waits until it has; it must end well.
    #[track_caller]
    pub(crate) fn end(mut self) {
        self.terminate();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    pub(crate) fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    pub(crate) fn hang_up(&self) {
        self.signal(rustix::process::Signal::HUP);
    }

    pub(crate) fn kill(mut self) {
        self.signal(rustix::process::Signal::KILL);
        self.child.wait().unwrap();
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It ended already, where the test went well.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

const ROLES: &str = "
[role.engineer]
ca         = \"users\"
requesters = [\"peter\", \"erik\", \"user*\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"1h\", maximum = \"8h\", back-date = \"5m\" }
extensions = { default = [\"permit-pty\"], allowed = [\"permit-port-forwarding\"] }

[role.boss]
ca         = \"users\"
requesters = [\"anna\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"1h\", maximum = \"8h\" }
";
