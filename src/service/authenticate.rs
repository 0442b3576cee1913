//! Whose session a request is in: the token names it, and a proof by its key says that whoever
//! shows the token is who opened it (RFC 9449).

use axum::http::header;

use super::Service;
use super::asked::Asked;
use super::looks::Look;
use super::nonces::NotTaken;
use super::problem::{ProblemKind, Refused};
use super::sessions::{Session, TokenHash};
use crate::config::LoginMethod;
use crate::issue::lock;
use crate::ledger::LoginError;
use crate::login::LoginKind;
use crate::login::dpop::{DpopError, Expected, Proof, url_of};
use crate::request::{LoginFacts, LoginWay};

/// A session that something is asked in.
pub(super) struct InSession {
    pub(super) hash: TokenHash,
    pub(super) session: Session,
    pub(super) logged_in_by: LoginFacts,
}

impl InSession {
    /// Whether what somebody asked for is theirs.
    pub(super) fn is_of(&self, requester: &str) -> bool {
        self.session.requester.as_str() == requester
    }
}

impl Service {
    /// Whether somebody may revoke what is another's.
    pub(super) fn is_admin(&self, by: &InSession) -> bool {
        let admins = &self.serve.admins;
        admins.have(&by.session.requester, &by.logged_in_by)
    }

    /// Whether somebody may see what is another's.
    pub(super) fn sees_all(&self, by: &InSession) -> bool {
        let auditors = &self.serve.auditors;
        auditors.have(&by.session.requester, &by.logged_in_by) || self.is_admin(by)
    }

    /// The session that a request is in.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn session_shown(&self, asked: &Asked) -> Result<InSession, Refused> {
        if !asked.has(header::AUTHORIZATION.as_str()) {
            return Err(no_session("a session's token is wanted: log in first"));
        }
        let shown = asked.header("authorization")?;
        let token = shown
            .strip_prefix("DPoP ")
            .filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| no_session("Authorization: DPoP TOKEN is wanted"))?;
        let now = self.now();
        let found = self.sessions.of(token, now);
        let (hash, session) = found.ok_or_else(|| no_session(OVER))?;
        self.proof(asked, Some((token, &session)))?;
        let logged_in_by = self.still_counts(&hash, &session)?;
        self.sessions.used(&hash, now);
        Ok(InSession {
            hash,
            session,
            logged_in_by,
        })
    }

    /// Checks the proof of a request: by the key of a session, or where one begins, by whatever key.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn proof(
        &self,
        asked: &Asked,
        session: Option<(&str, &Session)>,
    ) -> Result<Proof, Refused> {
        let now = self.now();
        let url = url_of(self.serve.url.as_str(), &asked.path);
        let expected = Expected {
            method: asked.method.as_str(),
            url: &url,
            token: session.map(|(token, _)| token),
            key: session.map(|(_, session)| &session.key),
        };
        if !asked.has("dpop") {
            let detail =
                "the request has no proof by its session's key (RFC 9449), in the header DPoP";
            return Err(Refused::new(ProblemKind::Nonce, detail));
        }
        let shown = asked.header("dpop")?;
        let fresh = |nonce: &str| self.nonces.is_fresh(nonce, now);
        let proof = Proof::check(shown, &expected, fresh).map_err(|error| refused(&error))?;
        match self.nonces.take(&proof, now) {
            Ok(()) => Ok(proof),
            Err(NotTaken::Again) => {
                let detail = "this very proof came before";
                Err(Refused::new(ProblemKind::Proof, detail))
            }
            Err(NotTaken::Full) => {
                let detail = "so many proofs came that no more can be told apart";
                Err(Refused::new(ProblemKind::Busy, detail).retry_after(60))
            }
        }
    }

    /// By what it was opened. Whoever was barred, or whose key or password was taken away, has no session any more.
    fn still_counts(&self, hash: &TokenHash, session: &Session) -> Result<LoginFacts, Refused> {
        let now = self.now();
        let look = self.looks.of(hash, now, || self.look(session, now));
        match look {
            Ok(look) => {
                let opens = self.still_opens(session, &look)?;
                opens.ok_or_else(|| self.over(hash))
            }
            Err(LoginError::Ledger(error)) => Err(Refused::fault(error)),
            Err(_over) => Err(self.over(hash)),
        }
    }

    /// What the ledger says of a session.
    fn look(&self, session: &Session, now: u64) -> Result<Look, LoginError> {
        let ledger = lock(&self.ledger);
        let counts = ledger.still_counts(session.login, session.requester.as_str(), now)?;
        let said = session.at_provider.as_ref();
        let bound = said
            .map(|said| ledger.bound_to(&said.subject))
            .transpose()?;
        Ok(Look {
            counts,
            bound: bound.flatten(),
        })
    }

    /// What opened a session, where it would open one now: by a method that is still there, and the password
    /// that it was.
    fn still_opens(&self, session: &Session, look: &Look) -> Result<Option<LoginFacts>, Refused> {
        let Some(method) = self.method(&session.method) else {
            return Ok(None);
        };
        // When it was opened, the key or the password was shown.
        let facts = |way| LoginFacts::new(method.name.clone(), way, Some(look.counts.since));
        Ok(match (method.kind, session.user) {
            (LoginKind::Oidc | LoginKind::Ldap | LoginKind::Tls, None) => {
                still_says(method, self.issuer_of(method), session, look)
            }
            (LoginKind::Key, None) => Some(facts(LoginWay::EnrolledKey)),
            (LoginKind::Jwt, None) => is_listed(method, session).then(|| facts(LoginWay::Program)),
            (LoginKind::Password, Some(mark)) => {
                let users = self.users.users().map_err(Refused::fault)?;
                let is_same = users.mark(session.requester.as_str()) == Some(mark);
                is_same.then(|| facts(LoginWay::Password))
            }
            _ => None,
        })
    }

    fn over(&self, hash: &TokenHash) -> Refused {
        // Whether that could be kept changes nothing: it is asked anew each time.
        let _kept = self.sessions.end(hash);
        no_session(OVER)
    }
}

