//! A real `sshd` on a loopback port, and logins to it.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use tempfile::TempDir;

use super::keygen::{self, ED25519, SK_DUMMY};
use super::process::{Ran, bounded, detached, run, wait_until};
#[cfg(feature = "yubikey")]
use super::punchmark::Punchmark;
use super::{scratch, write};

/// A daemon with a configuration and host key of its own; killed on drop.
pub(crate) struct Sshd {
    child: Child,
    port: u16,
    folder: TempDir,
}

/// What the daemon is told beside the defaults of a test.
#[derive(Default)]
pub(crate) struct Configuration {
    lines: Vec<String>,
    principals: Option<String>,
    host_key: Option<PathBuf>,
    whole: Option<String>,
}

impl Configuration {
    /// All that the daemon is told but its port: nothing of a test's defaults.
    pub(crate) fn whole(text: &str) -> Self {
        Self {
            whole: Some(text.to_owned()),
            ..Self::default()
        }
    }

    /// The text of [`Self::whole`].
    pub(crate) fn text(&self) -> &str {
        self.whole.as_deref().unwrap_or_default()
    }

    /// Trusts a user CA, for the principals that its list names.
    pub(crate) fn users(ca: &Path, principals: &[&str]) -> Self {
        Self {
            lines: vec![format!("TrustedUserCAKeys {}", ca.display())],
            principals: Some(principals.join("\n") + "\n"),
            ..Self::default()
        }
    }

    /// Shows this host key, with the certificate beside it.
    pub(crate) fn host(mut self, key: &Path) -> Self {
        let certificate = keygen::certificate(key);
        let line = format!("HostCertificate {}", certificate.display());
        self.lines.push(line);
        self.host_key = Some(key.to_owned());
        self
    }

    /// Adds any other line.
    pub(crate) fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }
}

impl Sshd {
    /// Starts the daemon and waits until its port answers.
    pub(crate) fn start(configuration: &Configuration) -> Self {
        // Another process may take the free port before sshd does.
        let start = || Self::try_start(configuration);
        (0..5).find_map(|_| start()).expect("sshd finds a port")
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Logs in and runs `echo welcome`, with the certificate beside the key.
    pub(crate) fn login(&self, key: &Path) -> Ran {
        self.login_with(&own_user(), key, &UNKNOWN_HOST)
    }

    /// Logs in as another account, which an sshd of root's alone allows.
    pub(crate) fn login_as(&self, user: &str, key: &Path) -> Ran {
        self.login_with(user, key, &UNKNOWN_HOST)
    }

    /// Logs in where only this `known_hosts` line is believed, and the host is `alias`.
    pub(crate) fn login_to(&self, key: &Path, alias: &str, known_hosts: &str) -> Ran {
        self.login_to_host(&own_user(), key, alias, known_hosts)
    }

    /// The same as another user.
    pub(crate) fn login_to_host(
        &self,
        user: &str,
        key: &Path,
        alias: &str,
        known_hosts: &str,
    ) -> Ran {
        let file = self.folder.path().join("known_hosts");
        write(&file, format!("{known_hosts}\n"), 0o600);
        let known = format!("UserKnownHostsFile={}", file.display());
        let alias = format!("HostKeyAlias={alias}");
        let options = ["StrictHostKeyChecking=yes", &known, &alias];
        self.login_with(user, key, &options)
    }

    /// Logs in by what an ssh-agent has.
    pub(crate) fn login_by_agent(&self, socket: &Path) -> Ran {
        let mut ssh = bounded("ssh");
        ssh.env("SSH_AUTH_SOCK", socket);
        ssh.args(["-F", "none", "-o", "BatchMode=yes"]);
        ssh.args(["-o", "GlobalKnownHostsFile=none"]);
        // No key of the account that runs the tests.
        ssh.args(["-o", "IdentityFile=none"]);
        for option in UNKNOWN_HOST {
            ssh.args(["-o", option]);
        }
        ssh.args(["-p", &self.port.to_string()]);
        ssh.arg(format!("{}@127.0.0.1", own_user()));
        let mut ran = run(ssh.args(["echo", "welcome"]));
        ran.stderr.push_str(&self.log());
        ran
    }

    /// Logs in by one method that asks for a password, or by `none`.
    pub(crate) fn login_by_password(&self, user: &str, method: &str, password: &str) -> Ran {
        let askpass = self.folder.path().join("askpass");
        write(&askpass, format!("#!/bin/sh\necho '{password}'\n"), 0o700);
        let mut ssh = bounded("ssh");
        ssh.env_remove("SSH_AUTH_SOCK");
        ssh.env("SSH_ASKPASS", askpass)
            .env("SSH_ASKPASS_REQUIRE", "force");
        ssh.args(["-F", "none", "-o", "NumberOfPasswordPrompts=1"]);
        ssh.args(["-o", &format!("PreferredAuthentications={method}")]);
        for option in UNKNOWN_HOST {
            ssh.args(["-o", option]);
        }
        ssh.args(["-p", &self.port.to_string()]);
        ssh.arg(format!("{user}@127.0.0.1"));
        let mut ran = run(ssh.args(["echo", "welcome"]));
        ran.stderr.push_str(&self.log());
        ran
    }

    /// The same with the key in a card, by way of ykcs11, which asks for the PIN.
    #[cfg(feature = "yubikey")]
    pub(crate) fn login_in_card(&self, user: &Punchmark, certificate: &str) -> Ran {
        let askpass = user.path("askpass");
        write(&askpass, "#!/bin/sh\ncat pin\n", 0o700);
        let mut ssh = user.prepare(bounded("ssh"));
        ssh.env("SSH_ASKPASS", askpass)
            .env("SSH_ASKPASS_REQUIRE", "force");
        ssh.args(["-F", "none", "-o", "GlobalKnownHostsFile=none"]);
        for option in UNKNOWN_HOST {
            ssh.args(["-o", option]);
        }
        ssh.args(["-o", &format!("PKCS11Provider={}", ykcs11().display())]);
        ssh.args(["-o", &format!("CertificateFile={certificate}")]);
        ssh.args([
            "-o",
            "PasswordAuthentication=no",
            "-p",
            &self.port.to_string(),
        ]);
        ssh.arg(format!("{}@127.0.0.1", own_user()));
        let mut ran = run(ssh.args(["echo", "welcome"]));
        ran.stderr.push_str(&self.log());
        ran
    }

    /// What the daemon wrote.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn login_with(&self, user: &str, key: &Path, options: &[&str]) -> Ran {
        let mut ssh = bounded("ssh");
        ssh.env_remove("SSH_AUTH_SOCK");
        ssh.args(["-F", "none", "-o", "BatchMode=yes"]);
        ssh.args([
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "GlobalKnownHostsFile=none",
        ]);
        ssh.args(["-o", &format!("SecurityKeyProvider={SK_DUMMY}")]);
        for option in options {
            ssh.args(["-o", option]);
        }
        let certificate = keygen::certificate(key);
        if certificate.exists() {
            ssh.args(["-o", &format!("CertificateFile={}", certificate.display())]);
        }
        ssh.arg("-i").arg(key).args(["-p", &self.port.to_string()]);
        ssh.arg(format!("{user}@127.0.0.1"));
        let mut ran = run(ssh.args(["echo", "welcome"]));
        ran.stderr.push_str(&self.log());
        ran
    }

