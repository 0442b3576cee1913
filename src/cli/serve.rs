//! `punchmark serve`: people log in over HTTPS, and get certificates by their roles.

mod publish;
mod receipts;
mod reload;
mod sockets;

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::base::asks_for_pins::AsksForPins;
use super::base::context::Context;
use super::base::failure::{Advised, Exit, Failure};
use super::base::issuing::books;
use super::base::private_key::PassphraseFile;
use super::base::terminal::{product_object, say, warn};
use super::base::words::number_of;
use crate::batch::Books;
use crate::ca::KnownCa;
use crate::certificate::explain::utc;
use crate::config::{self, Config, LoginConfigError, ServeConfigError};
use crate::issue::{Desk, Judge, News, NewsOf, OpenCa, SharedLedger};
use crate::ledger::{Ledger, LedgerError};
use crate::policy::role::Permit;
use crate::secret::AskPin;
use crate::server::directory::AskError;
use crate::service::{
    self, Again, DirectoriesError, Lending, Line, Listening, Log, Manager, Metrics, Opened,
    ProvidersError, ServeError, ServedCa, UsersFile,
};
use crate::wire::chain;

/// Serve certificates on demand: people log in and ask by role
///
/// Opens the CAs that roles name, asks for their PINs as `sign` does, takes the ledger's lock and
/// keeps it, and then listens as `[serve]` of the config says. SIGTERM ends it: what was begun is
/// finished.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Serve {
    /// Do all but listening, and end
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    passphrase: PassphraseFile,

    #[command(flatten)]
    asks: AsksForPins,
}

impl Serve {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        // Both live as long as the process, whose threads all read them.
        let config: &'static Config = Box::leak(Box::new(context.config()?));
        let serve = config.serve()?;
        config.serve_oddities().iter().for_each(|odd| warn(odd));
        let names = served(config)?;
        let ledger = context.ledger_to_look(config)?;
        let books: &'static Books = Box::leak(Box::new(books(config, &ledger, context)?));
        let known = known(&names, config, &ledger, context)?;
        publish::may_make(&serve, &ledger)?;
        let mut pins = context.pins(self.asks);
        let open = opened(&known, &mut pins)?;
        let of = (config, &serve);
        let key = receipts::ledger_key(of, &ledger, (&self.passphrase, &mut pins), context)?;
        let publish = publish::publish(&serve, key.as_ref())?;
        let receipts = receipts::receipts(
            &serve,
            &ledger,
            key.as_ref(),
            (&self.passphrase, &mut pins),
            context,
        )?;
        // A person may have taken an hour for a PIN: all is held against the ledger again.
        drop(ledger);
        let ledger = context.ledger_for_long_after_asking(config)?;
        let known = self::known(&names, config, &ledger, context)?;
        let judges = judges(&known, (config, books), &ledger)?;
        let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
        let metrics = Arc::new(Metrics::default());
        let cas = desks(known, judges, open, (&ledger, &metrics));
        let count = u64::try_from(cas.len()).unwrap_or_default();
        let log = log(context);
        let opened = Opened {
            serve,
            policy: config.policy(),
            cas,
            ledger,
            lending: Lending {
                place: config.ledger_place(),
                again: again(config, books, names),
            },
            reload: reload::reload(config),
            publish,
            receipts,
            manager: self.manager(&log),
            sockets: sockets::handed()?,
            metrics,
            users: UsersFile::at(config.users()),
            sessions: config.sessions(),
            clock: config::now,
            keyboard: config::keyboard(),
        };
        let listening = if self.check {
            Listening::No
        } else {
            Listening::Yes
        };
        service::run(opened, listening, &log)?;
        if self.check {
            let words = format!("all is well: {} could be served", number_of(count, "CA"));
            context.tell(&words, json!({ "serves": count }))?;
        }
        Ok(Exit::Done)
    }

    /// Whoever started it and wants to know how it is; nobody is told that a check is ready.
    fn manager(&self, log: &Log) -> Manager {
        if self.check {
            return Manager::default();
        }
        manager().unwrap_or_else(|error| {
            log(&Line::Note(format!(
                "the service manager is told nothing, since nobody listens at NOTIFY_SOCKET: {error}"
            )));
            Manager::default()
        })
    }
}

fn opened(known: &[KnownCa], pins: &mut dyn AskPin) -> Result<Vec<OpenCa>, Failure> {
    let open = known.iter().map(|known| open(known, pins));
    let open = open.collect::<Result<Vec<_>, Failure>>()?;
    for (locator, error) in open.iter().flat_map(OpenCa::absent) {
        warn(&format!(
            "{locator} is not there, and the others go on: {error}"
        ));
    }
    Ok(open)
}

/// The CAs that roles name which somebody can ask for.
fn served(config: &Config) -> Result<BTreeSet<String>, Failure> {
    let roles = config.policy().roles();
    let asked = roles.filter(|role| role.is_on() && !role.name().is_operator());
    let names: BTreeSet<String> = asked
        .filter_map(|role| match role.ca() {
            Permit::Only(name) => Some(name.to_owned()),
            _ => None,
        })
        .collect();
    if names.is_empty() {
        return Err(Failure::new(
            "no role of the config names a CA, so that nothing could be asked for",
        )
        .hint("write one: punchmark role add --help"));
    }
    Ok(names)
}

fn known(
    names: &BTreeSet<String>,
    config: &Config,
    ledger: &Ledger,
    context: &Context,
) -> Result<Vec<KnownCa>, Failure> {
    let known = names
        .iter()
        .map(|name| context.known_ca(config, ledger, name));
    known.collect()
}

fn open(known: &KnownCa, pins: &mut dyn AskPin) -> Result<OpenCa, Failure> {
    let keys = &known.config.keys;
    Ok(OpenCa::open(&known.agreed, keys, None, SESSIONS, pins)?)
}

