//! Logins at an identity provider that began and have no session yet: each waits for a browser, for the provider,
//! perhaps for a code that somebody types, and at last for the program that began it.
//!
//! A login is bound to one browser by a cookie, to one answer of the provider by what its question was made of,
//! and to the program by the hash of a verifier, which that alone knows (RFC 7636). What comes from anywhere
//! else finds nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::logins::NotBegun;
use super::peer::network;
use super::sessions::hash_of;
use crate::login::MethodName;
use crate::login::oidc::{Identity, LoggedOut, Question};

mod cookie;
mod typed;

use cookie::{Cookie, is_same};
pub(super) use typed::TypedCode;

/// All of them.
#[derive(Default)]
pub(super) struct ProviderLogins(Mutex<HashMap<String, Pending>>);

/// What the program asked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// By which method.
    pub(super) method: MethodName,
    /// Where the person's browser is.
    pub(super) at: At,
    /// The SHA-256 of the program's verifier.
    pub(super) challenge: [u8; 32],
    /// Who asked.
    pub(super) peer: IpAddr,
}

/// Where the person's browser is.
#[derive(Clone, Debug)]
pub(super) enum At {
    /// On the machine of the program, which listens for it.
    Here {
        /// Where it is sent back to.
        redirect: String,
        /// What it says there.
        state: String,
    },
    /// Elsewhere: a code is typed there.
    Elsewhere {
        /// What the program's machine is called, by its own word.
        host: String,
        /// The code.
        code: TypedCode,
    },
}

struct Pending {
    wanted: Wanted,
    begun: u64,
    stage: Stage,
    opened: u32,
    wrong: u32,
}

enum Stage {
    /// No browser opened it.
    Begun,
    /// The provider was asked.
    Asked { question: Question, cookie: Cookie },
    /// The provider answered, which counts once.
    Answering { cookie: Cookie },
    /// Who it is; the code is not typed.
    Typing {
        identity: Box<Identity>,
        cookie: Cookie,
    },
    /// Who it is; where the browser is here, it took this along.
    Known {
        identity: Box<Identity>,
        code: Option<[u8; 32]>,
    },
    /// Nobody.
    Refused(String),
}

/// Where the browser goes on.
pub(super) enum Next {
    /// To the program.
    Back(Zeroizing<String>),
    /// To the page on which a code is typed.
    Type,
    /// Nowhere: a page says this.
    Refused(String),
}

/// What a page of a code shows.
pub(super) struct Shown {
    /// Who would log in.
    pub(super) name: String,
    /// The program's machine, by its own word.
    pub(super) host: String,
    /// Where it asked from.
    pub(super) peer: IpAddr,
    /// When, in Unix seconds.
    pub(super) begun: u64,
}

/// What came of a code.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// It was the code.
    Right,
    /// It wasn't, and may be typed so often again.
    Wrong(u32),
    /// There is no such login here, or no more.
    Over,
}

/// Who logged in, and where their browser was.
#[derive(Debug)]
pub(super) struct LoggedIn {
    pub(super) method: MethodName,
    pub(super) identity: Box<Identity>,
    pub(super) by_code: bool,
}

/// Why the program gets no session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotYet {
    /// There is no such login, or it isn't this program's.
    None,
    /// Nobody logged in so far.
    Pending,
    /// Nobody does.
    Refused(String),
}

impl ProviderLogins {
    /// Begins one, and returns its id, and when it is over.
    ///
    /// # Errors
    /// [`NotBegun`].
    pub(super) fn begin(&self, wanted: Wanted, now: u64) -> Result<(String, u64), NotBegun> {
        let id = random().map_err(NotBegun::Random)?;
        let id: String = id.chars().take(ID_LENGTH).collect();
        let mut all = self.all(now);
        let here = network(wanted.peer);
        let of_peer = all.values().filter(|one| network(one.wanted.peer) == here);
        if all.len() >= MOST || of_peer.count() >= MOST_OF_ONE {
            return Err(NotBegun::TooMany);
        }
        let pending = Pending {
            wanted,
            begun: now,
            stage: Stage::Begun,
            opened: 0,
            wrong: 0,
        };
        all.insert(id.clone(), pending);
        Ok((id, now.saturating_add(LIFE)))
    }

