//! A session at a server: the one that is kept, or a new one.

use std::path::{Path, PathBuf};

use clap::Args;

use super::browser;
use super::certificate::by_certificate;
use super::identity::{AGENT, Identity};
use super::{Visit, plain, until};
use crate::api::Secret;
use crate::api::about::Method;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::pin::ask_password;
use crate::cli::base::terminal::{say, somebody_is_there};
use crate::client::{
    Browser, KeptSession, LogInBy, Trusted, log_in, log_in_by_provider, takes_password,
};
use crate::config;
use crate::login::LoginKind;
use crate::login::dpop::SessionKey;
use crate::login::key::KeyChallenge;
use crate::secret::AskPin;
use crate::signer::yubikey::Slot;

/// How to log in.
#[derive(Debug, Default, Args)]
pub(crate) struct LogInArguments {
    /// The enrolled key: its file, SHA256:… in the ssh-agent, or `agent` for the only one there [default: as
    /// the last time, else agent]
    #[arg(long, value_name = "FILE|SHA256:…|agent")]
    pub(crate) identity: Option<String>,

    /// The enrolled key in this slot of your YubiKey
    #[arg(long, value_name = "SLOT", conflicts_with = "identity", value_parser = str::parse::<Slot>)]
    pub(crate) piv: Option<Slot>,

    /// Serial of the YubiKey, where several are plugged in
    #[arg(long, value_name = "SERIAL", requires = "piv")]
    pub(crate) card: Option<u32>,

    /// Your name at the server, where you log in with a password [default: as the last time, else that of
    /// this account]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["identity", "piv"])]
    pub(crate) user: Option<String>,

    /// Log in in a browser elsewhere, where you type a code [default: in one here, if there is one]
    #[arg(long, conflicts_with_all = ["identity", "piv", "user"])]
    pub(crate) code: bool,

    /// Your client certificate, with those between it and its CA behind it, in PEM [default: as the last time]
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with_all = ["identity", "piv", "user", "code"])]
    pub(crate) tls_certificate: Option<PathBuf>,

    /// Its private key in PEM, which nobody else may read (chmod 600)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,

    /// The server's login method, where it has several
    #[arg(long, value_name = "NAME")]
    pub(crate) method: Option<String>,
}

impl LogInArguments {
    /// What is named that goes with some kinds of methods alone, and the kinds.
    fn only_for(&self) -> Option<(&'static str, &'static [LoginKind])> {
        match self {
            Self { user: Some(_), .. } => Some(("--user", BY_PASSWORD)),
            Self { piv: Some(_), .. } => Some(("--piv", BY_KEY)),
            Self {
                identity: Some(_), ..
            } => Some(("--identity", BY_KEY)),
            Self { code: true, .. } => Some(("--code", BY_PROVIDER)),
            Self {
                tls_certificate: Some(_),
                ..
            } => Some(("--tls-certificate", BY_CERTIFICATE)),
            _ => None,
        }
    }

    /// The files of a client certificate and its key.
    fn certificate(&self) -> Option<(&Path, &Path)> {
        let certificate = self.tls_certificate.as_deref();
        certificate.zip(self.tls_key.as_deref())
    }
}

/// A session and its key.
pub(crate) struct Opened {
    pub(crate) kept: KeptSession,
    pub(crate) key: SessionKey,
}

impl Opened {
    /// A session that was kept and is not over by our clock.
    pub(crate) fn kept(visit: &Visit) -> Result<Option<Self>, Failure> {
        let kept = visit.folder.session()?;
        let kept = kept.filter(|kept| !kept.is_over(config::now()));
        Ok(kept.and_then(|kept| {
            let key = kept.key()?;
            Some(Self { kept, key })
        }))
    }

