//! Shares that custodians type, each in their own turn.

use super::error::CustodyError;
use crate::ceremony::room::Room;
use crate::secret::share::{Share, SharedSecret};

/// Has a secret from as many custodians as are needed, which the first share tells. What is wrong with
/// a share is told at once, and that one is typed again.
///
/// # Errors
/// [`CustodyError`]; no device was tried.
pub(super) fn typed_secret(
    room: &mut dyn Room,
    of_what: &str,
) -> Result<SharedSecret, CustodyError> {
    let mut shares: Vec<Share> = Vec::new();
    loop {
        let needed = shares.first().map(|share| usize::from(share.threshold()));
        if needed == Some(shares.len()) {
            return Ok(SharedSecret::combine(&shares)?);
        }
        let number = shares.len() + 1;
        let count = needed.map_or("as many as are needed".to_owned(), |all| all.to_string());
        let question = format!("the 20 words of a share{of_what} ({number} of {count})");
        let typed = room.ask_alone("A custodian", &question);
        let typed = typed.map_err(CustodyError::Ask)?;
        match Share::parse(typed.expose()) {
            Err(error) => room.show(&format!("That is no share: {error}. Type it again.")),
            Ok(share) => match why_not(&shares, &share) {
                Some(why) => room.show(why),
                None => shares.push(share),
            },
        }
    }
}

/// Why a share is not taken beside those that were typed before.
pub(in crate::ceremony) fn why_not(shares: &[Share], share: &Share) -> Option<&'static str> {
    let first = shares.first()?;
    if !share.is_of_set(first) || share.threshold() != first.threshold() {
        return Some("That share is of another set than the first one. Take another sheet.");
    }
    let is_there = shares.iter().any(|other| other.number() == share.number());
    is_there.then_some("That share was typed before. Take another sheet.")
}
