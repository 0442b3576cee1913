//! What a person reads: whole sessions, held against the text in `sessions/`.

use std::collections::BTreeSet;

use crate::harness::process::bounded;
use crate::harness::process::run;
use crate::harness::punchmark::{BINARY, Punchmark};
use crate::harness::session::{assert_session, commands};
use crate::harness::token::Token;

/// A session begins with an empty home, beside a token `Root CA` whose PIN is in `pin`.
fn hold(name: &str) {
    let token = Token::softhsm();
    assert_session(&Punchmark::new(&token), name);
}

#[test]
fn help() {
    hold("help");
}

#[test]
fn first_ca() {
    hold("first-ca");
}

#[test]
fn sign_and_show() {
    hold("sign-and-show");
}

#[test]
fn refusals() {
    hold("refusals");
}

#[test]
fn roles() {
    hold("roles");
}

#[test]
fn access() {
    hold("access");
}

#[test]
fn ledger() {
    hold("ledger");
}

#[test]
fn every_command_has_its_help_in_the_session() {
    let shown: BTreeSet<String> = commands("help").into_iter().collect();
    let missing: Vec<_> = all_commands("punchmark")
        .into_iter()
        .map(|command| format!("{command} --help\n"))
        .filter(|command| !shown.contains(command))
        .collect();
    assert!(
        missing.is_empty(),
        "not in the session of help: {missing:?}"
    );
}

/// The command and all below it, as its help names them.
fn all_commands(command: &str) -> Vec<String> {
    let mut words = command.split(' ').skip(1).collect::<Vec<_>>();
    words.push("--help");
    let help = run(bounded(BINARY).args(&words)).ok().stdout;
    let (_, list) = help.split_once("\nCommands:\n").unwrap_or_default();
    let lines = list.lines().take_while(|line| !line.is_empty());
    // A description that goes on in the next line stands further to the right.
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let below = names.filter(|name| !["", "help"].contains(name));
    let mut all: Vec<_> = below
        .flat_map(|name| all_commands(&format!("{command} {name}")))
        .collect();
    all.push(command.to_owned());
    all
}
