//! A certificate from a server, as several commands get one: into the ssh-agent, or beside a key.

mod ci;
mod key;
mod placed;
mod receipt;

use clap::Args;

pub(crate) use self::ci::Ci;
pub(crate) use self::key::OwnKeyArguments;
use self::key::{Asks, Key};
use self::placed::{place, tell};
use super::{LogInArguments, Opened, ServerArgument, Unvisited, Visit, nobody_is_logged_in, plain};
use crate::certificate::{Kind, Subject};
use crate::cli::base::arguments::{last_validity, span};
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{self, At, Exit, Failure};
use crate::cli::base::terminal::{somebody_is_there, warn};
use crate::client::place::{comment, is_there};
use crate::client::{
    ExchangeError, FolderLock, HeldCertificate, Order, OrderError, RoleOffered, ServerFolder,
    Signed, Trusted, Whereabouts, order, roles,
};
use crate::config;
use crate::request::{Content, Reason, RoleName, SignRequestError, Span, Target, random_id};
use crate::secret::AskPin;

/// Which certificate.
#[derive(Debug, Args)]
pub(crate) struct Getting {
    /// The role to ask for [default: the only one that you may]
    #[arg(long, value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    pub(crate) role: Option<RoleName>,

    #[command(flatten)]
    pub(crate) server: ServerArgument,

    #[command(flatten)]
    pub(crate) key: OwnKeyArguments,

    /// Do nothing if a certificate of the role is good for so long
    #[arg(long, value_name = "LENGTH", num_args = 0..=1, default_missing_value = "10m", value_parser = span)]
    pub(crate) if_needed: Option<u64>,

    /// When it shall be valid: +8h
    #[arg(short = 'V', value_name = "INTERVAL", allow_hyphen_values = true)]
    pub(crate) validity: Vec<String>,

    /// Why, where the role wants a reason
    #[arg(long, value_name = "WORDS", value_parser = str::parse::<Reason>)]
    pub(crate) reason: Option<Reason>,

    #[command(flatten)]
    pub(crate) ci: Ci,

    #[command(flatten)]
    pub(crate) asks: AsksForPins,
}

/// Whether somebody logs in again, as the last time, where the session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogsIn {
    /// They do.
    Again,
    /// They don't, and are told.
    Never,
}

impl Getting {
    /// Gets a certificate, unless there is one that is good enough.
    pub(crate) fn run(&self, again: LogsIn, context: &Context) -> Result<Exit, Failure> {
        let folder = self.folder()?;
        if self.has_enough(&folder)? {
            return Ok(Exit::Done);
        }
        let done = match nobody_logs_in(&folder)? {
            // Whoever holds the lock may wait for a person.
            Some(failure) if !self.ci.ci => Err(Unvisited::Down(failure)),
            _ => self.behind_others(&folder, again, context),
        };
        match done {
            Err(Unvisited::Down(failure)) if self.lives(&folder)? => {
                warn(&format!(
                    "{}; the certificate that is there still counts",
                    failure.words()
                ));
                Ok(Exit::Done)
            }
            done => Ok(done.map(|()| Exit::Done)?),
        }
    }

    fn folder(&self) -> Result<ServerFolder, Failure> {
        if self.ci.ci {
            self.ci.folder(&self.server)
        } else {
            self.server.folder()
        }
    }

    /// Gets it, unless whoever held the lock did meanwhile.
    fn behind_others(
        &self,
        folder: &ServerFolder,
        again: LogsIn,
        context: &Context,
    ) -> Result<(), Unvisited> {
        let lock = folder.lock().map_err(Failure::from)?;
        if self.has_enough(folder)? {
            return Ok(());
        }
        self.anew(folder, lock, again, context)
    }

    /// Gets another one in the session that is there.
    pub(crate) fn renew(&self, context: &Context) -> Result<(), Unvisited> {
        let folder = self.server.folder()?;
        let lock = folder.lock().map_err(Failure::from)?;
        self.anew(&folder, lock, LogsIn::Never, context)
    }

    fn anew(
        &self,
        folder: &ServerFolder,
        lock: FolderLock,
        again: LogsIn,
        context: &Context,
    ) -> Result<(), Unvisited> {
        let trusted = folder.trusted().map_err(Failure::from)?;
        let trusted = if self.ci.ci {
            self.ci.trusted(trusted, self.server.server.as_ref())?
        } else {
            trusted.ok_or_else(|| not_logged_in(&self.server))?
        };
        let visit = Visit::begin(folder.clone(), lock, trusted, &[], context)?;
        self.get(visit, again, context)
    }

