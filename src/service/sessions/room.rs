//! How many sessions there are at most.

use std::collections::HashMap;

use super::{Session, TokenHash};
use crate::request::RequesterName;

/// Who has many sessions loses the oldest; where all have many, so does everybody.
pub(super) fn make_room(all: &mut HashMap<TokenHash, Session>, requester: &RequesterName) {
    let oldest = |all: &HashMap<TokenHash, Session>, of: Option<&RequesterName>| {
        let fits = |session: &&Session| of.is_none_or(|name| session.requester == *name);
        let mut found: Vec<_> = all
            .iter()
            .filter(|(_, session)| fits(session))
            .map(|(hash, session)| (session.seen, *hash))
            .collect();
        found.sort_unstable();
        found
    };
    for (of, most) in [(Some(requester), MOST_OF_ONE), (None, MOST)] {
        let found = oldest(all, of);
        let surplus = (found.len() + 1).saturating_sub(most);
        for (_, hash) in found.into_iter().take(surplus) {
            all.remove(&hash);
        }
    }
}

const MOST: usize = 20_000;
pub(super) const MOST_OF_ONE: usize = 64;
