//! Goes each way back, for real.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::Way;
use super::home::{Home, Road, SIGN};
use crate::harness::lock;
use crate::harness::process::{bounded, detached, run, wait_until};
use crate::harness::punchmark::{BINARY, Punchmark};

/// Goes one way back; the road on which the probes then come, and a run that is still there.
pub(super) fn go(home: &Home, way: Way) -> (Road, Option<Stopped>) {
    let mut road = Road::default();
    let path = |name: &str| home.admin.punchmark.path(name);
    let account = account(home);
    let index = home.admin.ledger_file().with_extension("ledger.index");
    match way {
        Way::Killed => kill_at_every_sync(home),
        Way::IndexDeleted => fs::remove_file(index).unwrap(),
        Way::OlderIndex => drop(fs::copy(path("last-night.index"), index).unwrap()),
        Way::LastNightsFile => home.put_last_night_back(),
        Way::NewMachine => fs::remove_dir_all(path("heads")).unwrap(),
        Way::Resumed => resume(home),
        Way::AnotherHome => {
            home.put_last_night_back();
            road.options = account.config_option(&account.config);
            road.home = Some(path("another"));
        }
        Way::AnotherConfig => {
            another_config(home, &home.admin.ledger_file().display().to_string());
            road.options = account.config_option(&path("other/punchmark.toml"));
        }
        Way::HeadsElsewhere => {
            home.put_last_night_back();
            road.options = account.heads_elsewhere();
        }
        Way::HardLink => {
            fs::hard_link(home.admin.ledger_file(), path("second-name")).unwrap();
        }
        Way::Symlink => account.symlink_config(&mut road),
        Way::BindMount => account.bind_mount_config(&mut road),
        Way::RenamedUnderARun => rename_under_a_run(home),
        Way::TwoWriters => return (road, Some(stopped(home))),
        Way::SignResume => road.of_sign = vec!["--resume"],
        Way::InstalledListEmpty => install(home, ""),
        Way::InstalledListDamaged => install(home, "SSHKRL\n\0"),
    }
    (road, None)
}

fn account(home: &Home) -> Account<'_> {
    Account {
        punchmark: &home.admin.punchmark,
        config: home.admin.config_file(),
        ledger: home.admin.ledger_file(),
    }
}

/// Signs, and is stopped at a sync of the ledger.
fn stopped(home: &Home) -> Stopped {
    let sign = [&["--pin-file", "pin"], &SIGN[..], &["key3.pub"]].concat();
    Stopped::start(&account(home), &sign, &home.admin.ledger_file())
}

/// An account with a config, and the ledger or mirror that it names.
pub(super) struct Account<'h> {
    pub(super) punchmark: &'h Punchmark,
    pub(super) config: PathBuf,
    pub(super) ledger: PathBuf,
}

/// A run that writes, stopped in the middle of what it writes; it goes with this.
pub(super) struct Stopped(Child);

impl Stopped {
    /// Starts a command that is stopped at a sync, while it holds this file.
    pub(super) fn start(account: &Account<'_>, command: &[&str], held: &Path) -> Self {
        let mut strace = account.strace("signal=SIGSTOP:when=2", detached("strace"));
        let child = strace
            .args(command)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = child.spawn().unwrap();
        wait_until("the run is stopped while it holds its file", || {
            is_stopped(&child) && lock::is_held(held)
        });
        Self(child)
    }

    /// Lets the run go on to its end; whether it succeeded. What is told before it has stopped is lost, and a stop at
    /// a call looks the same: so it is told until it ends.
    pub(super) fn go_on(mut self) -> bool {
        loop {
            self.signal(Signal::CONT);
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn signal(&self, signal: Signal) {
        let group = Pid::from_raw(self.0.id().try_into().unwrap()).unwrap();
        kill_process_group(group, signal).unwrap();
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.signal(Signal::KILL);
            self.0.wait().unwrap();
        }
    }
}

/// Whether a child of this strace is stopped, by the state that the system tells.
fn is_stopped(strace: &Child) -> bool {
    let tasks = format!("/proc/{0}/task/{0}/children", strace.id());
    let children = fs::read_to_string(tasks).unwrap_or_default();
    children.split_whitespace().any(|child| {
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        stat.contains(") t ") || stat.contains(") T ")
    })
}

/// Each command that sets a state, killed at its first syncs.
fn kill_at_every_sync(home: &Home) {
    for command in [
        &[&SIGN[..], &["key3.pub"]].concat()[..],
        &["revoke", "--key", "key2.pub", "--yes"],
        &["krl", "--out", "killed.krl"],
        &["ledger", "checkpoint"],
    ] {
        account(home).kill_at_its_syncs(&[&["--pin-file", "pin"], command].concat());
    }
}

/// Last night's file goes on behind the gap, with the list that was published last.
fn resume(home: &Home) {
    home.put_last_night_back();
    // Beyond all that the lost entries can have given out: a lower one asks for more.
    let after = (home.serial + 100).to_string();
    let resume = ["ledger", "resume", "--ca", "users", "--after", &after];
    let (said, code) = home.with_a_yes(&[&resume[..], &["--krl", "revoked.krl"]].concat());
    assert_eq!(code, 0, "{said}");
}

/// A config in another folder that names a ledger, without suffixes and roles.
fn another_config(home: &Home, ledger: &str) {
    let text = fs::read_to_string(home.admin.config_file()).unwrap();
    let (lines, rest) = text.split_once("[ca.users]").unwrap();
    let (ca, _) = rest.split_once("\n[").unwrap();
    let other = home.admin.punchmark.path("other");
    fs::create_dir(&other).unwrap();
    fs::copy(home.admin.ca_file("users"), other.join("users.pub")).unwrap();
    let lines = lines.replace("../../ledger_key", "../ledger_key");
    let text = format!("ledger = \"{ledger}\"\n{lines}[ca.users]{ca}\n");
    fs::write(other.join("punchmark.toml"), text).unwrap();
}

impl Account<'_> {
    /// The binary with something done to it at one of its syncs.
    fn strace(&self, what: &str, program: Command) -> Command {
        let mut strace = self.punchmark.prepare(program);
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync"]);
        strace.args(["-e", &format!("inject=fdatasync:{what}"), BINARY]);
        strace
    }

