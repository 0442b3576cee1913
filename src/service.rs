//! Certificates on demand: a login over HTTP, and orders at the desks of the CAs.
//!
//! One more front of the spine, and no rule of its own. The way of a request, in the order of the
//! files:
//!
//! 1. `edge`: a connection is taken (`sockets`), of so many at most, and TLS ends (`tls`);
//! 2. `asked`: the request is read whole, within its limits; what could be read in two ways is
//!    refused (`framing`);
//! 3. `routes`: where it goes;
//! 4. `authenticate`: whose session it is, by token and proof (`sessions`, `nonces`, `users`), and how often it
//!    may ask (`limits`, `buckets`);
//! 5. `endpoints`: what is done. A login becomes an entry of the ledger and a session
//!    (`endpoints/logins`, with `back_off` and `hashing` before a password); a request for a certificate becomes a case, is decided, and left at the
//!    desk of its CA (`order`), which answers when the ledger has it, and `receipts` shows that;
//! 6. `problem`: what is said where something is refused; `trace` and `log`: what is told of each request.
//!
//! A login at an identity provider waits in `provider_logins`, from its page in a browser (`endpoints/browser`,
//! `pages`) to the program that began it; `provider` is the way there, `providers` has one for each method, and
//! `naming` says which name somebody has here. What a provider answers is checked by `login::oidc`. Where somebody logs
//! out there, it tells `endpoints/logout`, and `logouts` sees that no login slips past.
//! Programs show a token of the platform that they run on, which `platforms` holds against its keys; `waiting` counts
//! who waits for somebody else's server.
//! Client certificates are shown in TLS (`tls`), go with each request of their connection, and are held against the CA of
//! a login's method (`authorities`).
//!
//! Beside that, `lend` lets a command of the same machine have the ledger for a while, and `publish` makes
//! the lists that servers fetch; `upkeep` hears signals, `reload` reads config and certificate of TLS again
//! (`current` is what the next request is served by), and `manager` is
//! told how the server is; `health` looks whether the keys still sign, and `metrics` counts for monitoring.
//!
//! `paths` lists the routes, and `document` tells them, as OpenAPI.
//!
//! HTTP is asynchronous, on a few threads; all that thinks or touches the ledger is not, and runs
//! on threads that may wait. Between them stands `routes`. `axum`, `hyper` and `tokio` are named
//! in this room alone.

mod asked;
mod authenticate;
mod authorities;
mod back_off;
mod buckets;
mod busy;
mod challenges;
mod current;
mod directories;
mod document;
mod edge;
mod endpoints;
mod framing;
mod hashing;
mod health;
mod lend;
mod limits;
mod log;
mod logins;
mod logouts;
mod looks;
mod manager;
mod metrics;
mod naming;
mod nonces;
mod order;
mod pages;
mod paths;
mod peer;
mod platforms;
mod problem;
mod provider;
mod provider_logins;
mod providers;
mod publish;
mod query;
mod receipts;
mod reload;
mod routes;
mod run;
mod serve_error;
mod sessions;
mod sockets;
mod tls;
mod trace;
mod upkeep;
mod users;
mod waiting;

pub use authorities::{AuthoritiesError, AuthorityFileError};
pub use directories::DirectoriesError;
pub use lend::{Again, Lending};
pub use log::{Line, Log};
pub use manager::Manager;
pub use metrics::Metrics;
pub use provider::{ProviderLine, ProviderLineError};
pub use providers::ProvidersError;
pub use publish::Publish;
pub use receipts::ReceiptKey;
pub use reload::{Reload, Reloaded};
pub use run::{Listening, run};
pub use serve_error::ServeError;
pub use sessions::SessionsError;
pub use tls::TlsError;
pub use users::{UsersFile, UsersFileError};

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use ssh_key::public::KeyData;

use crate::config::{LoginMethod, ServeConfig};
use crate::issue::{Clock, Desk, Judge, SharedLedger};
use crate::ledger::Purpose;
use crate::policy::Policy;
use crate::signer::Locators;
use authorities::Authorities;
use back_off::BackOff;
use busy::Busy;
use challenges::Challenges;
use directories::Directories;
use hashing::Hashing;
use limits::Limits;
use logins::Logins;
use logouts::Logouts;
use looks::Looks;
use metrics::OfCa;
use nonces::Nonces;
use platforms::Platforms;
use problem::{ProblemKind, Refused};
use provider_logins::ProviderLogins;
use providers::Providers;
use publish::Bell;
use receipts::Receipts;
use sessions::Sessions;

