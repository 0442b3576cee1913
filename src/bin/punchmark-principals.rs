//! What answers sshd's `AuthorizedPrincipalsCommand`: who may log in here, by the access list.
//!
//! Arguments in, at most one line out. It exits with 0 when it decided and with 1 on any doubt.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use punchmark::server::access::login::{
    Answer, Arguments, NoAnswer, answer, check, keep_others_out, tell,
};

fn main() -> ExitCode {
    keep_others_out();
    // More than four are as wrong as five.
    let arguments: Vec<_> = std::env::args_os().skip(1).take(5).collect();
    let now = since_1970();
    let answered = decide(&arguments, now);
    tell(&answered, &arguments, now);
    match answered {
        Ok(answer) => print(&answer),
        Err(_told) => ExitCode::FAILURE,
    }
}

fn decide(arguments: &[OsString], now: Duration) -> Result<Answer, NoAnswer> {
    // What isn't text is no argument of sshd's.
    let arguments: Option<Vec<_>> = arguments
        .iter()
        .map(|argument| Some(argument.to_str()?.to_owned()))
        .collect();
    let arguments = arguments.ok_or(NoAnswer::Arguments)?;
    let arguments = Arguments::new(&arguments)?;
    check_this_program()?;
    answer(&arguments, now.as_secs())
}

/// Whoever could write to this program or into a folder above it would decide in its place.
fn check_this_program() -> Result<(), NoAnswer> {
    let program = std::env::current_exe().map_err(NoAnswer::Program)?;
    Ok(check(Path::new(&program))?)
}

fn since_1970() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
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