/// What an identity provider, a directory or a client CA said when a session was opened, where the method still goes by
/// its word, and the name is still bound to whom it means.
fn still_says(
    method: &LoginMethod,
    issuer: Option<&str>,
    session: &Session,
    look: &Look,
) -> Option<LoginFacts> {
    let said = session.at_provider.as_ref()?;
    let is_theirs = look.bound.as_deref() == Some(session.requester.as_str());
    let is_of_it = issuer == Some(said.subject.issuer.as_str());
    let takes_code = method.provider.as_ref().is_some_and(|one| one.code);
    let may_come_so = said.way != LoginWay::Code || takes_code;
    (is_theirs && is_of_it && may_come_so).then(|| LoginFacts {
        method: method.name.clone(),
        way: said.way,
        authenticated_at: said.authenticated_at,
        amr: said.amr.clone(),
        acr: said.acr.clone(),
        groups: said.groups.clone(),
    })
}

/// Whether the program of a session is still in the config, by the same claims.
fn is_listed(method: &LoginMethod, session: &Session) -> bool {
    let (Some(platform), Some(program)) = (&method.platform, &session.program) else {
        return false;
    };
    let issuer = platform.issuer.as_str();
    platform.programs.have(program, issuer, &session.requester)
}

fn refused(error: &DpopError) -> Refused {
    let kind = match error {
        DpopError::Nonce => ProblemKind::Nonce,
        _ => ProblemKind::Proof,
    };
    Refused::new(kind, crate::wire::chain(error))
}

fn no_session(detail: &str) -> Refused {
    Refused::new(ProblemKind::NoSession, detail)
}

const OVER: &str = "the session is over, or there never was one: log in again";
