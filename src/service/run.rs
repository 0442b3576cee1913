//! A server from its first connection to its last.

use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::authorities::Authorities;
use super::challenges::Challenges;
use super::current::Current;
use super::directories::Directories;
use super::edge::Edge;
use super::lend::{self, Lender, Lending, SharedAgain};
use super::metrics::Door;
use super::nonces::Nonces;
use super::platforms::Platforms;
use super::providers::Providers;
use super::publish::Publisher;
use super::receipts::Receipts;
use super::reload::{Reload, Reloader};
use super::routes::{Root, router};
use super::sessions::Sessions;
use super::sockets;
use super::tls::{Tls, TlsBy};
use super::upkeep::{Signals, Upkeep};
use super::{Line, Log, Manager, Opened, ServeError, Service, Whereabouts};
use crate::issue::{LedgerPlace, lent};
use crate::login::LoginKind;
use crate::wire::chain;

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
    let authorities = Authorities::open(&opened.serve.logins)?;
    let tls = TlsBy::of(&opened.serve.tls, &authorities).map(Tls::read);
    let tls = tls.transpose()?.map(Arc::new);
    let publisher = publisher(&mut opened);
    let manager = std::mem::take(&mut opened.manager);
    let sockets = std::mem::take(&mut opened.sockets);
    sockets::check(&sockets, &opened.serve)?;
    let (service, lending, reload) = service(opened, authorities, log)?;
    ask_providers(&service, listening, log)?;
    let current = Arc::new(Current::new(service));
    let service = current.service();
    let again: SharedAgain = Arc::new(Mutex::new(lending.again));
    let reloader = Reloader {
        reload,
        current: Arc::clone(&current),
        again: Arc::clone(&again),
        tls: tls.clone(),
        log: Arc::clone(log),
    };
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(THREADS)
        .enable_all()
        .build()?;
    let served = match listening {
        Listening::No => Ok(()),
        Listening::Yes => {
            let socket = lent::socket(&lending.place.path);
            lend((lending.place, again), &current, log)?;
            if let Some(publisher) = publisher {
                publisher.start(Arc::clone(&service), Arc::clone(log))?;
            }
            let ways = Ways {
                tls,
                handed: sockets,
                manager: &manager,
                reloader,
            };
            let served = listen(&runtime, &current, ways, log);
            served.and(lend::remove(&socket).map_err(ServeError::System))
        }
    };
    runtime.shutdown_timeout(PATIENCE);
    let closed = close(&service);
    served.and(closed)
}

/// Says whom logins ask. A provider that is away keeps no server from the other logins; a check is there to find it.
fn ask_providers(service: &Service, listening: Listening, log: &Log) -> Result<(), ServeError> {
    let providers = service.providers.ask().chain(service.platforms.ask());
    let providers = providers.map(|asked| asked.map_err(ServeError::from));
    service
        .authorities
        .told()
        .for_each(|words| log(&Line::Note(words)));
    let directories = service.directories.ask();
    let directories = directories.map(|asked| asked.map_err(ServeError::from));
    for asked in providers.chain(directories) {
        match (asked, listening) {
            (Ok(words), _) => log(&Line::Note(words)),
            (Err(error), Listening::Yes) => log(&Line::Note(chain(&error))),
            (Err(error), Listening::No) => return Err(error),
        }
    }
    Ok(())
}

/// A server goes on without a socket, where its path is too long for one.
fn lend(
    lending: (LedgerPlace, SharedAgain),
    current: &Arc<Current>,
    log: &Log,
) -> Result<(), ServeError> {
    match Lender::beside(lending) {
        Ok(lender) => lender.start(Arc::clone(current), Arc::clone(log))?,
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

fn service(
    opened: Opened,
    authorities: Authorities,
    log: &Log,
) -> Result<(Service, Lending, Reload), ServeError> {
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
    let platforms = Platforms::open(&opened.serve.logins)?;
    let directories = Directories::open(&opened.serve.logins)?;
    let now = (opened.clock)();
    let sessions = Sessions::open(&opened.sessions, opened.serve.idle, now, &tell)?;
    let challenges = Challenges::by(sessions.challenge_key());
    let service = Service {
        challenges: Arc::new(challenges.map_err(ServeError::Random)?),
        sessions: Arc::new(sessions),
        nonces: Arc::new(Nonces::new().map_err(ServeError::Random)?),
        logins: Arc::default(),
        looks: Arc::default(),
        providers: Arc::new(providers),
        platforms: Arc::new(platforms),
        directories: Arc::new(directories),
        authorities: Arc::new(authorities),
        provider_logins: Arc::default(),
        logouts: Arc::default(),
        users: Arc::new(opened.users),
        back_off: Arc::default(),
        hashing: Arc::default(),
        limits: Arc::default(),
        serve: opened.serve,
        policy: opened.policy,
        cas: opened.cas.into_iter().map(Arc::new).collect(),
        ledger: opened.ledger,
        lent: Arc::default(),
        whereabouts: Arc::new(Mutex::new(Whereabouts::Here)),
        ends: Arc::default(),
        bell: Arc::default(),
        metrics: opened.metrics,
        receipts: opened.receipts.map(Receipts::by).map(Arc::new),
        clock: opened.clock,
        keyboard: opened.keyboard,
    };
    Ok((service, opened.lending, opened.reload))
}

/// What connections come in by, and who looks after that.
struct Ways<'a> {
    tls: Option<Arc<Tls>>,
    handed: Vec<TcpListener>,
    manager: &'a Manager,
    reloader: Reloader,
}

fn listen(
    runtime: &Runtime,
    current: &Arc<Current>,
    ways: Ways<'_>,
    log: &Log,
) -> Result<(), ServeError> {
    let service = current.service();
    let note = |words: String| log(&Line::Note(words));
    runtime.block_on(async {
        let public = sockets::all(ways.handed, &service.serve)?;
        let private = service.serve.metrics.map(sockets::bound).transpose()?;
        let (end, ending) = watch::channel(false);
        let (current, root_log) = (Arc::clone(current), Arc::clone(log));
        let door = Door::new(Arc::clone(&current), ways.tls.clone());
        let root = Root {
            current,
            log: root_log,
        };
        let edge = Edge::new(router(root), ways.tls, ending.clone());
        let signals = Signals::heard()?;
        for listener in public {
            let at = listener.local_addr()?;
            note(format!("{} listens on {at}", service.serve.url));
            tokio::spawn(edge.clone().take(listener));
        }
        if let Some(listener) = private {
            note(format!("metrics on {}", listener.local_addr()?));
            tokio::spawn(Edge::new(door.router(), None, ending).take(listener));
        }
        let upkeep = Upkeep {
            reloader: Arc::new(ways.reloader),
            manager: ways.manager,
        };
        upkeep.until_end(signals).await;
        service.ends.store(true, Ordering::Relaxed);
        note("ends: finishes what was begun".to_owned());
        let _everybody_left = end.send(true);
        let until = Instant::now() + PATIENCE;
        while edge.open() > 0 && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    })
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
/// How long an end takes at most.
const PATIENCE: Duration = Duration::from_secs(30);
