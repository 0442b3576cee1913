//! `punchmark get`: a certificate from a server, into the ssh-agent or beside a key.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use ssh_key::public::KeyData;

use super::base::arguments::{last_validity, span};
use super::base::asks_for_pins::AsksForPins;
use super::base::context::Context;
use super::base::failure::{At, Exit, Failure};
use super::base::request::key::{OwnKey, own_file};
use super::base::server::{
    LogInArguments, Opened, ServerArgument, Unvisited, Visit, plain, rounded,
};
use super::base::terminal::{product_object, say, warn};
use crate::certificate::{Kind, Subject};
use crate::client::place::{NewKey, beside, comment, into_agent, into_files, is_there};
use crate::client::{
    ExchangeError, HeldCertificate, Order, OrderError, Ordered, RoleOffered, ServerFolder,
    Whereabouts, order, roles,
};
use crate::config;
use crate::request::{
    Challenge, Comment, Content, Reason, RequestFile, RoleName, SignRequestError, Span, Target,
    random_id, sign, sign_in_memory,
};
use crate::secret::AskPin;
use crate::signer::agent::AgentFault;

/// Get a certificate from a server that you are logged in to
///
/// Makes a key in memory and adds it with its certificate to the ssh-agent, for as long as it is valid; an agent
/// that takes none is told, and files are written. With --key, the certificate lies beside your own key. Logs in
/// again, as the last time, where the session is over.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Get {
    /// The role to ask for [default: the only one that you may]
    #[arg(long, value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    role: Option<RoleName>,

    #[command(flatten)]
    server: ServerArgument,

    /// Your own public key file; ssh-keygen signs with it. The certificate goes beside it
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Do nothing if a certificate of the role is good for so long
    #[arg(long, value_name = "LENGTH", num_args = 0..=1, default_missing_value = "10m", value_parser = span)]
    if_needed: Option<u64>,

    /// When it shall be valid: +8h
    #[arg(short = 'V', value_name = "INTERVAL", allow_hyphen_values = true)]
    validity: Vec<String>,

    /// Why, where the role wants a reason
    #[arg(long, value_name = "WORDS", value_parser = str::parse::<Reason>)]
    reason: Option<Reason>,

    #[command(flatten)]
    asks: AsksForPins,
}

/// The key that is to be certified.
enum Key {
    New(NewKey),
    Own(OwnKey),
}

impl Get {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folder = self.server.folder()?;
        if self.has_enough(&folder)? {
            return Ok(Exit::Done);
        }
        let lock = folder.lock()?;
        // Whoever held the lock may have got it meanwhile.
        if self.has_enough(&folder)? {
            return Ok(Exit::Done);
        }
        let Some(trusted) = folder.trusted()? else {
            return Err(not_logged_in(&self.server));
        };
        let visited = Visit::begin(folder.clone(), lock, trusted, &[], context);
        let done = visited.and_then(|visit| self.get(visit, context));
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
        let mut of_role = held.of(self.role.as_ref().map(RoleName::as_str));
        Ok(of_role.any(|held| {
            held.is_good_for(margin, config::now()) && self.is_meant(held) && is_there(held)
        }))
    }

    /// With --key, a certificate counts beside that key alone.
    fn is_meant(&self, held: &HeldCertificate) -> bool {
        match (&self.key, &held.r#where) {
            (None, _) => true,
            (Some(key), Whereabouts::File(file)) => {
                std::path::absolute(config::certificate_beside(key)).is_ok_and(|path| path == *file)
            }
            (Some(_), Whereabouts::Agent) => false,
        }
    }

    fn get(&self, mut visit: Visit, context: &Context) -> Result<(), Unvisited> {
        let key = match &self.key {
            Some(file) => Key::Own(own_file(file)?),
            None => Key::New(NewKey::random().at("no random numbers")?),
        };
        let mut pins = context.pins(self.asks);
        let (opened, offered) = self.session(&mut visit, &mut pins, context)?;
        let role = self.chosen(&offered)?;
        let ca = visit.trusted.ca_key(&visit.about, &role.ca);
        let ca = ca.ok_or_else(|| {
            Failure::new(format!(
                "the server signs role {} by a CA that it doesn't name",
                role.name
            ))
        })?;
        let name = role.name.parse::<RoleName>();
        let name = name.map_err(|error| Failure::new(error.to_string()))?;
        let ordered = {
            let asked = Order {
                session: &opened.kept,
                key: &opened.key,
                ca: &ca,
                subject: &key.public(),
            };
            let asks = Asks {
                role: &name,
                ca: &ca,
                comment: comment(name.as_str(), &visit.trusted.server),
                requester: &opened.kept.session.requester,
            };
            let blank = self.content(&key, &asks)?;
            order(&mut visit.exchange, &asked, |challenge| {
                key.signed(blank, challenge, &ca, &mut pins)
            })
            .map_err(unvisited)?
        };
        let place = place(&ordered, &key, &name, &visit)?;
        let mut held = visit.folder.held().map_err(Failure::from)?;
        let newest = HeldCertificate {
            role: role.name.clone(),
            certificate: ordered.line.clone(),
            valid_before: ordered.certificate.valid_before(),
            r#where: place,
        };
        tell(context, &ordered, &newest)?;
        held.note(newest);
        let kept = visit.folder.keep_held(&visit.lock, &held);
        Ok(kept.map_err(Failure::from)?)
    }

    /// A session, and the roles that it may ask for: the kept one, or a new one where that is over.
    fn session(
        &self,
        visit: &mut Visit,
        pins: &mut dyn AskPin,
        context: &Context,
    ) -> Result<(Opened, Vec<RoleOffered>), Unvisited> {
        if let Some(opened) = Opened::kept(visit)? {
            match roles(&mut visit.exchange, &opened.kept, &opened.key) {
                Err(error) if error.is_logged_out() => {}
                offered => return Ok((opened, offered.map_err(down_or_failed)?)),
            }
        }
        if visit.trusted.identity.is_none() {
            return Err(not_logged_in(&self.server).into());
        }
        let as_before = LogInArguments::default();
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
                named.next().ok_or_else(|| Failure::new(words()))
            }
            (None, [only]) => Ok(only),
            (None, []) => Err(Failure::new("the server offers you no role")),
            (None, _) => Err(Failure::usage(format!(
                "which role? name one with --role: {}",
                names()
            ))),
        }
    }

    fn content(&self, key: &Key, asks: &Asks<'_>) -> Result<Content, Failure> {
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
            evidence: Vec::new(),
        })
    }
}

