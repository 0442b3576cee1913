//! A name and a password, held against the file of users.

use super::{Opener, no_login};
use crate::api::login::PasswordShown;
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::logins::Begun;
use crate::service::problem::{ProblemKind, Refused};

/// Whose password it is.
///
/// # Errors
/// [`Refused`].
pub(super) fn opener(service: &Service, asked: &Asked, begun: &Begun) -> Result<Opener, Refused> {
    let PasswordShown { name, password } = asked.json()?;
    if name.len() > NAME_MAX {
        return Err(no_login());
    }
    let turn = service.hashing.turn(asked.peer);
    let turn = turn.map_err(|_crowded| too_many(CROWDED, 1))?;
    let guessed = service.back_off.guess(asked.peer, &name, service.now());
    guessed.map_err(|seconds| too_many(GUESSES, seconds))?;
    let users = service.users.users().map_err(Refused::fault)?;
    let method = begun.method.name.clone();
    let login = users.check(&name, password.expose(), method, service.now());
    drop(turn);
    let login = login.map_err(Refused::fault)?.ok_or_else(no_login)?;
    service.back_off.right(asked.peer, &name);
    Ok(Opener {
        login,
        key: Vec::new(),
        user: users.mark(&name),
        at_provider: None,
        program: None,
        over_at: None,
    })
}

pub(super) fn too_many(detail: &str, seconds: u64) -> Refused {
    Refused::new(ProblemKind::TooMany, detail).retry_after(seconds)
}

/// In bytes; no requester has a longer name.
pub(super) const NAME_MAX: usize = 255;
pub(super) const GUESSES: &str =
    "so many wrong passwords came for this name from here that the next one waits";
pub(super) const CROWDED: &str = "so many passwords are being checked that one more waits";
