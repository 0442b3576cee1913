//! Words to a person, and a person's answers.

use std::borrow::Cow;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::colour;
use super::failure::{At, Failure, Kind};
use super::object;

/// Whether this run has put anything on stdout.
static HAS_PRODUCT: AtomicBool = AtomicBool::new(false);

/// A line of the product, on stdout.
pub(crate) fn product(line: &str) -> Result<(), Failure> {
    note_product();
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", colour::on_stdout(&plain(line))).map_err(unwritten)
}

/// How many columns the terminal has that shows stdout; none where none does.
pub(crate) fn columns_of_stdout() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&stdout).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// A product that is no line, on stdout: a file as it is. It steers no terminal, being refused there
/// where it is not text.
pub(crate) fn raw_product(bytes: &[u8]) -> Result<(), Failure> {
    note_product();
    let mut stdout = io::stdout().lock();
    let is_text = std::str::from_utf8(bytes).is_ok_and(|text| plain(text) == text);
    if !is_text && stdout.is_terminal() {
        let failure = Failure::usage("the output is no text, and stdout is a terminal");
        return Err(failure.hint("write it to a file with --out"));
    }
    stdout.write_all(bytes).map_err(unwritten)
}

/// A whole text of the program's own as the product, on stdout.
pub(crate) fn product_text(text: &str) -> Result<(), Failure> {
    note_product();
    io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .map_err(unwritten)
}

/// An object of the product, on stdout: for programs.
pub(crate) fn product_object(value: Value) -> Result<(), Failure> {
    product(&object::line(value))
}

/// Notes that something is put on stdout by another way than [`product`].
pub(crate) fn note_product() {
    HAS_PRODUCT.store(true, Ordering::Relaxed);
}

/// Ends what a program reads: whoever had nothing to list says so, and is not silent.
pub(crate) fn end_product() -> Result<(), Failure> {
    if object::is_for_programs() && !HAS_PRODUCT.load(Ordering::Relaxed) {
        return product_object(json!({ "empty": true }));
    }
    Ok(())
}

/// Words on stderr: to a person, or in an object to a program.
pub(crate) fn say(words: &str) {
    say_as("note", "", words);
}

/// Nobody may be there to read it.
fn say_as(field: &str, before: &str, words: &str) {
    if object::is_for_programs() {
        return say_object(json!({ field: words }));
    }
    let line = format!("{before}{}", plain(words));
    let _closed = writeln!(io::stderr().lock(), "{}", colour::on_stderr(&line));
}

fn say_object(value: Value) {
    let _closed = writeln!(io::stderr().lock(), "{}", object::line(value));
}

/// Rings the terminal's bell, for whoever looks elsewhere.
pub(crate) fn ring() {
    let mut stderr = io::stderr().lock();
    if stderr.is_terminal() {
        let _nobody_hears = stderr.write_all(b"\x07").and_then(|()| stderr.flush());
    }
}

/// Escapes what would steer a terminal: a file's name may hold anything.
fn plain(line: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !line.contains(steers) {
        return line.into();
    }
    let mut plain = String::with_capacity(line.len() + 8);
    for c in line.chars() {
        if steers(c) {
            plain.extend(c.escape_default())
        } else {
            plain.push(c)
        }
    }
    plain.into()
}

/// Says why a command ended early, and the way out.
pub(crate) fn print_failure(failure: &Failure) {
    if failure.kind() == Kind::ReaderGone {
        return;
    }
    for failure in [failure].into_iter().chain(failure.others()) {
        complain(&failure.words(), failure.hints(), failure.kind());
    }
}

/// Says what went wrong, and the ways out, in one piece.
pub(crate) fn complain(words: &str, hints: &[String], kind: Kind) {
    if object::is_for_programs() {
        return say_object(object::of_error(words, hints, kind));
    }
    say_as("error", "punchmark: ", words);
    hints.iter().for_each(|words| hint(words));
}

/// The way out, under what went wrong.
pub(crate) fn hint(words: &str) {
    say_as("hint", "  hint: ", words);
}

/// The failure to write to stdout or to the terminal.
pub(crate) fn unwritten(error: io::Error) -> Failure {
    let kind = match error.kind() {
        io::ErrorKind::BrokenPipe => Kind::ReaderGone,
        _ => Kind::Failed,
    };
    Failure::of(kind, error).at("the output could not be written")
}

/// Something to be careful about that does not stop the command.
pub(crate) fn warn(words: &str) {
    say_as("warning", "warning: ", words);
}

/// Whether a person at a terminal could answer a question.
pub(crate) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a yes, which `y` is short for.
pub(crate) fn confirm(question: &str) -> Result<(), Failure> {
    match ask(&format!("{question} [y/N] "))?.as_deref() {
        Some("y" | "Y" | "yes") => Ok(()),
        _ => Err(Failure::new("stopped, since the answer was not yes")),
    }
}

/// Asks for the whole word, which no option answers in advance.
pub(crate) fn confirm_typed(statement: &str) -> Result<(), Failure> {
    match ask(&format!("{statement}\nType yes if that is right: "))?.as_deref() {
        Some("yes") => Ok(()),
        _ => Err(Failure::new("stopped, since the answer was not yes")),
    }
}

/// Asks for one line of answer; there is none where there is no terminal.
pub(crate) fn ask(question: &str) -> Result<Option<String>, Failure> {
    if !somebody_is_there() {
        return Ok(None);
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question}").map_err(unwritten)?;
    stderr.flush().map_err(unwritten)?;
    let mut answer = String::new();
    let mut limited = io::Read::take(io::stdin().lock(), LONGEST_ANSWER);
    limited
        .read_line(&mut answer)
        .at("the answer could not be read")?;
    Ok(Some(answer.trim().to_owned()))
}

const LONGEST_ANSWER: u64 = 1024;

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_would_steer_a_terminal_is_escaped() {
        assert_eq!(plain("a\tpétér\nb"), "a\tpétér\nb");
        assert_eq!(plain("\u{1b}[2Jx\r\u{9b}1m"), "\\u{1b}[2Jx\\r\\u{9b}1m");
    }
}
