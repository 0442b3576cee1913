//! The office with a mirror of the ledger: each way is gone there too, and a list of it is what both of its states
//! show in.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::Way;
use super::home::{Road, put_back};
use super::ways::{Account, Stopped};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::scratch;
use crate::harness::two_sides::Sides;

/// The office, a copy of it as it was when peter had just been revoked and a list been published.
pub(super) struct Office {
    sides: Sides,
    whole: TempDir,
    /// The version of that list.
    version: u64,
}

impl Office {
    /// Last night erik was revoked; today the mirror went on, and peter was.
    pub(super) fn ready() -> Self {
        let sides = Sides::with_revoker();
        sides.revoke("--serial 2").ok();
        sides.list();
        let office = Self {
            version: 0,
            whole: scratch(),
            sides,
        };
        for file in FILES {
            fs::copy(office.mirror(file), office.night(file)).unwrap();
        }
        let sides = &office.sides;
        let made = sides.bundle("one.bundle", "ole2");
        sides.signed("one.bundle", &made).ok();
        sides.accepted("one.bundle").ok();
        sides.revoke("--serial 1").ok();
        let version = sides.list();
        let copy = bounded("cp")
            .arg("-a")
            .arg(sides.office.path("."))
            .arg(office.whole.path())
            .output();
        assert!(copy.unwrap().status.success());
        Self { version, ..office }
    }

    pub(super) fn put_back(&self) {
        put_back(self.whole.path(), self.sides.office.home());
    }

    fn account(&self) -> Account<'_> {
        Account {
            punchmark: &self.sides.office,
            config: self.sides.office.path("config/punchmark/punchmark.toml"),
            ledger: self.mirror(""),
        }
    }

    /// A file of the mirror, by how its name ends.
    fn mirror(&self, ending: &str) -> PathBuf {
        self.sides
            .office
            .path(&format!("config/punchmark/punchmark.ledger{ending}"))
    }

    fn night(&self, ending: &str) -> PathBuf {
        self.sides.office.path(&format!("last-night{ending}"))
    }

    fn put_last_night_back(&self) {
        for file in FILES {
            fs::write(self.mirror(file), fs::read(self.night(file)).unwrap()).unwrap();
        }
    }

    /// Goes one way back; the road on which the probes then come, and a run that is still there.
    pub(super) fn go(&self, way: Way) -> (Road, Option<Stopped>) {
        let mut road = Road::default();
        let account = self.account();
        match way {
            Way::Killed => {
                for command in [&REVOKE[..], &LIST] {
                    account.kill_at_its_syncs(command);
                }
            }
            Way::IndexDeleted | Way::OlderIndex => {
                // So few entries need none: one that is no index of this mirror is what an older one would be.
                fs::write(self.mirror(".index"), "no index").unwrap();
            }
            Way::LastNightsFile => self.put_last_night_back(),
            Way::NewMachine => fs::remove_dir_all(account.punchmark.path("heads")).unwrap(),
            Way::AnotherHome => {
                self.put_last_night_back();
                road.options = account.config_option(&account.config);
                road.home = Some(account.punchmark.path("another"));
            }
            Way::AnotherConfig => road.options = account.without_roles(),
            Way::HeadsElsewhere => {
                self.put_last_night_back();
                road.options = account.heads_elsewhere();
            }
            Way::HardLink => {
                fs::hard_link(&account.ledger, account.punchmark.path("second-name")).unwrap()
            }
            Way::Symlink => account.symlink_config(&mut road),
            Way::BindMount => account.bind_mount_config(&mut road),
            Way::RenamedUnderARun => {
                let stopped = Stopped::start(&account, &REVOKE, &self.mirror(".pending"));
                for file in FILES {
                    fs::rename(
                        self.mirror(file),
                        account.punchmark.path(&format!("renamed{file}")),
                    )
                    .unwrap();
                    fs::copy(self.night(file), self.mirror(file)).unwrap();
                }
                // Its frame was written, so that the head that it keeps now misses it in what lies there.
                let _written = stopped.go_on();
            }
            Way::TwoWriters => {
                let stopped = Stopped::start(&account, &REVOKE, &self.mirror(".pending"));
                return (road, Some(stopped));
            }
            Way::Resumed
            | Way::SignResume
            | Way::InstalledListEmpty
            | Way::InstalledListDamaged => {}
        }
        (road, None)
    }

    /// Makes the next list; what it was told, and its version where it was made.
    fn list(&self, road: &Road) -> (Ran, Option<u64>) {
        let ran = road.run(&self.sides.office, &LIST);
        let made: Option<Value> = serde_json::from_str(&ran.stdout).ok();
        let version = made.and_then(|made| made["version"].as_u64());
        let version = version.filter(|_| ran.code == Some(0));
        (ran, version)
    }

    /// Whether the next list is a newer one than the last.
    pub(super) fn next_version(&self, road: &Road) -> (Ran, bool) {
        let (ran, version) = self.list(road);
        (ran, version > Some(self.version))
    }

    /// Whether the next list revokes what is pending.
    pub(super) fn still_revokes(&self, road: &Road) -> (Ran, bool) {
        let (ran, version) = self.list(road);
        let mut query: Command = self.sides.office.prepare(bounded("ssh-keygen"));
        let asked = run(query.args(["-Qf", "next.krl", "peter-cert.pub"]));
        (ran, version.is_some() && asked.stdout.contains("REVOKED"))
    }
}

/// How the names of the two files of a mirror end.
const FILES: [&str; 2] = ["", ".pending"];
const LIST: [&str; 6] = [
    "krl",
    "--out",
    "next.krl",
    "--ledger-key",
    "list_key",
    "--json",
];
const REVOKE: [&str; 8] = [
    "revoke",
    "--revoker-key",
    "anna",
    "--yes",
    "--reason",
    "lost",
    "--key",
    "erik2.pub",
];
