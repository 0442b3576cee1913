//! What completes the value of each argument: the name of the value says what it is.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Arg, Command, ValueHint};
use clap_complete::CompletionCandidate;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};

use super::super::base::context::Context;

/// The names that a config has.
#[derive(Default)]
pub(super) struct Names {
    pub(super) cas: Vec<String>,
    pub(super) roles: Vec<String>,
}

impl Names {
    /// Those of the config that the words name, else of the one in its usual place; none if it
    /// can't be read.
    pub(super) fn of(context: &Context, words: &[OsString]) -> Self {
        let Ok(Some(config)) = context.config_at_if_there(named_config(words)) else {
            return Self::default();
        };
        Self {
            cas: config.cas().map(|(name, _)| name.to_string()).collect(),
            roles: config
                .policy()
                .roles()
                .map(|role| role.name().as_str().to_owned())
                .collect(),
        }
    }
}

/// The config that a command line names: the last one, before what is typed now.
fn named_config(words: &[OsString]) -> Option<PathBuf> {
    let (_typed_now, before) = words.split_last()?;
    let attached = |word: &OsString| {
        let path = word.to_str()?.strip_prefix("--config=")?;
        Some(PathBuf::from(path))
    };
    let behind = |pair: &[OsString]| match pair {
        [option, path] if option == "--config" => Some(PathBuf::from(path)),
        _ => None,
    };
    let attached = before.iter().rev().find_map(attached);
    attached.or_else(|| before.windows(2).rev().find_map(behind))
}

/// The command and all below it, with a completer for each argument that takes a CA, a role or
/// a path.
pub(super) fn with_names(command: Command, names: &Names) -> Command {
    command
        .mut_args(|argument| completed(argument, names))
        .mut_subcommands(|below| with_names(below, names))
}

fn completed(argument: Arg, names: &Names) -> Arg {
    let name = argument.get_value_names().and_then(<[_]>::first);
    let name = name.map(ToString::to_string).unwrap_or_default();
    let hint = argument.get_value_hint();
    match name.as_str() {
        "CA" => argument.add(among(&names.cas)),
        "ROLE" => argument.add(among(&names.roles)),
        "DIR" | "FOLDER" => argument.add(path(FOLDERS)),
        _ if hint != ValueHint::Unknown || holds_a_path(&name) => argument.add(path(FILES)),
        _ => argument,
    }
}

/// Whether a value may be a path among others: `FILE|SHA256:…`, `CA.pub|none`, `[SERIAL=]FILE`.
fn holds_a_path(name: &str) -> bool {
    PATHS.iter().any(|path| name.contains(path))
}

fn among(names: &[String]) -> ArgValueCandidates {
    let names = names.to_vec();
    ArgValueCandidates::new(move || names.iter().map(CompletionCandidate::new).collect())
}

/// A path, of which the part behind the last `=` is the shell's to complete.
fn path(mark: &'static str) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| {
        let typed = typed.to_str().unwrap_or_default();
        let serial = typed
            .split_once('=')
            .filter(|(serial, _)| is_serial(serial));
        let prefix = serial.map(|(serial, _)| format!("{serial}="));
        let prefix = prefix.unwrap_or_default();
        vec![CompletionCandidate::new(format!("{prefix}{mark}"))]
    })
}

/// Whether this is the serial of a card or token before a PIN file.
fn is_serial(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What stands for a path in a candidate; no word that is typed holds it.
pub(super) const FILES: &str = "\u{1}files";
pub(super) const FOLDERS: &str = "\u{1}folders";

const PATHS: &[&str] = &[
    "FILE",
    "KEY",
    "CERTIFICATE",
    ".pub",
    "LIST",
    "SOURCE",
    "SPEC",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn named(line: &str) -> Option<PathBuf> {
        let words: Vec<_> = line.split(' ').map(OsString::from).collect();
        named_config(&words)
    }

    #[test]
    fn a_config_is_taken_from_either_form_and_not_from_what_is_typed_now() {
        assert_eq!(named("p --config a sign "), Some("a".into()));
        assert_eq!(named("p --config=a sign "), Some("a".into()));
        assert_eq!(named("p --config a"), None);
        assert_eq!(named("p sign --config=a"), None);
        assert_eq!(named("p sign "), None);
    }

    #[test]
    fn a_pin_file_behind_a_serial_is_a_path_too() {
        let argument = Arg::new("pin").long("pin-file").value_name("[SERIAL=]FILE");
        let mut program = with_names(Command::new("p").arg(argument), &Names::default());
        let words = ["p", "--pin-file", "123=x"].map(OsString::from);
        let found = clap_complete::engine::complete(&mut program, words.to_vec(), 2, None);
        let found = found.unwrap();
        let first = found.first().unwrap();
        assert_eq!(first.get_value(), OsStr::new("123=\u{1}files"));
    }

    #[test]
    fn a_key_id_is_no_path() {
        assert!(!holds_a_path("WORDS"));
        assert!(holds_a_path("CA.pub|none"));
    }
}