    /// Logs in, and keeps the session with how it was opened.
    pub(crate) fn anew(
        visit: &mut Visit,
        arguments: &LogInArguments,
        pins: &mut dyn AskPin,
        context: &Context,
    ) -> Result<Self, Failure> {
        let method = method(visit, arguments)?;
        let key = new_key()?;
        let kept = if takes_password(&method.kind) {
            by_password(visit, arguments, (&method.name, &key))?
        } else if method.kind == LoginKind::Oidc.as_str() {
            by_provider(visit, arguments, (&method.name, &key))?
        } else if method.kind == LoginKind::Tls.as_str() {
            by_certificate(visit, arguments.certificate(), (&method.name, &key))?
        } else {
            by_key(visit, arguments, (&method.name, &key), pins)?
        };
        visit.trusted.method = Some(method.name);
        visit.trusted.kind = Some(method.kind);
        visit.folder.keep_trusted(&visit.lock, &visit.trusted)?;
        visit.folder.keep_session(&visit.lock, &kept)?;
        if context.talks() {
            say(&logged_in(&kept));
        }
        Ok(Self { kept, key })
    }
}

/// With the enrolled key that is named, or was the last time, or is the only one in the agent.
fn by_key(
    visit: &mut Visit,
    arguments: &LogInArguments,
    (method, key): (&str, &SessionKey),
    pins: &mut dyn AskPin,
) -> Result<KeptSession, Failure> {
    let before = visit.trusted.identity.as_ref();
    let named = arguments.identity.as_ref().or(before);
    let identity = match arguments.piv {
        Some(slot) => Identity::in_card(slot, arguments.card)?,
        None => Identity::named(named.map_or(AGENT, String::as_str))?,
    };
    let mut sign = |challenge: &KeyChallenge| identity.answer(challenge, pins);
    let kept = log_in(&mut visit.exchange, method, key, LogInBy::Key(&mut sign))?;
    visit.trusted.identity = Some(identity.name());
    Ok(kept)
}

/// With a name, and the password that a person types.
fn by_password(
    visit: &mut Visit,
    arguments: &LogInArguments,
    (method, key): (&str, &SessionKey),
) -> Result<KeptSession, Failure> {
    let before = visit.trusted.user.as_ref();
    let name = arguments.user.as_ref().or(before).cloned();
    let name = name.unwrap_or_else(config::keyboard);
    let server = &visit.trusted.server;
    let account = format!("{} at {server}", plain(&name));
    let password = ask_password(&account)?.ok_or_else(|| {
        let words = format!("the password of {account} is typed at a terminal, and there is none");
        Failure::new(words).hint(format!("log in at one first: punchmark login {server}"))
    })?;
    let by = LogInBy::Password {
        name: &name,
        password: Secret::new(password.expose().to_owned()),
    };
    let kept = log_in(&mut visit.exchange, method, key, by)?;
    visit.trusted.user = Some(name);
    Ok(kept)
}

/// In a browser, here or elsewhere.
fn by_provider(
    visit: &mut Visit,
    arguments: &LogInArguments,
    (method, key): (&str, &SessionKey),
) -> Result<KeptSession, Failure> {
    if !somebody_is_there() {
        return Err(wants_somebody(method, &visit.trusted));
    }
    let exchange = &mut visit.exchange;
    if browser::is_here() && !arguments.code {
        let mut open = |page: &str| {
            if browser::open(page) {
                say(&format!("opened {page} in your browser"));
            } else {
                say(&format!("open in your browser: {page}"));
            }
        };
        return Ok(log_in_by_provider(
            exchange,
            method,
            key,
            Browser::Here(&mut open),
        )?);
    }
    let name = rustix::system::uname();
    let host = plain(&name.nodename().to_string_lossy());
    let host: String = host.chars().take(HOST_MAX).collect();
    let mut tell = |page: &str, code: &str| {
        say(&format!("open in a browser: {page}"));
        say(&format!(
            "log in there, and type {code} if the page asks for {host}"
        ));
    };
    let browser = Browser::Elsewhere {
        host: &host,
        tell: &mut tell,
    };
    Ok(log_in_by_provider(exchange, method, key, browser)?)
}

