//! How well something stands, in the words and exit codes of a monitoring plugin (Nagios and
//! its kin).

use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};

use super::failure::Exit;

/// How well something stands, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// All is well.
    Ok,
    /// Somebody should look at it.
    Warning,
    /// Somebody must.
    Critical,
    /// It could not be looked at.
    Unknown,
}

impl State {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::Ok => Exit::Done,
            Self::Warning => Exit::Failed,
            Self::Critical => Exit::Critical,
            Self::Unknown => Exit::Unknown,
        }
    }
}

/// Whether the arguments, the first of which is the program's name, are those of a command
/// whose exit code monitoring reads.
fn is_asked(arguments: &[OsString]) -> bool {
    let mut words = Vec::new();
    let mut rest = arguments.iter().skip(1);
    while let Some(argument) = rest.next() {
        let text = argument.to_string_lossy();
        if WITH_VALUE.contains(&&*text) {
            rest.next();
        } else if !text.starts_with('-') {
            words.push(text.into_owned());
        }
    }
    let words: Vec<_> = words.iter().map(String::as_str).take(2).collect();
    let is_line = || arguments.iter().any(|argument| argument == "--line");
    COMMANDS.iter().any(|command| words.starts_with(command))
        || (words.first() == Some(&"status") && is_line())
}

/// Whether monitoring reads how this run ends. It is set once, before anything is said.
static IS_MONITORED: AtomicBool = AtomicBool::new(false);

/// Notes whether monitoring reads how the command of these arguments ends.
pub(crate) fn note(arguments: &[OsString]) {
    IS_MONITORED.store(is_asked(arguments), Ordering::Relaxed);
}

/// Whether monitoring reads how this run ends.
pub(crate) fn reads() -> bool {
    IS_MONITORED.load(Ordering::Relaxed)
}

/// How this run ends instead: wrong arguments are nothing that monitoring could know
/// anything by.
pub(crate) fn exit(exit: Exit) -> Exit {
    as_read(exit, IS_MONITORED.load(Ordering::Relaxed))
}

fn as_read(exit: Exit, is_monitored: bool) -> Exit {
    match exit {
        Exit::Usage if is_monitored => Exit::Unknown,
        other => other,
    }
}

const COMMANDS: [&[&str]; 5] = [
    &["doctor"],
    &["krl", "fetch"],
    &["known", "fetch"],
    &["access", "sync"],
    &["host", "status"],
];

/// The global options whose value is no command.
const WITH_VALUE: [&str; 3] = ["--config", "--pin-file", "--pin-fd"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_of_monitoring_are_known_by_their_words() {
        for (line, monitors) in [
            ("punchmark doctor sshd --nosuch", true),
            ("punchmark --config doctor ca list", false),
            ("punchmark --config x --json krl fetch", true),
            ("punchmark krl show", false),
            ("punchmark krl", false),
            ("punchmark status --line --nosuch", true),
            ("punchmark status --nosuch", false),
            ("punchmark", false),
        ] {
            let arguments: Vec<OsString> = line.split(' ').map(Into::into).collect();
            assert_eq!(is_asked(&arguments), monitors, "{line}");
        }
        assert_eq!(as_read(Exit::Usage, true), Exit::Unknown);
        assert_eq!(as_read(Exit::Usage, false), Exit::Usage);
        assert_eq!(as_read(Exit::Done, true), Exit::Done);
    }
}
