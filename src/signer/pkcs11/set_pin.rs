//! A token's PINs, changed: that of its user, and that of its security officer.

use cryptoki::session::UserType;
use cryptoki::types::AuthPin;

use super::login::refusal;
use super::module::Module;
use super::session::{Access, Session};
use super::token::Token;
use super::uri::Uri;
use crate::secret::Pin;
use crate::signer::TokenUser;
use crate::signer::error::{Fault, OpeningError};

/// Changes a PIN of the token that `uri` names. The old one is tried once, by a session of its own
/// (PKCS#11 v2.40, 5.5, C_SetPIN).
pub(in crate::signer) fn change_pin(
    uri: &Uri,
    user: TokenUser,
    old: &Pin,
    new: &Pin,
) -> Result<(), OpeningError> {
    let (module, token) = find(uri)?;
    let changed = |session: &cryptoki::session::Session| {
        session.login(as_whom(user), Some(&AuthPin::from(old.expose())))?;
        let set = session.set_pin(&AuthPin::from(old.expose()), &AuthPin::from(new.expose()));
        let _over = session.logout();
        set
    };
    within(&module, &token, changed)
}

/// Whether a PIN opens the token that `uri` names, by one try.
pub(in crate::signer) fn opens(uri: &Uri, user: TokenUser, pin: &Pin) -> Result<(), OpeningError> {
    let (module, token) = find(uri)?;
    within(&module, &token, |session| {
        session.login(as_whom(user), Some(&AuthPin::from(pin.expose())))?;
        session.logout()
    })
}

fn find(uri: &Uri) -> Result<(Module, Token), OpeningError> {
    let module = Module::of(uri)?;
    let token = Token::find(&module, uri)?;
    Ok((module, token))
}

fn within(
    module: &Module,
    token: &Token,
    work: impl FnOnce(&cryptoki::session::Session) -> Result<(), cryptoki::error::Error>,
) -> Result<(), OpeningError> {
    let device = token.device();
    // The security officer is let into no session that may only look.
    let session = Session::open(module, token.slot, Access::ReadWrite);
    let session = session.map_err(|fault| fault.at(&device))?;
    let done = session.call(|session| work(session).map_err(Fault::from));
    let done = done.and_then(|done| done);
    Ok(done.map_err(|fault| refusal(fault, &device, None))?)
}

fn as_whom(user: TokenUser) -> UserType {
    match user {
        TokenUser::User => UserType::User,
        TokenUser::SecurityOfficer => UserType::So,
    }
}