    /// The role of the certificate that is there now.
    pub(crate) fn role_got(&self) -> Result<String, Failure> {
        if let Some(role) = &self.role {
            return Ok(role.to_string());
        }
        let held = self.server.folder()?.held()?;
        let only = held.of(None).next().map(|held| held.role.clone());
        only.ok_or_else(|| Failure::usage("which role? name one with --role"))
    }

    /// The certificate that is there now, if it is in a file.
    pub(crate) fn in_file(&self) -> Result<Option<HeldCertificate>, Failure> {
        let held = self.server.folder()?.held()?;
        let mut of_role = held.of(self.role.as_ref().map(RoleName::as_str));
        let in_file = |held: &&HeldCertificate| {
            matches!(held.r#where, Whereabouts::File(_)) && self.is_meant(held) && is_there(held)
        };
        Ok(of_role.find(in_file).cloned())
    }

    /// Whether nothing is to be done, which neither lock nor network is needed to see.
    fn has_enough(&self, folder: &ServerFolder) -> Result<bool, Failure> {
        match self.if_needed {
            Some(margin) => self.has_for(folder, margin),
            None => Ok(false),
        }
    }

    /// Whether a certificate is there that a server which is down need not renew yet.
    fn lives(&self, folder: &ServerFolder) -> Result<bool, Failure> {
        Ok(self.if_needed.is_some() && self.has_for(folder, 0)?)
    }

    fn has_for(&self, folder: &ServerFolder, margin: u64) -> Result<bool, Failure> {
        let held = folder.held()?;
        let who = folder.session()?.map(|kept| kept.session.requester);
        let mut of_role = held.of(self.role.as_ref().map(RoleName::as_str));
        Ok(of_role.any(|held| {
            held.is_good_for(margin, config::now())
                && held.is_of(who.as_deref())
                && self.is_meant(held)
                && is_there(held)
        }))
    }

    /// Whether a certificate is one for the key that is named.
    pub(crate) fn is_meant(&self, held: &HeldCertificate) -> bool {
        self.key.is_of(held)
    }

    fn get(&self, mut visit: Visit, again: LogsIn, context: &Context) -> Result<(), Unvisited> {
        let mut pins = context.pins(self.asks);
        let (key, evidence) = self.key.find(&mut pins)?;
        let device = self.key.device()?;
        let (opened, offered) = self.session(&mut visit, (again, &mut pins), context)?;
        let role = self.chosen(&offered)?;
        let ca = visit.trusted.ca_key(&visit.about, &role.ca);
        let ca = ca.filter(|_| self.ci.takes(&role.ca, &visit.trusted));
        let ca = ca.ok_or_else(|| {
            Failure::new(format!(
                "the server signs role {} by a CA that it doesn't name, or --ca-fingerprint doesn't",
                role.name
            ))
        })?;
        let name = role.name.parse::<RoleName>();
        let name = name.map_err(|error| Failure::new(error.to_string()))?;
        let receipts = receipt::before(&visit)?;
        let ordered = {
            let asked = Order {
                session: &opened.kept,
                key: &opened.key,
                ca: &ca,
                subject: &key.public(),
                receipts: &receipts,
            };
            let asks = Asks {
                role: &name,
                ca: &ca,
                comment: comment(name.as_str(), &visit.trusted.server),
                requester: &opened.kept.session.requester,
            };
            let blank = self.content(&key, &asks, evidence)?;
            order(&mut visit.exchange, &asked, |challenge| {
                let file = key.signed(blank, challenge, &ca, &mut pins)?;
                let vouched = device.map(|device| device.vouch(&file, &mut pins));
                Ok(Signed {
                    device: vouched.transpose()?,
                    file,
                })
            })
            .map_err(|error| unvisited(error, &visit.folder))?
        };
        receipt::keep(&ordered, &visit)?;
        let place = place(&ordered, (&key, self.ci.ci), &name, &visit)?;
        let mut held = visit.folder.held().map_err(Failure::from)?;
        let newest = HeldCertificate {
            role: role.name.clone(),
            certificate: ordered.line.clone(),
            valid_before: ordered.certificate.valid_before(),
            r#where: place,
            requester: Some(opened.kept.session.requester.clone()),
            in_card: key.in_card(),
        };
        tell(context, &ordered, (&newest, key.is_own()))?;
        held.note(newest);
        let kept = visit.folder.keep_held(&visit.lock, &held);
        Ok(kept.map_err(Failure::from)?)
    }

    /// A session, and the roles that it may ask for: the kept one, or a new one where that is over.
    fn session(
        &self,
        visit: &mut Visit,
        (again, pins): (LogsIn, &mut dyn AskPin),
        context: &Context,
    ) -> Result<(Opened, Vec<RoleOffered>), Unvisited> {
        if self.ci.ci {
            return self.ci.session(visit, context);
        }
        if let Some(opened) = Opened::kept(visit)? {
            match roles(&mut visit.exchange, &opened.kept, &opened.key) {
                Err(error) if error.is_logged_out() => {}
                offered => return Ok((opened, offered.map_err(down_or_failed)?)),
            }
        }
        if again == LogsIn::Never {
            return Err(Failure::new(SESSION_OVER)
                .hint(log_in_again(&visit.trusted))
                .into());
        }
        if visit.trusted.method.is_none() {
            return Err(not_logged_in(&self.server).into());
        }
        let as_before = LogInArguments::default();
        // The server ended a session that counts by what is kept here.
        if let Some(method) = visit.trusted.method_of_a_person()
            && !somebody_is_there()
        {
            return Err(nobody_is_logged_in(method, &visit.trusted).into());
        }
        let opened = Opened::anew(visit, &as_before, pins, context)?;
        let offered = roles(&mut visit.exchange, &opened.kept, &opened.key);
        Ok((opened, offered.map_err(down_or_failed)?))
    }

    fn chosen<'r>(&self, offered: &'r [RoleOffered]) -> Result<&'r RoleOffered, Failure> {
        let names = || {
            let names: Vec<_> = offered.iter().map(|role| plain(&role.name)).collect();
            names.join(", ")
        };
        match (&self.role, offered) {
            (Some(role), _) => {
                let mut named = offered.iter().filter(|one| one.name == role.as_str());
                let words = || format!("the server offers you no role {role}; it has: {}", names());
                named.next().ok_or_else(|| Failure::of(failure::Kind::Refused, words()))
            }
            (None, [only]) => Ok(only),
            (None, []) => Err(Failure::of(failure::Kind::Refused, "the server offers you no role").hint(
                "whom you are there, and by which login: `punchmark login --status`; a role names whom it is for \
                 (`requesters`, `groups`) and by which logins (`login`): ask whoever runs the server, where \
                 `punchmark role lint` names roles that nobody can reach",
            )),
            (None, _) => Err(Failure::usage(format!(
                "which role? name one with --role: {}",
                names()
            ))),
        }
    }

    fn content(&self, key: &Key, asks: &Asks<'_>, evidence: Vec<u8>) -> Result<Content, Failure> {
        let validity = last_validity(&self.validity)?;
        let wrong = || Failure::usage("-V takes a length (+8h) or both ends here");
        let validity = validity.map(|asked| Span::of(asked).ok_or_else(wrong));
        Ok(Content {
            subject: Subject::try_from(key.public()).at("the key cannot be certified")?,
            comment: key.comment(&asks.comment),
            role: asks.role.clone(),
            kind: Kind::User,
            principals: None,
            validity: validity.transpose()?,
            options: Vec::new(),
            key_id: None,
            claimed: Some(asks.requester.parse().at("your name at the server")?),
            reason: self.reason.clone(),
            created: config::now(),
            id: random_id().at("no random numbers")?,
            target: Target::of(asks.ca),
            challenge: None,
            evidence,
        })
    }
}

