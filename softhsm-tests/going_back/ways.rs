//! Goes each way back, for real.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Way;
use super::home::{Home, Road, SIGN};
use crate::harness::lock;
use crate::harness::process::{bounded, detached, run, wait_until};
use crate::harness::punchmark::BINARY;

/// Goes one way back; the road on which the probes then come, and a run that is still there.
pub(super) fn go(home: &Home, way: Way) -> (Road, Option<Stopped>) {
    let mut road = Road::default();
    let path = |name: &str| home.admin.punchmark.path(name);
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
            road.options = config_option(home, "config/punchmark/punchmark.toml");
            road.home = Some(path("another"));
        }
        Way::AnotherConfig => {
            another_config(home, &home.admin.ledger_file().display().to_string());
            road.options = config_option(home, "other/punchmark.toml");
        }
        Way::HeadsElsewhere => {
            home.put_last_night_back();
            heads_elsewhere(home);
            road.options = config_option(home, "config/punchmark/elsewhere.toml");
        }
        Way::HardLink => {
            fs::hard_link(home.admin.ledger_file(), path("second-name")).unwrap();
        }
        Way::Symlink => symlink_config(home, &mut road),
        Way::BindMount => bind_mount_config(home, &mut road),
        Way::RenamedUnderARun => rename_under_a_run(home),
        Way::TwoWriters => return (road, Some(Stopped::start(home))),
        Way::SignResume => road.of_sign = vec!["--resume"],
        Way::InstalledListEmpty => install(home, ""),
        Way::InstalledListDamaged => install(home, "SSHKRL\n\0"),
    }
    (road, None)
}

/// A run that writes, stopped in the middle of what it writes; it goes with this.
pub(super) struct Stopped(Child);

impl Stopped {
    /// Signs, and is stopped at a sync of the ledger.
    fn start(home: &Home) -> Self {
        let mut strace = strace(home, "signal=SIGSTOP:when=2", detached("strace"));
        let command = strace.args(SIGN).arg("key3.pub");
        let child = command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = child.spawn().unwrap();
        let ledger = home.admin.ledger_file();
        wait_until("the run is stopped while it holds the ledger", || {
            is_stopped(&child) && lock::is_held(&ledger)
        });
        Self(child)
    }

    /// Lets the run go on to its end; whether it succeeded.
    fn go_on(mut self) -> bool {
        self.signal(Signal::CONT);
        self.0.wait().unwrap().success()
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

/// The binary with something done to it at one of its syncs.
fn strace(home: &Home, what: &str, program: Command) -> Command {
    let mut strace = home.admin.punchmark.prepare(program);
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync"]);
    strace.args(["-e", &format!("inject=fdatasync:{what}")]);
    strace.args([BINARY, "--pin-file", "pin"]);
    strace
}

/// Each command that sets a state, killed at its first syncs.
fn kill_at_every_sync(home: &Home) {
    for command in [
        &[&SIGN[..], &["key3.pub"]].concat()[..],
        &["revoke", "--key", "key2.pub", "--yes"],
        &["krl", "--out", "killed.krl"],
        &["ledger", "checkpoint"],
    ] {
        for sync in 1..=3 {
            let what = format!("signal=SIGKILL:when={sync}");
            let ran = run(strace(home, &what, bounded("strace")).args(command));
            assert!(sync > 1 || ran.code != Some(0), "nothing was killed: {ran}");
        }
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

/// The same config, but for the folder where alone it wants the heads.
fn heads_elsewhere(home: &Home) {
    let config = home.admin.config_file();
    let text = fs::read_to_string(&config).unwrap();
    let (_, rest) = text.split_once("kept-heads-only = ").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    let (before, _) = text.split_once("kept-heads-only = ").unwrap();
    let folder = home.admin.punchmark.path("elsewhere");
    let ledger = home.admin.ledger_file();
    let lines = format!(
        "ledger = \"{}\"\nkept-heads-only = [\"{}\"]\n",
        ledger.display(),
        folder.display()
    );
    let text = format!("{before}{lines}{rest}");
    fs::write(config.with_file_name("elsewhere.toml"), text).unwrap();
}

/// The same config, which names the ledger by a link.
fn symlink_config(home: &Home, road: &mut Road) {
    let link = home.admin.punchmark.path("other.ledger");
    symlink(home.admin.ledger_file(), &link).unwrap();
    config_with_ledger(home, &link, road);
}

/// The same config, which names the ledger by a second mount of its file. Every command of the
/// road mounts it in a namespace of its own, so that nothing of it outlasts the test.
fn bind_mount_config(home: &Home, road: &mut Road) {
    // In a folder of its own: the kept heads do not lie below it.
    let other = home.admin.punchmark.path("elsewhere/other.ledger");
    fs::create_dir_all(other.parent().unwrap()).unwrap();
    fs::write(&other, "").unwrap();
    road.mounted = Some((home.admin.ledger_file(), other.clone()));
    config_with_ledger(home, &other, road);
}

fn config_with_ledger(home: &Home, ledger: &Path, road: &mut Road) {
    let text = fs::read_to_string(home.admin.config_file()).unwrap();
    let text = format!("ledger = \"{}\"\n{text}", ledger.display());
    let config = home.admin.config_file().with_file_name("linked.toml");
    fs::write(config, text).unwrap();
    road.options = config_option(home, "config/punchmark/linked.toml");
}

/// Makes the server's lists these bytes.
fn install(home: &Home, bytes: &str) {
    for list in ["installed.krl", "followed.krl", "installed.known"] {
        fs::write(home.admin.punchmark.path(list), bytes).unwrap();
    }
}

/// Puts last night's file in the ledger's place while a run writes.
fn rename_under_a_run(home: &Home) {
    let stopped = Stopped::start(home);
    let ledger = home.admin.ledger_file();
    fs::rename(&ledger, home.admin.punchmark.path("renamed.ledger")).unwrap();
    fs::copy(home.admin.punchmark.path("last-night.ledger"), ledger).unwrap();
    assert!(!stopped.go_on(), "the run didn't notice");
    assert!(!home.admin.punchmark.path("key3-cert.pub").exists());
}

fn config_option(home: &Home, name: &str) -> Vec<String> {
    let path = home.admin.punchmark.path(name);
    vec!["--config".to_owned(), path.display().to_string()]
}
