//! An enrolled key that signed the challenge of a login.

use ssh_key::PublicKey;

use super::{Opener, no_login};
use crate::api::login::KeyShown;
use crate::issue::lock;
use crate::ledger::Credential;
use crate::login::Login;
use crate::login::dpop::Proof;
use crate::login::key::{KeyAnswer, KeyChallenge};
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::logins::Begun;
use crate::service::problem::Refused;

/// Whose key signed.
///
/// # Errors
/// [`Refused`].
pub(super) fn opener(
    service: &Service,
    asked: &Asked,
    (id, begun): (&str, &Begun),
    proof: &Proof,
) -> Result<Opener, Refused> {
    let KeyShown { signature } = asked.json()?;
    let answer = KeyAnswer::parse(&signature).map_err(|_form| no_login())?;
    let url = service.serve.url.as_str();
    let challenge = KeyChallenge::new(url, id, &begun.challenge, proof.key());
    let challenge = challenge.map_err(|_form| no_login())?;
    let key = PublicKey::from(answer.key().clone()).to_bytes();
    let key = key.map_err(|_form| no_login())?;
    let login = checked(service, begun, (&answer, &challenge), &key)?;
    Ok(Opener {
        login,
        key,
        user: None,
        at_provider: None,
        program: None,
        over_at: None,
    })
}

/// The login of whoever the key is enrolled for, if it signed the challenge. A key of nobody is checked
/// alike, so that no answer and no clock tells whose key is known.
fn checked(
    service: &Service,
    begun: &Begun,
    (answer, challenge): (&KeyAnswer, &KeyChallenge),
    key: &[u8],
) -> Result<Login, Refused> {
    let whose = lock(&service.ledger).requester_of(&Credential::Key(key.to_vec()));
    let whose = whose.map_err(Refused::fault)?;
    let name = whose.as_deref().unwrap_or(NOBODY).parse();
    let name = name.map_err(|_name| no_login())?;
    let login = answer.check(challenge, name, begun.method.name.clone(), service.now());
    match (whose, login) {
        (Some(_), Ok(login)) => Ok(login),
        _ => Err(no_login()),
    }
}

/// Stands for the name of nobody while a signature is checked; the login is refused all the same.
const NOBODY: &str = "nobody";