/// One line, since ssh shows it where it runs a command.
fn wants_somebody(method: &str, trusted: &Trusted) -> Failure {
    Failure::new(login_wants_somebody(method, trusted))
}

/// The same, of a session that is over.
pub(crate) fn nobody_is_logged_in(method: &str, trusted: &Trusted) -> Failure {
    let why = login_wants_somebody(method, trusted);
    Failure::new(format!("nobody is logged in at {}: {why}", trusted.server))
}

fn login_wants_somebody(method: &str, trusted: &Trusted) -> String {
    format!(
        "a login by {} wants somebody at a terminal; at one: punchmark login {}",
        plain(method),
        trusted.server
    )
}

/// `logged in as peter by keys until 2026-11-27 20:05`
pub(super) fn logged_in(kept: &KeptSession) -> String {
    let session = &kept.session;
    let of_method = format!("{}:", session.method);
    let names = session.groups.iter();
    let names = names.map(|group| group.strip_prefix(&of_method).unwrap_or(group));
    let groups = match names.collect::<Vec<_>>().as_slice() {
        [] => String::new(),
        groups => format!(" ({})", plain(&groups.join(", "))),
    };
    format!(
        "logged in as {} by {}{groups} until {}",
        plain(&session.requester),
        plain(&session.method),
        until(session.until)
    )
}

/// The method that is named, or was the last time, or fits what else is named, or is the only one.
fn method(visit: &Visit, arguments: &LogInArguments) -> Result<Method, Failure> {
    let logins = &visit.about.logins;
    let of = |name: &String| logins.iter().find(|method| method.name == *name);
    let offers = |name: &&String| of(name).is_some();
    let asked = arguments.method.as_ref();
    if let Some(name) = asked.filter(|name| !offers(name)) {
        let server = &visit.trusted.server;
        return Err(Failure::usage(format!(
            "{server} has no login method {name}"
        )));
    }
    let wanted = arguments.only_for().map(|(_, kinds)| kinds);
    let is_of = |method: &Method, kinds: &[LoginKind]| {
        kinds.iter().any(|kind| kind.as_str() == method.kind)
    };
    let fits = |method: &&Method| wanted.is_none_or(|kinds| is_of(method, kinds));
    if let Some(other) = asked.and_then(of).filter(|method| !fits(method)) {
        let (flag, _) = arguments.only_for().unwrap_or_default();
        let name = plain(&other.name);
        return Err(Failure::usage(format!(
            "nobody logs in by method {name} with {flag}"
        )));
    }
    let before = visit.trusted.method.as_ref().and_then(of).filter(fits);
    if let Some(method) = asked.and_then(of).or(before) {
        return Ok(method.clone());
    }
    let known = logins.iter().filter(|method| is_of(method, &KINDS));
    let known: Vec<_> = known.filter(fits).collect();
    match known.as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err(Failure::new(format!(
            "{} has no login method that this program knows and that fits what was named",
            visit.trusted.server
        ))),
        several => {
            let names: Vec<_> = several.iter().map(|method| plain(&method.name)).collect();
            Err(Failure::usage(format!(
                "which login method? name one with --method: {}",
                names.join(", ")
            )))
        }
    }
}

pub(super) fn new_key() -> Result<SessionKey, Failure> {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).at("no random numbers")?;
    Ok(SessionKey::from_seed(&seed))
}

/// More than that no server shows.
const HOST_MAX: usize = 64;
/// What this program can log in by.
const KINDS: [LoginKind; 5] = [
    LoginKind::Key,
    LoginKind::Password,
    LoginKind::Oidc,
    LoginKind::Ldap,
    LoginKind::Tls,
];
const BY_KEY: &[LoginKind] = &[LoginKind::Key];
const BY_PASSWORD: &[LoginKind] = &[LoginKind::Password, LoginKind::Ldap];
const BY_PROVIDER: &[LoginKind] = &[LoginKind::Oidc];
const BY_CERTIFICATE: &[LoginKind] = &[LoginKind::Tls];
