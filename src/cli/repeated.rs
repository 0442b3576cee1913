//! Options that are given twice: refused, where one of them would be dropped in silence.

use clap::{Arg, ArgAction, Command};

/// Lets the program take again what may be said twice: flags, which say the same again, and the
/// letters of `sign`, of which the last counts for ssh-keygen too. clap refuses every other
/// option that has one value and is given another.
pub(super) fn allowed_where_harmless(program: Command) -> Command {
    let has_sign = program.find_subcommand(SIGN).is_some();
    let program = with_flags_again(program);
    if has_sign {
        program.mut_subcommand(SIGN, |sign| sign.mut_args(letter_again))
    } else {
        program
    }
}

fn with_flags_again(command: Command) -> Command {
    let below: Vec<String> = command
        .get_subcommands()
        .map(|below| below.get_name().to_owned())
        .collect();
    let is_sign = command.get_name() == SIGN;
    let command = command.mut_args(|argument| match argument.get_action() {
        ArgAction::SetTrue => again(argument),
        // It is a list for `sign` alone, which looks at those that do not count too.
        ArgAction::Append if !is_sign && argument.get_short() == Some(VALIDITY) => {
            argument.action(ArgAction::Set)
        }
        _ => argument,
    });
    below.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, with_flags_again)
    })
}

fn letter_again(argument: Arg) -> Arg {
    let letter = argument.get_short();
    match argument.get_action() {
        ArgAction::Set if letter.is_some_and(|letter| LETTERS.contains(letter)) => again(argument),
        _ => argument,
    }
}

fn again(argument: Arg) -> Arg {
    let id = argument.get_id().clone();
    argument.overrides_with(id)
}

const SIGN: &str = "sign";
const VALIDITY: char = 'V';
/// The letters with one value that ssh-keygen has too.
const LETTERS: &str = "sInt";

#[cfg(test)]
mod tests {
    use clap::error::{ContextKind, ContextValue, ErrorKind};

    use super::*;
    use crate::cli::{Command as Commands, tree};

    /// Each option with one value of each command below, with the words that lead to it.
    fn each_option(command: &Command, path: &[String], each: &mut dyn FnMut(&[String], &Arg)) {
        let options = command.get_arguments();
        options
            .filter(|option| !option.is_positional())
            .filter(|option| option.get_action().takes_values())
            .for_each(|option| each(path, option));
        for below in command.get_subcommands() {
            let path = [path, &[below.get_name().to_owned()]].concat();
            each_option(below, &path, each);
        }
    }

    fn typed(option: &Arg) -> String {
        let long = option.get_long().map(|long| format!("--{long}"));
        long.or(option.get_short().map(|letter| format!("-{letter}")))
            .unwrap()
    }

    /// Whether clap found fault with this option alone because it was given twice.
    fn is_refused(path: &[String], option: &Arg) -> bool {
        let words = typed(option);
        let values = option.get_possible_values();
        let possible = values.first().map(|value| value.get_name().to_owned());
        let samples = possible.into_iter().chain(SAMPLES.map(str::to_owned));
        let twice = samples.map(|value| {
            let given = [words.clone(), value.clone(), words.clone(), value];
            let line = [path, &given].concat();
            tree::<Commands>().try_get_matches_from(line).err()
        });
        let mut errors = twice.flatten().filter(|error| {
            let kind = error.kind();
            !matches!(kind, ErrorKind::ValueValidation | ErrorKind::InvalidValue)
        });
        let error = errors.next();
        error.is_some_and(|error| {
            let named = error.get(ContextKind::InvalidArg);
            error.kind() == ErrorKind::ArgumentConflict
                && matches!(named, Some(ContextValue::String(named)) if named.starts_with(&words))
                && error.get(ContextKind::PriorArg) == named
        })
    }

    #[test]
    fn every_option_with_one_value_is_refused_twice_but_the_letters_of_sign() {
        let (mut refused, mut letters) = (0, Vec::new());
        let program = ["punchmark".to_owned()];
        let mut tree = tree::<Commands>();
        tree.build();
        each_option(&tree, &program, &mut |path, option| {
            if matches!(option.get_action(), ArgAction::Append) {
                return;
            }
            if is_refused(path, option) {
                refused += 1;
            } else {
                letters.push(format!("{} {}", path.join(" "), typed(option)));
            }
        });
        let of_sign =
            ["-I", "--principal", "--ca", "-t"].map(|letter| format!("punchmark sign {letter}"));
        letters.sort();
        let mut expected = of_sign.to_vec();
        expected.sort();
        assert_eq!(letters, expected);
        assert!(refused > 100, "{refused}");
    }

    /// Values of every kind that options have.
    const SAMPLES: [&str; 14] = [
        "1",
        "2/3",
        "3",
        "/a",
        "127.0.0.1",
        "SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "a",
        "8h",
        "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "p256",
        "9c",
        "127.0.0.1:22",
        "{}",
        "Cargo.toml",
    ];
}