/// What a server serves with: everything is open, and checked.
pub struct Opened {
    /// What the config says.
    pub serve: ServeConfig,
    /// The roles that can be asked for. It lives as long as the process.
    pub policy: &'static Policy,
    /// Each CA, with its desk.
    pub cas: Vec<ServedCa>,
    /// The ledger that all desks write to.
    pub ledger: SharedLedger,
    /// How it is lent to commands.
    pub lending: Lending,
    /// Reads the config again, while it runs.
    pub reload: Reload,
    /// Makes the lists that it hands out; none where somebody else makes them.
    pub publish: Option<Publish>,
    /// What signs receipts; none are given without.
    pub receipts: Option<ReceiptKey>,
    /// Who is told how the server is.
    pub manager: Manager,
    /// Sockets that listen already, in place of those that the config names.
    pub sockets: Vec<TcpListener>,
    /// What is counted, also by the desks.
    pub metrics: Arc<Metrics>,
    /// The users who have a password.
    pub users: UsersFile,
    /// Where sessions are kept.
    pub sessions: PathBuf,
    /// Tells the time.
    pub clock: Clock,
    /// The account of the server, by the system's word.
    pub keyboard: String,
}

/// A CA that a server serves.
pub struct ServedCa {
    name: String,
    public_key: KeyData,
    purpose: Purpose,
    /// Made anew where somebody else wrote to the ledger.
    judge: Mutex<Arc<Judge<'static>>>,
    /// None once the server closes.
    desk: Arc<Mutex<Option<Desk>>>,
    busy: Arc<Busy>,
    /// Where its key is.
    keys: Locators,
    counts: OfCa,
}

/// All that endpoints share. What isn't the config's is one for all services that were made of one another.
#[derive(Clone)]
struct Service {
    serve: ServeConfig,
    policy: &'static Policy,
    cas: Vec<Arc<ServedCa>>,
    ledger: SharedLedger,
    /// Locked while the ledger is lent, and from the server's end on.
    lent: Arc<Mutex<()>>,
    whereabouts: Arc<Mutex<Whereabouts>>,
    /// From the signal on that ends the server.
    ends: Arc<AtomicBool>,
    /// Rings where something may have been revoked.
    bell: Arc<Bell>,
    nonces: Arc<Nonces>,
    logins: Arc<Logins>,
    looks: Arc<Looks>,
    /// By the config, as the roles are.
    providers: Arc<Providers>,
    platforms: Arc<Platforms>,
    provider_logins: Arc<ProviderLogins>,
    /// By the config, too.
    directories: Arc<Directories>,
    authorities: Arc<Authorities>,
    logouts: Arc<Logouts>,
    users: Arc<UsersFile>,
    back_off: Arc<BackOff>,
    hashing: Arc<Hashing>,
    limits: Arc<Limits>,
    challenges: Arc<Challenges>,
    sessions: Arc<Sessions>,
    metrics: Arc<Metrics>,
    /// None where no key signs any.
    receipts: Option<Arc<Receipts>>,
    clock: Clock,
    keyboard: String,
}

/// Where the ledger is, for whoever can't wait until it is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whereabouts {
    /// With the server.
    Here,
    /// With a command.
    Lent,
    /// The command is done, and the server can't open it again; the log says why.
    Missed,
}

impl ServedCa {
    /// The CA of this name, with the key that signs by it, where that is, and the judge that decides for it.
    pub fn new(
        (name, purpose): (String, Purpose),
        (public_key, keys): (KeyData, Locators),
        judge: Judge<'static>,
        desk: Desk,
        metrics: &Metrics,
    ) -> Self {
        Self {
            counts: metrics.of_ca(&name),
            keys,
            name,
            public_key,
            purpose,
            judge: Mutex::new(Arc::new(judge)),
            desk: Arc::new(Mutex::new(Some(desk))),
            busy: Arc::default(),
        }
    }

    /// Does this at its desk, unless that is closed.
    fn at_desk<T>(&self, what: &dyn Fn(&Desk) -> T) -> Option<T> {
        let desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        desk.as_ref().map(what)
    }

    /// Who decides. Nothing is locked meanwhile: a decision looks into the ledger.
    fn judge(&self) -> Arc<Judge<'static>> {
        Arc::clone(&self.judge.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn judge_by(&self, judge: Judge<'static>) {
        *self.judge.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(judge);
    }
}

impl Service {
    /// The login method of this name.
    fn method(&self, name: &str) -> Option<&LoginMethod> {
        let mut methods = self.serve.logins.iter();
        methods.find(|method| method.name.as_str() == name)
    }

    /// The CA of this name.
    fn ca(&self, name: &str) -> Result<&ServedCa, Refused> {
        let ca = self.cas.iter().find(|ca| ca.name == name);
        let ca = ca.ok_or_else(|| Refused::new(ProblemKind::NotFound, "there is no such CA"))?;
        Ok(ca)
    }

    fn whereabouts(&self) -> Whereabouts {
        *self
            .whereabouts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn is_now(&self, place: Whereabouts) {
        *self
            .whereabouts
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = place;
    }

    fn now(&self) -> u64 {
        (self.clock)()
    }
}
