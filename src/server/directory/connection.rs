//! The real directory service, over the crate `ldap3`.
//!
//! One thread and one connection: the connection's own task turns while this one waits, and all that
//! is asked is a task too, so that a panic of the crate at bytes that are no LDAP ends that task, and is
//! an error here, of which nothing else is said (a released program, which doesn't unwind, ends there, and has
//! written nothing). One deadline holds for everything; behind it, nothing that was answered counts.

mod question;
mod quiet;
mod tls;
mod tree;

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use ldap3::controls::PagedResults;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, StdStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinError, JoinHandle};

use self::question::{Fault, NO_LDAP, NO_SUCH_OBJECT, Question, Reply, answer};
use self::quiet::quietly;
use super::ask::{AskError, Directory};
use super::entry::Entry;
use super::settings::{Bind, Settings};
use crate::config::directory_server::{Begins, Server};
use crate::secret::{Pin, SecretKind, read_short_secret};

/// Whether this build can ask one.
pub const IS_BUILT_IN: bool = true;

/// Connects to a directory service and binds to it. From here on, the time of the settings runs.
///
/// # Errors
/// [`AskError`].
pub fn connect(settings: &Settings) -> Result<Box<dyn Directory>, AskError> {
    let clock = Clock::of(settings);
    let mut connection = Connection::open(runtime(settings)?, clock, settings)?;
    connection.bind(settings)?;
    Ok(Box::new(connection))
}

/// Whether a directory service takes this password for this entry: asked on a connection of its own, whose other
/// questions would be that entry's. Nothing is sent for an empty one, which servers take for nobody's (RFC 4513, 5.1.2).
///
/// # Errors
/// [`AskError`].
pub fn takes_password(settings: &Settings, dn: &str, password: Pin) -> Result<bool, AskError> {
    if dn.is_empty() || password.expose().is_empty() {
        return Ok(false);
    }
    let clock = Clock::of(settings);
    let mut connection = Connection::open(runtime(settings)?, clock, settings)?;
    let bound = connection.simple_bind(dn, password)?;
    match (bound.rc, answer(&bound)) {
        (0, _) => Ok(true),
        (INVALID_CREDENTIALS, _) => Ok(false),
        (_, answer) => Err(AskError::Bind {
            whom: dn.to_owned(),
            answer,
        }),
    }
}

fn runtime(settings: &Settings) -> Result<Runtime, AskError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|source| no_way(&settings.server, source))
}

/// How long is waited for everything together.
#[derive(Clone, Copy)]
struct Clock {
    ends: Instant,
    seconds: u64,
}

impl Clock {
    fn of(settings: &Settings) -> Self {
        let now = Instant::now();
        Self {
            ends: now.checked_add(settings.timeout).unwrap_or(now),
            seconds: settings.timeout.as_secs(),
        }
    }

    fn left(self) -> Result<Duration, AskError> {
        let left = self.ends.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(self.timed_out());
        }
        Ok(left)
    }

    fn timed_out(self) -> AskError {
        AskError::TimedOut {
            seconds: self.seconds,
        }
    }
}

struct Connection {
    runtime: Runtime,
    clock: Clock,
    ldap: Ldap,
    page_size: i32,
    /// Ends when the connection does, and says by what.
    driver: Option<JoinHandle<Result<(), LdapError>>>,
}

