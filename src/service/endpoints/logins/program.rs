//! A program that shows a token of the platform that it runs on.

use super::{Opener, no_login};
use crate::api::login::TokenShown;
use crate::login::dpop::Proof;
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::logins::Begun;
use crate::service::platforms::NoProgram;
use crate::service::problem::{ProblemKind, Refused};
use crate::service::sessions::NotShown;
use crate::wire::chain;

/// Which program it is; the token belongs to the session's key from here on.
///
/// # Errors
/// [`Refused`].
pub(super) fn opener(
    service: &Service,
    asked: &Asked,
    begun: &Begun,
    proof: &Proof,
) -> Result<Opener, Refused> {
    let TokenShown { token } = asked.json()?;
    let platform = service.platforms.of(&begun.method.name);
    let platform = platform.ok_or_else(no_login)?;
    let now = service.now();
    let token = platform.token(token.expose(), now).map_err(refused)?;
    let (login, program) = platform.login(&token).map_err(refused)?;
    let shown = service.sessions.show(&token, proof.key(), now);
    shown.map_err(not_shown)?;
    Ok(Opener {
        login,
        key: Vec::new(),
        user: None,
        at_provider: None,
        program: Some(program),
        over_at: None,
    })
}

fn refused(error: NoProgram) -> Refused {
    match error {
        NoProgram::Line(error) => Refused::away(AWAY, &error).retry_after(10),
        NoProgram::Crowded => Refused::new(ProblemKind::Busy, chain(&error)).retry_after(1),
        NoProgram::Token(_) | NoProgram::Listed(_) => {
            Refused::new(ProblemKind::LoginRefused, chain(&error))
        }
    }
}

fn not_shown(error: NotShown) -> Refused {
    match error {
        NotShown::Kept(error) => Refused::fault(error),
        NotShown::Full => Refused::new(ProblemKind::Busy, chain(&error)).retry_after(60),
        NotShown::Early | NotShown::OfOtherKey => {
            Refused::new(ProblemKind::LoginRefused, chain(&error))
        }
    }
}

const AWAY: &str = "the platform's keys can't be asked for now; the server's log says why, and somebody who runs it can tell";
