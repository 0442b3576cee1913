//! A share that is given out to one person alone, and counts once it was typed back.

use std::io;

use super::error::CustodyError;
use crate::ceremony::plan::Printer;
use crate::ceremony::print::{Instead, instead, print_for};
use crate::ceremony::room::Room;
use crate::ceremony::sheet::Sheet;
use crate::ceremony::steps::onto_its_sheet;
use crate::secret::Pin;
use crate::secret::share::Share;

/// How a share came to its sheet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// The printer took the sheet.
    Printed,
    /// It was written by hand off the screen.
    ByHand,
}

/// Has a share put onto its sheet for one person alone: by a printer, where there is one and it works, or off the
/// screen. `again` says that the sheet is to be written once more.
///
/// # Errors
/// What the system says of the terminal; that a sheet is astray.
pub(super) fn onto_sheet(
    room: &mut dyn Room,
    printer: Option<&Printer>,
    (who, question): (&str, &str),
    (sheet, words, again): (&Sheet<'_>, &Pin, bool),
) -> Result<Put, CustodyError> {
    let by_hand = |room: &mut dyn Room| {
        let shown = room.show_alone(who, &onto_its_sheet(question), words.expose());
        shown.map(|()| Put::ByHand).map_err(CustodyError::Ask)
    };
    let Some(printer) = printer else {
        return by_hand(room);
    };
    let mut is_asked = again;
    loop {
        if is_asked {
            match instead(room, who).map_err(CustodyError::Ask)? {
                Instead::Print => {}
                Instead::Screen => return by_hand(room),
                Instead::Deviation => {
                    room.show(
                        "A session between ceremonies has no transcript: write it onto paper.",
                    );
                    continue;
                }
            }
        }
        let printed = print_for(room, printer, who, sheet.postscript());
        match printed.map_err(CustodyError::Ask)? {
            None => return Ok(Put::Printed),
            Some(error) if error.kept_the_sheet() => is_asked = true,
            Some(_) => return Err(CustodyError::Astray),
        }
    }
}

/// Has a share typed back off its sheet by its custodian alone: what was typed; none where it is to be put onto the
/// sheet again, or there is none. `or` says what the latter is typed for.
///
/// # Errors
/// What the system says of the terminal.
pub(in crate::ceremony) fn read_back(
    room: &mut dyn Room,
    (who, question): (&str, &str),
    words: &Pin,
    or: &str,
) -> io::Result<Option<Share>> {
    loop {
        let typed = room.ask_alone(who, question)?;
        match Share::parse(typed.expose()) {
            Ok(share) if share.words().as_str() == one_line(words).expose() => {
                return Ok(Some(share));
            }
            Ok(_) => room.show("That is another share than is on the sheet."),
            Err(_) if is_none(typed.expose()) => return Ok(None),
            Err(error) => room.show(&format!("That is not the share: {error}.")),
        }
        room.show(&format!("Look at the sheet and type it again; or {or}."));
    }
}

/// Nothing was typed; or that there is no sheet.
pub(in crate::ceremony) fn is_none(typed: &str) -> bool {
    let typed = typed.trim();
    typed.is_empty() || typed.eq_ignore_ascii_case("none")
}

/// The words of a share as they are shown, numbered by their lines: five in each.
pub(in crate::ceremony) fn in_lines(share: &Share) -> Pin {
    let words = share.words();
    let mut lines = String::with_capacity(words.len() + 16);
    for (number, word) in words.split(' ').enumerate() {
        if number > 0 {
            lines.push(if number % WORDS_A_LINE == 0 {
                '\n'
            } else {
                ' '
            });
        }
        lines.push_str(word);
    }
    Pin::new(lines)
}

fn one_line(words: &Pin) -> Pin {
    Pin::new(words.expose().replace('\n', " "))
}

const WORDS_A_LINE: usize = 5;
