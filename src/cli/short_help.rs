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

    fn assert_dense(command: &mut clap::Command) {
        let help = command.render_long_help().to_string();
        let lines: Vec<&str> = help.lines().collect();
        for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
            let is_option = line.trim_start().starts_with('-');
            let indented = line.starts_with("          ") && !line.trim().is_empty();
            if (is_option || indented) && next.is_empty() {
                let at = lines.iter().position(|one| std::ptr::eq(one, line));
                let behind = at.and_then(|at| lines.get(at + 2));
                let goes_on = behind.is_some_and(|behind| behind.trim_start().starts_with('-'));
                assert!(!goes_on, "{}: {line}", command.get_name());
            }
        }
        command.get_subcommands_mut().for_each(assert_dense);
    }

    #[test]
    fn no_help_has_a_blank_line_between_two_options() {
        let mut tree = super::in_two_columns(tree::<Commands>());
        tree.build();
        assert_dense(&mut tree);
    }

    #[test]
    fn the_long_text_stands_above_the_usage() {
        let mut tree = super::in_two_columns(tree::<Commands>());
        let sign = tree.find_subcommand_mut("sign").unwrap();
        let help = sign.render_long_help().to_string();
        let usage = help.find("Usage:").unwrap();
        assert!(
            help.find("letters of ssh-keygen -s").unwrap() < usage,
            "{help}"
        );
        assert!(help.find("replaced whole").unwrap() < usage, "{help}");
    }
}
