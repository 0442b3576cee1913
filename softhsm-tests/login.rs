//! `login` and `get` against a server, a real ssh-agent, and logins at a real sshd.

mod by_provider;
mod stub;

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::agent::Agent;
use crate::harness::process::{Ran, bounded, detached, run, wait_until};
use crate::harness::punchmark::BINARY;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::{scratch, write};
use stub::{Stub, Wrong};

/// A user's account: a home of its own, and an agent or none.
pub(crate) struct User {
    home: TempDir,
    pub(crate) agent: Option<Agent>,
}

impl User {
    pub(crate) fn new() -> Self {
        Self {
            home: scratch(),
            agent: Some(Agent::start()),
        }
    }

    fn without_agent() -> Self {
        Self {
            home: scratch(),
            agent: None,
        }
    }

    pub(crate) fn prepare(&self, mut command: Command) -> Command {
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.home.path());
        if let Some(agent) = &self.agent {
            command.env("SSH_AUTH_SOCK", agent.socket());
        }
        command
    }

    /// As [`Self::prepare`], with a browser that notes the page which it is to open.
    pub(crate) fn browses(&self, command: Command) -> Command {
        let (browser, page) = (self.path("browser"), self.page());
        let script = format!(
            "#!/bin/sh\necho \"$1\" >'{0}.new' && mv '{0}.new' '{0}'\n",
            page.display()
        );
        write(&browser, script, 0o755);
        let mut command = self.prepare(command);
        command.env("BROWSER", browser);
        command
    }

    /// Where the browser notes it.
    pub(crate) fn page(&self) -> PathBuf {
        self.path("page")
    }

    /// The page that the browser was last told to open, which is forgotten.
    pub(crate) fn opened(&self) -> String {
        wait_until("the browser has a page", || self.page().exists());
        let page = std::fs::read_to_string(self.page()).unwrap();
        std::fs::remove_file(self.page()).unwrap();
        page.trim().to_owned()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(self.prepare(bounded(BINARY)).args(arguments))
    }

    /// Logs in by the key that is enrolled.
    fn log_in(&self, stub: &Stub) -> Ran {
        let (key, roots) = (stub.file("peter"), stub.file("roots.pem"));
        let (key, roots) = (key.to_str().unwrap(), roots.to_str().unwrap());
        self.run(&[
            "login",
            "--identity",
            key,
            "--ca-file",
            roots,
            &stub.address(),
        ])
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn identities(&self) -> Vec<String> {
        let list = self.agent.as_ref().unwrap().list();
        list.lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_certificate_by_login_lets_in_at_a_real_sshd() {
    let (stub, user) = (Stub::start(), User::new());
    user.log_in(&stub)
        .ok()
        .says("met 127.0.0.1")
        .says("users SHA256:")
        .says("logged in as peter by keys until");
    user.run(&["get"])
        .ok()
        .says("peter_file for 1 hour")
        .says("into the ssh-agent");
    let identities = user.identities();
    assert_eq!(identities.len(), 1, "{identities:?}");
    let comment = format!("punchmark engineer@{}", stub.address());
    assert!(
        identities[0].contains(&comment) && identities[0].contains("CERT"),
        "{identities:?}"
    );
    let ca = stub.file("users.pub");
    let sshd = Sshd::start(&Configuration::users(&ca, &["peter_file"]));
    let agent = user.agent.as_ref().unwrap().socket();
    assert_eq!(sshd.login_by_agent(&agent).ok().stdout, "welcome\n");
    let sshd = Sshd::start(&Configuration::users(&ca, &["peter_physical"]));
    assert_eq!(sshd.login_by_agent(&agent).code, Some(255));
}

#[test]
fn a_newer_certificate_takes_the_place_of_the_older() {
    let (stub, user) = (Stub::start(), User::new());
    user.log_in(&stub).ok();
    for _ in 0..3 {
        user.run(&["get", "--role", "engineer"]).ok();
        assert_eq!(user.identities().len(), 1);
    }
    assert_eq!(stub.state.lock().unwrap().serial, 43);
}

#[test]
fn nothing_is_asked_while_a_certificate_is_good() {
    let (mut stub, user) = (Stub::start(), User::new());
    user.log_in(&stub).ok();
    user.run(&["get", "--if-needed"]).ok();
    stub.count("");
    let ran = user.run(&["get", "--if-needed", "30m"]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert_eq!(stub.count(""), 0);
    user.run(&["get", "--if-needed", "2h"]).ok();
    assert_eq!(stub.count("POST /v1/certificates 201"), 1);
    // An agent that forgot it needs it again.
    let mut forget = bounded("ssh-add");
    forget.env("SSH_AUTH_SOCK", user.agent.as_ref().unwrap().socket());
    run(forget.arg("-D")).ok();
    user.run(&["get", "--if-needed"]).ok();
    assert_eq!(stub.count("POST /v1/certificates 201"), 1);
    // A server that is down, and a certificate that lives, and then none.
    stub.stop();
    user.run(&["get", "--if-needed", "2h"])
        .ok()
        .says("cannot be reached")
        .says("still counts");
    user.run(&["get"]).exits(1).says("cannot be reached");
}

#[test]
fn twenty_at_once_cause_one_login_and_one_certificate() {
    let (stub, user) = (Stub::start(), User::new());
    user.log_in(&stub).ok();
    stub.be(Wrong::Forgot);
    stub.count("");
    let children: Vec<_> = (0..20)
        .map(|_| {
            let mut get = user.prepare(detached(BINARY));
            get.args(["-q", "get", "--if-needed"]).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let asked = std::mem::take(&mut stub.state.lock().unwrap().asked);
    let count = |line: &str| asked.iter().filter(|asked| *asked == line).count();
    assert_eq!(count("POST /v1/logins/login-1/token 200"), 1, "{asked:#?}");
    assert_eq!(count("POST /v1/certificates 201"), 1, "{asked:#?}");
    assert_eq!(user.identities().len(), 1);
}

#[test]
fn without_an_agent_files_are_written_and_let_in() {
    let (stub, user) = (Stub::start(), User::without_agent());
    user.log_in(&stub).ok();
    user.run(&["get"])
        .ok()
        .says("files are written")
        .says("engineer-cert.pub");
    let key = user.path(".ssh/punchmark/engineer");
    let sshd = Sshd::start(&Configuration::users(
        &stub.file("users.pub"),
        &["peter_file"],
    ));
    assert_eq!(sshd.login(&key).ok().stdout, "welcome\n");
    stub.count("");
    user.run(&["get", "--if-needed"]).ok();
    assert_eq!(stub.count(""), 0);
    user.run(&["login", "--end"]).ok();
    assert!(!key.exists() && !user.path(".ssh/punchmark/engineer-cert.pub").exists());
}

#[test]
fn a_key_of_ones_own_has_its_certificate_beside_it() {
    let (stub, user) = (Stub::start(), User::new());
    user.log_in(&stub).ok();
    let folder = &stub.folder;
    folder.key("own", "ecdsa");
    let own = stub.file("own.pub");
    user.run(&["get", "--key", own.to_str().unwrap()])
        .ok()
        .says("beside ")
        .says("own.pub");
    let sshd = Sshd::start(&Configuration::users(
        &stub.file("users.pub"),
        &["peter_file"],
    ));
    assert_eq!(sshd.login(&stub.file("own")).ok().stdout, "welcome\n");
    // Logging out leaves the key.
    user.run(&["login", "--end"]).ok();
    assert!(stub.file("own").exists() && !stub.file("own-cert.pub").exists());
}

#[test]
fn another_ca_key_is_refused_until_a_person_says_that_it_is_right() {
    let (stub, user) = (Stub::start(), User::new());
    user.log_in(&stub).ok();
    stub.state.lock().unwrap().ca = "others".to_owned();
    stub.count("");
    let refused = user
        .run(&["get"])
        .exits(1)
        .says("has another key than before");
    assert_eq!(stub.count("POST"), 0);
    let hint = refused.stderr.split("--accept-ca ").nth(1).unwrap();
    let fingerprint = hint.split(' ').next().unwrap();
    let key = stub.file("peter");
    let key = key.to_str().unwrap();
    let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    user.run(&["login", "--identity", key, "--accept-ca", other])
        .exits(1);
    user.run(&["login", "--identity", key, "--accept-ca", fingerprint])
        .ok();
    user.run(&["get"]).ok();
}

#[test]
fn what_a_server_must_not_give_is_not_taken() {
    let (stub, user) = (Stub::start(), User::new());
    user.log_in(&stub).ok();
    for (wrong, code, words) in [
        (Wrong::OtherCa, 1, "another CA than was asked for"),
        (Wrong::OtherKey, 1, "another key than was asked for"),
        (Wrong::Refuses, 3, "allows at most 1h"),
    ] {
        stub.be(wrong);
        user.run(&["get"]).exits(code).says(words);
        assert_eq!(user.identities(), ["The agent has no identities."]);
    }
    stub.be(Wrong::Clock(420));
    user.run(&["get"]).ok().says("7 minutes behind 127.0.0.1");
}

#[test]
fn a_key_that_is_not_enrolled_and_a_tls_root_that_is_unknown_open_nothing() {
    let (stub, user) = (Stub::start(), User::new());
    let key = |name: &str| stub.file(name).to_str().unwrap().to_owned();
    let address = stub.address();
    user.run(&["login", "--identity", &key("peter"), &address])
        .exits(1)
        .says("--ca-file");
    let roots = key("roots.pem");
    user.run(&[
        "login",
        "--identity",
        &key("stranger"),
        "--ca-file",
        &roots,
        &address,
    ])
    .exits(1)
    .says("opened nothing")
    .says("--identity");
    user.run(&["get"]).exits(1).says("nobody is logged in");
    user.run(&["login", "--status"]).exits(1);
}

#[test]
fn a_key_in_the_agent_logs_in_and_logging_out_leaves_it_there() {
    let (stub, user) = (Stub::start(), User::new());
    user.agent.as_ref().unwrap().add(&stub.file("peter"), &[]);
    let roots = stub.file("roots.pem");
    user.run(&[
        "login",
        "--ca-file",
        roots.to_str().unwrap(),
        &stub.address(),
    ])
    .ok();
    user.run(&["get"]).ok();
    assert_eq!(user.identities().len(), 2);
    let status = user.run(&["login", "--status", "--json"]).ok();
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["session"]["requester"], "peter");
    assert_eq!(status["certificates"][0]["role"], "engineer");
    stub.count("");
    user.run(&["login", "--end"]).ok();
    assert_eq!(stub.count("DELETE /v1/session 204"), 1);
    assert_eq!(user.identities().len(), 1);
    user.run(&["login", "--status"]).exits(1).says("");
}

#[test]
fn what_is_kept_is_for_this_account_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (stub, user) = (Stub::start(), User::new());
    user.log_in(&stub).ok();
    user.run(&["get"]).ok();
    let folder = user.path(".local/state/punchmark/servers");
    let folder = std::fs::read_dir(folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
