//! A sheet on its way to the printer, in front of the one person whom it is for.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::files::file_sha256;
use super::plan::Printer;
use super::print_error::PrintError;
use super::room::Room;
use crate::wire::QrError;

/// What is done where no sheet came.
pub(super) enum Instead {
    /// The printer is tried again.
    Print,
    /// The secret is shown on the screen.
    Screen,
    /// Somebody says first what is otherwise.
    Deviation,
}

/// Prints a sheet, when its person is alone at the printer: none, or why it was not printed.
///
/// # Errors
/// What the system says of the terminal.
pub(super) fn print_for(
    room: &mut dyn Room,
    printer: &Printer,
    who: &str,
    sheet: Result<Zeroizing<String>, QrError>,
) -> io::Result<Option<PrintError>> {
    room.press_enter(&format!(
        "{who} alone stands at the printer now, and takes the sheet as it comes out; press Enter\n> "
    ))?;
    let printed = sheet.map_err(PrintError::from).and_then(|sheet| {
        is_reviewed(printer)?;
        room.print(printer, sheet.as_bytes())
    });
    match printed {
        Ok(()) => {
            room.show(CAME);
            Ok(None)
        }
        Err(error) => {
            let program = &printer.program;
            room.show(&format!("The sheet was NOT printed by {program}: {error}."));
            Ok(Some(error))
        }
    }
}

/// Asks what is done where no sheet came, or not a whole one.
///
/// # Errors
/// What the system says of the terminal.
pub(super) fn instead(room: &mut dyn Room, who: &str) -> io::Result<Instead> {
    let question = format!(
        "{who}: type \"print\" to have it printed, \"screen\" to write it by hand off the screen, or ! to write down what \
         is otherwise\n> "
    );
    loop {
        match room.ask(&question)?.as_str() {
            "print" => return Ok(Instead::Print),
            "screen" => return Ok(Instead::Screen),
            "!" => return Ok(Instead::Deviation),
            _ => {}
        }
    }
}

/// The program is looked at before each sheet: what was reviewed gets it, and nothing else.
fn is_reviewed(printer: &Printer) -> Result<(), PrintError> {
    let found = file_sha256(Path::new(&printer.program)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => PrintError::Start(error),
        _ => PrintError::Read(error),
    })?;
    if found == printer.sha256 {
        return Ok(());
    }
    Err(PrintError::OtherProgram)
}

const CAME: &str = "The printer has the sheet. Read it, let nobody else see it, and type it back off the paper. Where \
    none comes out, type: none";