impl Connection {
    fn open(runtime: Runtime, clock: Clock, settings: &Settings) -> Result<Self, AskError> {
        let server = &settings.server;
        let (url, mut options) = match server {
            Server::Socket(path) => {
                let stream = UnixStream::connect(path).map_err(|source| no_way(server, source))?;
                let options = LdapConnSettings::new().set_std_stream(StdStream::Unix(stream));
                ("ldapi:///".to_owned(), options)
            }
            Server::Loopback { address, port } => {
                let stream = connect_to(server, &[SocketAddr::new(*address, *port)], clock)?;
                let options = LdapConnSettings::new().set_std_stream(StdStream::Tcp(stream));
                (format!("ldap://localhost:{port}"), options)
            }
            Server::Tls { host, port, begins } => {
                let stream = connect_to(server, &addresses(server, host, *port)?, clock)?;
                let options = LdapConnSettings::new().set_std_stream(StdStream::Tcp(stream));
                match begins {
                    Begins::AtOnce => (format!("ldaps://{host}:{port}"), options),
                    Begins::ByStartTls => {
                        (format!("ldap://{host}:{port}"), options.set_starttls(true))
                    }
                }
            }
        };
        if let Some(tls) = &settings.tls {
            options = options.set_config(tls::config(tls)?);
        }
        let opened = within(&runtime, clock, async move {
            LdapConnAsync::with_settings(options, &url).await
        })?;
        let (connection, ldap) = opened.map_err(|error| no_tls(server, &error))?;
        let driver = runtime.spawn(connection.drive());
        Ok(Self {
            runtime,
            clock,
            ldap,
            page_size: settings.page_size.into(),
            driver: Some(driver),
        })
    }

    fn bind(&mut self, settings: &Settings) -> Result<(), AskError> {
        let (whom, bound) = match &settings.bind {
            Bind::Password { dn, file } => {
                let password = read_short_secret(file, SecretKind::Password)?;
                (dn.clone(), self.simple_bind(dn, password)?)
            }
            Bind::External => {
                let mut ldap = self.ldap.clone();
                let bound = self.ask(async move { Ok(ldap.sasl_external_bind().await?) })?;
                ("EXTERNAL".to_owned(), bound)
            }
        };
        match (bound.rc, answer(&bound)) {
            (0, _) => Ok(()),
            (_, answer) => Err(AskError::Bind { whom, answer }),
        }
    }

    fn simple_bind(&mut self, dn: &str, password: Pin) -> Result<LdapResult, AskError> {
        let (mut ldap, dn) = (self.ldap.clone(), dn.to_owned());
        self.ask(async move { Ok(ldap.simple_bind(&dn, password.expose()).await?) })
    }

    /// Waits for an answer, and says why there is none.
    fn ask<T: Send + 'static>(
        &mut self,
        question: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Result<T, AskError> {
        match within(&self.runtime, self.clock, question)? {
            Ok(answer) => Ok(answer),
            Err(fault) => Err(self.why(fault)),
        }
    }

    fn why(&mut self, fault: Fault) -> AskError {
        match fault {
            Fault::Ask(error) => error,
            Fault::Ldap(error) => self.lost(&error),
        }
    }

    /// What ended the connection is known to its own task.
    fn lost(&mut self, error: &LdapError) -> AskError {
        let Some(driver) = self.driver.take() else {
            return AskError::Lost {
                fault: error.to_string(),
            };
        };
        let wait = Duration::from_secs(1);
        let ended = quietly(|| {
            let waiting = async { tokio::time::timeout(wait, driver).await };
            self.runtime.block_on(waiting)
        });
        match ended {
            Ok(Ok(Ok(()))) => AskError::Lost {
                fault: "the server closed it".to_owned(),
            },
            Ok(Ok(Err(error))) => AskError::Lost {
                fault: error.to_string(),
            },
            Ok(Err(_panic)) => NO_LDAP,
            Err(_still_there) => AskError::Lost {
                fault: error.to_string(),
            },
        }
    }
}

impl Directory for Connection {
    fn read(
        &mut self,
        names: &[&str],
        attributes: &[&str],
    ) -> Result<Vec<Option<Entry>>, AskError> {
        let asked: Vec<_> = names
            .iter()
            .map(|name| Question::new(&self.ldap, name, Scope::Base, ALL, attributes))
            .collect();
        // All are on their way before the first answer is waited for.
        let answers = self.ask(async move {
            let tasks: Vec<_> = asked
                .into_iter()
                .map(|one| tokio::spawn(one.ask()))
                .collect();
            let mut answers = Vec::with_capacity(tasks.len());
            for task in tasks {
                answers.push(task.await.map_err(|_panic| Fault::Ask(NO_LDAP))??);
            }
            Ok(answers)
        })?;
        answers.into_iter().map(one_entry).collect()
    }

