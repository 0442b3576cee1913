//! The machine's own folder of kept heads, which no config takes away.
//!
//! Every command has a `/var/lib` of its own, mounted in a namespace, so that nothing of it
//! outlasts the test.

use std::fs;
use std::path::PathBuf;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::BINARY;
use crate::harness::token::Token;

/// An admin on a machine whose `/var/lib` is in the home folder.
struct Machine(Admin);

impl Machine {
    fn new() -> Self {
        let machine = Self(Admin::new(Token::softhsm()));
        fs::create_dir(machine.path("var-lib")).unwrap();
        machine.config("punchmark.toml", "");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.punchmark.path(name)
    }

    /// Writes a config of this name beside the ledger, which begins with these lines and goes on
    /// as the machine's own.
    fn config(&self, name: &str, lines: &str) {
        let ours = self.0.config_file();
        let rest = fs::read_to_string(&ours).unwrap_or_default();
        let is_of_the_place =
            |line: &&str| line.starts_with("kept-heads") || line.starts_with("ledger");
        let rest: Vec<_> = rest.lines().filter(|line| !is_of_the_place(line)).collect();
        let ledger = self.0.ledger_file();
        let text = format!("{lines}\nledger = {ledger:?}\n{}\n", rest.join("\n"));
        fs::write(ours.with_file_name(name), text).unwrap();
    }

    fn run(&self, config: &str, arguments: &[&str]) -> Ran {
        let mount = "mount --bind \"$1\" /var/lib && if [ -e \"$2\" ]; then \
            mount --bind \"$2\" /etc/passwd; fi && shift 2 && exec \"$@\"";
        let mut shell = bounded("unshare");
        shell.args(["-r", "-m", "sh", "-c", mount, "sh"]);
        shell.arg(self.path("var-lib")).arg(self.path("passwd"));
        shell.arg(BINARY);
        let mut command = self.0.punchmark.prepare(shell);
        let config = self.0.config_file().with_file_name(config);
        command.args(["--pin-file", "pin", "--config"]).arg(config);
        run(command.args(arguments))
    }

    fn init(&self, config: &str) -> Ran {
        let key = self.0.token.locator("users");
        let init = ["init", "users", "--key", &key, "--algorithm", "p256"];
        self.run(config, &init)
    }

    fn sign(&self, config: &str, key: &str) -> Ran {
        let sign = ["sign", "-s", "users", "-I", "id", "-n", "peter"];
        self.run(config, &[&sign[..], &["-V", "+1h", key]].concat())
    }
}

#[test]
fn a_config_that_wants_the_heads_elsewhere_does_not_take_the_machines_away() {
    let machine = Machine::new();
    for key in ["one", "two", "three", "ledger_key"] {
        machine.0.key(key, ED25519);
    }
    let mine = "punchmark.toml";
    machine.init(mine).ok();
    machine.sign(mine, "one.pub").ok();
    let heads = machine.path("var-lib/punchmark/heads");
    assert_eq!(fs::read_dir(heads).unwrap().count(), 1);
    let head = machine.run(mine, &["ledger", "checkpoint", "--key", "ledger_key"]);
    fs::write(machine.path("head.txt"), head.ok().stdout).unwrap();
    let ledger = machine.0.ledger_file();
    fs::copy(&ledger, machine.path("last-night")).unwrap();
    machine.sign(mine, "two.pub").ok();
    fs::copy(machine.path("last-night"), &ledger).unwrap();

    let elsewhere = machine.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    machine.config("other.toml", &format!("kept-heads-only = [{elsewhere:?}]"));
    let adopt = ["ledger", "head", "adopt", "--against", "head.txt"];
    let adopt = [&adopt[..], &["--signer", "ledger_key.pub"]].concat();
    for config in [mine, "other.toml"] {
        machine.run(config, &adopt).exits(1).says("knows");
        machine.sign(config, "three.pub").fails().says("knows");
    }
    assert!(!machine.path("three-cert.pub").exists());
}

#[test]
fn heads_that_would_go_back_with_the_ledger_are_refused_before_a_key_is_made() {
    let machine = Machine::new();
    machine.0.key("one", ED25519);
    machine.config("beside.toml", "kept-heads-only = [\".\"]");
    let ran = machine.init("beside.toml").fails();
    ran.says("in its own folder alone")
        .says("name a folder elsewhere");
    assert!(!machine.0.ledger_file().exists());
    assert!(!machine.0.ca_file("users").exists());
    // Its label would be taken, had the key been made.
    machine.init("punchmark.toml").ok();
    machine.config("beside.toml", "kept-heads-only = [\".\"]");
    machine
        .sign("beside.toml", "one.pub")
        .fails()
        .says("in its own folder alone");
}