/// Commands may have the ledger between; then all is held against it again.
fn again(config: &'static Config, books: &'static Books, names: BTreeSet<String>) -> Again {
    Box::new(move || {
        let ledger = config.ledger_place().open_confirmed()?;
        let known = names
            .iter()
            .map(|name| KnownCa::find(config, &ledger, name));
        let known = known.collect::<Result<Vec<_>, _>>()?;
        let judges = judges(&known, (config, books), &ledger)?;
        Ok((ledger, judges))
    })
}

fn judges(
    known: &[KnownCa],
    (config, books): (&'static Config, &'static Books),
    ledger: &Ledger,
) -> Result<Vec<Judge<'static>>, LedgerError> {
    let judge = |known: &KnownCa| Judge::new(books.rulebook(config), &known.agreed, ledger);
    known.iter().map(judge).collect()
}

fn desks(
    known: Vec<KnownCa>,
    judges: Vec<Judge<'static>>,
    open: Vec<OpenCa>,
    (ledger, metrics): (&SharedLedger, &Metrics),
) -> Vec<ServedCa> {
    let news: NewsOf = Arc::new(tell);
    let all = known.into_iter().zip(judges).zip(open);
    all.map(|((known, judge), open)| {
        let ca = known.ca();
        let name = (ca.name().to_owned(), ca.added().purpose);
        let key = (ca.public_key().clone(), known.config.keys.clone());
        let (times, news) = (metrics.times(ca.name()), Arc::clone(&news));
        let desk = Desk::open_to_stay(open, Arc::clone(ledger), config::now, news, times);
        ServedCa::new(name, key, judge, desk, metrics)
    })
    .collect()
}

/// A line for a device that is lost, back, or given up.
fn tell(device: &str, news: &News<'_>) {
    warn(&match news {
        News::Lost(error) => format!(
            "{device} can sign no more, and is looked for again: {}",
            chain(error)
        ),
        News::Back => format!("{device} is back, and signs"),
        News::GivenUp(error) => format!(
            "{device} is asked no more until the server is started again: {}",
            chain(*error)
        ),
    });
}

/// Who wants to know how it is, said as sd_notify(3) has it.
fn manager() -> io::Result<Manager> {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else {
        return Ok(Manager::default());
    };
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
    let watchdog = number("WATCHDOG_USEC").filter(|_| is_ours);
    Manager::at(&socket, watchdog.map(Duration::from_micros))
}

/// Lines go to stderr, or as objects to stdout.
fn log(context: &Context) -> Log {
    if context.json() {
        return Arc::new(|line| {
            let object = json!({ "time": config::now(), "line": line });
            // Whoever read the lines went away; the server stays.
            let _gone = product_object(object);
        });
    }
    Arc::new(|line: &Line| say(&format!("{} {line}", utc(config::now()))))
}

impl Advised for ServeConfigError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::None => "write one, as docs/service.md shows",
            Self::NoListener => "write listen = [\"[::]:8443\"]",
            Self::NotLoopback(_) => {
                "let the proxy reach it on 127.0.0.1 or [::1], or name certificate and key"
            }
            Self::MetricsInPublic(..) => "give it another port: metrics = \"127.0.0.1:9443\"",
            Self::NoProxies => "name the address that the proxy comes from",
            Self::NoLedgerKey => {
                "name one, or leave `every` out and make them with `punchmark krl`"
            }
            Self::NoLogin => {
                "write [login.keys] with kind = \"key\", or [login.start] with kind = \"password\""
            }
            Self::Login(error) => return error.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for LoginConfigError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Passwords(..) | Self::Issuers(..) => "keep one of them",
            Self::Lacks { .. } => "docs/providers.md shows what each provider wants",
            Self::Foreign { .. } | Self::ForeignDirectory(_) => "take it out",
            Self::NoDirectory(_) | Self::Directory { .. } => {
                "docs/service.md shows what a directory service wants"
            }
            Self::Issuer { .. } => {
                "write it letter by letter as the provider's /.well-known/openid-configuration says `issuer`"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for ServeError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Listen { .. } => Some(
                "another program may listen there, or the port is below 1024 and wants the right to it"
                    .to_owned(),
            ),
            Self::Handed { .. } => Some("change ListenStream= of the socket unit, or the config".to_owned()),
            Self::Users(error) => error.hint(),
            Self::Providers(ProvidersError::Secret { .. }) => Some(
                "write the client's secret, which the provider shows, into that file: its owner alone may read it (chmod 600)"
                    .to_owned(),
            ),
            Self::Directories(error) => error.hint(),
            _ => None,
        }
    }
}

impl Advised for DirectoriesError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoBase { .. } => "look at `base`, and at what `bind-dn` may read",
            Self::Ask { source, .. } => match source {
                AskError::LeftOut => "a build with the feature `ldap` asks directory services",
                AskError::Secret(_) => {
                    "write the password of `bind-dn` into that file: its owner alone may read it (chmod 600)"
                }
                AskError::Bind { .. } => "look at `bind-dn` and its password",
                AskError::Tls { .. } | AskError::Certificate { .. } => {
                    "look at `ca-file`, and whether the server's certificate has the name that `server` has"
                }
                AskError::Connect { .. } => {
                    "look at `server`, and whether it runs and can be reached from here"
                }
                _ => return None,
            },
        };
        Some(hint.to_owned())
    }
}

/// Logins at a device: as many as SoftHSM gains by. One that has fewer gets fewer.
const SESSIONS: usize = 4;

const EXAMPLES: &str = "\
Examples:
  punchmark serve --check
  punchmark serve --pin-file /run/credentials/punchmark.service/pin
  punchmark serve --json >> requests.jsonl";
