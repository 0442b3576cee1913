//! The real directory service, over the crate `ldap3`.
//!
//! One thread and one connection. The crate never sees the network: it panics at bytes that are no LDAP, and a released program ends at
//! a panic. So this module opens the way to the server itself, with TLS (`way.rs`), and a relay (`relay.rs`) stands between the
//! two, which passes on whole messages of the shapes that this program asked for (`message.rs`, `asked.rs`), in bounds. One deadline
//! holds for everything; behind it, nothing that was answered counts.

mod asked;
mod ber;
mod clock;
mod faults;
mod frames;
mod line;
mod message;
mod question;
mod relay;
mod tls;
mod tree;
mod way;

use std::future::Future;
use std::time::Duration;

use ldap3::controls::PagedResults;
use ldap3::{Ldap, LdapResult, Scope};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use self::clock::Clock;
use self::line::Line;
use self::question::{Fault, NO_SUCH_OBJECT, Question, Reply, answer};
use super::ask::{AskError, Directory};
use super::entry::Entry;
use super::settings::{Bind, Settings};
use crate::secret::{Pin, SecretKind, read_short_secret};

/// Whether this build can ask one.
pub const IS_BUILT_IN: bool = true;

/// Connects to a directory service and binds to it. From here on, the time of the settings runs.
///
/// # Errors
/// [`AskError`].
pub fn connect(settings: &Settings) -> Result<Box<dyn Directory>, AskError> {
    let mut connection = Connection::open(settings)?;
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
    let mut connection = Connection::open(settings)?;
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

struct Connection {
    runtime: Runtime,
    clock: Clock,
    ldap: Ldap,
    page_size: i32,
    line: Line,
}

impl Connection {
    fn open(settings: &Settings) -> Result<Self, AskError> {
        let clock = Clock::of(settings);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| way::no_way(&settings.server, source))?;
        let reached = way::reach(settings, clock)?;
        let opening = async { Line::between(reached.open().await?, settings.bounds).await };
        let left = clock.left()?;
        let opened = runtime.block_on(async { timeout(left, opening).await });
        let (line, ldap) = opened.map_err(|_elapsed| clock.timed_out())??;
        Ok(Self {
            runtime,
            clock,
            ldap,
            page_size: settings.page_size.into(),
            line,
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
    fn ask<T>(&mut self, question: impl Future<Output = Result<T, Fault>>) -> Result<T, AskError> {
        let left = self.clock.left()?;
        let answered = self.line.turn_for(question);
        let answered = self
            .runtime
            .block_on(async { timeout(left, answered).await });
        match answered.map_err(|_elapsed| self.clock.timed_out())? {
            Ok(answer) => Ok(answer),
            Err(Fault::Ask(error)) => Err(error),
            Err(Fault::Ldap(error)) => Err(self.line.why(&error)),
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
            let mut begun = Vec::with_capacity(asked.len());
            for question in asked {
                begun.push(question.begin().await?);
            }
            let mut answers = Vec::with_capacity(begun.len());
            for search in begun {
                answers.push(search.reply().await?);
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
            let page = async move { question.begin().await?.reply().await };
            let mut page = self.ask(page)?.whole()?;
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
        let (ldap, line) = (&mut self.ldap, &mut self.line);
        let goodbye = async {
            let _said = line.turn_for(ldap.unbind()).await;
            line.end().await;
        };
        let _gone = self
            .runtime
            .block_on(async { timeout(wait, goodbye).await });
    }
}

fn one_entry(reply: Reply) -> Result<Option<Entry>, AskError> {
    if reply.answer.code == NO_SUCH_OBJECT {
        return Ok(None);
    }
    let mut entries = reply.whole()?.entries.into_iter();
    match (entries.next(), entries.next()) {
        (one, None) => Ok(one),
        (_, Some(_)) => Err(AskError::malformed("two entries of one name")),
    }
}

/// The filter that every entry fits.
const ALL: &str = "(objectClass=*)";
const ENTRIES_MAX: usize = 1_000_000;
/// A wrong password, or a name that nobody has (RFC 4511, appendix A.2).
const INVALID_CREDENTIALS: u32 = 49;
