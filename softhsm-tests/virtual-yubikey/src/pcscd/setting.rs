//! The folder that a private daemon lives in: its program, its drivers and its readers.

use std::{fs, io, path::Path, process::Command};

use super::{PcscdError, step};

/// Fills an empty folder: a changed copy of the daemon, and for each port a copy of the driver
/// (which serves one reader only) with its reader's configuration.
pub(super) fn lay_out(folder: &Path, ports: &[u16]) -> Result<(), PcscdError> {
    copy_daemon(&folder.join(PROGRAM))?;
    fs::create_dir(folder.join(READERS)).map_err(step("making a folder"))?;
    for (number, port) in ports.iter().enumerate() {
        lay_out_reader(folder, number, *port)?;
    }
    Ok(())
}

/// Removes what a killed daemon left in the folder of its socket.
pub(super) fn sweep(folder: &Path) -> Result<(), PcscdError> {
    let run = folder.join(RUN);
    match fs::remove_dir_all(&run) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(step("removing a dead daemon's socket")(error));
        }
        _ => {}
    }
    fs::create_dir_all(folder.join(NO_DRIVERS)).map_err(step("making a folder"))
}

/// The file that runs is written by a process of its own. A process that another thread starts
/// meanwhile would hold the file open for writing until it runs its program, and the kernel
/// starts no program that somebody writes (`ETXTBSY`).
fn copy_daemon(copy: &Path) -> Result<(), PcscdError> {
    let mut program = read(DAEMON, "pcscd")?;
    replace_all(&mut program, "/run/pcscd", RUN_IN_DAEMON)?;
    replace_all(&mut program, "/usr/lib/pcsc/drivers", NO_DRIVERS_IN_DAEMON)?;
    let changed = copy.with_extension("changed");
    fs::write(&changed, program).map_err(step("changing the daemon"))?;
    let mut install = Command::new("install");
    let made = install.args(["-m", "700"]).args([&changed, copy]).status();
    let made = made.map_err(step("copying the daemon"))?;
    if made.success() {
        return Ok(());
    }
    let failed = io::Error::other(format!("install ended with {made}"));
    Err(step("copying the daemon")(failed))
}

fn lay_out_reader(folder: &Path, number: usize, port: u16) -> Result<(), PcscdError> {
    let driver = folder.join(format!("driver-{number}.so"));
    fs::write(&driver, read(DRIVER, "vsmartcard-vpcd")?).map_err(step("copying the driver"))?;
    let reader = format!(
        "FRIENDLYNAME \"{READER} #{number}\"\nDEVICENAME /dev/null:{port:#x}\nLIBPATH {}\nCHANNELID {port:#x}\n",
        driver.display()
    );
    let file = folder.join(READERS).join(format!("reader-{number}"));
    fs::write(file, reader).map_err(step("configuring a reader"))
}

fn read(path: &'static str, package: &'static str) -> Result<Vec<u8>, PcscdError> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(PcscdError::Missing { path, package })
        }
        other => other.map_err(step("reading a part of the machine's PC/SC")),
    }
}

/// Replaces every `text` by `replacement`, which is as long.
fn replace_all(
    program: &mut [u8],
    text: &'static str,
    replacement: &str,
) -> Result<(), PcscdError> {
    let mut found = false;
    for start in 0..program.len() {
        let Some(place) = program.get_mut(start..start + text.len()) else {
            break;
        };
        if place == text.as_bytes() && text.len() == replacement.len() {
            place.copy_from_slice(replacement.as_bytes());
            found = true;
        }
    }
    if found {
        Ok(())
    } else {
        Err(PcscdError::Unpatchable {
            program: DAEMON,
            text,
        })
    }
}

/// These three are named in the guard's script too.
const PROGRAM: &str = "pcscd";
const READERS: &str = "readers";
/// The daemon's socket, seen from the folder.
pub(super) const SOCKET: &str = "run/pcscd.comm";
/// The folder of the socket and, in it, an empty one, so that no USB device is looked at.
const RUN: &str = "run";
const NO_DRIVERS: &str = "run/no-drivers";
/// What the daemon knows them by: its standard input is the folder of the socket. (It changes to
/// `/` when it starts, so a relative path leads nowhere.) They are as long as what they replace.
const RUN_IN_DAEMON: &str = "/dev/stdin";
const NO_DRIVERS_IN_DAEMON: &str = "/dev/stdin/no-drivers";
const DAEMON: &str = "/usr/sbin/pcscd";
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
/// So that programs which look for YubiKeys by the reader's name find it. (Readers that are
/// configured, not plugged in, must have different names.)
pub(super) const READER: &str = "Yubico YubiKey CCID";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_path_everywhere_and_keeps_the_length() {
        let mut program = b"a\0/run/pcscd/pcscd.comm\0/run/pcscd\0".to_vec();
        replace_all(&mut program, "/run/pcscd", RUN_IN_DAEMON).unwrap();
        assert_eq!(program, b"a\0/dev/stdin/pcscd.comm\0/dev/stdin\0");
    }

    #[test]
    fn refuses_a_daemon_without_the_path() {
        let refusal = replace_all(&mut [0; 64], "/run/pcscd", RUN_IN_DAEMON).unwrap_err();
        assert!(matches!(
            refusal,
            PcscdError::Unpatchable {
                text: "/run/pcscd",
                ..
            }
        ));
    }
}
