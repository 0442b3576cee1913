//! A server from its first connection to its last.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::back_off::BackOff;
use super::challenges::Challenges;
use super::edge::Edge;
use super::hashing::Hashing;
use super::lend::{self, Lender, Lending};
use super::nonces::Nonces;
use super::providers::Providers;
use super::publish::{Bell, Publisher};
use super::routes::{Shared, router};
use super::sessions::Sessions;
use super::tls::Tls;
use super::upkeep::{Signals, Upkeep};
use super::{
    Line, Log, Manager, Opened, ProvidersError, Service, SessionsError, TlsError, UsersFileError,
    Whereabouts,
};
use crate::config::ServeTls;
use crate::issue::{RunEnd, lent};
use crate::login::LoginKind;
use crate::wire::chain;

/// Why there is no server, or why it ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// It can't listen.
    #[error("can't listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Sessions can't be kept.
    #[error(transparent)]
    Sessions(#[from] SessionsError),
    /// The users can't be known.
    #[error(transparent)]
    Users(#[from] UsersFileError),
    /// An identity provider can't be asked.
    #[error(transparent)]
    Providers(#[from] ProvidersError),
    /// The system gives no threads or signals.
    #[error("the system")]
    System(#[from] io::Error),
    /// The system has no random numbers.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// A desk ended before it was closed.
    #[error("CA `{ca}`")]
    Desk {
        /// The CA.
        ca: String,
        /// Why.
        source: RunEnd,
    },
}

/// Whether a server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listening {
    /// It does.
    Yes,
    /// Everything but that is done.
    No,
}

/// Serves until a signal ends it. What was reserved by then is finished and answered, for half a minute
/// at most; then the desks let their devices go.
///
/// # Errors
/// [`ServeError`].
pub fn run(mut opened: Opened, listening: Listening, log: &Log) -> Result<(), ServeError> {
    let tls = match &opened.serve.tls {
        ServeTls::Files { certificate, key } => Some(Arc::new(Tls::read(certificate, key)?)),
        ServeTls::Proxy { .. } => None,
    };
    let publisher = publisher(&mut opened);
    let manager = std::mem::take(&mut opened.manager);
    let (service, lending) = service(opened, log)?;
    ask_providers(&service, listening, log)?;
    let service = Arc::new(service);
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(THREADS)
        .enable_all()
        .build()?;
    let served = match listening {
        Listening::No => Ok(()),
        Listening::Yes => {
            let socket = lent::socket(&lending.place.path);
            lend(lending, &service, log)?;
            if let Some(publisher) = publisher {
                publisher.start(Arc::clone(&service), Arc::clone(log))?;
            }
            let served = listen(&runtime, &service, (tls, &manager), log);
            served.and(lend::remove(&socket).map_err(ServeError::System))
        }
    };
    runtime.shutdown_timeout(PATIENCE);
    let closed = close(&service);
    served.and(closed)
}

/// Says whom logins ask. A provider that is away keeps no server from the other logins; a check is there to find it.
fn ask_providers(service: &Service, listening: Listening, log: &Log) -> Result<(), ServeError> {
    for asked in service.providers.ask() {
        match (asked, listening) {
            (Ok(words), _) => log(&Line::Note(words)),
            (Err(error), Listening::Yes) => log(&Line::Note(chain(&error))),
            (Err(error), Listening::No) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A server goes on without a socket, where its path is too long for one.
fn lend(lending: Lending, service: &Arc<Service>, log: &Log) -> Result<(), ServeError> {
    match Lender::beside(lending) {
        Ok(lender) => lender.start(Arc::clone(service), Arc::clone(log))?,
        Err(error) => log(&Line::Note(format!(
            "commands can't have the ledger while this runs, for want of a socket beside it: {error}"
        ))),
    }
    Ok(())
}

/// Who makes lists; none where the config doesn't say how often.
fn publisher(opened: &mut Opened) -> Option<Publisher> {
    let publish = opened.publish.take()?;
    let every = opened.serve.lists.as_ref()?.every?;
    Some(Publisher::new(publish, every))
}

fn service(opened: Opened, log: &Log) -> Result<(Service, Lending), ServeError> {
    let tell = |words| log(&Line::Note(words));
    if opened
        .serve
        .logins
        .iter()
        .any(|method| method.kind == LoginKind::Password)
    {
        opened.users.users()?;
    }
    let providers = Providers::open(&opened.serve.logins, opened.serve.url.as_str())?;
    let sessions = Sessions::open(&opened.sessions, opened.serve.idle, &tell)?;
    let service = Service {
        challenges: Challenges::by(sessions.challenge_key()),
        sessions,
        nonces: Nonces::new().map_err(ServeError::Random)?,
        logins: super::Logins::default(),
        providers,
        provider_logins: super::ProviderLogins::default(),
        users: opened.users,
        back_off: BackOff::default(),
        hashing: Hashing::default(),
        serve: opened.serve,
        policy: opened.policy,
        cas: opened.cas.into_iter().map(Arc::new).collect(),
        ledger: opened.ledger,
        lent: Mutex::default(),
        whereabouts: Mutex::new(Whereabouts::Here),
        ends: AtomicBool::new(false),
        bell: Bell::default(),
        clock: opened.clock,
        keyboard: opened.keyboard,
    };
    Ok((service, opened.lending))
}

fn listen(
    runtime: &Runtime,
    service: &Arc<Service>,
    (tls, manager): (Option<Arc<Tls>>, &Manager),
    log: &Log,
) -> Result<(), ServeError> {
    runtime.block_on(async {
        let listeners = service.serve.listen.iter().map(|at| bound(*at));
        let listeners = listeners.collect::<Result<Vec<_>, _>>()?;
        let (end, ending) = watch::channel(false);
        let shared = Shared {
            service: Arc::clone(service),
            log: Arc::clone(log),
        };
        let edge = Edge::new(router(shared), tls.clone(), ending);
        let signals = Signals::heard()?;
        for listener in listeners {
            let at = listener.local_addr()?;
            log(&Line::Note(format!(
                "{} listens on {at}",
                service.serve.url
            )));
            tokio::spawn(edge.clone().take(listener));
        }
        let upkeep = Upkeep { tls, manager, log };
        upkeep.until_end(signals).await;
        service.ends.store(true, Ordering::Relaxed);
        log(&Line::Note("ends: finishes what was begun".to_owned()));
        let _everybody_left = end.send(true);
        let until = Instant::now() + PATIENCE;
        while edge.open() > 0 && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    })
}

fn bound(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listener().map_err(|source| ServeError::Listen { address, source })
}

/// Closes all desks: what they took goes all the way. Then notes when sessions were last used.
fn close(service: &Service) -> Result<(), ServeError> {
    let _never_again = service.lent.lock();
    let mut ended = Ok(());
    for ca in &service.cas {
        let desk = ca
            .desk
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(Err(source)) = desk.map(crate::issue::Desk::close) {
            let ca = ca.name.clone();
            ended = ended.and(Err(ServeError::Desk { ca, source }));
        }
    }
    ended.and(Ok(service.sessions.close()?))
}

/// At the edge.
const WORKERS: usize = 2;
/// For endpoints, which wait for locks and disks.
const THREADS: usize = 32;
const BACKLOG: u32 = 1024;
/// How long an end takes at most.
const PATIENCE: Duration = Duration::from_secs(30);
