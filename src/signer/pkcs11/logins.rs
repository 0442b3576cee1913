//! Who is logged in to which token, and by what.
//!
//! PKCS#11 counts a login for the whole process and the whole token: while one session is
//! logged in, C_Login answers CKR_USER_ALREADY_LOGGED_IN to *any* PIN of the next, and
//! C_Logout ends the login of all. So one table for each module, [`Logins`], holds the PIN that
//! logged in and the number of sessions that count on it:
//!
//! - Who comes second shows the very PIN that logged in, which is compared here, or is refused.
//! - Where the table says that nobody is logged in, "already logged in" is no answer: the login
//!   is ended, and the PIN shown once.
//! - Who leaves last logs out.
//! - A PIN that a token refused is never shown to it again.
//!
//! The table is locked from the question to the answer, so that no login or logout of another
//! thread comes between.

use std::fmt;
use std::sync::Arc;

use cryptoki::error::RvError;
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::types::AuthPin;

use super::field::Field;
use crate::secret::{Pin, refused};
use crate::signer::error::Fault;

/// Who is logged in to the tokens of one module.
#[derive(Default)]
pub(super) struct Logins(Vec<Login>);

struct Login {
    token: TokenId,
    credential: Credential,
    sessions: usize,
}

/// How the user shows the token that it is they. Kept for the run, once for all sessions: a
/// lost session is healed with it, and some keys want it for each signature.
#[derive(Clone)]
pub(super) enum Credential {
    /// The token wants no login.
    NotNeeded,
    /// The PIN is typed on the token's own keypad.
    Keypad,
    /// A PIN that was read or asked for.
    Pin(Arc<Pin>),
}

/// What tells a token from one that is put into its slot later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenId {
    pub(super) slot: u64,
    pub(super) label: Field,
    pub(super) serial: Field,
}

/// Why a session is not logged in.
pub(super) enum Refused {
    /// The module said so.
    Fault(Fault),
    /// Another PIN is logged in to the token; this one was not shown to it.
    OtherPin,
    /// This PIN was refused before; it was not shown again.
    Before,
}

impl Logins {
    /// Has `session` count as logged in to `token`: with those that are, if it shows the same
    /// PIN, else by one C_Login.
    pub(super) fn join(
        &mut self,
        session: &Session,
        credential: &Credential,
        token: &TokenId,
    ) -> Result<(), Refused> {
        let known = self.0.iter_mut().find(|login| login.token == *token);
        if let Some(login) = known {
            if !login.credential.is(credential) {
                return Err(Refused::OtherPin);
            }
            // A card that was away, or a key that ends its login by signing, forgot it.
            if !is_logged_in(session) {
                log_in(session, credential, token)?;
            }
            login.sessions += 1;
            return Ok(());
        }
        log_in(session, credential, token)?;
        self.0.push(Login {
            token: token.clone(),
            credential: credential.clone(),
            sessions: 1,
        });
        Ok(())
    }

    /// Counts `session` out, and logs out if it was the last.
    pub(super) fn leave(&mut self, session: &Session, token: &TokenId) {
        let place = self.0.iter().position(|login| login.token == *token);
        let Some(login) = place.and_then(|place| self.0.get_mut(place)) else {
            return;
        };
        login.sessions = login.sessions.saturating_sub(1);
        if login.sessions == 0 {
            self.0.retain(|login| login.token != *token);
            // A token that is gone needs no logout.
            let _logged_out = session.logout();
        }
    }

    /// Whether no session counts as logged in.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The module ended, and every login with it.
    pub(super) fn forget_all(&mut self) {
        self.0.clear();
    }
}

impl Credential {
    /// Shows the PIN for the one signature that was just begun.
    pub(super) fn confirm(&self, session: &Session) -> Result<(), Fault> {
        match self.show(session, UserType::ContextSpecific) {
            // What follows is the signature itself, which tells whether that is so.
            Err(fault) if is_already(&fault) => Ok(()),
            answer => answer,
        }
    }

    /// One C_Login.
    fn show(&self, session: &Session, user: UserType) -> Result<(), Fault> {
        match self {
            Self::NotNeeded => Ok(()),
            Self::Keypad => Ok(session.login(user, None)?),
            // The module's own form of the PIN lives for this call alone.
            Self::Pin(pin) => Ok(session.login(user, Some(&AuthPin::from(pin.expose())))?),
        }
    }

    /// Whether it is the very same; of a keypad nothing is known that could be compared.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::NotNeeded, Self::NotNeeded) | (Self::Keypad, Self::Keypad) => true,
            (Self::Pin(own), Self::Pin(other)) => own.is_same(other),
            _ => false,
        }
    }
}

/// One try.
fn log_in(session: &Session, credential: &Credential, token: &TokenId) -> Result<(), Refused> {
    let device = token.to_string();
    if let Credential::Pin(pin) = credential
        && refused::is_refused(pin, &device)
    {
        return Err(Refused::Before);
    }
    let shown = match credential.show(session, UserType::User) {
        Err(fault) if is_already(&fault) => {
            // A login that nobody here counts on. The PIN was not looked at.
            let _ended = session.logout();
            credential.show(session, UserType::User)
        }
        shown => shown,
    };
    shown.map_err(|fault| {
        if let (true, Credential::Pin(pin)) = (fault.is_about_this_pin(), credential) {
            refused::remember(pin, &device);
        }
        Refused::Fault(fault)
    })
}

/// Whether the session's token counts the user as logged in.
fn is_logged_in(session: &Session) -> bool {
    session.get_session_info().is_ok_and(|info| {
        matches!(
            info.session_state(),
            SessionState::RoUser | SessionState::RwUser
        )
    })
}

fn is_already(fault: &Fault) -> bool {
    fault.code() == Some(RvError::UserAlreadyLoggedIn)
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, serial, .. } = self;
        write!(f, "token {label} with serial {serial}")
    }
}