    fn try_start(configuration: &Configuration) -> Option<Self> {
        let folder = scratch();
        let port = free_port();
        let file = configure(folder.path(), port, configuration);
        let mut sshd = detached("/usr/sbin/sshd");
        sshd.args(["-D", "-f"]).arg(file);
        sshd.arg("-E").arg(folder.path().join("log"));
        let child = sshd.stdout(Stdio::null()).spawn().unwrap();
        let mut sshd = Self {
            child,
            port,
            folder,
        };
        sshd.answers().then_some(sshd)
    }

    /// False where another process has the port; stops the test at any other fault.
    fn answers(&mut self) -> bool {
        let mut alive = true;
        wait_until("sshd answers", || {
            alive = matches!(self.child.try_wait(), Ok(None));
            !alive || TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
        let log = self.log();
        assert!(
            alive || log.contains("already in use"),
            "sshd ended:\n{log}"
        );
        alive
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The user who runs the tests: an sshd that isn't root's logs nobody else in.
pub(crate) fn own_user() -> String {
    let ran = run(bounded("id").arg("-un")).ok();
    ran.stdout.trim().to_owned()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Writes all that the daemon reads; gives the path of its configuration.
fn configure(folder: &Path, port: u16, configuration: &Configuration) -> PathBuf {
    // Debian's sshd of root wants this folder, which its service makes at boot.
    let _ = std::fs::create_dir_all("/run/sshd");
    let file = folder.join("sshd_config");
    if let Some(whole) = &configuration.whole {
        let pid = folder.join("pid");
        let own = format!(
            "Port {port}\nListenAddress 127.0.0.1\nPidFile {}\n",
            pid.display()
        );
        write(&file, own + whole, 0o644);
        return file;
    }
    let host_key = match &configuration.host_key {
        Some(key) => key.clone(),
        None => keygen::make(folder, "host", ED25519),
    };
    let mut text = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile {}\n{BASE}",
        host_key.display(),
        folder.join("pid").display()
    );
    if let Some(principals) = &configuration.principals {
        let list = folder.join("principals");
        write(&list, principals, 0o644);
        text.push_str(&format!("AuthorizedPrincipalsFile {}\n", list.display()));
    }
    text.push_str(&configuration.lines.join("\n"));
    write(&file, text + "\n", 0o644);
    file
}

const BASE: &str = "UsePAM no
StrictModes no
AuthorizedKeysFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserRC no
LogLevel VERBOSE
";

/// Yubico's own module, in the folder of this machine's architecture.
#[cfg(feature = "yubikey")]
fn ykcs11() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap();
    let mut modules = folders.map(|folder| folder.unwrap().path().join("libykcs11.so"));
    modules
        .find(|module| module.exists())
        .expect("ykcs11 is installed")
}

const UNKNOWN_HOST: [&str; 2] = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"];
