//! What Tab does in the shells themselves, and the man pages as `man` reads them.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::admin::Admin;
use crate::harness::process::{bounded, run};
use crate::harness::pty::{self, Pty};
use crate::harness::punchmark::{BINARY, Punchmark};
use crate::harness::token::Token;
use crate::harness::write;

/// A shell without the settings of whoever runs the tests.
struct Shell {
    name: &'static str,
    arguments: &'static [&'static str],
    /// What it is told first: a prompt that isn't seen where it is typed.
    begin: &'static str,
    source: &'static str,
}

const BASH: Shell = Shell {
    name: "bash",
    arguments: &["--norc", "--noprofile", "-i"],
    // rexpect's terminal doesn't echo, and readline would not either.
    begin: "stty echo; PS1='re''ady> '",
    source: "source <(punchmark completion bash)",
};
const ZSH: Shell = Shell {
    name: "zsh",
    arguments: &["-f", "-i"],
    begin: "autoload -U compinit; compinit -D; PS1='re''ady> '",
    source: "source <(punchmark completion zsh)",
};
const FISH: Shell = Shell {
    name: "fish",
    arguments: &["--no-config", "--interactive"],
    begin: "function fish_prompt; echo -n re'ady> '; end",
    source: "punchmark completion fish | source",
};

impl Shell {
    /// The words that stand in the command line once `typed` and Tab were pressed, and `shown`
    /// was seen behind it.
    #[track_caller]
    fn completes(&self, account: &Punchmark, typed: &str, shown: &str) -> Vec<String> {
        let mut terminal = Pty::start(self.command(account));
        terminal.type_line(self.begin);
        terminal.type_line(self.source);
        terminal.type_line("printf 'set-up-%s\\n' done");
        terminal.expect("set-up-done");
        // Keys that come before it are the terminal's, and not yet the shell's.
        terminal.expect("ready> ");
        terminal.type_keys(&format!("{typed}\t"));
        terminal.expect(shown);
        // To the beginning and to the end: the line becomes one that writes its own words.
        terminal.press_control('a');
        terminal.type_keys("printf '%s|' ");
        terminal.press_control('e');
        terminal.type_line(" > words; exit");
        terminal.finish();
        let words = fs::read_to_string(account.path("words")).unwrap();
        let words = words.trim_end_matches('|').split('|');
        words.map(str::to_owned).collect()
    }

    fn command(&self, account: &Punchmark) -> Command {
        let program = Path::new(BINARY).parent().unwrap().display();
        let path = std::env::var("PATH").unwrap();
        let mut command = account.prepare(pty::command(self.name));
        command.args(self.arguments);
        command.env("PATH", format!("{program}:{path}"));
        command.env("TERM", "dumb").env("LC_ALL", "C.UTF-8");
        command
    }
}

