//! A home folder in which every state was set once, and is put back before each way.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::pty::Pty;
use crate::harness::punchmark::{BINARY, Punchmark};
use crate::harness::scratch;

/// The home, a copy of it as it was after all states were set, and what the states were.
pub(super) struct Home {
    pub(super) admin: Admin,
    whole: TempDir,
    /// The highest serial that was issued.
    pub(super) serial: u64,
    /// The version of the newest list.
    pub(super) version: u64,
    /// That of the newest list of what is known.
    pub(super) known: u64,
}

/// How the commands of a probe are called after a way was gone.
#[derive(Default)]
pub(super) struct Road {
    /// Options before every command.
    pub(super) options: Vec<String>,
    /// Options behind every `sign`.
    pub(super) of_sign: Vec<&'static str>,
    /// What `$HOME` and the XDG folders are below.
    pub(super) home: Option<PathBuf>,
    /// A file, and another name at which every command mounts it first.
    pub(super) mounted: Option<(PathBuf, PathBuf)>,
}

impl Road {
    /// Runs `punchmark` of an account on this road.
    pub(super) fn run(&self, account: &Punchmark, arguments: &[&str]) -> Ran {
        let mut command = account.prepare(self.program());
        if let Some(home) = &self.home {
            let beside = |name: &str| home.join(name);
            command
                .env("HOME", home)
                .env("XDG_CONFIG_HOME", beside("config"));
            command.env("XDG_STATE_HOME", beside("state"));
        }
        command.args(&self.options).args(arguments);
        if arguments.contains(&"sign") {
            command.args(&self.of_sign);
        }
        run(&mut command)
    }

    /// The binary, in a mount namespace of its own where something is to be mounted.
    fn program(&self) -> Command {
        let Some((file, name)) = &self.mounted else {
            return bounded(BINARY);
        };
        let mount = "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"";
        let mut shell = bounded("unshare");
        shell.args(["-r", "-m", "sh", "-c", mount, "sh"]);
        shell.args([file, name]).arg(BINARY);
        shell
    }
}

impl Home {
    /// Sets every state once; `last-night.*` is what ledger, index and list were before.
    pub(super) fn ready() -> Self {
        let admin = Admin::ready().and_config(CONFIG);
        let mut home = Self {
            admin,
            whole: scratch(),
            serial: 0,
            version: 0,
            known: 0,
        };
        home.set_yesterday();
        home.set_today();
        let issued = home.admin.ledger();
        home.serial = issued.last().unwrap()["serial"].as_u64().unwrap();
        home.admin.token.keep();
        home.copy(home.admin.punchmark.home().into(), home.whole.path().into());
        home
    }

    /// Makes all as it was when every state had just been set.
    pub(super) fn put_back(&self) {
        put_back(self.whole.path(), self.admin.punchmark.home());
        self.admin.token.put_back();
    }

    /// Puts last night's ledger in the place of today's.
    pub(super) fn put_last_night_back(&self) {
        let night = self.admin.punchmark.path("last-night.ledger");
        std::fs::write(self.admin.ledger_file(), std::fs::read(night).unwrap()).unwrap();
    }

    /// Runs `punchmark` on this road, with the token's PIN.
    pub(super) fn run(&self, road: &Road, arguments: &[&str]) -> Ran {
        let pinned = [&["--pin-file", "pin"], arguments].concat();
        road.run(&self.admin.punchmark, &pinned)
    }

    /// Runs a command at a terminal and types a yes; gives what it said and its exit code.
    pub(super) fn with_a_yes(&self, arguments: &[&str]) -> (String, u8) {
        let mut command = self.admin.punchmark.on_a_terminal();
        command.args(arguments);
        let mut pty = Pty::start(command);
        let asked = pty.expect("Type yes if that is right: ");
        pty.type_line("yes");
        let (rest, code) = pty.finish();
        (asked + &rest, code)
    }

