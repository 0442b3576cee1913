//! A person's word for whose keys these are, taken after all that would be signed was shown.

use super::context::Context;
use super::failure::Failure;
use super::terminal::{confirm, confirm_typed, somebody_is_there};

/// Somebody whose key it is by a person's word alone.
pub(crate) struct Vouched {
    pub(crate) name: String,
    /// What would be signed, as [`super::decided::shown`] has it.
    pub(crate) shown: String,
}

/// Asks whether it is so: several want the whole word, and a person who is there.
pub(crate) fn vouch_for(items: &[Vouched], context: &Context) -> Result<(), Failure> {
    let mut question = "A person's word alone says whose these keys are.".to_owned();
    for Vouched { name, shown } in items {
        question.push_str(&format!("\nYou vouch that {name} asks, with{shown}"));
    }
    match items {
        [_] if context.yes() => Ok(()),
        _ if !somebody_is_there() => Err(Failure::new(NOBODY).hint(ENROL)),
        [_] => confirm(&format!("{question}\nIs that so?")),
        _ => confirm_typed(&question),
    }
}

const NOBODY: &str =
    "for some of them a person's word alone says whose the key is, and nobody is here to give it";
const ENROL: &str = "enrol the keys, and no word is needed: punchmark requester add NAME --key FILE; \
    for one alone, --yes is the word; --dry-run shows them";
