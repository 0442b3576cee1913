//! A server as a set-up guide has it: a real `sshd` of root with every check on, in a folder
//! that root alone can write, users of its own, and a CA that `ssh-keygen` plays.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use super::keygen::{self, ED25519};
use super::process::{Ran, bounded, run, wait_until};
use super::punchmark::BINARY;
use super::sshd::{Configuration, Sshd};
use super::write;

/// A folder with all that the daemon reads. sshd believes nothing below `/tmp`, which everybody
/// can write: it lies in `/run`.
pub(crate) struct Server {
    folder: TempDir,
}

/// An account of this machine, made for one test and taken away after it.
pub(crate) struct TestUser {
    name: String,
    home: PathBuf,
}

impl Server {
    /// A CA, a fresh list of what was revoked, and no account yet.
    pub(crate) fn new() -> Self {
        let builder = || tempfile::Builder::new().prefix("pm").tempdir_in("/run");
        let server = Self {
            folder: builder().expect("these tests run as root"),
        };
        let open = Permissions::from_mode(0o755);
        std::fs::set_permissions(server.path(""), open.clone()).unwrap();
        std::fs::create_dir(server.path("principals")).unwrap();
        std::fs::set_permissions(server.path("principals"), open).unwrap();
        keygen::make(server.folder.path(), "ca", ED25519);
        keygen::make(server.folder.path(), "host", ED25519);
        write(&server.path("none.spec"), "", 0o644);
        server.keygen(&["-k", "-f", "revoked.krl", "none.spec"]);
        server
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes an account that these principals may enter.
    pub(crate) fn user(&self, principals: &str) -> TestUser {
        let user = TestUser::new(self);
        let file = format!("principals/{}", user.name);
        write(&self.path(&file), principals, 0o644);
        user
    }

    /// A user's key with a certificate for a principal beside it.
    pub(crate) fn certificate(&self, name: &str, principal: &str, options: &[&str]) -> PathBuf {
        let key = keygen::make(self.folder.path(), name, ED25519);
        let public = format!("{name}.pub");
        let all = [
            &["-q", "-s", "ca", "-I", name, "-n", principal],
            options,
            &[&public],
        ];
        self.keygen(&all.concat());
        key
    }

    /// Runs `ssh-keygen` in the folder.
    pub(crate) fn keygen(&self, arguments: &[&str]) {
        let mut keygen = bounded("ssh-keygen");
        run(keygen.current_dir(self.folder.path()).args(arguments)).ok();
    }

    /// The configuration of a server on which nothing is wrong, with these lines before all
    /// else: sshd takes the first value of a keyword.
    pub(crate) fn configuration(&self, lines: &[&str]) -> Configuration {
        let folder = self.folder.path().display();
        let good = GOOD.replace("FOLDER", &folder.to_string());
        Configuration::whole(&format!("{}\n{good}", lines.join("\n")))
    }

    /// Starts the daemon with these lines before all else.
    pub(crate) fn start(&self, lines: &[&str]) -> Sshd {
        Sshd::start(&self.configuration(lines))
    }

    /// Writes the configuration without starting anything; gives its path.
    pub(crate) fn config_file(&self, lines: &[&str]) -> PathBuf {
        let file = self.path("sshd_config");
        write(&file, self.configuration(lines).text(), 0o644);
        file
    }

    /// `punchmark doctor sshd --json` on a configuration with these lines, for these users.
    pub(crate) fn examine(&self, lines: &[&str], users: &[&TestUser]) -> Examined {
        let config = self.config_file(lines).display().to_string();
        let mut arguments = vec!["doctor", "sshd", "--json", "--sshd-config", &config];
        for user in users {
            arguments.extend(["--user", &user.name]);
        }
        let ran = punchmark(&arguments);
        let report = serde_json::from_str(&ran.stdout);
        Examined {
            report: report.unwrap_or_else(|error| panic!("{error}: {ran}")),
            code: ran.code.unwrap(),
        }
    }
}

/// What the doctor said.
pub(crate) struct Examined {
    pub(crate) report: Value,
    pub(crate) code: i32,
}

impl Examined {
    /// The finding of this name; stops the test where there is none.
    #[track_caller]
    pub(crate) fn finding(&self, name: &str) -> &Value {
        let all = self.report["findings"].as_array().unwrap();
        let found = all.iter().find(|finding| finding["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {:#}", self.report))
    }

    /// The names of all findings.
    pub(crate) fn names(&self) -> Vec<&str> {
        let all = self.report["findings"].as_array().unwrap();
        all.iter()
            .map(|finding| finding["name"].as_str().unwrap())
            .collect()
    }

    /// Stops the test unless there is this finding, this bad, with a way out.
    #[track_caller]
    pub(crate) fn finds(&self, name: &str, severity: &str) {
        let finding = self.finding(name);
        assert_eq!(finding["severity"], severity, "{finding:#}");
        assert!(!finding["remedy"].as_str().unwrap().is_empty());
        let least = if severity == "critical" { 2 } else { 1 };
        assert!(self.code >= least, "exit {}: {finding:#}", self.code);
    }
}

impl TestUser {
    fn new(server: &Server) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pmt{}x{number}", std::process::id());
        let home = server.path(&format!("home-{name}"));
        std::fs::create_dir(&home).unwrap();
        let mut useradd = bounded("useradd");
        // A password of `*` fits nobody, and is no lock.
        useradd.args(["--no-log-init", "-M", "-U", "-p", "*", "-s", "/bin/sh"]);
        let command = useradd.arg("-d").arg(&home).arg(&name);
        // Another test may hold the lock of the password file.
        wait_until("the account is made", || run(command).code == Some(0));
        let user = Self { name, home };
        user.tool(
            "chown",
            &[&format!("{0}:{0}", user.name), &user.home_text()],
        );
        user
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Puts a file into the home that is the user's own, as `.ssh/authorized_keys`.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.home.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        write(&path, content, 0o600);
        let owner = format!("{0}:{0}", self.name);
        self.tool("chown", &["-R", &owner, &self.home_text()]);
    }

    /// `usermod` with these options.
    pub(crate) fn modify(&self, options: &[&str]) {
        self.tool("usermod", &[options, &[&self.name]].concat());
    }

    fn home_text(&self) -> String {
        self.home.display().to_string()
    }

    fn tool(&self, program: &str, arguments: &[&str]) {
        run(bounded(program).args(arguments)).ok();
    }
}

impl Drop for TestUser {
    fn drop(&mut self) {
        for _another_may_hold_the_lock in 0..50 {
            if run(bounded("userdel").arg(&self.name)).code == Some(0) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

/// Runs `punchmark` where no home and no config is.
pub(crate) fn punchmark(arguments: &[&str]) -> Ran {
    let mut command = bounded(BINARY);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("TZ", "UTC");
    command.env("HOME", "/nonexistent").current_dir("/");
    run(command.args(arguments))
}

const GOOD: &str = "HostKey FOLDER/host
UsePAM no
TrustedUserCAKeys FOLDER/ca.pub
AuthorizedPrincipalsFile FOLDER/principals/%u
RevokedKeys FOLDER/revoked.krl
AuthenticationMethods publickey
AuthorizedKeysFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserRC no
LogLevel VERBOSE
";
