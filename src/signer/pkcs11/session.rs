//! A session with a token, which knows when it is over.

use cryptoki::session::Session as RawSession;
use cryptoki::slot::Slot;

use super::logins::{Credential, TokenId};
use super::module::{Module, Start};
use super::raw::Raw;
use crate::signer::error::{Code, Fault};

/// An open session of one start of its module.
///
/// When it is dropped it is closed, and the token logged out if no other session of this
/// process counts as logged in there. A session of an earlier start is only forgotten.
pub(super) struct Session {
    module: Module,
    start: Start,
    /// Taken by the drop alone, which may close it or not.
    session: Option<RawSession>,
    login: Option<TokenId>,
    direct: bool,
}

/// What a session may do to the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Look and sign.
    ReadOnly,
    /// Make and remove objects too.
    ReadWrite,
}

impl Session {
    /// Opens a session with the token in `slot`.
    pub(super) fn open(module: &Module, slot: Slot, access: Access) -> Result<Self, Fault> {
        let open = |start, loaded: &super::module::Loaded| {
            let session = match access {
                Access::ReadOnly => loaded.pkcs11.open_ro_session_no_drop(slot)?,
                Access::ReadWrite => loaded.pkcs11.open_rw_session_no_drop(slot)?,
            };
            let direct = loaded.raw.knows(&session);
            Ok((start, session, direct))
        };
        let (start, session, direct) = module.with_start(open)?;
        Ok(Self {
            module: module.clone(),
            start,
            session: Some(session),
            login: None,
            direct,
        })
    }

    /// Works with the session, if it is not over; the module is not restarted meanwhile.
    ///
    /// # Errors
    /// CKR_SESSION_CLOSED, if the module was started anew since it was opened.
    pub(super) fn call<T>(&self, work: impl FnOnce(&RawSession) -> T) -> Result<T, Fault> {
        self.call_with_raw(|session, _| work(session))
    }

    /// Does what [`Session::call`] does, with the second handle on the module.
    pub(super) fn call_with_raw<T>(
        &self,
        work: impl FnOnce(&RawSession, &Raw) -> T,
    ) -> Result<T, Fault> {
        self.module.with_start(|start, loaded| match &self.session {
            Some(session) if start == self.start => Ok(work(session, &loaded.raw)),
            _ => Err(Fault::new("C_OpenSession", Code::SessionClosed)),
        })
    }

    /// Whether the second handle on the module shares its sessions; else each signature costs
    /// `cryptoki`'s question for the length.
    pub(super) fn is_direct(&self) -> bool {
        self.direct
    }

    /// Whether the module was started anew since it was opened.
    pub(super) fn is_over(&self) -> bool {
        self.module.start() != self.start
    }

    /// Logs the session in to `token`, or joins those that are; see
    /// [`Logins`](super::logins::Logins).
    pub(super) fn log_in(
        &mut self,
        credential: &Credential,
        token: &TokenId,
    ) -> Result<(), super::logins::Refused> {
        if matches!(credential, Credential::NotNeeded) {
            return Ok(());
        }
        let module = self.module.clone();
        self.call(|session| module.logins().join(session, credential, token))??;
        self.login = Some(token.clone());
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let (session, login) = (self.session.take(), self.login.take());
        let own = self.start;
        let _closed = self.module.with_start(|start, _| {
            if let Some(session) = session.filter(|_| start == own) {
                if let Some(token) = login {
                    self.module.logins().leave(&session, &token);
                }
                session.close()?;
            }
            Ok(())
        });
    }
}