    fn search(
        &mut self,
        base: &str,
        filter: &str,
        attributes: &[&str],
    ) -> Result<Vec<Entry>, AskError> {
        let mut all = Vec::new();
        let mut cookie = Vec::new();
        loop {
            let mut question = Question::new(&self.ldap, base, Scope::Subtree, filter, attributes);
            question.page = Some(PagedResults {
                size: self.page_size,
                cookie,
            });
            let mut page = self.ask(question.ask())?.whole()?;
            all.append(&mut page.entries);
            if all.len() > ENTRIES_MAX {
                return Err(AskError::TooMany { limit: ENTRIES_MAX });
            }
            match page.cookie.filter(|cookie| !cookie.is_empty()) {
                Some(next) => cookie = next,
                None => return Ok(all),
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A word at the end keeps the server's log clean; nothing depends on it.
        let wait = Duration::from_millis(200);
        let ldap = &mut self.ldap;
        let _gone = self
            .runtime
            .block_on(async { tokio::time::timeout(wait, ldap.unbind()).await });
    }
}

fn one_entry(reply: Reply) -> Result<Option<Entry>, AskError> {
    if reply.answer.code == NO_SUCH_OBJECT {
        return Ok(None);
    }
    let mut entries = reply.whole()?.entries.into_iter();
    match (entries.next(), entries.next()) {
        (one, None) => Ok(one),
        (_, Some(_)) => Err(AskError::Malformed {
            fault: "two entries of one name",
        }),
    }
}

/// Has a task do something until the time is over.
fn within<T: Send + 'static>(
    runtime: &Runtime,
    clock: Clock,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, AskError> {
    let left = clock.left()?;
    let done = quietly(|| {
        runtime.block_on(async {
            let task = tokio::spawn(work);
            tokio::time::timeout(left, task).await
        })
    });
    match done {
        Ok(done) => done.map_err(|_panic: JoinError| NO_LDAP),
        Err(_elapsed) => Err(clock.timed_out()),
    }
}

fn addresses(server: &Server, host: &str, port: u16) -> Result<Vec<SocketAddr>, AskError> {
    let found = match host.parse::<IpAddr>() {
        Ok(address) => Ok(vec![SocketAddr::new(address, port)]),
        Err(_name) => (host, port).to_socket_addrs().map(Iterator::collect),
    };
    found.map_err(|source| no_way(server, source))
}

/// Tries one address after the other.
fn connect_to(
    server: &Server,
    addresses: &[SocketAddr],
    clock: Clock,
) -> Result<TcpStream, AskError> {
    let mut why = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match TcpStream::connect_timeout(address, clock.left()?.min(CONNECT_MAX)) {
            Ok(stream) => return Ok(stream),
            Err(error) => why = error,
        }
    }
    Err(no_way(server, why))
}

fn no_way(server: &Server, source: io::Error) -> AskError {
    AskError::Connect {
        server: server.to_string(),
        source,
    }
}

fn no_tls(server: &Server, error: &LdapError) -> AskError {
    let fault = match error {
        LdapError::Io { source } => source.to_string(),
        LdapError::LdapResult { result } => format!("StartTLS: {}", answer(result)),
        error => error.to_string(),
    };
    AskError::Tls {
        server: server.to_string(),
        fault,
    }
}

/// The filter that every entry fits.
const ALL: &str = "(objectClass=*)";
const ENTRIES_MAX: usize = 1_000_000;
/// A wrong password, or a name that nobody has (RFC 4511, appendix A.2).
const INVALID_CREDENTIALS: u32 = 49;
/// How long one address may take, so that the next one is tried.
const CONNECT_MAX: Duration = Duration::from_secs(10);
