//! `-h` and `-V` of every command: help and version, wherever they mean nothing else.

use clap::{Arg, ArgAction, Command};

use super::base::global::HEADING;

/// Gives a command, and all below it, `--help` and `--version`, with their letters where it has
/// no other use for them: `sign -h` makes host certificates, `sign -V` takes a validity.
pub(super) fn with_help_and_version(command: Command) -> Command {
    let has = |is_it: &dyn Fn(&Arg) -> bool| command.get_arguments().any(is_it);
    let host = has(&|argument| argument.get_short() == Some('h'));
    let validity = has(&|argument| argument.get_short() == Some('V'));
    let has_version = has(&|argument| argument.get_long() == Some("version"));
    let is_program = command.get_name() == "punchmark";
    let version = match (validity, is_program) {
        (true, _) => None,
        (false, true) => Some(version(VERSION_AND_ROOTS).long("version")),
        (false, false) if has_version => Some(version(VERSION)),
        (false, false) => Some(version(VERSION).long("version")),
    };
    let below: Vec<String> = command
        .get_subcommands()
        .map(|below| below.get_name().to_owned())
        .collect();
    let command = command.version(env!("CARGO_PKG_VERSION"));
    let command = command.arg(help(host)).args(version);
    below.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, with_help_and_version)
    })
}

fn help(letter_is_taken: bool) -> Arg {
    let help = Arg::new("print-help").long("help").action(ArgAction::Help);
    let help = help.help_heading(HEADING).display_order(LAST);
    if letter_is_taken {
        help.help("Print help (-h asks for host certificates)")
    } else {
        help.short('h').help("Print help")
    }
}

fn version(words: &'static str) -> Arg {
    let version = Arg::new("print-version").short('V').help(words);
    let version = version.action(ArgAction::Version);
    version.help_heading(HEADING).display_order(LAST + 1)
}

/// Behind all that a command says itself.
const LAST: usize = 1000;
const VERSION: &str = "Print the version";
const VERSION_AND_ROOTS: &str =
    "Print the version; with --verbose, also which roots of attestation it has";

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(command: &Command) -> Vec<char> {
        let arguments = command.get_arguments();
        arguments.filter_map(Arg::get_short).collect()
    }

    fn each_command(command: &Command, each: &mut dyn FnMut(&Command)) {
        each(command);
        command
            .get_subcommands()
            .for_each(|below| each_command(below, each));
    }

    #[test]
    fn every_command_that_takes_a_ca_takes_it_by_both_its_names() {
        let mut found = 0;
        each_command(&crate::cli::tree::<crate::cli::Command>(), &mut |command| {
            for option in command.get_arguments() {
                let by_letter = option.get_short() == Some('s');
                let by_word = option.get_long() == Some("ca");
                assert_eq!(
                    by_letter,
                    by_word,
                    "{} {}",
                    command.get_name(),
                    option.get_id()
                );
                found += usize::from(by_letter);
            }
        });
        assert!(found > 10, "{found}");
    }

    #[test]
    fn the_letters_are_help_and_version_unless_the_command_has_them() {
        let host = Arg::new("host").short('h').action(ArgAction::SetTrue);
        let validity = Arg::new("validity").short('V');
        let sign = Command::new("sign").args([host, validity]);
        let list = Command::new("ledger").subcommand(Command::new("list"));
        let all = Command::new("punchmark").subcommands([sign, list]);
        let all = with_help_and_version(all);
        assert_eq!(letters(&all), ['h', 'V']);
        let sign = all.find_subcommand("sign").unwrap();
        assert_eq!(letters(sign), ['h', 'V']);
        assert!(
            sign.get_arguments()
                .any(|one| one.get_long() == Some("help"))
        );
        let ledger = all.find_subcommand("ledger").unwrap();
        assert_eq!(letters(ledger.find_subcommand("list").unwrap()), ['h', 'V']);
    }
}
