//! What README and help texts show is what the program does.

use std::path::Path;

use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::{BINARY, Punchmark};
use crate::harness::token::Token;

#[test]
fn the_first_certificate_of_the_readme_is_made_as_it_stands() {
    let blocks = runnable(README);
    assert_eq!(blocks.len(), 1, "blocks that begin with {RUNNABLE}");
    for block in blocks {
        let account = Punchmark::new(&Token::softhsm());
        let ran = shell(&account, &format!("exec 2>&1\nset -eu\n{}", block.script)).ok();
        assert_eq!(shape(&ran.stdout), shape(&block.output), "{ran}");
    }
}

#[test]
fn every_example_of_a_help_text_is_understood() {
    let account = Punchmark::new(&Token::softhsm());
    for subcommand in SUBCOMMANDS {
        let help = shell(&account, &format!("punchmark {subcommand} --help")).ok();
        let examples = examples(&help.stdout);
        assert!(!examples.is_empty(), "{help}");
        for example in examples {
            let ran = shell(&account, &example);
            // The examples name CAs and roles that this account doesn't have.
            let is_unknown = ["has no CA `", "has no role `", "no CA of the config"]
                .iter()
                .any(|words| ran.stderr.contains(words));
            // What is for people alone; here nobody is.
            let is_for_people = ran.stderr.contains("by people at a terminal");
            // A monitored command that has not what it compares with here.
            let can_t_tell = ran.code == Some(3) && ran.stdout.starts_with("UNKNOWN: ");
            let is_understood =
                is_unknown || is_for_people || can_t_tell || matches!(ran.code, Some(0 | 1));
            assert!(is_understood, "{ran}");
        }
    }
}

/// Commands of a block, and what it says that they print.
#[derive(Default)]
struct Block {
    script: String,
    output: String,
}

/// The blocks that are marked to be run. A command begins with `$ `, and goes on after a
/// line that ends in a backslash.
fn runnable(page: &str) -> Vec<Block> {
    let parts = page.split(RUNNABLE).skip(1);
    parts
        .map(|part| block(part.split("\n```").next().unwrap()))
        .collect()
}

fn block(text: &str) -> Block {
    let mut block = Block::default();
    let mut goes_on = false;
    for line in text.lines() {
        let command = line.strip_prefix("$ ").or(goes_on.then_some(line));
        goes_on = command.is_some_and(|command| command.ends_with('\\'));
        match command {
            Some(command) => block.script += &format!("{command}\n"),
            None => block.output += &format!("{line}\n"),
        }
    }
    block
}

/// The `punchmark` command of each example, without what stands before it in a pipe.
fn examples(help: &str) -> Vec<String> {
    let (_, examples) = help.split_once("\nExamples:\n").unwrap_or_default();
    let joined = examples.replace("\\\n", "");
    let command = |line: &str| Some(line.split_at(line.rfind("punchmark ")?).1.to_owned());
    joined.lines().filter_map(command).collect()
}

/// Runs a script where `punchmark` is the program under test.
fn shell(account: &Punchmark, script: &str) -> Ran {
    let folder = Path::new(BINARY).parent().unwrap().display();
    let path = std::env::var("PATH").unwrap();
    let mut shell = account.prepare(bounded("sh"));
    shell.env("PATH", format!("{folder}:{path}"));
    run(shell.arg("-c").arg(script))
}

/// The words of each line. Whatever has a digit or a slash differs from run to run: keys,
/// times, slots, paths.
fn shape(output: &str) -> Vec<Vec<&str>> {
    let varies = |word: &str| word.contains(|c: char| c.is_ascii_digit() || c == '/');
    output
        .lines()
        .map(|line| {
            let words = line.split_whitespace();
            words
                .map(|word| if varies(word) { "…" } else { word })
                .collect()
        })
        .filter(|line: &Vec<_>| !line.is_empty())
        .collect()
}

/// All that have examples; `""` is the program itself.
const SUBCOMMANDS: &[&str] = &[
    "",
    "try",
    "tokens",
    "setup-card",
    "ca list",
    "ca show",
    "ceremony",
    "ceremony plan",
    "ceremony check",
    "ceremony script",
    "ceremony run",
    "ceremony verify",
    "init",
    "adopt",
    "import",
    "sign",
    "renew",
    "login",
    "get",
    "ssh",
    "ssh-config",
    "request",
    "enroll",
    "requester",
    "bundle make",
    "bundle show",
    "challenge",
    "role",
    "serve",
    "user",
    "role add",
    "config",
    "config check",
    "show",
    "revoke",
    "ledger verify",
    "ledger checkpoint",
    "ledger check-proof",
    "krl",
    "krl show",
    "krl spec",
    "krl check",
    "attestation",
    "attestation roots check",
    "evidence",
    "evidence verify",
    "access",
    "access lint",
    "access explain",
    "access who",
    "access can",
    "access diff",
    "access render",
    "access import",
    "access compile",
    "krl fetch",
];
const README: &str = include_str!("../README.md");
const RUNNABLE: &str = "```console run\n";
