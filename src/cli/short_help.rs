//! `--help` in its short form: an option and what it does side by side, and no line between two.

use clap::Command;

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
    let command = command.mut_args(|argument| match argument.get_long_help().cloned() {
        Some(long) => argument.long_help(None::<&str>).help(long),
        None => argument,
    });
    below.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, in_two_columns)
    })
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

    /// Values that are explained stand below one another, a line each.
    fn explains_values(command: &clap::Command) -> bool {
        let mut options = command.get_arguments();
        options.any(|option| {
            let values = option.get_possible_values();
            values.iter().any(|value| value.get_help().is_some())
        })
    }

    fn each_path(command: &clap::Command, path: &[String], each: &mut dyn FnMut(&[String])) {
        let path = [path, &[command.get_name().to_owned()]].concat();
        if !explains_values(command) {
            each(&path);
        }
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
