//! `virtual-yubikey`: holds emulated cards open for programs that are run from a shell.

use std::{
    error::Error,
    ffi::OsString,
    io::{self, BufRead as _, Write as _},
    process::{Command, ExitCode},
    time::Duration,
};

use clap::Parser;
use virtual_yubikey::{
    card::{Card, Finger, Firmware, Manufacturer, Model},
    link::Link,
    pcscd::Pcscd,
};

/// Emulated YubiKeys on a private PC/SC daemon, for trying things out. Not for real keys.
///
/// Runs COMMAND with the variable that leads to the daemon, and ends with it. Without one, prints
/// that variable and reads from standard input, until it ends:
/// `pull`, `back`, `touch`, `absent` or `late SECONDS`, each with the number of a card (first: 0).
///
/// Example: virtual-yubikey --serial 12345678 -- ykman piv info
#[derive(Parser)]
struct Arguments {
    /// The firmware of all cards: 4.3.x, or 5.0.x to 5.7.x.
    #[arg(long, default_value = "5.7.1")]
    firmware: Firmware,
    /// The serial of a card; repeat it for more cards.
    #[arg(long = "serial", default_value = "12345678")]
    serials: Vec<u32>,
    /// Where to write the certificates above the cards' attestation certificate, root first.
    #[arg(long, value_name = "FOLDER")]
    roots: Option<std::path::PathBuf>,
    /// How many milliseconds a use of a private key takes.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    signature_time: u64,
    /// What to run with the cards.
    #[arg(last = true)]
    command: Vec<OsString>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to do when not even this can be written.
            let _ = writeln!(io::stderr(), "virtual-yubikey: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let pcscd = start(arguments)?;
    match arguments.command.split_first() {
        Some((program, rest)) => run_with(&pcscd, program, rest),
        None => serve(&pcscd),
    }
}

fn start(arguments: &Arguments) -> Result<Pcscd, Box<dyn Error>> {
    let manufacturer = Manufacturer::new()?;
    let mut cards = Vec::new();
    for serial in &arguments.serials {
        let model = Model {
            firmware: arguments.firmware,
            serial: *serial,
        };
        let mut card = Card::new(model, &manufacturer)?;
        card.set_signature_time(Duration::from_millis(arguments.signature_time));
        cards.push(card);
    }
    if let (Some(folder), Some(card)) = (&arguments.roots, cards.first()) {
        for (number, certificate) in manufacturer.chain(&card.model()).iter().enumerate() {
            let file = folder.join(format!("{number}.der"));
            std::fs::write(&file, certificate)
                .map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    Ok(Pcscd::start(cards)?)
}

fn run_with(
    pcscd: &Pcscd,
    program: &OsString,
    rest: &[OsString],
) -> Result<ExitCode, Box<dyn Error>> {
    let (name, value) = pcscd.environment();
    let status = Command::new(program).args(rest).env(name, value).status()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn serve(pcscd: &Pcscd) -> Result<ExitCode, Box<dyn Error>> {
    let (name, value) = pcscd.environment();
    writeln!(io::stdout(), "export {name}={}", value.display())?;
    for line in io::stdin().lock().lines() {
        if obey(pcscd, &line?).is_none() {
            writeln!(
                io::stderr(),
                "one of: pull, back, touch, absent, late SECONDS; then a card"
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One line from standard input; `None` if it can't be understood.
fn obey(pcscd: &Pcscd, line: &str) -> Option<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let link = |number: &str| -> Option<&Link> { pcscd.link(number.parse().ok()?) };
    match words.as_slice() {
        ["pull", card] => link(card)?.pull(),
        ["back", card] => link(card)?.put_back(),
        ["touch", card] => link(card)?.set_finger(Finger::Present),
        ["absent", card] => link(card)?.set_finger(Finger::Absent),
        ["late", seconds, card] => {
            let delay = Duration::from_secs(seconds.parse().ok()?);
            link(card)?.set_finger(Finger::After(delay));
        }
        _ => return None,
    }
    Some(())
}