    /// Runs a command that is killed at each of its first syncs.
    pub(super) fn kill_at_its_syncs(&self, command: &[&str]) {
        for sync in 1..=3 {
            let what = format!("signal=SIGKILL:when={sync}");
            let ran = run(self.strace(&what, bounded("strace")).args(command));
            assert!(sync > 1 || ran.code != Some(0), "nothing was killed: {ran}");
        }
    }

    /// The same config, but for the folder where alone it wants the heads.
    pub(super) fn heads_elsewhere(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.config).unwrap();
        let (before, rest) = text.split_once("kept-heads-only = ").unwrap();
        let (_, rest) = rest.split_once('\n').unwrap();
        let folder = self.punchmark.path("elsewhere");
        let lines = format!(
            "ledger = \"{}\"\nkept-heads-only = [\"{}\"]\n",
            self.ledger.display(),
            folder.display()
        );
        self.another("elsewhere.toml", format!("{before}{lines}{rest}"))
    }

    /// The same config without its roles.
    pub(super) fn without_roles(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.config).unwrap();
        let (before, _) = text.split_once("\n[role.").unwrap();
        let ledger = self.ledger.display();
        self.another("other.toml", format!("ledger = \"{ledger}\"\n{before}\n"))
    }

    /// The same config, which names the ledger by a link.
    pub(super) fn symlink_config(&self, road: &mut Road) {
        let link = self.punchmark.path("other.ledger");
        symlink(&self.ledger, &link).unwrap();
        road.options = self.with_ledger(&link);
    }

    /// The same config, which names the ledger by a second mount of its file. Every command of the
    /// road mounts it in a namespace of its own, so that nothing of it outlasts the test.
    pub(super) fn bind_mount_config(&self, road: &mut Road) {
        // In a folder of its own: the kept heads do not lie below it.
        let other = self.punchmark.path("elsewhere/other.ledger");
        fs::create_dir_all(other.parent().unwrap()).unwrap();
        fs::write(&other, "").unwrap();
        road.mounted = Some((self.ledger.clone(), other.clone()));
        road.options = self.with_ledger(&other);
    }

    fn with_ledger(&self, ledger: &Path) -> Vec<String> {
        let text = fs::read_to_string(&self.config).unwrap();
        self.another(
            "linked.toml",
            format!("ledger = \"{}\"\n{text}", ledger.display()),
        )
    }

    /// Writes a config of this name beside the account's own, and gives the option that names it.
    fn another(&self, name: &str, text: String) -> Vec<String> {
        let config = self.config.with_file_name(name);
        crate::harness::write(&config, text, 0o600);
        self.config_option(&config)
    }

    pub(super) fn config_option(&self, config: &Path) -> Vec<String> {
        vec!["--config".to_owned(), config.display().to_string()]
    }
}

/// Makes the server's lists these bytes.
fn install(home: &Home, bytes: &str) {
    for list in ["installed.krl", "followed.krl", "installed.known"] {
        fs::write(home.admin.punchmark.path(list), bytes).unwrap();
    }
}

/// Puts last night's file in the ledger's place while a run writes.
fn rename_under_a_run(home: &Home) {
    let stopped = stopped(home);
    let ledger = home.admin.ledger_file();
    fs::rename(&ledger, home.admin.punchmark.path("renamed.ledger")).unwrap();
    fs::copy(home.admin.punchmark.path("last-night.ledger"), ledger).unwrap();
    assert!(!stopped.go_on(), "the run didn't notice");
    assert!(!home.admin.punchmark.path("key3-cert.pub").exists());
}
