//! Cards for a test, and a child process that sees them.
//!
//! libpcsclite reads once a process where its daemon is, so a test that is a client itself runs
//! twice: first it starts the daemon, then, as a child that runs this test alone, it is the client.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use virtual_yubikey::{
    card::{Card, Manufacturer, Model},
    pcscd::Pcscd,
};

/// A daemon with one card for each firmware and serial.
pub(crate) fn cards(models: &[(&str, u32)]) -> (Pcscd, Manufacturer) {
    cards_of(Manufacturer::new().unwrap(), models)
}

/// The same, with cards of a certain manufacturer.
pub(crate) fn cards_of(
    manufacturer: Manufacturer,
    models: &[(&str, u32)],
) -> (Pcscd, Manufacturer) {
    let cards = models.iter().map(|(firmware, serial)| {
        let model = Model {
            firmware: firmware.parse().unwrap(),
            serial: *serial,
        };
        Card::new(model, &manufacturer).unwrap()
    });
    (Pcscd::start(cards.collect()).unwrap(), manufacturer)
}

/// Whether this process is the client, with a daemon in its environment.
pub(crate) fn is_client() -> bool {
    env::var_os(CLIENT).is_some()
}

/// Runs this test again, as a client of `pcscd`.
pub(crate) fn run_client(pcscd: &Pcscd) {
    // The harness names the thread after the test.
    let thread = std::thread::current();
    let test = thread.name().unwrap();
    let program = env::current_exe().unwrap();
    let mut child = command(pcscd, program.to_str().unwrap());
    let output = child
        .args([test, "--exact", "--include-ignored"])
        .env(CLIENT, "1")
        .output()
        .unwrap();
    let text = text(&output);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

/// A program that is a client of `pcscd`, in its folder.
pub(crate) fn command(pcscd: &Pcscd, program: &str) -> Command {
    let (name, value) = pcscd.environment();
    let mut command = Command::new(program);
    command.current_dir(folder(pcscd)).env(name, value);
    // The script `ykman` beside this crate runs what is installed in the target folder.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    command.env("YKMAN_VENV", target.join("ykman"));
    let path = env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", env!("CARGO_MANIFEST_DIR")));
    command
}

/// Where the programs of a test may write.
pub(crate) fn folder(pcscd: &Pcscd) -> PathBuf {
    let (_, socket) = pcscd.environment();
    socket.parent().unwrap().parent().unwrap().to_owned()
}

/// Runs a line with words between blanks; it must succeed. Returns what it printed.
pub(crate) fn run(pcscd: &Pcscd, line: &str) -> String {
    let mut words = line.split(' ');
    let output = command(pcscd, words.next().unwrap()).args(words).output();
    let output = output.unwrap_or_else(|error| panic!("{line}: {error}"));
    let text = text(&output);
    assert!(output.status.success(), "{line}\n{text}");
    text
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

const CLIENT: &str = "VIRTUAL_YUBIKEY_CLIENT";
