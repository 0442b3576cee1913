//! Shares that custodians type, each in their own turn.

use std::io;

use super::error::CustodyError;
use crate::ceremony::room::Room;
use crate::secret::Pin;
use crate::secret::share::{Share, SharedSecret};

/// Has a secret from as many custodians as are needed, which the first share tells.
///
/// # Errors
/// [`CustodyError`]; no device was tried.
pub(super) fn typed_secret(
    room: &mut dyn Room,
    of_what: &str,
) -> Result<SharedSecret, CustodyError> {
    let typed = typed_set(room, (SHARE, of_what), None, &mut |_typed| {});
    let shares = typed.map_err(CustodyError::Ask)?;
    Ok(SharedSecret::combine(&shares)?)
}

/// Has as many shares, or components, of one set as are needed; as many as the first tells, where nobody knows that
/// before. What is wrong with one is told at once, and it is typed again; all are, where the first may be the wrong
/// one. `keep_out` gets whatever was typed.
///
/// # Errors
/// What the system says of the terminal.
pub(in crate::ceremony) fn typed_set(
    room: &mut dyn Room,
    (what, of_what): (&str, &str),
    needed: Option<u8>,
    keep_out: &mut dyn FnMut(&Pin),
) -> io::Result<Vec<Share>> {
    let mut shares: Vec<Share> = Vec::new();
    loop {
        let needed = needed.or(shares.first().map(Share::threshold));
        if needed.is_some_and(|needed| usize::from(needed) <= shares.len()) {
            return Ok(shares);
        }
        let number = shares.len() + 1;
        let count = needed.map_or("as many as are needed".to_owned(), |all| all.to_string());
        let question = format!("the 20 words of a {what}{of_what} ({number} of {count})");
        let typed = room.ask_alone("A custodian", &question)?;
        if typed.expose().eq_ignore_ascii_case(AGAIN) {
            shares.clear();
            continue;
        }
        keep_out(&typed);
        match Share::parse(typed.expose()) {
            Err(error) => room.show(&format!("That is no {what}: {error}. Type it again.")),
            Ok(share) => match why_not(&shares, &share, what) {
                Some(why) => room.show(&format!("{why}.")),
                None => shares.push(share),
            },
        }
    }
}

/// Why a share, or component, is not taken beside those that were typed before, and what is typed then.
pub(in crate::ceremony) fn why_not(shares: &[Share], share: &Share, what: &str) -> Option<String> {
    let first = shares.first()?;
    // Either of the two may come from the wrong envelope.
    if !share.is_of_set(first) || share.threshold() != first.threshold() {
        return Some(format!(
            "That {what} is of another set than the one that was typed first, and one of the two is the wrong sheet. \
             Where this is it, take another one; where it may be the first, type \"{AGAIN}\", and all type theirs anew"
        ));
    }
    let is_there = shares.iter().any(|other| other.number() == share.number());
    is_there.then(|| format!("That {what} was typed before. Take another sheet"))
}

/// What is typed to have all of them typed anew.
pub(in crate::ceremony) const AGAIN: &str = "again";
/// What opens devices.
pub(in crate::ceremony) const SHARE: &str = "share";
/// What a wrapping key is put together from.
pub(in crate::ceremony) const COMPONENT: &str = "component";
