//! Words to a person, and a person's answers.

use std::io::{self, BufRead, IsTerminal, Write};

use super::failure::{Failure, chain};
use super::hint::hint;

/// A line of the product, on stdout.
pub(crate) fn product(line: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}").map_err(Failure::Output)
}

/// A line for a person, on stderr. Nobody may be there to read it.
pub(crate) fn say(line: &str) {
    let _closed = writeln!(io::stderr().lock(), "{line}");
}

/// The error and the way out.
pub(crate) fn print_failure(failure: &Failure) {
    say(&format!("punchmark: {}", chain(failure)));
    if let Some(hint) = hint(failure) {
        say(&format!("  hint: {hint}"));
    }
}

/// Something to be careful about that does not stop the command.
pub(crate) fn warn(words: &str) {
    say(&format!("warning: {words}"));
}

/// Whether somebody could answer.
pub(crate) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a yes, which `y` is short for.
pub(crate) fn confirm(question: &str) -> Result<(), Failure> {
    match ask(&format!("{question} [y/N] "))?.as_deref() {
        Some("y" | "Y" | "yes") => Ok(()),
        _ => Err(Failure::Declined("stopped, since the answer was not yes")),
    }
}

/// Asks for the whole word, which no option answers in advance.
pub(crate) fn confirm_typed(statement: &str) -> Result<(), Failure> {
    match ask(&format!("{statement}\nType yes if that is right: "))?.as_deref() {
        Some("yes") => Ok(()),
        _ => Err(Failure::Declined("stopped, since the answer was not yes")),
    }
}

/// One line of answer; none where there is no terminal.
pub(crate) fn ask(question: &str) -> Result<Option<String>, Failure> {
    if !somebody_is_there() {
        return Ok(None);
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question}").map_err(Failure::Output)?;
    stderr.flush().map_err(Failure::Output)?;
    let mut answer = String::new();
    let mut limited = io::Read::take(io::stdin().lock(), LONGEST_ANSWER);
    limited.read_line(&mut answer).map_err(Failure::Answer)?;
    Ok(Some(answer.trim().to_owned()))
}

const LONGEST_ANSWER: u64 = 1024;
