//! Certificates on demand: a login over HTTP, and orders at the desks of the CAs.
//!
//! One more front of the spine, and no rule of its own. The way of a request, in the order of the
//! files:
//!
//! 1. `edge`: a connection is taken, of so many at most, and TLS ends (`tls`);
//! 2. `asked`: the request is read whole, within its limits; what could be read in two ways is
//!    refused (`framing`);
//! 3. `routes`: where it goes;
//! 4. `authenticate`: whose session it is, by token and proof (`sessions`, `nonces`, `users`);
//! 5. `endpoints`: what is done. A login becomes an entry of the ledger and a session
//!    (`endpoints/logins`, with `back_off` and `hashing` before a password); a request for a certificate becomes a case, is decided, and left at the
//!    desk of its CA (`order`), which answers when the ledger has it;
//! 6. `problem`: what is said where something is refused.
//!
//! A login at an identity provider waits in `provider_logins`, from its page in a browser (`endpoints/browser`,
//! `pages`) to the program that began it; `provider` is the way there, `providers` has one for each method, and
//! `naming` says which name somebody has here. What a provider answers is checked by `login::oidc`.
//!
//! Beside that, `lend` lets a command of the same machine have the ledger for a while, and `publish` makes
//! the lists that servers fetch; `upkeep` hears signals and reads the certificate of TLS again, and `manager` is
//! told how the server is.
//!
//! HTTP is asynchronous, on a few threads; all that thinks or touches the ledger is not, and runs
//! on threads that may wait. Between them stands `routes`. `axum`, `hyper` and `tokio` are named
//! in this room alone.

mod asked;
mod authenticate;
mod back_off;
mod busy;
mod challenges;
mod edge;
mod endpoints;
mod framing;
mod hashing;
mod lend;
mod log;
mod logins;
mod manager;
mod naming;
mod nonces;
mod order;
mod pages;
mod peer;
mod problem;
mod provider;
mod provider_logins;
mod providers;
mod publish;
mod query;
mod routes;
mod run;
mod sessions;
mod tls;
mod upkeep;
mod users;

pub use lend::{Again, Lending};
pub use log::{Line, Log};
pub use manager::Manager;
pub use provider::{ProviderLine, ProviderLineError};
pub use providers::ProvidersError;
pub use publish::Publish;
pub use run::{Listening, ServeError, run};
pub use sessions::SessionsError;
pub use tls::TlsError;
pub use users::{UsersFile, UsersFileError};

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use ssh_key::public::KeyData;

use crate::config::{LoginMethod, ServeConfig};
use crate::issue::{Clock, Desk, Judge, SharedLedger};
use crate::ledger::Purpose;
use crate::policy::Policy;
use back_off::BackOff;
use busy::Busy;
use challenges::Challenges;
use hashing::Hashing;
use logins::Logins;
use nonces::Nonces;
use problem::{ProblemKind, Refused};
use provider_logins::ProviderLogins;
use providers::Providers;
use publish::Bell;
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
    /// Makes the lists that it hands out; none where somebody else makes them.
    pub publish: Option<Publish>,
    /// Who is told how the server is.
    pub manager: Manager,
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
    desk: Mutex<Option<Desk>>,
    busy: Busy,
}

/// All that endpoints share.
struct Service {
    serve: ServeConfig,
    policy: &'static Policy,
    cas: Vec<Arc<ServedCa>>,
    ledger: SharedLedger,
    /// Locked while the ledger is lent, and from the server's end on.
    lent: Mutex<()>,
    whereabouts: Mutex<Whereabouts>,
    /// From the signal on that ends the server.
    ends: AtomicBool,
    /// Rings where something may have been revoked.
    bell: Bell,
    nonces: Nonces,
    logins: Logins,
    providers: Providers,
    provider_logins: ProviderLogins,
    users: UsersFile,
    back_off: BackOff,
    hashing: Hashing,
    challenges: Challenges,
    sessions: Sessions,
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
    /// The CA of this name, with the key that signs by it and the judge that decides for it.
    pub fn new(
        (name, purpose): (String, Purpose),
        public_key: KeyData,
        judge: Judge<'static>,
        desk: Desk,
    ) -> Self {
        Self {
            name,
            public_key,
            purpose,
            judge: Mutex::new(Arc::new(judge)),
            desk: Mutex::new(Some(desk)),
            busy: Busy::default(),
        }
    }

    /// Whether its desk takes orders.
    fn is_open(&self) -> bool {
        self.at_desk(&Desk::is_open).unwrap_or(false)
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