const ROLE: &str = "
[role.engineer]
ca         = \"users\"
requesters = [\"peter\"]
principals = [\"{requester}\"]
lifetime   = { maximum = \"1h\" }
";

/// Commands, options, CAs, roles and files, each by one Tab.
fn completes_all(shell: &Shell) {
    let admin = Admin::ready().and_config(ROLE);
    let account = &admin.punchmark;
    let tab = |typed, shown| shell.completes(account, typed, shown);
    assert_eq!(tab("punchmark chal", "lenge"), ["punchmark", "challenge"]);
    assert_eq!(
        tab("punchmark sign -s us", "ers"),
        ["punchmark", "sign", "-s", "users"]
    );
    assert_eq!(
        tab("punchmark role show eng", "ineer"),
        ["punchmark", "role", "show", "engineer"]
    );
    assert_eq!(
        tab("punchmark sign --role=eng", "ineer"),
        ["punchmark", "sign", "--role=engineer"]
    );
    assert_eq!(
        tab("punchmark show --js", "on"),
        ["punchmark", "show", "--json"]
    );
    write(&account.path("peters key.pub"), "", 0o600);
    assert_eq!(
        tab("punchmark show peters", "key.pub"),
        ["punchmark", "show", "peters key.pub"]
    );
    assert_eq!(
        tab("punchmark ca list --config=pet", "key.pub"),
        ["punchmark", "ca", "list", "--config=peters key.pub"]
    );
}

#[test]
fn tab_in_bash() {
    completes_all(&BASH);
}

#[test]
fn tab_in_zsh() {
    completes_all(&ZSH);
}

#[test]
fn tab_in_fish() {
    completes_all(&FISH);
}

fn answer(account: &Punchmark, words: &[&str]) -> String {
    let asked = ["completion", "--answer", "--", "punchmark"];
    account.run(&[&asked, words].concat()).ok().stdout
}

#[test]
fn cas_and_roles_are_those_of_the_config_that_the_line_names() {
    let admin = Admin::ready();
    let account = &admin.punchmark;
    assert_eq!(answer(account, &["ca", "show", "u"]), "word\tusers\t\n");
    assert_eq!(
        answer(account, &["--config", "nowhere.toml", "ca", "show", "u"]),
        ""
    );
    write(&account.path("broken.toml"), "[ca", 0o600);
    assert_eq!(
        answer(account, &["--config=broken.toml", "ca", "show", "u"]),
        ""
    );
}

/// Writes all pages, and gives their folder and names.
fn pages(account: &Punchmark) -> (std::path::PathBuf, Vec<String>) {
    let folder = account.path("man1");
    fs::create_dir(&folder).unwrap();
    account.run(&["man", "--out-dir", "man1"]).ok();
    let names = fs::read_dir(&folder).unwrap();
    let mut names: Vec<_> = names
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    (folder, names)
}

fn as_read(page: &Path) -> String {
    let mut man = bounded("man");
    man.args(["--warnings", "--local-file", "-P", "cat"]);
    man.env("MANWIDTH", "100").env("LC_ALL", "C.UTF-8");
    let ran = run(man.arg(page)).ok();
    assert_eq!(ran.stderr, "", "{}", page.display());
    ran.stdout
}

#[test]
fn every_command_has_its_man_page_and_man_has_nothing_to_warn_of() {
    let account = Punchmark::new(&Token::softhsm());
    let (folder, names) = pages(&account);
    for name in [
        "punchmark.1",
        "punchmark-sign.1",
        "punchmark-ledger-key-rollover.1",
    ] {
        assert!(names.iter().any(|one| one == name), "{name}: {names:?}");
    }
    for name in &names {
        let page = as_read(&folder.join(name));
        for heading in ["NAME", "SYNOPSIS", "DESCRIPTION", "GLOBAL OPTIONS"] {
            let stands = page.lines().any(|line| line == heading);
            assert!(stands, "{name} has no {heading}:\n{page}");
        }
        let words: Vec<_> = name.trim_end_matches(".1").split('-').skip(1).collect();
        assert!(page.contains("--help"), "{name}: {words:?}");
    }
}

#[test]
fn an_example_stands_in_the_page_as_it_is_typed() {
    let account = Punchmark::new(&Token::softhsm());
    let (folder, _) = pages(&account);
    let page = as_read(&folder.join("punchmark.1"));
    let typed = "punchmark sign -s users -I 'peter, laptop' -n peter -V +8h peter.pub";
    let stands = page.lines().any(|line| line.trim() == typed);
    assert!(stands, "{page}");
    assert!(page.contains("Exit codes: 0 done"), "{page}");
}

#[test]
fn a_page_by_its_words_and_none_of_what_is_no_command() {
    let account = Punchmark::new(&Token::softhsm());
    let page = account.run(&["man", "ledger", "list"]).ok().stdout;
    assert!(page.contains(".TH PUNCHMARK-LEDGER-LIST 1"), "{page}");
    account
        .run(&["man", "ledger", "nothing"])
        .exits(2)
        .says("punchmark-ledger has no command `nothing`");
    let none: &[&OsStr] = &[
        OsStr::new("man"),
        OsStr::new("--out-dir"),
        OsStr::new("none"),
    ];
    account.run(none).exits(1).says("none");
}