/// A tree that is put back whole brings the heads in it back too.
#[test]
fn heads_below_the_ledgers_folder_alone_are_refused_until_the_config_means_it_or_one_lies_elsewhere()
 {
    let machine = Machine::new();
    machine.0.key("one", ED25519);
    let below = "kept-heads-only = [\"heads\"]";
    let file = |name: &str| machine.0.config_file().with_file_name(name);
    machine.config("below.toml", below);
    let refused = |ran: Ran| {
        ran.says("is kept below its own folder alone, in ")
            .says("`kept-heads`")
            .says("`ledger-allow = [\"heads below\"]`");
    };
    refused(machine.init("below.toml").fails());
    assert!(!machine.0.ledger_file().exists());
    assert!(!machine.0.ca_file("users").exists());
    let meant = format!("ledger-allow = [\"heads below\"]\n{below}");
    machine.config("below.toml", &meant);
    let ran = machine.init("below.toml").ok();
    assert!(!ran.stderr.contains("warning: the head"), "{ran}");
    let list = machine.run("below.toml", &["ledger", "export"]).ok();
    assert!(list.stdout.contains("heads below"), "{list}");
    machine.sign("below.toml", "one.pub").ok();
    // The word is taken out again: nothing is written, and whoever looks is told.
    let text = fs::read_to_string(file("below.toml")).unwrap();
    fs::write(file("unmeant.toml"), text.replace(&meant, below)).unwrap();
    refused(machine.sign("unmeant.toml", "one.pub").fails());
    let adopt = ["ledger", "head", "adopt"];
    refused(machine.run("unmeant.toml", &adopt).fails());
    for look in [&["status"][..], &["doctor"]] {
        let ran = machine.run("unmeant.toml", look);
        let says = "the head of the ledger is kept below its own folder alone, in ";
        let is_critical = ran.stdout.starts_with("CRITICAL") || ran.stdout.contains("\nCRITICAL");
        assert!(is_critical && ran.stdout.contains(says), "{ran}");
    }
    let elsewhere = machine.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let both = format!("kept-heads = [{elsewhere:?}]\n{below}");
    fs::write(file("both.toml"), text.replace(&meant, &both)).unwrap();
    machine.sign("both.toml", "one.pub").ok();
    // The head that is kept there since then counts, and the ledger itself names its folder.
    machine.sign("unmeant.toml", "one.pub").ok();
}

/// The program's own choice, where there is no other: it is said at once, and nothing is refused.
#[test]
fn a_ledger_right_in_the_home_of_its_owner_is_warned_of_until_a_head_lies_elsewhere() {
    let machine = Machine::new();
    machine.0.key("one", ED25519);
    let home = machine.0.punchmark.home().display().to_string();
    fs::write(
        machine.path("passwd"),
        format!("root:x:0:0::{home}:/bin/sh\n"),
    )
    .unwrap();
    // The machine's folder can't be made, and no config names another.
    fs::write(machine.path("var-lib/punchmark"), "").unwrap();
    let ledger = format!("ledger = \"{home}/punchmark.ledger\"\n");
    fs::write(
        machine.0.config_file().with_file_name("below.toml"),
        &ledger,
    )
    .unwrap();
    let says = "below the ledger's own folder alone, in ";
    let told = |ran: Ran| ran.ok().says(says).says("kept-heads = ");
    told(machine.init("below.toml"));
    told(machine.sign("below.toml", "one.pub"));
    let warnings = |config: &str| -> Vec<bool> {
        let looks = [&["status"][..], &["doctor"], &["config", "check"]];
        let ran = looks.map(|look| machine.run(config, look));
        let told = ran.map(|ran| ran.stdout.contains(says) && ran.stdout.contains("kept-heads = "));
        told.to_vec()
    };
    assert_eq!(warnings("below.toml"), [true; 3]);
    let elsewhere = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(machine.0.config_file().with_file_name("below.toml")).unwrap();
    let both = format!("kept-heads = [{:?}]\n{text}", elsewhere.path());
    fs::write(machine.0.config_file().with_file_name("both.toml"), both).unwrap();
    machine.sign("both.toml", "one.pub").ok();
    assert_eq!(warnings("both.toml"), [false; 3]);
    let ran = machine.sign("both.toml", "one.pub").ok();
    assert!(!ran.stderr.contains(says), "{ran}");
}