    /// How many entries the head knows that is kept of the ledger.
    pub(super) fn kept_entries(&self) -> Option<u64> {
        let heads = std::fs::read_dir(self.admin.punchmark.path("heads")).ok()?;
        let texts = heads.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        texts.filter_map(|text| newest_slot(&text)).max()
    }

    fn set_yesterday(&self) {
        let admin = &self.admin;
        let home = admin.punchmark.home();
        admin.public_keys(60);
        for name in [
            "peter",
            "anna",
            "ledger_key",
            "second_key",
            "old_key",
            "new_key",
        ] {
            keygen::make(home, name, ED25519);
        }
        for name in ["peter", "anna"] {
            let key = format!("{name}.pub");
            self.must(&["requester", "add", name, "--key", &key]);
        }
        let challenge = self.must(&["challenge"]).stdout;
        let challenge = ["--challenge", challenge.trim()];
        self.ask("peter", &challenge, "answered.req");
        self.ask("peter", &challenge, "again.req");
        self.ask("peter", &[], "used.req");
        self.ask("anna", &[], "taken-away.req");
        self.must(&[&SIGN[..], &["key1.pub", "key2.pub"]].concat());
        self.sign_so_many(10..30);
        self.must(&["krl", "--out", "last-night.krl"]);
        // Where it is published, so that the next one there counts up from it.
        self.must(&["known", "--ca", "users", "--out", "users.known"]);
        let night = |name: &str| admin.punchmark.path(name);
        for ending in ["known", "known.sig"] {
            let published = night(&format!("users.{ending}"));
            std::fs::copy(published, night(&format!("last-night.{ending}"))).unwrap();
        }
        let ledger = admin.ledger_file();
        std::fs::copy(&ledger, night("last-night.ledger")).unwrap();
        let index = ledger.with_extension("ledger.index");
        std::fs::copy(index, night("last-night.index")).unwrap();
    }

    fn set_today(&mut self) {
        self.must(&["sign", "used.req", "answered.req"]);
        self.sign_so_many(30..60);
        for what in [
            ["--serial", "1"],
            ["--key", "key0.pub"],
            ["--key-id", "stolen"],
            ["--card", "12345678"],
            ["--requester", "erik"],
        ] {
            let revoke = ["revoke", "--reason", "stolen", "--yes"];
            self.must(&[&revoke[..], &what].concat());
        }
        self.must(&["requester", "remove", "anna", "--key", "anna.pub"]);
        self.add_suffix();
        self.must(&["krl", "--out", "second.krl", "--ledger-key", "second_key"]);
        self.hand_over();
        let head = self.must(&["ledger", "checkpoint"]).stdout;
        std::fs::write(self.admin.punchmark.path("head.txt"), head).unwrap();
        let made = self.must(&["krl", "--out", "revoked.krl", "--json"]).stdout;
        let made: Value = serde_json::from_str(&made).unwrap();
        self.version = made["version"].as_u64().unwrap();
        self.must(&[&FETCH[..], &["revoked.krl"]].concat());
        let known = ["known", "--ca", "users", "--out", "users.known", "--json"];
        let made: Value = serde_json::from_str(&self.must(&known).stdout).unwrap();
        self.known = made["version"].as_u64().unwrap();
        self.must(&[&FETCH_KNOWN[..], &["users.known"]].concat());
    }