    /// Whether there is such a login, whatever became of it.
    pub(super) fn has(&self, id: &str, now: u64) -> bool {
        self.all(now).contains_key(id)
    }

    /// The method of a login that a browser may open.
    pub(super) fn method(&self, id: &str, now: u64) -> Option<MethodName> {
        let all = self.all(now);
        let pending = all.get(id).filter(|pending| pending.may_open())?;
        Some(pending.wanted.method.clone())
    }

    /// A browser asks the provider this. One that opened it before is not waited for any more.
    pub(super) fn opened(&self, id: &str, question: Question, now: u64) -> Option<Cookie> {
        let cookie = Cookie::new().ok()?;
        let mut all = self.all(now);
        let pending = all.get_mut(id).filter(|pending| pending.may_open())?;
        pending.opened += 1;
        pending.stage = Stage::Asked {
            question,
            cookie: cookie.clone(),
        };
        Some(cookie)
    }

    /// What a browser answers that has a login's cookie; no other answer to that question counts from here on.
    pub(super) fn answered(
        &self,
        state: &str,
        cookies: &[(String, String)],
        now: u64,
    ) -> Option<(String, MethodName, Question)> {
        let mut all = self.all(now);
        let is_it = |pending: &Pending| match &pending.stage {
            Stage::Asked { question, .. } => is_same(question.state(), state),
            _ => false,
        };
        let (id, pending) = all.iter_mut().find(|(_, pending)| is_it(pending))?;
        let Stage::Asked { question, cookie } = &pending.stage else {
            return None;
        };
        if !cookie.is_among(id, cookies) {
            return None;
        }
        let (question, cookie) = (question.clone(), cookie.clone());
        pending.stage = Stage::Answering { cookie };
        Some((id.clone(), pending.wanted.method.clone(), question))
    }

    /// The provider said who it is, or that it is nobody.
    pub(super) fn said(
        &self,
        id: &str,
        identity: Result<Identity, String>,
        now: u64,
    ) -> Option<Next> {
        let mut all = self.all(now);
        let pending = all.get_mut(id)?;
        let Stage::Answering { cookie } = &pending.stage else {
            return None;
        };
        let cookie = cookie.clone();
        let code = Zeroizing::new(random().ok()?);
        let (stage, next) = match (&pending.wanted.at, identity) {
            (At::Here { redirect, state }, Ok(identity)) => {
                let back = format!("{redirect}?code={}&state={state}", code.as_str());
                let code = Some(hash_of(&code));
                let identity = Box::new(identity);
                let known = Stage::Known { identity, code };
                (known, Next::Back(Zeroizing::new(back)))
            }
            (At::Here { redirect, state }, Err(words)) => {
                let back = format!("{redirect}?error=login-refused&state={state}");
                (Stage::Refused(words), Next::Back(Zeroizing::new(back)))
            }
            (At::Elsewhere { .. }, Ok(identity)) => {
                let identity = Box::new(identity);
                (Stage::Typing { identity, cookie }, Next::Type)
            }
            (At::Elsewhere { .. }, Err(words)) => {
                (Stage::Refused(words.clone()), Next::Refused(words))
            }
        };
        pending.stage = stage;
        Some(next)
    }

    /// What the page shows to the browser that logged in at the provider.
    pub(super) fn asks_for_code(
        &self,
        id: &str,
        cookies: &[(String, String)],
        now: u64,
    ) -> Option<Shown> {
        let all = self.all(now);
        let pending = all.get(id)?;
        match (&pending.stage, &pending.wanted.at) {
            (Stage::Typing { identity, cookie }, At::Elsewhere { host, .. }) => {
                cookie.is_among(id, cookies).then(|| Shown {
                    name: identity.name.to_string(),
                    host: host.clone(),
                    peer: pending.wanted.peer,
                    begun: pending.begun,
                })
            }
            _ => None,
        }
    }

