//! Finds circles of source files.
//!
//! `circles SRC [ALLOWED]` reads every file below SRC. Among the modules that stand side by
//! side, each with all below it, none may need another that needs it in turn, in however many
//! steps; and no command of `cli` may need another command. Prints a line for each breach, and
//! fails if there was any.
//!
//! A module needs another if its code names an item, by `use` or by a path, that the other
//! defines, however many `pub use` lie between. What a file says of the modules below itself
//! does not count, since the two are one concept; what a file says of its parent's own items
//! does, where the parent needs others. Tests don't count. What only a compiler sees, such as
//! methods and what macros make, is not seen.
//!
//! ALLOWED has a line for each breach that is not mended yet: `folder: one other …`. A circle
//! within these modules is let pass; a line that lets nothing pass is a fault.

mod breach;
mod needs;
mod source;
#[cfg(test)]
mod tests;
mod tokens;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use breach::{Breach, breaches};
use source::read;

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let checked = match arguments.as_slice() {
        [folder] => check(folder, ""),
        [folder, allowed] => std::fs::read_to_string(allowed)
            .map_err(|error| format!("{}: {error}", allowed.display()))
            .and_then(|text| check(folder, &text)),
        _ => Err("usage: circles SRC [ALLOWED]".to_owned()),
    };
    match checked {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            let _closed = writeln!(std::io::stderr(), "{words}");
            ExitCode::FAILURE
        }
    }
}

/// # Errors
/// What is wrong, a line each.
fn check(folder: &Path, allowed: &str) -> Result<(), String> {
    let sources = read(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let faults = faults(&breaches(&sources), allowed);
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

/// What is wrong: breaches that are not allowed, and lines that allow none.
fn faults(breaches: &[Breach], allowed: &str) -> Vec<String> {
    let lines = allowed.lines().map(str::trim);
    let lines: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let new = breaches
        .iter()
        .filter(|breach| !lines.iter().any(|line| breach.is_allowed_by(line)))
        .map(|breach| breach.words.clone());
    let unused = lines
        .iter()
        .filter(|line| !breaches.iter().any(|breach| breach.is_allowed_by(line)))
        .map(|line| format!("this is mended, take it off the list: {line}"));
    new.chain(unused).collect()
}
