//! `punchmark ceremony unlock`: custodians open the devices for one session.

use std::ffi::OsString;

use clap::Args;

use super::room::Terminal;
use crate::ceremony::{Custodians, CustodyError, Room, Unlocked};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, Exit, Failure};
use crate::cli::base::terminal::{print_failure, say};
use crate::cli::base::within::{KnownPins, Within};
use crate::config::keyboard;

/// Open the devices by the shares of as many custodians as are needed, for one session
///
/// Each custodian types the words of a share in their own turn. No device is tried before the shares are known to
/// be the right ones, and each is tried once. Then the command runs behind `--`, or those that are typed, a
/// line each, and no PIN is asked for. At the end each device gets the PIN, PUK, SO PIN and management key of its next counter, which the
/// ledger records before and after. What a killed session left half way is brought to its end by the next.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Unlock {
    /// Leave PIN, PUK and management key of the devices as they are
    #[arg(long)]
    keep_counter: bool,

    /// The command, without the name of the program [default: those that are typed]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Unlock {
    pub(super) fn run(self, context: &Context, within: &Within) -> Result<Exit, Failure> {
        let config = context.config()?;
        if !self.command.is_empty() {
            (within.check)(&self.command)?;
        }
        context.check_clock(&context.place()?)?;
        let mut room = Terminal::open()?.ok_or_else(|| Failure::usage(NO_TERMINAL))?;
        let keyboard = keyboard();
        let custodians = Custodians {
            config: &config,
            keyboard: &keyboard,
        };
        let unlocked = custodians.unlock(&mut room)?;
        let ended = self.session(context, within, &mut room, &unlocked);
        self.end(&custodians, &mut room, unlocked)?;
        ended
    }

    /// What is done while the devices are open. Whatever comes of it, they get other secrets after.
    fn session(
        &self,
        context: &Context,
        within: &Within,
        room: &mut Terminal,
        unlocked: &Unlocked,
    ) -> Result<Exit, Failure> {
        let pins = KnownPins::new(unlocked.pins());
        if !self.command.is_empty() {
            return (within.run)(&with_config(context, &self.command), pins);
        }
        say("The devices are open. Type a command, without the name of the program, or end.");
        loop {
            let line = room.ask("session> ").map_err(CustodyError::Ask)?;
            if line == "end" {
                return Ok(Exit::Done);
            }
            if ["help", "--help"].contains(&line.as_str()) {
                say(HELP);
                continue;
            }
            let done = words_of(&line).and_then(|words| {
                (within.check)(&words)?;
                (within.run)(&with_config(context, &words), pins.clone())
            });
            if let Err(failure) = done {
                print_failure(&failure);
            }
        }
    }

    fn end(
        &self,
        custodians: &Custodians<'_>,
        room: &mut Terminal,
        unlocked: Unlocked,
    ) -> Result<(), Failure> {
        if self.keep_counter {
            unlocked.keep(room);
            return Ok(());
        }
        Ok(unlocked.rotate(custodians, room)?)
    }
}

/// The command is about the config that the session is about.
fn with_config(context: &Context, command: &[OsString]) -> Vec<OsString> {
    let named = context.named_config();
    let options = named.map(|file| ["--config".into(), file.as_os_str().to_owned()]);
    options
        .into_iter()
        .flatten()
        .chain(command.iter().cloned())
        .collect()
}

/// The words of a line. Quotation marks keep blanks together, and mean nothing else: no shell reads it.
fn words_of(line: &str) -> Result<Vec<OsString>, Failure> {
    let mut words: Vec<OsString> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take().map(OsString::from)),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word.map(OsString::from));
    match quote {
        Some(open) => Err(Failure::usage(format!("{open} is not closed"))),
        None if words.is_empty() => Err(Failure::usage("no command; `end` ends the session")),
        None => Ok(words),
    }
}

impl Advised for CustodyError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Opening(error) => return error.hint(),
            Self::Setup(error) => return error.hint(),
            Self::Cards(error) => return error.hint(),
            Self::Config(error) => return error.hint(),
            Self::Ledger(error) => return error.hint(),
            Self::OpenLedger(error) => return error.hint(),
            Self::NoDevice => {
                "a ceremony records them whose plan has [custody]; see docs/ceremony.md"
            }
            Self::Astray => {
                "find that sheet and destroy it with all that were given out; then run this again, without --printer-of \
                where the printer doesn't work: other shares are made"
            }
            Self::NoneThere(_) => "plug one in, and run this again",
            Self::OtherSecret
            | Self::NoneOpens(_)
            | Self::OtherGeneration { .. }
            | Self::Combine(_) => {
                "take the sheets of the right generation; `punchmark ca show` tells which opens a device"
            }
            Self::HasOther { .. } => {
                "take the shares of that generation; or finish `punchmark ceremony reshare`"
            }
            Self::FewTries(_) => {
                "nothing was tried: unlock it by its PUK or SO PIN of the format's page, on a machine without a network"
            }
            Self::Ask(_) => "run this again: it goes on where this stopped",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

const HELP: &str = "Commands are those of punchmark, without its name: bundle sign FILE, sign FILE, krl --out FILE, ledger checkpoint. \
    COMMAND --help tells of one; end ends the session.";
const NO_TERMINAL: &str = "shares are typed by people at a terminal, and there is none";
const EXAMPLES: &str = "\
Examples:
  punchmark ceremony unlock
  punchmark ceremony unlock -- bundle sign monday.bundle
  punchmark ceremony unlock --keep-counter -- ledger checkpoint";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_words_and_no_shell_reads_it() {
        let words = |line: &str| words_of(line).ok();
        let of = |words: &[&str]| Some(words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(
            words(" sign -I 'peter, laptop'  -n \"\" $HOME *"),
            of(&["sign", "-I", "peter, laptop", "-n", "", "$HOME", "*"])
        );
        assert_eq!(words("a'b 'c\"d\\\""), of(&["ab cd\\"]));
        for line in ["", "  ", "sign 'x", "sign \"x'"] {
            assert_eq!(words(line), None, "{line}");
        }
    }
}
