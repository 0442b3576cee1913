//! Where `--pin-file` and `--pin-fd` are told of: with the commands that may ask for a PIN.

use clap::{Arg, Command};

use super::base::asks_for_pins::AsksForPins;

/// Hides the options for PINs in the help of commands that need none. They are taken there all the
/// same: whoever has them in an alias of the shell is no worse off.
pub(super) fn hidden_where_no_pin_is_asked(program: Command) -> Command {
    let options: Vec<Arg> = program
        .get_arguments()
        .filter(|argument| OPTIONS.contains(&argument.get_id().as_str()))
        .cloned()
        .collect();
    below(program, &options)
}

fn below(command: Command, options: &[Arg]) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|below| below.get_name().to_owned())
        .collect();
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |command| {
            let is_hidden = !AsksForPins::is_of(&command);
            // clap hands a global option on to where none of its name is yet.
            let own = options.iter().map(|option| option.clone().hide(is_hidden));
            below(command.args(own), options)
        })
    })
}

/// As clap knows them.
const OPTIONS: [&str; 2] = ["pin_file", "pin_fd"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Command as Commands, parse, tree};

    /// Each command whose help names the options, by the words that lead to it.
    fn tell_of_them(command: &Command, path: &str, found: &mut Vec<String>) {
        for below in command.get_subcommands() {
            let path = format!("{path} {}", below.get_name());
            let path = path.trim_start();
            let mut shown = below.get_arguments().filter(|option| !option.is_hide_set());
            if shown.any(|option| option.get_long() == Some("pin-file")) {
                found.push(path.to_owned());
            }
            tell_of_them(below, path, found);
        }
    }

    #[test]
    fn the_help_of_commands_that_may_ask_alone_names_them() {
        let mut program = hidden_where_no_pin_is_asked(tree::<Commands>());
        program.build();
        let mut found = Vec::new();
        tell_of_them(&program, "", &mut found);
        for asks in [
            "sign",
            "tokens",
            "krl",
            "ledger key rollover",
            "host request",
        ] {
            assert!(found.iter().any(|path| path == asks), "{asks}: {found:?}");
        }
        for asks_not in ["show", "krl show", "ledger", "ledger key", "status"] {
            assert!(!found.iter().any(|path| path == asks_not), "{asks_not}");
        }
    }

    #[test]
    fn they_are_taken_everywhere() {
        for line in [
            "punchmark --pin-file p ledger list",
            "punchmark ledger --pin-file p list",
            "punchmark ledger list --pin-file p",
            "punchmark krl show --pin-file p x.krl",
        ] {
            let words: Vec<_> = line.split(' ').map(Into::into).collect();
            let mut program = hidden_where_no_pin_is_asked(tree::<Commands>());
            let cli = parse::<Commands>(&mut program, &words).unwrap();
            assert_eq!(cli.global.pin_file.len(), 1, "{line}");
        }
    }
}