/// Why no session could be opened, where that is seen without asking anybody: there is none, and nobody is at
/// a terminal to open one.
fn nobody_logs_in(folder: &ServerFolder) -> Result<Option<Failure>, Failure> {
    if somebody_is_there() {
        return Ok(None);
    }
    let kept = folder.session()?;
    if kept.is_some_and(|kept| !kept.is_over(config::now())) {
        return Ok(None);
    }
    let Some(trusted) = folder.trusted()? else {
        return Ok(None);
    };
    let method = trusted.method_of_a_person();
    Ok(method.map(|method| nobody_is_logged_in(method, &trusted)))
}

fn unvisited(error: OrderError<SignRequestError>, folder: &ServerFolder) -> Unvisited {
    match error {
        OrderError::Exchange(error) => down_or_failed(error),
        OrderError::Receipt(error) => Unvisited::Failed(receipt::refused(error, folder)),
        error => Unvisited::Failed(error.into()),
    }
}

fn down_or_failed(error: ExchangeError) -> Unvisited {
    if error.is_down() {
        Unvisited::Down(error.into())
    } else {
        Unvisited::Failed(error.into())
    }
}

fn not_logged_in(server: &ServerArgument) -> Failure {
    let host = server
        .server
        .as_ref()
        .map_or("HOST".to_owned(), ToString::to_string);
    Failure::new("nobody is logged in").hint(format!("punchmark login {host}"))
}

fn log_in_again(trusted: &Trusted) -> String {
    format!("punchmark login {}", trusted.server)
}

const SESSION_OVER: &str = "the session at the server is over, and nothing is renewed any more";
