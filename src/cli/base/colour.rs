//! Colour for the words that a person looks for first: refused, warning, ok.
//!
//! One place knows these words, by where they stand in a line, so that a command need not.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::IsTerminal;
use std::ops::Range;
use std::sync::OnceLock;

/// One of the three colours that every terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colour {
    Red,
    Yellow,
    Green,
}

/// A word of a line, and what it stands for.
struct Mark {
    word: &'static str,
    place: Place,
    colour: Colour,
}

/// Where in a line a word means what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the beginning, behind white space.
    Begin,
    /// At the end.
    End,
    /// Between two blanks or more: a column of a table.
    Column,
}

/// The line with its word in colour, if stdout wants one.
pub(super) fn on_stdout(line: &str) -> Cow<'_, str> {
    static WANTED: OnceLock<bool> = OnceLock::new();
    painted_if(*WANTED.get_or_init(|| wanted(&std::io::stdout())), line)
}

/// The line with its word in colour, if stderr wants one.
pub(super) fn on_stderr(line: &str) -> Cow<'_, str> {
    static WANTED: OnceLock<bool> = OnceLock::new();
    painted_if(*WANTED.get_or_init(|| wanted(&std::io::stderr())), line)
}

/// Looks at stdout before a pager takes its place: what a pager shows is on a terminal.
pub(super) fn look_at_stdout() {
    on_stdout("");
}

/// A terminal that can, and nobody who said no (no-color.org: any text but an empty one).
fn wanted(stream: &impl IsTerminal) -> bool {
    let says = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    stream.is_terminal()
        && says("NO_COLOR").is_none()
        && says("TERM").is_some_and(|term| term != OsStr::new("dumb"))
}

fn painted_if(is_wanted: bool, line: &str) -> Cow<'_, str> {
    match marked(line) {
        Some((word, colour)) if is_wanted => painted(line, word, colour).into(),
        _ => line.into(),
    }
}

fn painted(line: &str, word: Range<usize>, colour: Colour) -> String {
    let (before, rest) = line.split_at(word.start);
    let (word, behind) = rest.split_at(word.len());
    format!("{before}\u{1b}[{}m{word}\u{1b}[0m{behind}", colour.code())
}

/// The mark of a line: that which stands first, since free text stands last. JSON has none.
fn marked(line: &str) -> Option<(Range<usize>, Colour)> {
    if line.starts_with('{') {
        return None;
    }
    let marks = MARKS.iter().filter_map(|mark| {
        let at = mark.place.of(line, mark.word)?;
        Some((at..at + mark.word.len(), mark.colour))
    });
    marks.min_by_key(|(word, _)| word.start)
}

impl Place {
    /// Where a word stands in a line, if it stands there.
    fn of(self, line: &str, word: &str) -> Option<usize> {
        match self {
            Self::Begin => {
                let indent = line.len() - line.trim_start().len();
                line.trim_start().starts_with(word).then_some(indent)
            }
            Self::End => line.strip_suffix(word).map(str::len),
            Self::Column => {
                let column = format!("  {word}  ");
                line.find(&column).map(|at| at + 2)
            }
        }
    }
}

impl Colour {
    /// Its number by ECMA-48, 8.3.117 (SGR).
    fn code(self) -> u8 {
        match self {
            Self::Red => 31,
            Self::Yellow => 33,
            Self::Green => 32,
        }
    }
}

const MARKS: [Mark; 16] = [
    mark("punchmark:", Place::Begin, Colour::Red),
    mark("warning:", Place::Begin, Colour::Yellow),
    mark("refused", Place::Begin, Colour::Red),
    mark("CRITICAL", Place::Begin, Colour::Red),
    mark("WARNING", Place::Begin, Colour::Yellow),
    mark("UNKNOWN", Place::Begin, Colour::Yellow),
    mark("OK:", Place::Begin, Colour::Green),
    mark("signed ", Place::Begin, Colour::Green),
    mark("warning  ", Place::Begin, Colour::Yellow),
    mark("! ", Place::Begin, Colour::Yellow),
    mark(": ok", Place::End, Colour::Green),
    mark(": REVOKED", Place::End, Colour::Red),
    mark("revoked ", Place::Column, Colour::Red),
    mark("failed  ", Place::Column, Colour::Red),
    mark("reserved", Place::Column, Colour::Yellow),
    mark("issued  ", Place::Column, Colour::Green),
];

const fn mark(word: &'static str, place: Place, colour: Colour) -> Mark {
    Mark {
        word,
        place,
        colour,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(line: &str) -> Option<(&str, Colour)> {
        marked(line).map(|(word, colour)| (&line[word], colour))
    }

    #[test]
    fn the_word_that_counts_has_its_colour() {
        let red = |word| Some((word, Colour::Red));
        assert_eq!(colour("punchmark: no"), red("punchmark:"));
        assert_eq!(colour("a-cert.pub (a): REVOKED"), red(": REVOKED"));
        assert_eq!(colour("  ! over"), Some(("! ", Colour::Yellow)));
        assert_eq!(colour("OK: made"), Some(("OK:", Colour::Green)));
        let row = "users   1  2026-12-01 10:00 UTC  revoked   forever  a  \"b\"  c";
        assert_eq!(colour(row), red("revoked "));
        let sly = "users   1  2026-12-01 10:00 UTC  issued    forever  a  \"b  revoked   c\"";
        assert_eq!(colour(sly), Some(("issued  ", Colour::Green)));
    }

    #[test]
    fn a_word_elsewhere_has_none() {
        for line in [
            "who refused it",
            "signedness",
            "a warning: b",
            "",
            "is revoked then",
            "{}: ok",
        ] {
            assert_eq!(colour(line), None, "{line}");
        }
    }

    #[test]
    fn nothing_but_the_word_changes() {
        assert_eq!(painted_if(false, "warning: a"), "warning: a");
        assert_eq!(
            painted_if(true, "warning: a"),
            "\u{1b}[33mwarning:\u{1b}[0m a"
        );
    }
}