    /// A code was typed there.
    pub(super) fn typed(
        &self,
        id: &str,
        cookies: &[(String, String)],
        text: &str,
        now: u64,
    ) -> Typed {
        let mut all = self.all(now);
        let Some(pending) = all.get_mut(id) else {
            return Typed::Over;
        };
        let (Stage::Typing { identity, cookie }, At::Elsewhere { code, .. }) =
            (&pending.stage, &pending.wanted.at)
        else {
            return Typed::Over;
        };
        if !cookie.is_among(id, cookies) {
            return Typed::Over;
        }
        if code.is(text) {
            let identity = identity.clone();
            let code = None;
            pending.stage = Stage::Known { identity, code };
            return Typed::Right;
        }
        pending.wrong += 1;
        let left = TRIES.saturating_sub(pending.wrong);
        if left == 0 {
            pending.stage = Stage::Refused(WRONG.to_owned());
        }
        Typed::Wrong(left)
    }

    /// Who logged in, for the program that began it: once.
    ///
    /// # Errors
    /// [`NotYet`].
    pub(super) fn take(
        &self,
        id: &str,
        (verifier, code): (&str, Option<&str>),
        now: u64,
    ) -> Result<LoggedIn, NotYet> {
        let mut all = self.all(now);
        let is_its = |pending: &&Pending| {
            let challenge = hash_of(verifier);
            bool::from(challenge.ct_eq(&pending.wanted.challenge))
        };
        let pending = all.get(id).filter(is_its).ok_or(NotYet::None)?;
        let fits = match &pending.stage {
            Stage::Known { code: None, .. } | Stage::Refused(_) => true,
            Stage::Known {
                code: Some(wanted), ..
            } => code.is_some_and(|code| bool::from(hash_of(code).ct_eq(wanted))),
            _ => return Err(NotYet::Pending),
        };
        let pending = all.remove(id).filter(|_| fits).ok_or(NotYet::None)?;
        match pending.stage {
            Stage::Known { identity, .. } => Ok(LoggedIn {
                method: pending.wanted.method,
                identity,
                by_code: matches!(pending.wanted.at, At::Elsewhere { .. }),
            }),
            Stage::Refused(words) => Err(NotYet::Refused(words)),
            _ => Err(NotYet::None),
        }
    }

    /// Somebody logged out at the provider, and gets no session by what it said before.
    pub(super) fn forget(&self, method: &MethodName, who: &LoggedOut, now: u64) {
        let is_theirs = |pending: &Pending| match &pending.stage {
            Stage::Typing { identity, .. } | Stage::Known { identity, .. } => {
                who.is(&identity.subject, identity.session.as_deref())
            }
            _ => false,
        };
        let mut all = self.all(now);
        let theirs = all
            .values_mut()
            .filter(|one| one.wanted.method == *method && is_theirs(one));
        for pending in theirs {
            pending.stage = Stage::Refused(LOGGED_OUT.to_owned());
        }
    }

    fn all(&self, now: u64) -> MutexGuard<'_, HashMap<String, Pending>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, pending| pending.begun.saturating_add(LIFE) > now);
        all
    }
}

impl Pending {
    /// Whoever opens it often enough to fill a log is no person.
    fn may_open(&self) -> bool {
        self.opened < OPENED_MAX && matches!(self.stage, Stage::Begun | Stage::Asked { .. })
    }
}

/// 32 random bytes in Base64 for URLs.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut bytes[..])?;
    Ok(Base64UrlUnpadded::encode_string(&bytes[..]))
}

/// In seconds: somebody has to find a second factor meanwhile.
const LIFE: u64 = 10 * 60;
/// How often a code may be typed wrong.
const TRIES: u32 = 5;
const OPENED_MAX: u32 = 20;
/// Of 192 bits, at 6 each.
const ID_LENGTH: usize = 32;
const MOST: usize = 4096;
/// A whole office may share an address.
const MOST_OF_ONE: usize = 256;
const WRONG: &str = "the code was typed wrong five times";
const LOGGED_OUT: &str = "whoever logged in logged out at the identity provider meanwhile";

#[cfg(test)]
mod tests;
