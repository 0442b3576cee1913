//! Mistakes in the arguments, in words: all of a command line at once, each with its way out.

mod keygen;

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::base::failure::{Exit, Kind};
use super::base::object::is_for_programs;
use super::base::terminal::{complain, product, say};
use keygen::{instead_of, instead_of_command};

/// Prints what clap found: help and version are a product, all else is a mistake in
/// `arguments`, beside which others may stand.
pub(super) fn tell(error: &clap::Error, arguments: &[OsString], command: &Command) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp => {
            let _unprintable = error.print();
            Exit::Done
        }
        ErrorKind::DisplayVersion => {
            let _closed = product(&format!("punchmark {}", env!("CARGO_PKG_VERSION")));
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if arguments.len() <= 1 => {
            let _closed = product(error.render().to_string().trim_end());
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            say(error.render().to_string().trim_end());
            Exit::Usage
        }
        _ => {
            say_all(error, arguments, command);
            Exit::Usage
        }
    }
}

fn say_all(first: &clap::Error, arguments: &[OsString], command: &Command) {
    let faults = others(first, arguments, command);
    for fault in [first].into_iter().chain(&faults) {
        let is_last = faults.last().is_none_or(|last| std::ptr::eq(last, fault));
        let ways_out: Vec<_> = way_out(fault).into_iter().map(str::to_owned).collect();
        if is_for_programs() {
            let (words, tips) = parts(&words(fault, false));
            complain(&words, &[ways_out, tips].concat(), Kind::Usage);
        } else {
            complain(&words(fault, is_last), &ways_out, Kind::Usage);
        }
    }
}

/// What clap says in one line, and its tips apart, as a program wants them.
fn parts(words: &str) -> (String, Vec<String>) {
    let lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    let (tips, fault): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("tip: "));
    let tips = tips.iter().filter_map(|tip| tip.strip_prefix("tip: "));
    (fault.join(" "), tips.map(str::to_owned).collect())
}

/// What clap would have found if what it stumbled over had not been there.
fn others(first: &clap::Error, arguments: &[OsString], command: &Command) -> Vec<clap::Error> {
    let mut left = arguments.to_vec();
    let mut found: Vec<clap::Error> = Vec::new();
    let mut next = without(first, &mut left).then(|| parse(command, &left));
    while let Some(Err(error)) = next.take() {
        let is_fault = error.use_stderr() && error.kind() != DISPLAYED;
        let told = [first].into_iter().chain(&found);
        if !is_fault || found.len() >= MOST || misses_what_was_told(&error, told) {
            break;
        }
        next = without(&error, &mut left).then(|| parse(command, &left));
        found.push(error);
    }
    found
}

/// Whether this fault is only that an option is missing whose value was a fault itself.
fn misses_what_was_told<'a>(
    error: &clap::Error,
    told: impl IntoIterator<Item = &'a clap::Error>,
) -> bool {
    let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else {
        return false;
    };
    let mut told = told.into_iter();
    told.any(|told| {
        let named = text(told, ContextKind::InvalidArg);
        named.is_some_and(|named| missing.iter().any(|missing| missing == named))
    })
}

fn parse(command: &Command, arguments: &[OsString]) -> Result<(), clap::Error> {
    let mut command = command.clone();
    command.try_get_matches_from_mut(arguments).map(drop)
}

/// Takes out of the arguments what this fault is about, if it is one word, or an option and
/// its value. What else is a fault of the command line then shows.
fn without(error: &clap::Error, arguments: &mut Vec<OsString>) -> bool {
    let Some(named) = text(error, ContextKind::InvalidArg) else {
        return false;
    };
    let option = named.split([' ', '=']).next().unwrap_or(named);
    let at = arguments.iter().position(|word| word == option);
    match (error.kind(), at) {
        (ErrorKind::UnknownArgument, Some(at)) => {
            arguments.remove(at);
            true
        }
        (ErrorKind::UnknownArgument, None) => without_letter(option, arguments),
        (ErrorKind::ValueValidation | ErrorKind::InvalidValue, Some(at)) => {
            let value = text(error, ContextKind::InvalidValue);
            let follows = arguments.get(at + 1).and_then(|word| word.to_str());
            if value.is_none() || value != follows {
                return false;
            }
            arguments.drain(at..at + 2);
            true
        }
        _ => false,
    }
}

/// Takes `-U` out of `-Us`.
fn without_letter(option: &str, arguments: &mut [OsString]) -> bool {
    let Some(letter) = option.strip_prefix('-').filter(|it| !it.starts_with('-')) else {
        return false;
    };
    for word in arguments.iter_mut() {
        let cluster = word.to_str().and_then(|word| word.strip_prefix('-'));
        let cluster = cluster.filter(|cluster| !cluster.starts_with('-'));
        if let Some(cluster) = cluster.filter(|cluster| cluster.contains(letter)) {
            *word = format!("-{}", cluster.replacen(letter, "", 1)).into();
            return true;
        }
    }
    false
}

/// What clap says; where the usage stands is said once.
fn words(error: &clap::Error, with_usage: bool) -> String {
    let words = error.render().to_string();
    let words = words.strip_prefix("error: ").unwrap_or(&words);
    let words = match words.split_once("\n\nUsage:") {
        Some((fault, _)) if !with_usage => fault,
        _ => words,
    };
    match way_out(error) {
        Some(_) => without_tip(words),
        None => words.trim_end().to_owned(),
    }
}

/// Ours is better: clap's guess is by letters alone, and `-- -D` would be a file.
fn without_tip(words: &str) -> String {
    let lines = words.trim_end().lines();
    let lines: Vec<_> = lines.filter(|line| !line.starts_with("  tip: ")).collect();
    lines.join("\n").replace("\n\n\n", "\n\n")
}

fn way_out(error: &clap::Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::UnknownArgument => instead_of(text(error, ContextKind::InvalidArg)?),
        ErrorKind::InvalidSubcommand => {
            instead_of_command(text(error, ContextKind::InvalidSubcommand)?)
        }
        ErrorKind::ArgumentConflict => {
            let option = text(error, ContextKind::InvalidArg)?;
            let is_twice = text(error, ContextKind::PriorArg) == Some(option);
            (is_twice && option.starts_with("--key <LOCATOR>")).then_some(ONE_KEY)
        }
        _ => None,
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

const ONE_KEY: &str = "one key makes the CA; `punchmark import` of the same key file brings it into \
    each further token, by another --key in a run of its own or by --spare";
const DISPLAYED: ErrorKind = ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
/// More at once than these nobody reads.
const MOST: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tip_stands_apart_from_the_fault() {
        let words =
            "unexpected argument '--jsno' found\n\n  tip: a similar argument exists: '--json'";
        let tips = vec!["a similar argument exists: '--json'".to_owned()];
        assert_eq!(
            parts(words),
            ("unexpected argument '--jsno' found".to_owned(), tips)
        );
    }
}
