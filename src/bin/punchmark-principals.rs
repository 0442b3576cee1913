//! What answers sshd's `AuthorizedPrincipalsCommand`: who may log in here, by the access list.
//!
//! Arguments in, at most one line out. It exits with 0 when it decided and with 1 on any doubt.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use punchmark::server::access::login::{
    Answer, Arguments, NoAnswer, answer, check, keep_others_out, tell,
};

fn main() -> ExitCode {
    keep_others_out();
    let answered = decide();
    tell(&answered);
    match answered {
        Ok(answer) => print(&answer),
        Err(_told) => ExitCode::FAILURE,
    }
}

fn decide() -> Result<Answer, NoAnswer> {
    let arguments = std::env::args_os().skip(1).take(5);
    // What isn't text is no argument of sshd's.
    let arguments: Option<Vec<_>> = arguments
        .map(|argument| argument.into_string().ok())
        .collect();
    let arguments = arguments.ok_or(NoAnswer::Arguments)?;
    let arguments = Arguments::new(&arguments)?;
    check_this_program()?;
    answer(&arguments, now())
}

/// Whoever could write to this program or into a folder above it would decide in its place.
fn check_this_program() -> Result<(), NoAnswer> {
    let program = std::env::current_exe().map_err(NoAnswer::Program)?;
    Ok(check(Path::new(&program))?)
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn print(answer: &Answer) -> ExitCode {
    let Some(line) = &answer.printed else {
        return ExitCode::SUCCESS;
    };
    // One write: sshd gets the line whole or not at all.
    match std::io::stdout().write_all(format!("{line}\n").as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_nobody_reads) => ExitCode::FAILURE,
    }
}