    /// A ledger key hands over, a server follows, and then the old key signs a newer list.
    fn hand_over(&self) {
        let krl = |key| self.must(&["krl", "--out", "rolled.krl", "--ledger-key", key]);
        krl("old_key");
        self.must(&[&FOLLOW[..], &["rolled.krl"]].concat());
        let roll = ["ledger", "key", "rollover", "--old", "old_key"];
        self.must(&[&roll[..], &["--new", "new_key"]].concat());
        krl("new_key");
        let followed = self.must(&[&FOLLOW[..], &["rolled.krl"]].concat());
        assert!(followed.stdout.contains("took over"), "{followed}");
        let path = |name: &str| self.admin.punchmark.path(name);
        let mut list = std::fs::read(path("rolled.krl")).unwrap();
        // The version stands behind magic and format (PROTOCOL.krl, section 1).
        let version = list[12..20].try_into().map(u64::from_be_bytes).unwrap();
        list[12..20].copy_from_slice(&(version + 9).to_be_bytes());
        std::fs::write(path("forged.krl"), list).unwrap();
        let mut sign = bounded("ssh-keygen");
        sign.args(["-q", "-Y", "sign", "-n", "krl@punchmark", "-f"]);
        run(sign.args(["old_key", "forged.krl"].map(path))).ok();
    }

    /// Enough entries that the index is written.
    fn sign_so_many(&self, keys: Range<u8>) {
        let keys: Vec<_> = keys.map(|number| format!("key{number}.pub")).collect();
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        self.must(&[&SIGN[..], &keys].concat());
    }

    fn add_suffix(&self) {
        let file = self.admin.config_file();
        let config = std::fs::read_to_string(&file).unwrap();
        let with = "[suffixes]\nseen = { suffix = \"_seen\", proof = [\"sk\"] }";
        std::fs::write(&file, config.replace("[suffixes]", with)).unwrap();
        let (said, code) = self.with_a_yes(&["ca", "suffixes", "users", "--record"]);
        assert_eq!(code, 0, "{said}");
    }

    fn ask(&self, key: &str, more: &[&str], name: &str) {
        let public = format!("{key}.pub");
        let ca = self.admin.ca_file("users").display().to_string();
        let ask = ["request", "--role", "engineer", "--key", &public];
        self.must(&[&ask[..], &["--ca", &ca], more].concat());
        let path = |name: &str| self.admin.punchmark.path(name);
        std::fs::rename(path(&format!("{key}.req")), path(name)).unwrap();
    }

    #[track_caller]
    fn must(&self, arguments: &[&str]) -> Ran {
        self.run(&Road::default(), arguments).ok()
    }

    fn copy(&self, from: PathBuf, to: PathBuf) {
        run(bounded("cp").arg("-a").arg(from.join(".")).arg(to)).ok();
    }
}

/// Makes a folder what its copy is.
pub(super) fn put_back(whole: &Path, home: &Path) {
    for entry in std::fs::read_dir(home).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }
    run(bounded("cp").arg("-a").arg(whole.join(".")).arg(home)).ok();
}

/// Of the two slots of a kept head, the size in the one that knows more.
fn newest_slot(text: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(text);
    let slots = text.split("punchmark kept head\n").skip(1);
    let sizes = slots.filter_map(|slot| slot.lines().nth(1)?.parse().ok());
    sizes.max()
}

pub(super) const SIGN: [&str; 7] = ["sign", "-s", "users", "-I", "id", "-n", "peter"];
/// The server's way to a list.
pub(super) const FETCH: [&str; 6] = [
    "krl",
    "fetch",
    "--out",
    "installed.krl",
    "--signer",
    "ledger_key.pub",
];

/// The server's way to what is known.
pub(super) const FETCH_KNOWN: [&str; 6] = [
    "known",
    "fetch",
    "--out",
    "installed.known",
    "--signer",
    "ledger_key.pub",
];

/// The way to a list of a server that was given a key which handed over.
pub(super) const FOLLOW: [&str; 6] = [
    "krl",
    "fetch",
    "--out",
    "followed.krl",
    "--signer",
    "old_key.pub",
];

const CONFIG: &str = "ledger-key = \"../../ledger_key\"
---

[role.engineer]
ca         = \"users\"
requesters = [\"peter\", \"erik\", \"anna\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"1h\", maximum = \"8h\", back-date = \"5m\" }
extensions = { default = [\"permit-pty\"], allowed = [] }
";
