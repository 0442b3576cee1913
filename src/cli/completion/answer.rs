//! What may stand in the place of a command line's last word, a line each.
//!
//! `word⇥VALUE⇥HELP` is a whole word. `files⇥PREFIX` asks the shell to complete a path behind
//! these letters of the word, `folders⇥PREFIX` one of a folder.

use std::ffi::{OsStr, OsString};

use clap::Command;
use clap_complete::CompletionCandidate;
use clap_complete::engine::complete;

use super::super::base::context::Context;
use super::super::base::failure::Failure;
use super::super::base::terminal::product;
use super::names::{FILES, FOLDERS, Names, with_names};

/// Prints the answer. Nobody reads an error at a Tab: what can't be known is left out.
pub(super) fn print(
    context: &Context,
    program: Command,
    words: Vec<OsString>,
) -> Result<(), Failure> {
    let names = Names::of(context, &words);
    for line in answer(with_names(program, &names), words) {
        product(&line)?;
    }
    Ok(())
}

fn answer(mut program: Command, words: Vec<OsString>) -> Vec<String> {
    let Some(last) = words.len().checked_sub(1) else {
        return Vec::new();
    };
    let typed = words.last().cloned().unwrap_or_default();
    let mut candidates = complete(&mut program, words, last, None).unwrap_or_default();
    let is_option = |one: &CompletionCandidate| starts_with_dash(one.get_value());
    // Behind a dash stands an option, and seldom a file's name.
    if starts_with_dash(&typed) {
        candidates.retain(|one| one.get_value() != FILES && one.get_value() != FOLDERS);
    }
    // Forty options would hide the three files that somebody looks for.
    if typed.is_empty() && !candidates.iter().all(is_option) {
        candidates.retain(|one| !is_option(one));
    }
    candidates.iter().filter_map(line).collect()
}

fn starts_with_dash(value: &OsStr) -> bool {
    value.as_encoded_bytes().starts_with(b"-")
}

fn line(candidate: &CompletionCandidate) -> Option<String> {
    // What isn't UTF-8 stands before a path, and the shell can't be asked for it by a line.
    let value = candidate.get_value().to_str()?;
    for (mark, kind) in [(FILES, "files"), (FOLDERS, "folders")] {
        if let Some(prefix) = value.strip_suffix(mark) {
            return Some(format!("{kind}\t{prefix}"));
        }
    }
    let help = candidate.get_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    let first = help.lines().next().unwrap_or_default();
    Some(format!("word\t{value}\t{first}"))
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction, value_parser};

    use super::*;

    fn program() -> Command {
        let ca = Arg::new("ca").short('s').value_name("CA");
        let role = Arg::new("role").long("role").value_name("ROLE");
        let config = Arg::new("config").long("config").value_name("FILE");
        let config = config.value_parser(value_parser!(std::path::PathBuf));
        let quiet = Arg::new("quiet").long("quiet").action(ArgAction::SetTrue);
        let out = Arg::new("out").long("out-dir").value_name("DIR");
        let files = Arg::new("files").value_name("FILE").num_args(1..);
        let sign = Command::new("sign").about("Sign public keys\nand more");
        let sign = sign.args([ca, role, config, quiet, out, files]);
        Command::new("punchmark")
            .disable_help_flag(true)
            .disable_help_subcommand(true)
            .subcommand(sign)
    }

    fn answered(line: &str) -> Vec<String> {
        let names = Names {
            cas: vec!["users".to_owned(), "hosts".to_owned()],
            roles: vec!["engineer".to_owned()],
        };
        let words = line.split(' ').map(OsString::from).collect();
        answer(with_names(program(), &names), words)
    }

    #[test]
    fn commands_cas_and_roles_are_words() {
        assert_eq!(answered("punchmark "), ["word\tsign\tSign public keys"]);
        assert_eq!(answered("punchmark sign -s u"), ["word\tusers\t"]);
        assert_eq!(answered("punchmark sign -su"), ["word\t-susers\t"]);
        assert_eq!(
            answered("punchmark sign --role="),
            ["word\t--role=engineer\t"]
        );
    }

    #[test]
    fn paths_are_left_to_the_shell_with_what_stands_before_them() {
        assert_eq!(answered("punchmark sign "), ["files\t"]);
        assert_eq!(answered("punchmark sign a b"), ["files\t"]);
        assert_eq!(answered("punchmark sign --config=x"), ["files\t--config="]);
        assert_eq!(answered("punchmark sign --out-dir "), ["folders\t"]);
    }

    #[test]
    fn options_are_shown_once_a_dash_is_typed() {
        let long = answered("punchmark sign --q");
        assert_eq!(long, ["word\t--quiet\t"]);
        assert!(answered("punchmark sign -").len() > 3);
    }

    #[test]
    fn a_line_without_a_word_has_no_answer() {
        let names = Names::default();
        assert!(answer(with_names(program(), &names), Vec::new()).is_empty());
    }
}
