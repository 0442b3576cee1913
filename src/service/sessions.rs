//! Sessions, in a file beside the ledger. Losing it logs everybody out, and nothing more.
//!
//! Of a token its SHA-256 alone is kept. A session is bound to the key of the client that opened it, and
//! to the entry of its login in the ledger, which says whether it still counts.

mod all;
mod at_provider;
mod file;
mod room;
mod shown;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::api::Secret;
use crate::file::Untrusted;
use crate::login::jws::Thumbprint;
use crate::login::jwt::ProgramMark;
use crate::login::password::PasswordMark;
use crate::output::{self, OutputError};
use crate::request::RequesterName;
pub(super) use at_provider::AtProvider;
use at_provider::KeptAtProvider;
use file::read;
use room::make_room;
pub(super) use shown::NotShown;
use shown::{KeptToken, Shown};

/// The SHA-256 of a token.
pub(super) type TokenHash = [u8; 32];

/// All sessions.
pub(super) struct Sessions {
    path: PathBuf,
    /// After how many seconds without a request one ends.
    idle: AtomicU64,
    all: Mutex<HashMap<TokenHash, Session>>,
    /// Tokens that programs showed; locked behind `all` alone.
    shown: Mutex<Shown>,
    /// The key of challenges, which lies with them.
    key: [u8; 32],
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    /// Whose it is.
    pub(super) requester: RequesterName,
    /// The method that they logged in by.
    pub(super) method: String,
    /// The key that it is bound to.
    pub(super) key: Thumbprint,
    /// The password that it was opened by, where it was one.
    pub(super) user: Option<PasswordMark>,
    /// What an identity provider said, where one did.
    pub(super) at_provider: Option<AtProvider>,
    /// The program that opened it, where one did.
    pub(super) program: Option<ProgramMark>,
    /// The position of the login in the ledger.
    pub(super) login: u64,
    /// The first second in which it is over, in Unix seconds.
    pub(super) until: u64,
    /// When something was last asked in it.
    pub(super) seen: u64,
}

/// Why sessions can't be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionsError {
    /// Others can write the file.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// It can't be read.
    #[error("sessions {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It can't be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The system has no random numbers.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Kept {
    format: u32,
    challenge_key: String,
    /// When the file was begun, in Unix seconds; files of before programs logged in don't say.
    #[serde(default)]
    began: Option<u64>,
    sessions: Vec<KeptSession>,
    /// What programs showed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tokens: Vec<KeptToken>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct KeptSession {
    token: String,
    requester: String,
    method: String,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_provider: Option<KeptAtProvider>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    login: u64,
    until: u64,
    seen: u64,
}

impl Sessions {
    /// Takes up the sessions of a file; without one, there are none. A file that can't be understood is
    /// none, and `tell` is told of it.
    ///
    /// # Errors
    /// [`SessionsError`].
    pub(super) fn open(
        path: &Path,
        idle: u64,
        now: u64,
        tell: &dyn Fn(String),
    ) -> Result<Self, SessionsError> {
        let (key, all, shown) = match read(path)? {
            Some(text) => understood(&text, now).map_or_else(|| fresh(path, now, tell), Ok)?,
            None => new(now)?,
        };
        let sessions = Self {
            path: path.to_path_buf(),
            idle: AtomicU64::new(idle),
            all: Mutex::new(all),
            shown: Mutex::new(shown),
            key,
        };
        sessions.keep(&sessions.all())?;
        Ok(sessions)
    }

    /// The key of challenges.
    pub(super) fn challenge_key(&self) -> [u8; 32] {
        self.key
    }

    /// Opens a session, and returns its token.
    ///
    /// # Errors
    /// [`SessionsError`], and then there is none.
    pub(super) fn begin(&self, session: Session, now: u64) -> Result<Secret, SessionsError> {
        let mut token = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(&mut token[..]).map_err(SessionsError::Random)?;
        let token = Secret::new(Base64UrlUnpadded::encode_string(&token[..]));
        let mut all = self.all();
        all.retain(|_, session| session.counts(now, self.idle()));
        make_room(&mut all, &session.requester);
        let hash = hash_of(token.expose());
        all.insert(hash, session);
        if let Err(error) = self.keep(&all) {
            all.remove(&hash);
            return Err(error);
        }
        Ok(token)
    }

