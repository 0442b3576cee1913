//! A real terminal, for what is asked and shown there alone.

use std::ffi::OsStr;
use std::process::Command;

use rexpect::reader::ReadUntil;
use rexpect::session::{PtySession, spawn_command};

/// A child whose stdin, stdout, stderr and controlling terminal are one new terminal.
pub(crate) struct Pty {
    session: PtySession,
}

/// A command for a terminal, which says its exit code last.
///
/// rexpect gives the code in a type of a crate that it doesn't pass on, hence the shell. A terminal
/// that is taken away ends it, and so does Control-C, also where the tests were started by something that ignores that.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("env");
    let script = format!("\"$0\" \"$@\"; echo \"{EXIT_CODE}$?\"");
    command.args(["--default-signal=HUP,INT", "sh", "-c"]);
    command.arg(script).arg(program);
    command
}

impl Pty {
    /// Starts what [`command`] made.
    pub(crate) fn start(command: Command) -> Self {
        let session = spawn_command(command, Some(60_000)).unwrap();
        Self { session }
    }

    /// Waits for this text; gives what stood before it.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) -> String {
        self.session.exp_string(text).unwrap()
    }

    /// Waits for this text, and gives what stood before it; or for the end, and gives that and the
    /// exit code.
    #[track_caller]
    pub(crate) fn expect_or_end(&mut self, text: &str) -> Result<String, (String, u8)> {
        self.expect_any_or_end(&[text]).map(|(before, _)| before)
    }

    /// The same for the first of several texts, which is given behind what stood before it.
    #[track_caller]
    pub(crate) fn expect_any_or_end(
        &mut self,
        texts: &[&str],
    ) -> Result<(String, String), (String, u8)> {
        let needles = texts
            .iter()
            .map(|text| ReadUntil::String((*text).to_owned()));
        let needles = needles.chain([ReadUntil::EOF]).collect();
        let (before, found) = self.session.exp_any(needles).unwrap();
        if texts.contains(&found.as_str()) {
            return Ok((before, found));
        }
        let all = before + &found;
        let (rest, code) = all.rsplit_once(EXIT_CODE).expect("the program ended");
        Err((rest.to_owned(), code.trim().parse().unwrap()))
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.session.send_line(line).unwrap();
    }

    /// Presses these keys, without Enter.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
    }

    /// Presses Control and a letter.
    pub(crate) fn press_control(&mut self, letter: char) {
        self.session.send_control(letter).unwrap();
    }

    /// Reads to the end; gives the rest of the output and the exit code.
    #[track_caller]
    pub(crate) fn finish(mut self) -> (String, u8) {
        let all = self.session.exp_eof().unwrap();
        let (rest, code) = all.rsplit_once(EXIT_CODE).expect("the program ended");
        (rest.to_owned(), code.trim().parse().unwrap())
    }

    /// Reads to the end of whoever was ended by a key; gives the rest of the output.
    #[track_caller]
    pub(crate) fn gone(mut self) -> String {
        self.session.exp_eof().unwrap()
    }
}

const EXIT_CODE: &str = "exit code ";