/// What a request says beside what was typed.
struct Asks<'a> {
    role: &'a RoleName,
    ca: &'a KeyData,
    comment: String,
    requester: &'a str,
}

impl Key {
    fn public(&self) -> KeyData {
        match self {
            Self::New(key) => KeyData::from(key.pair().public),
            Self::Own(own) => own.key.clone(),
        }
    }

    fn comment(&self, of_new: &str) -> Comment {
        match self {
            Self::New(_) => Comment::lossy(of_new),
            Self::Own(own) => own.comment.clone(),
        }
    }

    fn signed(
        &self,
        content: Content,
        challenge: Challenge,
        ca: &KeyData,
        pins: &mut dyn AskPin,
    ) -> Result<RequestFile, SignRequestError> {
        let content = Content {
            challenge: Some(challenge),
            ..content
        };
        match self {
            Self::Own(own) => sign(content, own.holder(pins), std::slice::from_ref(ca)),
            Self::New(key) => {
                let bytes = content.to_bytes()?;
                let signature = sign_in_memory(&bytes, RequestFile::NAMESPACE, key.pair())?;
                Ok(RequestFile::new(content, signature)?)
            }
        }
    }
}

fn place(
    ordered: &Ordered,
    key: &Key,
    role: &RoleName,
    visit: &Visit,
) -> Result<Whereabouts, Failure> {
    let new = match key {
        Key::New(new) => new,
        Key::Own(own) => {
            let certificate = config::certificate_beside(&own.public);
            let certificate = std::path::absolute(certificate).at("working folder")?;
            return Ok(beside(ordered, &certificate)?);
        }
    };
    let comment = comment(role.as_str(), &visit.trusted.server);
    match into_agent(ordered, new, &comment, config::now()) {
        Ok(place) => Ok(place),
        Err(fault) => {
            warn(&match fault {
                AgentFault::NoSocket => format!("{NO_AGENT}; files are written"),
                fault => format!("the ssh-agent takes no certificate: {fault}; files are written"),
            });
            Ok(into_files(ordered, new, role.as_str(), &comment)?)
        }
    }
}

fn tell(context: &Context, ordered: &Ordered, held: &HeldCertificate) -> Result<(), Failure> {
    let certificate = &ordered.certificate;
    let principals = certificate.principals().iter();
    let principals: Vec<_> = principals
        .map(|name| plain(&String::from_utf8_lossy(name)))
        .collect();
    let (serial, ca) = (certificate.serial(), plain(&ordered.issued.ca));
    for warning in &ordered.issued.warnings {
        warn(&plain(warning));
    }
    if context.json() {
        return product_object(json!({
            "principals": principals, "serial": serial, "ca": ca, "role": held.role,
            "valid-before": held.valid_before, "where": held.r#where,
        }));
    }
    if context.talks() {
        let left = rounded(held.valid_before.saturating_sub(config::now()));
        let place = match &held.r#where {
            Whereabouts::Agent => "into the ssh-agent".to_owned(),
            Whereabouts::File(file) => format!("in {}", file.display()),
        };
        say(&format!("{} for {left}, {place}", principals.join(", ")));
        say(&format!("  serial {serial} of {ca}, role {}", held.role));
    }
    Ok(())
}

fn unvisited(error: OrderError<SignRequestError>) -> Unvisited {
    match error {
        OrderError::Exchange(error) => down_or_failed(error),
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

const NO_AGENT: &str = "there is no ssh-agent: $SSH_AUTH_SOCK is not set";

const EXAMPLES: &str = "\
Examples:
  punchmark get
  punchmark get --role production --if-needed 15m
  punchmark get --role engineer --key ~/.ssh/id_ed25519.pub";
