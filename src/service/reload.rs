//! The whole config, read again while the server runs: all of it counts from then on, or nothing of it.
//!
//! Whoever made the server reads the config, and says whether it can be served without a start
//! ([`Reload`]). What the two have in common stays as it is: sessions, the ledger, and the desks with their
//! devices. No command has the ledger meanwhile, and no request waits but for the moment in which the config is held
//! against the ledger.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use super::authorities::Authorities;
use super::current::Current;
use super::directories::Directories;
use super::lend::SharedAgain;
use super::platforms::Platforms;
use super::providers::Providers;
use super::tls::{Tls, TlsBy};
use super::{Again, Line, Log, ServedCa, Service, Whereabouts};
use crate::config::ServeConfig;
use crate::issue::{Judge, lock};
use crate::ledger::Ledger;
use crate::login::LoginKind;
use crate::policy::Policy;
use crate::wire::chain;

/// Reads the config again, and holds it against the ledger and against what can't change while the server runs.
pub type Reload = Box<dyn Fn(&Ledger) -> Result<Reloaded, Box<dyn Error>> + Send + Sync>;

/// What a server is served by that was read while it ran.
pub struct Reloaded {
    /// What the config says now.
    pub serve: ServeConfig,
    /// Its roles.
    pub policy: &'static Policy,
    /// The judges of the same CAs, in the same order.
    pub judges: Vec<Judge<'static>>,
    /// Opens the ledger by it, after a command had that.
    pub again: Again,
    /// What is odd about it, in words.
    pub oddities: Vec<String>,
}

/// Who reads it.
pub(super) struct Reloader {
    pub(super) reload: Reload,
    pub(super) current: Arc<Current>,
    pub(super) again: SharedAgain,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) log: Log,
}

impl Reloader {
    /// Reads config, certificate and key again, and says how it serves from now on.
    pub(super) fn read_again(&self) -> String {
        let (words, status) = match self.config() {
            Ok(ended) if ended > 0 => (
                format!(
                    "the config was read again; {ended} sessions ended, whose login method went away"
                ),
                SERVES.to_owned(),
            ),
            Ok(_none) => ("the config was read again".to_owned(), SERVES.to_owned()),
            Err(error) => {
                let why = chain(&*error);
                let status =
                    format!("serves by the config before, since that of now is refused: {why}");
                let words = format!("the config is refused, and the one before stays: {why}");
                (words, status)
            }
        };
        self.note(words);
        self.certificate();
        // A line of the service manager's is one.
        status.replace(['\r', '\n'], " ")
    }

    /// Reads certificate and key again; those before stay where the two can't be used.
    pub(super) fn certificate(&self) {
        let Some(tls) = &self.tls else {
            return;
        };
        self.note(match tls.read_again() {
            Ok(()) => "certificate and key of [serve] were read again".to_owned(),
            Err(error) => format!(
                "certificate and key of [serve] stay as they were: {}",
                chain(&error)
            ),
        });
    }

    /// Whether certificate and key changed.
    pub(super) fn has_other_certificate(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.has_changed())
    }

    /// Says how many sessions ended.
    fn config(&self) -> Result<usize, Box<dyn Error>> {
        let before = self.current.service();
        let _not_lent = before.lent.lock().unwrap_or_else(PoisonError::into_inner);
        if before.whereabouts() != Whereabouts::Here {
            return Err("the server hasn't got its ledger back".into());
        }
        let ledger = lock(&before.ledger);
        let reloaded = (self.reload)(&ledger)?;
        drop(ledger);
        let has_passwords = |serve: &ServeConfig| {
            let mut logins = serve.logins.iter();
            logins.any(|method| method.kind == LoginKind::Password)
        };
        if has_passwords(&reloaded.serve) {
            before.users.users()?;
        }
        let serve = &reloaded.serve;
        let providers = Providers::open(&serve.logins, serve.url.as_str())?;
        let platforms = Platforms::open(&serve.logins)?;
        let directories = Directories::open(&serve.logins)?;
        let authorities = Authorities::open(&serve.logins)?;
        if let (Some(tls), Some(by)) = (&self.tls, TlsBy::of(&serve.tls, &authorities)) {
            tls.becomes(by)?;
        }
        // From here on nothing can fail.
        reloaded.oddities.into_iter().for_each(|odd| self.note(odd));
        let mut after = next(&before, reloaded.serve, (reloaded.policy, reloaded.judges));
        after.providers = Arc::new(providers);
        after.platforms = Arc::new(platforms);
        after.directories = Arc::new(directories);
        after.authorities = Arc::new(authorities);
        *self.again.lock().unwrap_or_else(PoisonError::into_inner) = reloaded.again;
        let serve = &after.serve;
        after.sessions.idle_after(serve.idle);
        let ended = after.sessions.end_others(&|session| {
            let mut logins = serve.logins.iter();
            logins.any(|method| method.name.as_str() == session.method)
        });
        self.current.becomes(after);
        Ok(ended)
    }

    fn note(&self, words: String) {
        (self.log)(&Line::Note(words));
    }
}

/// The same service by another config.
fn next(
    before: &Service,
    serve: ServeConfig,
    (policy, judges): (&'static Policy, Vec<Judge<'static>>),
) -> Service {
    let cas = before.cas.iter().zip(judges);
    let judged = |(ca, judge): (&Arc<ServedCa>, _)| Arc::new(ca.with_judge(judge));
    Service {
        cas: cas.map(judged).collect(),
        serve,
        policy,
        ..before.clone()
    }
}

impl ServedCa {
    /// The same CA and desk, with another judge. Who holds the one before decides by that.
    fn with_judge(&self, judge: Judge<'static>) -> Self {
        Self {
            judge: Mutex::new(Arc::new(judge)),
            name: self.name.clone(),
            public_key: self.public_key.clone(),
            purpose: self.purpose,
            desk: Arc::clone(&self.desk),
            busy: Arc::clone(&self.busy),
            keys: self.keys.clone(),
            counts: self.counts.clone(),
        }
    }
}

/// How a service manager is told that all is well.
pub(super) const SERVES: &str = "serves";
