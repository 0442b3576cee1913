//! A session at a server: the one that is kept, or a new one.

use clap::Args;

use super::identity::{AGENT, Identity};
use super::{Visit, plain, until};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::terminal::say;
use crate::client::{KeptSession, log_in};
use crate::config;
use crate::login::dpop::SessionKey;
use crate::secret::AskPin;

/// How to log in.
#[derive(Debug, Default, Args)]
pub(crate) struct LogInArguments {
    /// The enrolled key: its file, SHA256:… in the ssh-agent, or `agent` for the only one there [default: as
    /// the last time, else agent]
    #[arg(long, value_name = "FILE|SHA256:…|agent")]
    pub(crate) identity: Option<String>,

    /// The server's login method, where it has several
    #[arg(long, value_name = "NAME")]
    pub(crate) method: Option<String>,
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
        let named = arguments
            .identity
            .as_ref()
            .or(visit.trusted.identity.as_ref());
        let identity = Identity::named(named.map_or(AGENT, String::as_str))?;
        let key = new_key()?;
        let kept = log_in(&mut visit.exchange, &method, &key, &mut |challenge| {
            identity.answer(challenge, pins)
        })?;
        visit.trusted.identity = Some(identity.name());
        visit.trusted.method = Some(method);
        visit.folder.keep_trusted(&visit.lock, &visit.trusted)?;
        visit.folder.keep_session(&visit.lock, &kept)?;
        if context.talks() {
            say(&logged_in(&kept));
        }
        Ok(Self { kept, key })
    }
}

/// `logged in as peter by keys until 2026-11-27 20:05`
fn logged_in(kept: &KeptSession) -> String {
    let session = &kept.session;
    let groups = match session.groups.as_slice() {
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

fn method(visit: &Visit, arguments: &LogInArguments) -> Result<String, Failure> {
    let logins = &visit.about.logins;
    let offers = |name: &String| logins.iter().any(|method| method.name == *name);
    let asked = arguments.method.as_ref();
    if let Some(name) = asked.filter(|name| !offers(name)) {
        let server = &visit.trusted.server;
        return Err(Failure::usage(format!(
            "{server} has no login method {name}"
        )));
    }
    let before = visit.trusted.method.as_ref().filter(|name| offers(name));
    if let Some(name) = asked.or(before) {
        return Ok(name.clone());
    }
    let known: Vec<_> = logins.iter().filter(|method| method.kind == KEY).collect();
    match known.as_slice() {
        [only] => Ok(only.name.clone()),
        [] => Err(Failure::new(format!(
            "{} has no login method that this program knows",
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

fn new_key() -> Result<SessionKey, Failure> {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).at("no random numbers")?;
    Ok(SessionKey::from_seed(&seed))
}

const KEY: &str = "key";