    /// The session of a token, which was just used. None if there is none that counts.
    pub(super) fn of(&self, token: &str, now: u64) -> Option<(TokenHash, Session)> {
        let hash = hash_of(token);
        let mut all = self.all();
        let session = all
            .get_mut(&hash)
            .filter(|session| session.counts(now, self.idle()))?;
        Some((hash, session.clone()))
    }

    /// Notes that something was asked in a session by whoever has its key.
    pub(super) fn used(&self, hash: &TokenHash, now: u64) {
        if let Some(session) = self.all().get_mut(hash) {
            session.seen = session.seen.max(now);
        }
    }

    /// Ends a session. It is over for this run of the server even where that can't be kept.
    ///
    /// # Errors
    /// [`SessionsError`].
    pub(super) fn end(&self, hash: &TokenHash) -> Result<(), SessionsError> {
        let mut all = self.all();
        all.remove(hash);
        self.keep(&all)
    }

    /// Writes down when each was last used.
    ///
    /// # Errors
    /// [`SessionsError`].
    pub(super) fn close(&self) -> Result<(), SessionsError> {
        self.keep(&self.all())
    }

    fn idle(&self) -> u64 {
        self.idle.load(Ordering::Relaxed)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<TokenHash, Session>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, all: &HashMap<TokenHash, Session>) -> Result<(), SessionsError> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = Kept {
            format: 1,
            challenge_key: Base64UrlUnpadded::encode_string(&self.key),
            began: Some(shown.began()),
            tokens: shown.kept(),
            sessions: all
                .iter()
                .map(|(hash, session)| session.kept(hash))
                .collect(),
        };
        drop(shown);
        let text = serde_json::to_vec(&kept).unwrap_or_default();
        Ok(output::write(&self.path, &text, 0o600)?)
    }
}

impl Session {
    fn counts(&self, now: u64, idle: u64) -> bool {
        self.until > now && self.seen.saturating_add(idle) > now
    }

    fn kept(&self, hash: &TokenHash) -> KeptSession {
        KeptSession {
            token: Base64UrlUnpadded::encode_string(hash),
            requester: self.requester.to_string(),
            method: self.method.clone(),
            key: self.key.to_string(),
            user: self
                .user
                .map(|mark| Base64UrlUnpadded::encode_string(&mark)),
            at_provider: self.at_provider.clone().map(KeptAtProvider::from),
            program: self
                .program
                .map(|mark| Base64UrlUnpadded::encode_string(&mark)),
            login: self.login,
            until: self.until,
            seen: self.seen,
        }
    }
}

/// The SHA-256 of a token.
pub(super) fn hash_of(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

type Understood = ([u8; 32], HashMap<TokenHash, Session>, Shown);

fn understood(text: &str, now: u64) -> Option<Understood> {
    let kept: Kept = serde_json::from_str(text).ok()?;
    if kept.format != 1 {
        return None;
    }
    let sessions = kept.sessions.into_iter().map(|kept| {
        let session = Session {
            requester: kept.requester.parse().ok()?,
            method: kept.method,
            key: kept.key.parse().ok()?,
            user: mark(kept.user)?,
            at_provider: kept.at_provider.map(AtProvider::from),
            program: mark(kept.program)?,
            login: kept.login,
            until: kept.until,
            seen: kept.seen,
        };
        Some((bytes(&kept.token)?, session))
    });
    Some((
        bytes(&kept.challenge_key)?,
        sessions.collect::<Option<_>>()?,
        Shown::of(kept.began.unwrap_or(now), kept.tokens)?,
    ))
}

fn fresh(path: &Path, now: u64, tell: &dyn Fn(String)) -> Result<Understood, SessionsError> {
    tell(format!(
        "sessions {} can't be understood, and everybody logs in anew",
        path.display()
    ));
    new(now)
}

fn new(now: u64) -> Result<Understood, SessionsError> {
    Ok((new_key()?, HashMap::new(), Shown::begun(now)))
}

fn new_key() -> Result<[u8; 32], SessionsError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(SessionsError::Random)?;
    Ok(key)
}

/// A mark that may be there, and then is one.
fn mark(text: Option<String>) -> Option<Option<[u8; 32]>> {
    text.map_or(Some(None), |text| bytes(&text).map(Some))
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    Base64UrlUnpadded::decode_vec(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests;
