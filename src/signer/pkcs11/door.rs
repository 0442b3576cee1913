//! The way to a key: module, token, session, login, and the key itself.

use ssh_key::public::KeyData;

use super::find::{FoundKey, find_key, find_shown};
use super::logins::Credential;
use super::module::Module;
use super::session::{Access, Session};
use super::token::Token;
use super::uri::Uri;
use crate::secret::AskPin;
use crate::signer::error::{LoginError, OpeningError, PinTries};
use crate::signer::{Holder, Locator, NewKey};

/// A token that was opened for a user, and the one key in it.
pub(super) struct Door {
    pub(super) session: Session,
    pub(super) credential: Credential,
    pub(super) token: Token,
    pub(super) module: Module,
    pub(super) key: FoundKey,
}

impl Door {
    /// Whatever can be seen without a PIN is seen before one is asked for. `known` is the key's
    /// public half, where the token doesn't tell it.
    pub(super) fn open(
        uri: &Uri,
        known: Option<&KeyData>,
        pins: &mut dyn AskPin,
    ) -> Result<Self, OpeningError> {
        check_named(uri)?;
        let module = Module::of(uri)?;
        let token = Token::find(&module, uri)?;
        Self::into((module, token), uri, known, pins)
    }

    /// The same, once the token is found.
    pub(super) fn into(
        (module, token): (Module, Token),
        uri: &Uri,
        known: Option<&KeyData>,
        pins: &mut dyn AskPin,
    ) -> Result<Self, OpeningError> {
        let mut session = enter(&module, &token)?;
        let place = (&module, &token);
        let mut credential = log_in_as(&mut session, place, uri, pins, Credential::for_token)?;
        let found = match key_in(&session, uri, known, &token) {
            // It says that it wants no login, and hides its private keys before one.
            Err(OpeningError::NoKey { .. })
                if !token.flags.login_required
                    && (token.flags.pin_set || Credential::is_at_hand(uri, &token, pins)) =>
            {
                credential = log_in_as(&mut session, place, uri, pins, Credential::asked)?;
                key_in(&session, uri, known, &token)
            }
            found => found,
        };
        Ok(Self {
            key: found?,
            session,
            credential,
            token,
            module,
        })
    }

    /// As many sessions as `at_most`, beside the first; each of them finds the key by itself,
    /// since its handle is another's.
    pub(super) fn more(&self, uri: &Uri, at_most: usize) -> Vec<(Session, FoundKey)> {
        let room = self.token.free_sessions();
        // The first one is open, and may not be counted yet in what the token said before.
        let room = usize::try_from(room.saturating_sub(1)).unwrap_or(usize::MAX);
        // A token that gives no more sessions than these is used with these.
        (0..at_most.min(room))
            .map_while(|_| {
                let known = Some(&self.key.public_key);
                open_again(&self.module, uri, known, &self.token, &self.credential)
                    .ok()
                    .filter(|(_, key)| key.public_key == self.key.public_key)
            })
            .collect()
    }
}

/// The facts of the key that `uri` names.
pub(in crate::signer) fn describe(
    uri: &Uri,
    known: Option<&KeyData>,
    pins: &mut dyn AskPin,
) -> Result<NewKey, OpeningError> {
    Ok(Door::open(uri, known, pins)?.key.facts(uri))
}

/// The token that `uri` names, by its own label and serial.
pub(in crate::signer) fn holder(uri: &Uri) -> Result<Holder, OpeningError> {
    check_named(uri)?;
    let token = Token::find(&Module::of(uri)?, uri)?;
    Ok(Holder {
        locator: Locator::Pkcs11(Box::new(Uri {
            pin_source: None,
            ..token.bind(uri)
        })),
        words: token.with_serial(),
    })
}

/// The one public key that `uri` names, as the token shows it without a login; none if it shows
/// none or several.
pub(in crate::signer) fn shown(uri: &Uri) -> Result<Option<KeyData>, OpeningError> {
    check_named(uri)?;
    let module = Module::of(uri)?;
    let token = Token::find(&module, uri)?;
    let session = enter(&module, &token)?;
    let found = session.call(|session| find_shown(session, uri));
    let keys = found.and_then(|keys| keys);
    let mut keys = keys.map_err(|fault| fault.at(&token.device()))?;
    keys.dedup();
    match (keys.pop(), keys.is_empty()) {
        (Some(key), true) => Ok(Some(key)),
        _ => Ok(None),
    }
}

/// What the token that `uri` names says of the PIN, by its flags.
pub(in crate::signer) fn pin_tries(uri: &Uri) -> Result<PinTries, OpeningError> {
    let module = Module::of(uri)?;
    Ok(Token::find(&module, uri)?.pin_tries())
}

/// A session of a user whose credential the token took before.
pub(super) fn open_again(
    module: &Module,
    uri: &Uri,
    known: Option<&KeyData>,
    token: &Token,
    credential: &Credential,
) -> Result<(Session, FoundKey), OpeningError> {
    let mut session = enter(module, token)?;
    log_in(&mut session, credential, module, token)?;
    let key = key_in(&session, uri, known, token)?;
    Ok((session, key))
}

/// What gets a credential for a token.
pub(super) type Get = fn(&Uri, &Token, &mut dyn AskPin) -> Result<Credential, LoginError>;

/// Logs in with what `get` gets, and returns what the token took. A PIN that a person mistyped may
/// be typed anew where the token says that tries are left; none is shown twice.
pub(super) fn log_in_as(
    session: &mut Session,
    (module, token): (&Module, &Token),
    uri: &Uri,
    pins: &mut dyn AskPin,
    get: Get,
) -> Result<Credential, LoginError> {
    let mut token = token.clone();
    loop {
        let credential = get(uri, &token, pins)?;
        match log_in(session, &credential, module, &token) {
            Err(LoginError::WrongPin { device, tries })
                if tries.are_left()
                    && !Credential::is_in_file(uri, &token, pins)
                    && pins.types_again(&device, &tries.to_string()) =>
            {
                // Its flags tell now which try is the last.
                token = Token::read(module, token.slot).unwrap_or(token);
            }
            answer => return answer.map(|()| credential),
        }
    }
}

/// Has the session count as logged in, by at most one try.
pub(super) fn log_in(
    session: &mut Session,
    credential: &Credential,
    module: &Module,
    token: &Token,
) -> Result<(), LoginError> {
    let logged_in = session.log_in(credential, &token.id());
    logged_in.map_err(|refused| refused.of(module, token))
}

/// Refuses a URI that names a token and no key, before a PIN is asked for.
fn check_named(uri: &Uri) -> Result<(), OpeningError> {
    match (&uri.object, &uri.id) {
        (None, None) => Err(OpeningError::NoKeyNamed),
        _ => Ok(()),
    }
}

fn enter(module: &Module, token: &Token) -> Result<Session, OpeningError> {
    let session = Session::open(module, token.slot, Access::ReadOnly);
    Ok(session.map_err(|fault| fault.at(&token.device()))?)
}

fn key_in(
    session: &Session,
    uri: &Uri,
    known: Option<&KeyData>,
    token: &Token,
) -> Result<FoundKey, OpeningError> {
    let device = token.device();
    let found = session.call(|session| find_key(session, uri, known, &device));
    found.map_err(|fault| fault.at(&device))?
}
