//! Sessions as text: commands, and what a person reads of each, held against a file.
//!
//! A line that begins with `$ ` is a command for `sh`, and goes on after a backslash at its
//! end; what it prints follows, behind `? CODE` where it didn't exit with 0. A line that begins
//! with `# ` is for the reader. `SESSIONS=write` writes what is printed now, to be read as a
//! diff before it is committed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use regex::{Captures, Regex};

use super::faketime::faketime;
use super::process::{bounded, run};
use super::punchmark::{BINARY, Punchmark};
use super::{scratch, write};

/// One command of a session.
struct Step {
    /// What a reader should know of it.
    comment: String,
    /// Its lines, the mark included.
    command: String,
}

/// Runs the commands of `sessions/NAME.txt` one after the other, and holds what they print
/// against the file.
#[track_caller]
pub(crate) fn assert_session(account: &Punchmark, name: &str) {
    let file = folder().join(name).with_extension("txt");
    let expected = std::fs::read_to_string(&file).unwrap();
    let steps = steps(&expected);
    let printed: String = steps.iter().map(|step| played(account, step)).collect();
    let printed = Varying::of(account).replaced(&printed);
    if printed == expected {
        return;
    }
    if std::env::var_os("SESSIONS").is_some_and(|mode| mode == "write") {
        write(&file, &printed, 0o644);
        return;
    }
    panic!(
        "{}\nif that is right: SESSIONS=write",
        difference(&file, &printed)
    );
}

/// The commands of a session, as it stands in its file.
pub(crate) fn commands(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder().join(name).with_extension("txt")).unwrap();
    let steps = steps(&text).into_iter();
    steps.map(|step| script(&step.command)).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm-tests/sessions")
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut comment = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("# ") {
            writeln!(comment, "{line}").unwrap();
        } else if line.starts_with("$ ") {
            let mut command = format!("{line}\n");
            while command.ends_with("\\\n") {
                writeln!(command, "{}", lines.next().unwrap()).unwrap();
            }
            let comment = std::mem::take(&mut comment);
            steps.push(Step { comment, command });
        }
    }
    steps
}

fn script(command: &str) -> String {
    command.strip_prefix("$ ").unwrap().replace("\\\n", "")
}

/// The step as it stands in a file, with what it prints now.
fn played(account: &Punchmark, step: &Step) -> String {
    let program = Path::new(BINARY).parent().unwrap().display();
    let path = std::env::var("PATH").unwrap();
    let mut shell = account.prepare(bounded(faketime()));
    shell.env("PATH", format!("{program}:{path}"));
    // Only the date is another one; what waits, waits as long as ever.
    shell
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("LC_ALL", "C.UTF-8");
    shell.args(["-f", CLOCK, "sh", "-c"]);
    let ran = run(shell.arg(format!("exec 2>&1\n{}", script(&step.command))));
    // What the shell runs says all of it on stdout.
    assert_eq!(ran.stderr, "", "{ran}");
    let code = match ran.code {
        Some(0) => String::new(),
        code => format!("? {}\n", code.unwrap()),
    };
    let marks = ["$ ", "# ", "? "];
    let marked = ran
        .stdout
        .lines()
        .any(|line| marks.iter().any(|mark| line.starts_with(mark)));
    assert!(
        !marked,
        "a line that a session could not tell from a mark\n{ran}"
    );
    let printed = ran.stdout.trim_end();
    let printed = if printed.is_empty() {
        String::new()
    } else {
        format!("{printed}\n")
    };
    format!("{}{}{code}{printed}\n", step.comment, step.command)
}

/// What `diff` says of a file and what it should hold.
fn difference(file: &Path, printed: &str) -> String {
    let scratch = scratch();
    let now = scratch.path().join("printed");
    write(&now, printed, 0o600);
    run(bounded("diff").arg("-u").args([file, &now])).stdout
}

/// What is another one in each run.
struct Varying {
    home: String,
    user: String,
}

impl Varying {
    fn of(account: &Punchmark) -> Self {
        let user = run(bounded("id").arg("-un")).ok().stdout;
        Self {
            home: account.home().display().to_string(),
            user: user.trim().to_owned(),
        }
    }

    /// The text with names in place of what varies. A fingerprint gets a number, so that one
    /// that comes again can be told.
    fn replaced(&self, text: &str) -> String {
        let version = regex::escape(env!("CARGO_PKG_VERSION"));
        let mut text = text.replace(&self.home, "[HOME]");
        for (pattern, name) in [
            (format!("punchmark {version}"), "punchmark [VERSION]"),
            (
                format!(r"{} \(uid [0-9]+\) on \S+", regex::escape(&self.user)),
                "[USER]",
            ),
            (r"id=(%[0-9A-F]{2})+".to_owned(), "id=[ID]"),
            (r"\b[0-9a-f]{32,}\b".to_owned(), "[HEX]"),
            (r"AAAA[A-Za-z0-9+/]{40,}=*".to_owned(), "[BASE64]"),
            (r"version [0-9]{10}".to_owned(), "version [TIME]"),
            (r"[0-9]+ seconds? ago".to_owned(), "[AGE] ago"),
            (r"slot [0-9]{3,}".to_owned(), "slot [NUMBER]"),
            (r#"serial "?[0-9a-f]{16}"?"#.to_owned(), "serial [NUMBER]"),
        ] {
            let pattern = Regex::new(&pattern).unwrap();
            text = pattern.replace_all(&text, name).into_owned();
        }
        let mut known: Vec<String> = Vec::new();
        let fingerprint = Regex::new(r"SHA256:[A-Za-z0-9+/]{43}").unwrap();
        let number = |found: &Captures<'_>| {
            let found = found[0].to_owned();
            let at = known.iter().position(|known| *known == found);
            let at = at.unwrap_or_else(|| {
                known.push(found);
                known.len() - 1
            });
            format!("SHA256:[KEY {}]", at + 1)
        };
        fingerprint.replace_all(&text, number).into_owned()
    }
}

/// When every command of a session begins.
const CLOCK: &str = "@2026-12-01 10:00:00";
