//! `--help` in its short form: an option and what it does side by side, and no line between two.

use clap::{Arg, Command};

/// Gives a command, and all below it, their help in two columns with all the words of the long
/// one. clap's own long form, which it takes as soon as one text has a second paragraph, puts a
/// blank line between all options.
///
/// The long text stands where clap knows no length: above the usage. What lists commands has the
/// first line as ever. For `man`, which has room, the tree is left as it is.
pub(super) fn in_two_columns(command: Command) -> Command {
    let below: Vec<String> = command
        .get_subcommands()
        .map(|below| below.get_name().to_owned())
        .collect();
    let long = command.get_long_about().cloned();
    let command = match long {
        Some(long) => command
            .long_about(None::<&str>)
            .before_help(long)
            .help_template(TEMPLATE),
        None => command,
    };
    let command = command.mut_args(|argument| {
        let argument = match argument.get_long_help().cloned() {
            Some(long) => argument.long_help(None::<&str>).help(long),
            None => argument,
        };
        values_explained(argument)
    });
    below.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, in_two_columns)
    })
}

/// An option whose values are explained tells of them in its own words: for clap's list of them, it
/// would take its long form.
fn values_explained(argument: Arg) -> Arg {
    let explained: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter_map(|value| Some(format!("\n- {}: {}", value.get_name(), value.get_help()?)))
        .collect();
    if explained.is_empty() {
        return argument;
    }
    let words = argument.get_help().map(ToString::to_string);
    let words = format!("{}{}", words.unwrap_or_default(), explained.concat());
    argument.help(words).hide_possible_values(true)
}

/// clap's own, without the first line, which the long text begins with.
const TEMPLATE: &str = "\
{before-help}{usage-heading} {usage}

{all-args}{after-help}";

#[cfg(test)]
mod tests {
    use crate::cli::{Command as Commands, tree};

    fn help_of(path: &[String]) -> String {
        let help = "--help".to_owned();
        let words = path.iter().chain([&help]);
        let mut tree = super::in_two_columns(tree::<Commands>());
        let shown = tree.try_get_matches_from_mut(words).unwrap_err();
        shown.to_string()
    }

    fn each_path(command: &clap::Command, path: &[String], each: &mut dyn FnMut(&[String])) {
        let path = [path, &[command.get_name().to_owned()]].concat();
        each(&path);
        for below in command.get_subcommands() {
            each_path(below, &path, each);
        }
    }

    #[test]
    fn no_help_has_a_blank_line_between_two_options() {
        let mut seen = 0;
        each_path(&tree::<Commands>(), &[], &mut |path| {
            let help = help_of(path);
            let lines: Vec<&str> = help.lines().collect();
            for three in lines.windows(3) {
                let [first, "", last] = three else { continue };
                let is_between = first.starts_with(' ') && last.trim_start().starts_with("--");
                assert!(!is_between, "{}: {last}", path.join(" "));
            }
            seen += 1;
        });
        assert!(seen > 80, "{seen}");
    }

    #[test]
    fn the_long_text_stands_above_the_usage() {
        let help = help_of(&["punchmark".to_owned(), "sign".to_owned()]);
        let usage = help.find("Usage:").unwrap();
        for words in ["letters of ssh-keygen -s", "replaced whole"] {
            assert!(help.find(words).unwrap() < usage, "{help}");
        }
    }
}
