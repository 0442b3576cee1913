//! What clap would read otherwise than people mean it: attached values as getopt reads them, and
//! a global option on both sides of the subcommand.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Splits `-I=id` into `-I` and `=id`.
///
/// clap would take the `=` for a separator and drop it, where ssh-keygen's getopt has it
/// in the value: the same letters would make another certificate.
pub(super) fn split_attached(
    arguments: impl IntoIterator<Item = OsString>,
) -> impl Iterator<Item = OsString> {
    let mut signing = false;
    let mut is_value = false;
    let mut options_ended = false;
    arguments.into_iter().flat_map(move |argument| {
        let split = if signing && !is_value && !options_ended {
            value_after_equals(&argument)
        } else {
            None
        };
        is_value = signing && !is_value && !options_ended && wants_value(&argument);
        options_ended |= argument == "--";
        signing |= argument == "sign";
        match split {
            Some((option, value)) => [Some(option), Some(value)],
            None => [Some(argument), None],
        }
        .into_iter()
        .flatten()
    })
}

/// Puts every global option with a value in front of the subcommand.
///
/// clap takes those of one side of the subcommand alone, and drops the others in silence.
pub(super) fn gather_globals(
    arguments: impl IntoIterator<Item = OsString>,
) -> impl Iterator<Item = OsString> {
    let mut arguments = arguments.into_iter();
    let mut gathered: Vec<_> = arguments.by_ref().take(1).collect();
    let mut others = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            others.push(argument);
            break;
        }
        match global(&argument) {
            Some(Written::Whole) => gathered.push(argument),
            Some(Written::BeforeItsValue) => match arguments.next() {
                Some(value) => gathered.extend([argument, value]),
                None => others.push(argument),
            },
            None => others.push(argument),
        }
    }
    gathered.into_iter().chain(others).chain(arguments)
}

/// How much of a global option one word is.
enum Written {
    Whole,
    BeforeItsValue,
}

fn global(argument: &OsStr) -> Option<Written> {
    GLOBALS.iter().find_map(|option| {
        let rest = argument.as_bytes().strip_prefix(option.as_bytes())?;
        match rest.first() {
            None => Some(Written::BeforeItsValue),
            Some(b'=') => Some(Written::Whole),
            Some(_) => None,
        }
    })
}

/// The cluster up to its letter with a value, and that value if it begins with `=`.
fn value_after_equals(argument: &OsStr) -> Option<(OsString, OsString)> {
    let at = value_letter(argument)? + 1;
    let (option, value) = argument.as_bytes().split_at_checked(at)?;
    value.starts_with(b"=").then(|| {
        let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        (text(option), text(value))
    })
}

/// Whether the next argument is this one's value.
fn wants_value(argument: &OsStr) -> bool {
    value_letter(argument).is_some_and(|at| at + 1 == argument.len())
}

/// Where in a cluster of letters the first one with a value stands.
fn value_letter(argument: &OsStr) -> Option<usize> {
    let letters = argument.as_bytes().strip_prefix(b"-")?;
    let at = letters.iter().position(|letter| !FLAGS.contains(letter))?;
    VALUES.contains(letters.get(at)?).then_some(at + 1)
}

const GLOBALS: [&str; 3] = ["--config", "--pin-file", "--pin-fd"];

/// The letters of `sign` that stand alone, and those with a value.
const FLAGS: &[u8] = b"qh0";
const VALUES: &[u8] = b"sInVOtz";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globals_of_both_sides_come_together_up_to_the_end_of_options() {
        let gathered = |text: &str| {
            let arguments = text.split(' ').map(OsString::from);
            let all: Vec<_> = gather_globals(arguments).collect();
            all.join(OsStr::new(" ")).into_string().unwrap()
        };
        assert_eq!(
            gathered("p --pin-file a sign --pin-file=1=b x --pin-file 2=c -- --pin-file d"),
            "p --pin-file a --pin-file=1=b --pin-file 2=c sign x -- --pin-file d"
        );
        assert_eq!(
            gathered("p --config a sign --configs --pin-fd 3 --config=b"),
            "p --config a --pin-fd 3 --config=b sign --configs"
        );
        assert_eq!(gathered("p sign --pin-file"), "p sign --pin-file");
    }

    fn split(line: &str) -> Vec<String> {
        let words = line.split(' ').map(OsString::from);
        split_attached(words)
            .map(|word| word.into_string().unwrap())
            .collect()
    }

    #[test]
    fn an_attached_value_keeps_its_equals_sign() {
        assert_eq!(
            split("p sign -I=id -n a"),
            ["p", "sign", "-I", "=id", "-n", "a"]
        );
        assert_eq!(split("p sign -qhI=id"), ["p", "sign", "-qhI", "=id"]);
    }

    #[test]
    fn values_other_options_and_files_stay_as_they_are() {
        for line in [
            "p sign -I -n=a -n b",
            "p sign -Oforce-command=ls x=y.pub",
            "p sign --config=c -I id -- -I=id",
            "p show -I=id",
        ] {
            assert_eq!(split(line).join(" "), line);
        }
    }
}
