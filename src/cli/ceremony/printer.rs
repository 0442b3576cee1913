//! The program that prints sheets of secrets: it gets a sheet on its standard input, and nothing else.

use std::io::{self, PipeReader, PipeWriter, Write, pipe};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{Errno, ioctl_fionread};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::ceremony::{PrintError, Printer};

/// Hands a sheet to the program of a plan, and waits until it ended well. What it writes is thrown away, since that
/// may be the sheet; what is in our environment is not for it.
pub(super) fn print(printer: &Printer, sheet: &[u8]) -> Result<(), PrintError> {
    let mut command = Command::new(&printer.program);
    command.args(&printer.arguments).current_dir("/");
    command.env_clear().env("PATH", PATH).env("LC_ALL", "C");
    // Of a group of its own, so that what it started ends with it.
    command.process_group(0);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (unread, sheet_to) = pipe().map_err(PrintError::Start)?;
    command.stdin(unread.try_clone().map_err(PrintError::Start)?);
    let mut child = command.spawn().map_err(PrintError::Start)?;
    // What the program was started with is its own from here on.
    drop(command);
    let printed = handed(&mut child, (sheet_to, &unread), sheet);
    if let Err(PrintError::Slow(_) | PrintError::Unknown(_) | PrintError::Early) = printed {
        end(&mut child);
    }
    printed
}

/// Writes what the program takes, as it takes it: one that takes nothing keeps nobody waiting for good.
/// What it left in the pipe, which has room for a page, it did not take either.
fn handed(
    child: &mut Child,
    (sheet_to, unread): (PipeWriter, &PipeReader),
    sheet: &[u8],
) -> Result<(), PrintError> {
    let unknown = |error: Errno| PrintError::Unknown(error.into());
    fcntl_setfl(&sheet_to, OFlags::NONBLOCK).map_err(unknown)?;
    let mut pipe = Some(sheet_to);
    let begun = Instant::now();
    let mut left = sheet;
    loop {
        if let Some(open) = &mut pipe {
            match taken(open, left) {
                Ok(count) => left = left.get(count..).unwrap_or_default(),
                // It closed its end: what it says when it ends is what counts.
                Err(_closed) => pipe = None,
            }
            if left.is_empty() {
                pipe = None;
            }
        }
        match child.try_wait().map_err(PrintError::Unknown)? {
            Some(status) if !status.success() => return Err(PrintError::Ended(status)),
            Some(_) if !left.is_empty() || ioctl_fionread(unread).map_err(unknown)? > 0 => {
                return Err(PrintError::Early);
            }
            Some(_) => return Ok(()),
            None if begun.elapsed() > LONGEST => return Err(PrintError::Slow(LONGEST.as_secs())),
            None => sleep(POLLED),
        }
    }
}

/// How many bytes a pipe took.
fn taken(pipe: &mut PipeWriter, bytes: &[u8]) -> io::Result<usize> {
    match pipe.write(bytes) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ) =>
        {
            Ok(0)
        }
        taken => taken,
    }
}

/// Ends the program and whatever it started.
fn end(child: &mut Child) {
    let _may_have_ended = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _may_have_ended = child.kill();
    let _reaped = child.wait();
}

/// As long as a printer may take that is written to without a spool.
const LONGEST: Duration = Duration::from_secs(30);
const POLLED: Duration = Duration::from_millis(20);
/// Where the system's own programs are.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
