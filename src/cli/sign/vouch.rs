//! The operator's word for who asks, taken after it was shown what would be signed.

use crate::batch::Looked;
use crate::cli::base::context::Context;
use crate::cli::base::decided::shown;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::{confirm_typed, somebody_is_there};
use crate::cli::base::vouching::{Vouched, vouch_for};
use crate::request::{KnownBy, RequesterName};

/// Asks whether `name` really asks for all that was looked at. `requests` is how many were
/// named, also those that were refused: a word for one is given sooner than one for several.
pub(super) fn vouch(
    name: &RequesterName,
    looked: &Looked,
    requests: usize,
    context: &Context,
) -> Result<(), Failure> {
    let config = context.config_if_there()?;
    let mut question = format!("You vouch that {name} asks, with");
    for (file, wanted) in looked.wanted() {
        question.push_str(&shown(file, wanted, config.as_ref()));
    }
    if requests <= 1 {
        return context.confirm_or_go_on(&format!("{question}\nIs that so?"));
    }
    if !somebody_is_there() {
        return Err(Failure::new(NOBODY).hint(ONE_BY_ONE));
    }
    confirm_typed(&question)
}

/// Asks for a person's word, where it alone says whose the keys of a manifest are.
pub(super) fn vouch_for_lines(looked: &Looked, context: &Context) -> Result<(), Failure> {
    let config = context.config_if_there()?;
    let vouched = looked.wanted().filter_map(|(file, wanted)| {
        let decided = wanted.decided();
        (decided.known_by() == KnownBy::Vouch).then(|| Vouched {
            name: decided.requester().to_owned(),
            shown: shown(file, wanted, config.as_ref()),
        })
    });
    match vouched.collect::<Vec<_>>().as_slice() {
        [] => Ok(()),
        items => vouch_for(items, context),
    }
}

const NOBODY: &str = "several requests that one person vouches for want a yes typed at a terminal, and there is none";
const ONE_BY_ONE: &str = "sign them one by one, where --yes answers";
