//! A name and a password, which a directory service is asked about.

use super::password::{CROWDED, GUESSES, NAME_MAX, too_many};
use super::{Opener, no_login};
use crate::api::login::PasswordShown;
use crate::request::RequesterName;
use crate::secret::Pin;
use crate::server::directory::{AskError, FindError};
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::directories::NotFound;
use crate::service::logins::Begun;
use crate::service::problem::{ProblemKind, Refused};
use crate::wire::chain;

/// Whose password it is.
///
/// # Errors
/// [`Refused`]: a name that nobody has, a wrong password and an account that may not log in are answered alike.
pub(super) fn opener(service: &Service, asked: &Asked, begun: &Begun) -> Result<Opener, Refused> {
    let PasswordShown { name, password } = asked.json()?;
    let method = &begun.method.name;
    let directory = service.directories.of(method).ok_or_else(no_login)?;
    // A directory takes an empty password for nobody's, and says yes (RFC 4513, 5.1.2).
    let is_one = name.len() <= NAME_MAX && name.parse::<RequesterName>().is_ok();
    if !is_one || password.expose().is_empty() {
        return Err(no_login());
    }
    let guessed = service.back_off.guess(asked.peer, &name, service.now());
    guessed.map_err(|seconds| too_many(GUESSES, seconds))?;
    let password = Pin::new(password.expose().to_owned());
    let found = directory.person(asked.peer, &name, &password);
    let person = found.map_err(|error| in_words(&error))?;
    service.back_off.right(asked.peer, &name);
    service.named_by_directory(method, person)
}

/// What whoever logs in is told; the log is told all of it.
fn in_words(error: &NotFound) -> Refused {
    match error {
        NotFound::Wrong => no_login(),
        NotFound::Crowded => too_many(CROWDED, 1),
        // Of somebody alone whose password was right.
        NotFound::Person(error) => Refused::new(ProblemKind::LoginRefused, chain(error)),
        NotFound::Find(FindError::Ask(AskError::Bind { .. }) | FindError::Several(_)) => {
            no_login().noting(chain(error))
        }
        NotFound::Away(_) | NotFound::Find(FindError::Ask(_)) => {
            let away = Refused::new(ProblemKind::Busy, AWAY).retry_after(5);
            away.noting(chain(error))
        }
        NotFound::Find(_) => {
            Refused::new(ProblemKind::LoginRefused, UNREADABLE).noting(chain(error))
        }
    }
}

const AWAY: &str = "the directory can't be asked now; the server's log says why, and somebody who runs it can tell";
const UNREADABLE: &str =
    "the directory doesn't say who that is; the server's log says what is missing";
