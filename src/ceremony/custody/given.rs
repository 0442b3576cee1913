//! A share that is given out: shown to one person alone, and counted once it was typed back.

use std::io;

use crate::ceremony::room::Room;
use crate::ceremony::steps::onto_its_sheet;
use crate::secret::Pin;
use crate::secret::share::Share;

/// Shows a share to its custodian alone, until it is typed back off the paper: what was typed.
///
/// # Errors
/// What the system says of the terminal.
pub(in crate::ceremony) fn given_out(
    room: &mut dyn Room,
    who: &str,
    question: &str,
    words: &Pin,
) -> io::Result<Share> {
    let mut is_shown = false;
    loop {
        if !is_shown {
            room.show_alone(who, &onto_its_sheet(question), words.expose())?;
            is_shown = true;
        }
        let typed = room.ask_alone(who, question)?;
        match Share::parse(typed.expose()) {
            Ok(share) if share.words().as_str() == one_line(words).expose() => return Ok(share),
            Ok(_) => room.show("That is another share than was shown."),
            Err(_) if typed.expose().is_empty() => is_shown = false,
            Err(error) => room.show(&format!("That is not the share: {error}.")),
        }
        room.show(
            "Look at the sheet and type it again; or press Enter alone to be shown it again.",
        );
    }
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
